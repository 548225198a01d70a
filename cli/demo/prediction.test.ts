import test from 'ava';
import { rosterOf } from '../../sim/load/roster.ts';
import { DemoPlan } from './plan.ts';
import { isPredictable, predict, predictionInput, viewersOf, type Outage } from './prediction.ts';
import { DEMO_TOPOLOGY, openWorld } from './world.ts';

const WORLD = openWorld(DEMO_TOPOLOGY, 1, { rttMs: undefined, rateBps: undefined });

function planOf(viewers: number, accessRelays = true): DemoPlan {
  const options = { port: 8080, viewers, seed: 4, eventId: 'demo', spreadMs: 5000, accessRelays, durationMs: null };
  return new DemoPlan(options, WORLD, '/folder');
}

const RUN = { begunMs: 11_500, durationMs: 30_000, outages: [] as Outage[], hops: null };

test('its viewers are the load’s: the same seeds, sessions and moments', (t) => {
  const viewers = viewersOf(planOf(30));
  const roster = rosterOf(30, 4, 5000).sort((a, b) => a.atMs - b.atMs);
  t.deepEqual(
    viewers.map(({ atMs, session, playerSeed }) => ({ atMs, session, playerSeed })),
    roster.map(({ atMs, session, seed }) => ({ atMs, session, playerSeed: seed })),
  );
});

test('the same plan gives the same prediction; everybody plays, and every segment is read once at the origin', async (t) => {
  const prediction = await predict(planOf(30), RUN);
  t.deepEqual(prediction, await predict(planOf(30), RUN));
  const { viewers, tiers, nodes } = prediction;
  t.like(viewers, { arrived: 30, neverPlayed: 0 });
  t.true(viewers.startupMs.p50! > 20, `${viewers.startupMs.p50}`);
  t.is(Object.keys(nodes).length, 7);
  t.true(tiers.origin.segmentReads > 20 && tiers.origin.segmentReads <= tiers.shield.fills);
  t.true(tiers.edges.hits + tiers.edges.collapsed > 0.5 * tiers.edges.requests);
});

test('without relays to viewers their ways take no time', async (t) => {
  const near = await predict(planOf(30, false), RUN);
  const far = await predict(planOf(30), RUN);
  t.true(near.viewers.startupMs.p50! < far.viewers.startupMs.p50!);
});

test('what happens to processes happens in it: an edge dies and its viewers go elsewhere, steering and origin go', async (t) => {
  const dead = await predict(planOf(30), { ...RUN, outages: [{ name: 'edge-3', fromMs: 15_000, untilMs: Infinity }] });
  const all = await predict(planOf(30), RUN);
  t.true(dead.nodes['edge-3']!.requests < all.nodes['edge-3']!.requests);
  t.true(dead.viewers.serverSwitches > all.viewers.serverSwitches);
  t.is(dead.viewers.neverPlayed, 0);
  const { faults } = predictionInput(planOf(30), {
    ...RUN,
    outages: [
      { name: 'steering', fromMs: -500, untilMs: 4000 },
      { name: 'pipeline-a', fault: 'corrupt', fromMs: 1000, untilMs: 2000 },
      { name: 'shield', fromMs: 5000, untilMs: 6000 },
      { name: 'edge-1', fromMs: 40_000, untilMs: Infinity },
      { name: 'edge-2', fromMs: -2000, untilMs: -1000 },
    ],
  }).scenario;
  t.deepEqual(faults, [
    { kind: 'steering-down', fromSeconds: 0, forSeconds: 4 },
    { kind: 'segments-corrupt', pipeline: 'pipeline-a', share: 1, fromSeconds: 1, forSeconds: 1 },
    { kind: 'server-down', server: 'shield', fromSeconds: 5, forSeconds: 1 },
  ]);
});

test('what the simulator has no word for is named', async (t) => {
  const { left } = await predict(planOf(4), { ...RUN, outages: [{ name: 'backbone', fromMs: 1000, untilMs: 2000 }] });
  t.deepEqual(left, ['backbone was down']);
});

test('a run that would take too long to simulate is left alone', (t) => {
  t.true(isPredictable(planOf(200), 60_000));
  t.false(isPredictable(planOf(200), 24 * 3_600_000));
});
