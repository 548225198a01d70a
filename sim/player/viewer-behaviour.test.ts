import test from 'ava';
import * as fc from 'fast-check';
import { stableHash } from '../../topology/model/stable-hash.ts';
import { DEFAULT_RESTART_HABITS, type RestartHabits, ViewerBehaviour } from './viewer-behaviour.ts';
import { VirtualWorld, type VirtualRequest } from './virtual-world.fixture.ts';

const EXACT: RestartHabits = { ...DEFAULT_RESTART_HABITS, deviation: 0 };
const GUIDED: RestartHabits = { ...EXACT, kind: 'guided' };

/** The generator wants seeds that are spread out. */
const seedOf = (viewer: number) => stableHash(`viewer ${viewer}`) | 0;

/** Nothing of the data plane answers; steering does. */
const outage = (fromMs: number, untilMs: number) => (request: VirtualRequest, nowMs: number) =>
  request.kind !== 'steering' && nowMs >= fromMs && nowMs < untilMs ? ('silence' as const) : undefined;

test('patience is log-normal: half of the viewers have less than the median, two thirds are within a deviation', (t) => {
  const count = 4000;
  const patience = Array.from({ length: count }, (_, viewer) => {
    return new ViewerBehaviour(DEFAULT_RESTART_HABITS, seedOf(viewer)).patienceMs;
  });
  const share = (below: number) => patience.filter((ms) => ms < below).length / count;
  // Three standard errors of a share among 4,000: 0.024.
  t.true(Math.abs(share(8000) - 0.5) < 0.024, String(share(8000)));
  t.true(Math.abs(share(8000 * Math.exp(0.5)) - share(8000 * Math.exp(-0.5)) - 0.683) < 0.024);
});

test('a viewer whose picture moves never reloads, and is seldom woken', (t) => {
  const world = new VirtualWorld({ viewer: EXACT }).run(10);
  let wakes = 0;
  const { viewer } = world;
  const wake = viewer.wake.bind(viewer);
  viewer.wake = (...args) => {
    wakes++;
    return wake(...args);
  };
  world.run(600_000);
  t.deepEqual(world.reloadsMs, []);
  t.true(wakes > 10 && wakes <= 600 / 8 + 1, `${wakes} wakes in 600 s`);
});

test('a stall is borne for as long as patience lasts, then the viewer reloads', (t) => {
  const world = new VirtualWorld({ viewer: EXACT, answer: outage(20_000, Infinity) });
  world.run(24_000);
  const dryMs = world.player.stillSinceMs;
  t.true(dryMs > 22_000 && dryMs < 28_000);
  world.run(60_000);
  t.true(Math.abs(world.reloadsMs[0]! - dryMs - 8000) < 1e-6);
});

test('naive: reload again and again, as often as patience is over; a reload asks for everything anew', (t) => {
  const world = new VirtualWorld({ viewer: EXACT, answer: outage(20_000, Infinity) }).run(120_000);
  const gaps = world.reloadsMs.slice(1).map((atMs, index) => atMs - world.reloadsMs[index]!);
  t.true(gaps.length >= 10 && gaps.every((ms) => ms === 8000), gaps.join());
  const after = world.log.slice(world.log.findIndex((line) => line.endsWith('reload')));
  t.true(after.some((line) => line.endsWith('steering')) && after.some((line) => line.includes(' event ')));
});

test('guided: waits double with each reload in a row, from what steering asks, half to one and a half of it', (t) => {
  const ranking = () => ({ retryAfterMs: 6000, maxRetries: 3 });
  const world = new VirtualWorld({ viewer: GUIDED, ranking, answer: outage(20_000, Infinity) }).run(600_000);
  const gaps = world.reloadsMs.slice(1).map((atMs, index) => atMs - world.reloadsMs[index]!);
  gaps.slice(0, 6).forEach((ms, index) => {
    // No longer than 2³ times, and than a minute; never shorter than the viewer's own patience.
    const askedMs = 6000 * 2 ** Math.min(index + 1, 3);
    t.true(
      ms >= Math.max(8000, askedMs / 2) && ms <= Math.min(60_000, askedMs * 1.5),
      `${ms} ms after reload ${index + 1}`,
    );
  });
});

