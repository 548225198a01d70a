import type { EventTiming } from '../../../edge/policy/live-events.ts';
import { WALL_START_MS } from '../../engine/engine.ts';
import { Random } from '../../engine/random.ts';
import { EdgeWorld } from '../edge-world.ts';
import { poissonArrivals } from '../poisson.ts';
import { atLeast, type Check, estimate, exactly, type Rung, type RungContext } from '../rung.ts';

const SEGMENT_MS = 2000;
const TOLERANCE_MS = 250;

/** Segment `number` is complete `number` segments after the start. */
function eventWith(changes: Partial<EventTiming> = {}): EventTiming {
  const timing = { segmentDurationMs: SEGMENT_MS, startNumber: 1, dvrWindowMs: 600_000 };
  return { availabilityStartMs: WALL_START_MS, ...timing, ...changes };
}

const EDGES = Array.from({ length: 10 }, (_, at) => `edge-${at}`);
const VIEWERS_AN_EDGE = [0.1, 0.5, 1, 3, 40];

export const liveFills: Rung = {
  id: 'live-fills',
  title: 'Fills of live segments by edge machines',
  source: 'Σ over caches of 1 − e^(−n), n the expected requests',
  run(context) {
    const steps = VIEWERS_AN_EDGE.length + 2;
    const fills = VIEWERS_AN_EDGE.map((viewers, at) => {
      context.progress(at / steps);
      return checkFills(viewers, context);
    });
    return [...fills, ...checkCrowd(context, false), ...checkCrowd(context, true)];
  },
};

/** Poisson requests, n an edge and segment, each for the newest segment. */
function checkFills(viewers: number, { seed, quick }: RungContext): Check {
  const segments = quick ? 100 : 500;
  const world = new EdgeWorld({
    edges: EDGES,
    event: eventWith(),
    origin: () => ({ afterMs: 100, ttlMs: 1000, shareable: true }),
  });
  const { engine } = world;
  engine.run(SEGMENT_MS);
  for (const at of EDGES.keys()) {
    const random = new Random(seed, `live fills ${viewers} ${at}`);
    poissonArrivals(engine, random, SEGMENT_MS / viewers, () =>
      world.request(at, Math.floor(engine.nowMs / SEGMENT_MS)),
    );
  }
  engine.run(SEGMENT_MS * (segments + 1) - 1e-6);
  const caches = segments * EDGES.length;
  const once = -Math.expm1(-viewers);
  const what = `n = ${viewers}: fills of a segment by ${EDGES.length} edges`;
  const got = world.originFetches / segments;
  // With n = 40 not one of 5000 is left out in 10^13 runs.
  if (viewers >= 40) return exactly(what, EDGES.length, got);
  const error = (Math.sqrt(caches * once * (1 - once)) / caches) * EDGES.length;
  return estimate(what, EDGES.length * once, got, error, `binomial, ${caches} caches and segments`);
}

const HALF_COMES_EARLY = 'half of the crowd comes while the fill is in flight; half of that half is asked for';

/** Thousands at each edge while the fill takes its time, and thousands after it. */
function checkCrowd({ seed, quick }: RungContext, isOneSite: boolean): Check[] {
  const crowd = quick ? 500 : 5000;
  const segments = 5;
  const fetchMs = 300;
  const world = new EdgeWorld({
    edges: EDGES,
    isOneSite,
    event: eventWith(),
    origin: () => ({ afterMs: fetchMs, ttlMs: 1000, shareable: true }),
  });
  const { engine, machines } = world;
  const random = new Random(seed, `crowd ${isOneSite}`);
  engine.run(SEGMENT_MS);
  // Twice as long as the fill takes: half the crowd comes while it is in flight.
  poissonArrivals(engine, random, (2 * fetchMs) / (crowd * EDGES.length), () => {
    const sinceMs = engine.nowMs % SEGMENT_MS;
    if (sinceMs < 2 * fetchMs) world.request(random.index(EDGES.length), Math.floor(engine.nowMs / SEGMENT_MS));
  });
  engine.run(SEGMENT_MS * (segments + 1) - 1e-6);
  const perSegment = [...world.originFetchesOf.values()];
  const expected = isOneSite ? 1 : EDGES.length;
  const label = isOneSite ? `a site of ${EDGES.length} edges` : `${EDGES.length} edges apart`;
  const collapsed = machines.reduce((sum, { stats }) => sum + stats.collapsed, 0);
  const answered = machines.reduce((sum, { stats }) => sum + stats.misses + stats.collapsed + stats.hits, 0);
  const asked = machines.reduce((sum, { stats }) => sum + stats.requests, 0);
  return [
    exactly(`${label}: least fetches of a segment`, expected, Math.min(...perSegment)),
    exactly(`${label}: most fetches of a segment`, expected, Math.max(...perSegment)),
    atLeast(`${label}: collapsed`, (crowd * EDGES.length * segments) / 4, collapsed, HALF_COMES_EARLY),
    exactly(`${label}: requests not answered once`, 0, asked - answered),
  ];
}

