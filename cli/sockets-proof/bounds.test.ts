import test from 'ava';
import { DemoPlan } from '../demo/plan.ts';
import { compareFindings, type Findings } from './bounds.ts';
import { predictFindings } from './predict.ts';
import { KILLED, STEERING, TIMELINE, VIEWERS } from './timeline.ts';
import { proofWorld } from './world.ts';

const { spreadMs, endMs: durationMs } = TIMELINE;
const OPTIONS = {
  port: 8080,
  viewers: VIEWERS,
  seed: 1,
  eventId: 'demo',
  spreadMs,
  accessRelays: true,
  durationMs,
  steering: STEERING,
};
const PREDICTED = predictFindings(new DemoPlan(OPTIONS, proofWorld(1), '/folder'), { nearMs: 1, farMs: 1 });

const failed = (measured: Findings) =>
  compareFindings(PREDICTED, measured)
    .filter(({ ok }) => !ok)
    .map(({ what }) => what);

test('the prediction is as the proof wants it: everybody plays, nobody stalls, the dead edge is last for its viewers', (t) => {
  const { viewers, tiers, rankings, forced } = PREDICTED;
  t.like(viewers, { arrived: VIEWERS, neverPlayed: 0, wrongBodies: 0 });
  t.is(viewers.stalls.count, 0);
  t.true(forced.edges.fills > 50 && forced.edges.shared > 5 * forced.edges.fills && forced.shield.fills > 20);
  t.is(forced.shield.requests, 3 * forced.shield.fills, 'three sites, each of which asks once');
  t.true(tiers.edges.collapsed > 200 && tiers.edges.hits > 200, 'both happen often');
  const [before, after] = rankings;
  const first = (names: string) => names.split(' ')[0];
  t.true([...before!.servers.values()].some((names) => first(names) === KILLED));
  for (const names of after!.servers.values()) t.true(!names.includes(KILLED) || names.endsWith(KILLED), names);
});

test('it holds against itself, and against a machine that is as much slower as the bounds allow', (t) => {
  t.deepEqual(failed(PREDICTED), []);
  const measured = structuredClone(PREDICTED);
  measured.viewers.startupMs.p50! *= 1.09;
  measured.viewers.meanBitrateBps! *= 0.96;
  measured.viewers.latencyMs.p95! += 400;
  measured.tiers.edges.collapsed += Math.floor(0.019 * PREDICTED.tiers.edges.requests);
  t.deepEqual(failed(measured), []);
});

for (const [what, change] of [
  ['viewers whose ranking at 16 s is the predicted one', ({ rankings: [look] }) => swapOne(look!.servers)],
  ['origin: segments read', ({ tiers }) => tiers.origin.segmentReads++],
  ['edges, settled segments: fills', ({ forced }) => forced.edges.fills++],
  ['shield, settled segments: hits and collapsed', ({ forced }) => forced.shield.shared--],
  ['edges: requests', ({ tiers }) => (tiers.edges.requests *= 1.03)],
  ['edges: fills', ({ tiers }) => (tiers.edges.fills *= 0.97)],
  ['edges: hits', ({ tiers }) => (tiers.edges.hits -= 0.03 * tiers.edges.requests)],
  ['edges: collapsed', ({ tiers }) => (tiers.edges.collapsed += 0.03 * tiers.edges.requests)],
  ['shield: fills', ({ tiers }) => (tiers.shield.fills *= 1.03)],
  ['viewers: came', ({ viewers }) => viewers.arrived--],
  ['viewers: start-up p50 (ms)', ({ viewers }) => (viewers.startupMs.p50! *= 1.11)],
  ['viewers: start-up p95 (ms)', ({ viewers }) => (viewers.startupMs.p95! *= 0.89)],
  ['viewers: mean bitrate (bit/s)', ({ viewers }) => (viewers.meanBitrateBps! *= 0.94)],
  ['viewers: stall ratio', ({ viewers }) => (viewers.stalls.ratio += 0.006)],
  ['viewers: latency p50 (ms)', ({ viewers }) => (viewers.latencyMs.p50! += 510)],
  ['viewers: wrong bodies', ({ viewers }) => viewers.wrongBodies++],
] as [string, (measured: Findings) => unknown][]) {
  test(`what is otherwise fails, and nothing else: ${what}`, (t) => {
    const measured = structuredClone(PREDICTED);
    change(measured);
    t.deepEqual(failed(measured), [what]);
  });
}

test('a viewer that nobody measured fails', (t) => {
  const measured = structuredClone(PREDICTED);
  measured.viewers.startupMs.p50 = null;
  t.deepEqual(failed(measured), ['viewers: start-up p50 (ms)']);
});

function swapOne(servers: ReadonlyMap<string, string>): void {
  const [session, names] = [...servers][0]!;
  (servers as Map<string, string>).set(session, names.split(' ').reverse().join(' '));
}