test('after an interruption of 30 s everybody plays again; guided viewers have asked much less often', (t) => {
  const reloads = { naive: 0, guided: 0 };
  for (const kind of ['naive', 'guided'] as const) {
    for (let viewer = 1; viewer <= 40; viewer++) {
      const world = new VirtualWorld({
        seed: seedOf(viewer),
        viewer: { ...DEFAULT_RESTART_HABITS, kind },
        ranking: () => ({ retryAfterMs: 10_000 }),
        answer: outage(20_000, 50_000),
      }).run(160_000);
      t.is(world.report().phase, 'playing');
      reloads[kind] += world.viewer.reloads;
    }
  }
  t.true(reloads.guided > 0 && reloads.guided < 0.6 * reloads.naive, JSON.stringify(reloads));
});

test('who never sees anything gives up after so many reloads; who saw something in between begins to count anew', (t) => {
  const world = new VirtualWorld({ viewer: { ...EXACT, most: 3 }, answer: outage(0, Infinity) }).run(100_000);
  t.deepEqual(world.reloadsMs, [8000, 16_000, 24_000]);
  t.is(world.gaveUpMs, 32_000);
  t.is(world.player.phase, 'left');
  const often = new VirtualWorld({
    viewer: { ...EXACT, most: 3 },
    answer: (request, nowMs) => outage(0, 20_000)(request, nowMs % 60_000),
  }).run(300_000);
  t.true(often.viewer.reloads > 3);
  t.is(often.gaveUpMs, Infinity);
});

test('none: nobody reloads, nobody is woken', (t) => {
  const world = new VirtualWorld({ viewer: { ...EXACT, kind: 'none' }, answer: outage(20_000, Infinity) }).run(120_000);
  t.deepEqual(world.reloadsMs, []);
  t.is(world.viewer.nextWakeMs, Infinity);
});

test('a pause is no stall, and the end of the event is none', (t) => {
  const world = new VirtualWorld({ viewer: EXACT }).run(20_000);
  world.player.pause(world.nowMs, world.wallMs);
  world.run(200_000);
  t.deepEqual(world.reloadsMs, []);
  world.player.resume(world.nowMs, world.wallMs);
  Object.assign(world.event, { state: 'ended', endNumber: 1900 });
  world.run(600_000);
  t.deepEqual(world.reloadsMs, []);
});

test('whatever the picture does: a reload never before patience is over since it stood, and the same for the same seed', (t) => {
  const moments = fc.array(fc.tuple(fc.integer({ min: 1, max: 20_000 }), fc.boolean()), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(moments, fc.integer(), fc.constantFrom('naive', 'guided'), (script, seed, kind) => {
      const live = () => {
        const viewer = new ViewerBehaviour({ ...DEFAULT_RESTART_HABITS, kind }, seed);
        const acts: string[] = [];
        let stillSinceMs = 0;
        viewer.started(0);
        let nowMs = 0;
        for (const [stepMs, moves] of script) {
          nowMs += stepMs;
          if (moves) stillSinceMs = nowMs + 4000;
          const act = viewer.wake(nowMs, stillSinceMs, { maxRetries: 3, retryAfterMs: 2000 });
          acts.push(`${nowMs} ${act}`);
          if (act === 'wait') t.true(viewer.nextWakeMs > nowMs && viewer.nextWakeMs < Infinity);
          else t.true(nowMs >= stillSinceMs + viewer.patienceMs);
          if (act === 'reload') viewer.started((stillSinceMs = nowMs));
          if (act === 'give-up') break;
        }
        return acts;
      };
      t.deepEqual(live(), live());
    }),
  );
});