const WINDOW_SEGMENTS = 10;
const FIRST_NUMBER = 5;
const NUMBERS = 40;

export const liveWindow: Rung = {
  id: 'live-window',
  title: 'The live window of an edge machine',
  source: 'segment k is there from (k + 1)d to (k + 1)d + W; DASH-IF IOP',
  run({ seed, quick }) {
    const random = new Random(seed, 'live window');
    // Both sides of every edge of the window, and anywhere.
    const edges = [0, TOLERANCE_MS, -TOLERANCE_MS].flatMap((offset) => [offset - 1, offset, offset + 1]);
    const moments = [4, 5, 17].flatMap((at) => edges.map((offset) => at * SEGMENT_MS + offset));
    for (let index = 0; index < (quick ? 20 : 200); index++) moments.push(random.between(0, NUMBERS * SEGMENT_MS));
    let [early, gone, wrongAnswers, wrongLifetimes] = [0, 0, 0, 0];
    for (const atMs of moments) {
      const event = eventWith({ startNumber: FIRST_NUMBER, dvrWindowMs: WINDOW_SEGMENTS * SEGMENT_MS });
      const world = new EdgeWorld({
        edges: ['edge'],
        event,
        origin: (number) => ({
          afterMs: Math.max(0, completeMs(number) - world.engine.nowMs) + 1,
          ttlMs: 1,
          shareable: true,
        }),
      });
      world.engine.run(atMs);
      for (let number = 0; number < NUMBERS; number++) {
        const before = outcomes(world);
        world.request(0, number);
        const expected = expectedOutcome(number, atMs);
        if (expected === 'too-early') early++;
        if (expected === 'gone') gone++;
        const after = outcomes(world);
        if (after[expected] !== before[expected] + 1) wrongAnswers++;
      }
      // What has been filled is fresh until it leaves the window, whatever the origin said.
      world.engine.run(atMs + SEGMENT_MS + 2 * TOLERANCE_MS);
      for (let number = 0; number < NUMBERS; number++) {
        if (expectedOutcome(number, atMs) !== 'fetched') continue;
        const leftMs = completeMs(number) + WINDOW_SEGMENTS * SEGMENT_MS - world.engine.nowMs;
        if (leftMs <= 0) continue;
        let servedMs = -1;
        world.onServed = (ttlMs) => (servedMs = ttlMs);
        world.request(0, number);
        if (Math.abs(servedMs - leftMs) > 1e-3) wrongLifetimes++;
      }
    }
    const asked = moments.length * NUMBERS;
    return [
      exactly(`${asked} requests, ${early} too early, ${gone} gone: answered wrongly`, 0, wrongAnswers),
      exactly('segments that are not fresh exactly until they leave', 0, wrongLifetimes),
    ];
  },
};

function completeMs(number: number): number {
  return (number - FIRST_NUMBER + 1) * SEGMENT_MS;
}

/** By a clock that may be wrong by the tolerance nothing is refused that a right one would allow. */
function expectedOutcome(number: number, atMs: number): 'too-early' | 'gone' | 'fetched' {
  if (number < FIRST_NUMBER || atMs >= completeMs(number) + WINDOW_SEGMENTS * SEGMENT_MS + TOLERANCE_MS) return 'gone';
  return atMs < completeMs(number) - SEGMENT_MS - TOLERANCE_MS ? 'too-early' : 'fetched';
}

function outcomes(world: EdgeWorld): Record<'too-early' | 'gone' | 'fetched', number> {
  const { refused, originFetches } = world;
  return { 'too-early': refused.get('too-early') ?? 0, gone: refused.get('gone') ?? 0, fetched: originFetches };
}
