import { Random } from '../../engine/random.ts';
import { EdgeWorld } from '../edge-world.ts';
import { poissonArrivals } from '../poisson.ts';
import { type Check, estimate, exactly, type Rung, type RungContext } from '../rung.ts';

interface CollapseCase {
  ttlMs: number;
  fetchMs: number;
  /** mean time between requests */
  gapMs: number;
}

/** Seldom asked for, often, and by a herd. */
const CASES: CollapseCase[] = [
  { ttlMs: 100, fetchMs: 50, gapMs: 80 },
  { ttlMs: 100, fetchMs: 50, gapMs: 10 },
  { ttlMs: 20, fetchMs: 200, gapMs: 2 },
];

const CYCLES = 20_000;
const QUICK_CYCLES = 2000;

export const collapsing: Rung = {
  id: 'collapsing',
  title: 'One fill of a key at a time in the edge machine',
  source: 'renewal: 1/(T + D + 1/λ); without collapsing (1 + λD)/(T + D + 1/λ)',
  run: (context) => [...CASES.flatMap((row, at) => checkCase(row, at, context)), ...checkUncacheable(context)],
};

function checkCase(row: CollapseCase, at: number, { seed, quick, progress }: RungContext): Check[] {
  const { ttlMs, fetchMs, gapMs } = row;
  const startsMs: number[] = [];
  const origin = (_key: number, nowMs: number) => {
    startsMs.push(nowMs);
    return { afterMs: fetchMs, ttlMs, shareable: true };
  };
  const world = new EdgeWorld({ edges: ['edge'], origin });
  poissonArrivals(world.engine, new Random(seed, `collapsing ${at}`), gapMs, () => world.request(0, 0));
  const cycleMs = ttlMs + fetchMs + gapMs;
  const cycles = quick ? QUICK_CYCLES : CYCLES;
  // From one fetch to the last: whole cycles, and all who waited in them have been counted.
  while (startsMs.length <= cycles) {
    world.engine.run(Infinity, 1);
    if (world.engine.events % 10_000 === 0) progress((at + startsMs.length / cycles) / CASES.length);
  }
  const { misses, collapsed, hits, requests } = world.machines[0]!.stats;
  const seconds = (startsMs.at(-1)! - startsMs[0]!) / 1000;
  const label = `T ${ttlMs}, D ${fetchMs}, 1/λ ${gapMs} ms`;
  const perCycle = 1000 / cycleMs;
  // Cycles vary by the wait for the next request only. Those who join a fill are Poisson beside that.
  const share = gapMs / cycleMs;
  const joined = fetchMs / gapMs;
  const fillError = (perCycle * share) / Math.sqrt(cycles);
  const upstreamError = (perCycle * Math.sqrt(joined + ((1 + joined) * share) ** 2)) / Math.sqrt(cycles);
  const basis = `${cycles} cycles`;
  return [
    estimate(`${label}: fills/s`, perCycle, cycles / seconds, fillError, basis),
    estimate(`${label}: without`, perCycle * (1 + joined), (misses + collapsed) / seconds, upstreamError, basis),
    exactly(
      `${label}: requests that were not answered once`,
      0,
      requests - misses - collapsed - hits - world.machines[0]!.waiting,
    ),
  ];
}

/** An answer for one only: everybody but those who joined the first fill asks the origin. */
function checkUncacheable({ seed, quick }: RungContext): Check[] {
  const requestsWanted = quick ? 2000 : 20_000;
  const world = new EdgeWorld({ edges: ['edge'], origin: () => ({ afterMs: 50, ttlMs: 0, shareable: false }) });
  poissonArrivals(world.engine, new Random(seed, 'uncacheable'), 10, () => world.request(0, 0));
  while (world.machines[0]!.stats.requests < requestsWanted) world.engine.run(Infinity, 1);
  return [exactly('not shareable: fetches, one a request', requestsWanted, world.originFetches)];
}
