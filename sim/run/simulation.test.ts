import test from 'ava';
import type { Fault } from '../scenarios/fault-schema.ts';
import { runSmall } from './small-world.fixture.ts';

test('everybody plays, near the live edge, at the best quality, and every check passes', (t) => {
  const { result } = runSmall();
  const { summary, checks, tiers } = result;
  t.deepEqual(
    checks.filter(({ ok }) => !ok),
    [],
  );
  t.is(summary.arrived, 60);
  t.is(summary.neverPlayed, 0);
  t.true(summary.stallRatio < 0.001, String(summary.stallRatio));
  t.true(summary.latencyP50Ms! > 5000 && summary.latencyP50Ms! < 9000, String(summary.latencyP50Ms));
  t.true(summary.meanBitrateBps! > 3e6, String(summary.meanBitrateBps));
  t.is(summary.rank0Share, 1);
  const [edge, shield, origin] = tiers;
  t.true(edge!.requests > shield!.requests && shield!.requests > origin!.requests);
  t.is(origin!.requests, shield!.fills, 'each fill of the shield is one request of the origin');
});

test('the same seed gives the same bytes, another seed others', (t) => {
  const one = JSON.stringify(runSmall({ seed: 5 }).result);
  t.is(JSON.stringify(runSmall({ seed: 5 }).result), one);
  t.not(JSON.stringify(runSmall({ seed: 6 }).result), one);
});

test('stopping to look at it changes nothing', async (t) => {
  const { Simulation } = await import('./simulation.ts');
  const { makeResult } = await import('./make-result.ts');
  const { smallScenario, smallTopology } = await import('./small-world.fixture.ts');
  const simulation = new Simulation({ scenario: smallScenario(), topology: smallTopology() });
  while (!simulation.advance(Infinity, 777));
  t.is(JSON.stringify(makeResult(simulation, '0.0.0', 'end')), JSON.stringify(runSmall().result));
});

test('bytes are conserved between tiers', (t) => {
  const { simulation, result } = runSmall();
  const { caches, origins } = simulation.world;
  const edges = caches.filter(({ node }) => node.role === 'edge').map(({ node }) => node);
  const shields = caches.filter(({ node }) => node.role === 'shield').map(({ node }) => node);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const headers = (answers: number) => answers * simulation.scenario.transport.headerBytes;
  // What the tier below counts as filled is what the tier above sent, but for headers and what is under way.
  const fromShields = sum(edges.map(({ filledFromAboveBytes }) => filledFromAboveBytes));
  const shieldSent = sum(shields.map(({ load }) => load.sentBytes));
  t.true(shieldSent >= fromShields, `${shieldSent} sent, ${fromShields} received`);
  t.true(shieldSent - fromShields <= headers(result.tiers[1]!.requests) + 2e6);
  const fromOrigin = sum(shields.map(({ filledBytes }) => filledBytes));
  const originSent = sum(origins.map(({ sentBytes }) => sentBytes));
  t.true(originSent >= fromOrigin && originSent - fromOrigin <= headers(result.tiers[2]!.requests) + 2e6);
  const toViewers = sum(edges.map(({ load }) => load.sentToViewersBytes));
  t.true(toViewers >= result.summary.deliveredBytes);
});

const FAULTS: Record<string, Record<string, unknown>> = {
  'site-down': { site: 'amsterdam' },
  'server-down': { server: 'edge-1' },
  'server-draining': { server: 'edge-1' },
  'node-lies': { server: 'edge-1', share: 0.5 },
  'exchange-down': { exchange: 'ix-amsterdam' },
  'region-down': { region: 'us-east' },
  'pipeline-down': { pipeline: 'a' },
  'steering-down': {},
  'origin-down': {},
  'link-down': { link: 'access-polder' },
  'link-slow': { link: 'access-polder', latencyMs: 300, rampSeconds: 5 },
  'link-lossy': { link: 'access-polder', loss: 0.02, rampSeconds: 5 },
  'capacity-reduced': { site: 'amsterdam', left: 0.01, rampSeconds: 5 },
  'segments-missing': { pipeline: 'a', share: 0.5 },
  'segments-corrupt': { share: 1 },
} satisfies Record<Fault['kind'], Record<string, unknown>>;

for (const [kind, fields] of Object.entries(FAULTS)) {
  test(`${kind}: invariants hold through it, and viewers play again after it`, (t) => {
    const fault = { kind, ...fields, fromSeconds: 20, forSeconds: 12 };
    const { result } = runSmall({ durationSeconds: 90, faults: [fault] });
    t.deepEqual(
      result.checks.filter(({ ok }) => !ok),
      [],
    );
    const { series } = result;
    t.true(
      series.playing.at(-1)! >= 0.95 * series.present.at(-1)!,
      `${series.playing.at(-1)} of ${series.present.at(-1)} play`,
    );
  });
}

test('a fault is felt where it strikes: without segments the picture stops, without one pipeline it does not', (t) => {
  const at = (kind: string, fields: object) =>
    runSmall({ durationSeconds: 60, faults: [{ kind, ...fields, fromSeconds: 20, forSeconds: 20 }] }).result.summary;
  t.true(at('segments-missing', { share: 1 }).stallRatio > 0.05);
  t.is(at('segments-missing', { pipeline: 'a', share: 1 }).stallRatio, 0);
  t.is(at('pipeline-down', { pipeline: 'b' }).stallRatio, 0);
  t.true(at('origin-down', {}).stallRatio > 0.05);
});

test('a dead edge’s viewers go on at another one, and a draining one’s move without a failure', (t) => {
  const dead = runSmall({ faults: [{ kind: 'server-down', server: 'edge-1', fromSeconds: 25 }] }).result;
  t.true(dead.summary.serverSwitches > 0);
  t.true(dead.summary.stallRatio < 0.01, String(dead.summary.stallRatio));
  const drained = runSmall({ faults: [{ kind: 'server-draining', server: 'edge-1', fromSeconds: 20 }] }).result;
  t.true(drained.summary.serverSwitches > 0);
  t.deepEqual(
    Object.values(drained.summary.failures).filter((count) => count > 0),
    [],
  );
});

test('viewers reload when the picture stands, and guided ones less often', (t) => {
  const storm = (kind: string) =>
    runSmall({
      durationSeconds: 90,
      audience: { viewers: 60, restarts: { kind, patienceSeconds: 4 } },
      faults: [{ kind: 'origin-down', fromSeconds: 20, forSeconds: 30 }],
    }).result.summary.reloads;
  t.is(storm('none'), 0);
  t.true(storm('naive') > 60, String(storm('naive')));
  t.true(storm('guided') < storm('naive'));
});

test('a background on demand loads the caches and is not counted as viewers', (t) => {
  const { simulation, result } = runSmall({
    catalogue: { titles: 50, viewers: 40, meanTitleSeconds: 60 },
    edge: { policy: { memoryBytes: 200e6 } },
  });
  t.deepEqual(
    result.checks.filter(({ ok }) => !ok),
    [],
  );
  t.is(result.summary.arrived, 60);
  t.true(simulation.onDemand!.chunksAsked > 300);
  t.is(simulation.onDemand!.chunksFailed, 0);
  t.true(result.summary.contentMissBytes > 0, 'what the best site had to fetch first is a content miss');
});

for (const adaptation of ['hls', 'throughput', 'bola', 'dynamic'] as const) {
  test(`players that adapt by ${adaptation} play`, (t) => {
    const { result } = runSmall({ audience: { viewers: 30, player: { adaptation } } });
    t.deepEqual(
      result.checks.filter(({ ok }) => !ok),
      [],
    );
    t.is(result.summary.neverPlayed, 0);
    t.true(result.summary.stallRatio < 0.01, String(result.summary.stallRatio));
  });
}

test('viewers start over, join behind, pause and leave', (t) => {
  const { simulation, result } = runSmall({
    durationSeconds: 120,
    audience: {
      viewers: 80,
      starts: { live: 0.3, startOver: 0.4, behind: 0.3, behindSeconds: 120 },
      pauses: { share: 0.5, meanSeconds: 10 },
      stay: { kind: 'exponential', meanSeconds: 60 },
    },
  });
  t.deepEqual(
    result.checks.filter(({ ok }) => !ok),
    [],
  );
  t.true(result.summary.arrived > 80, 'who leaves is replaced');
  t.is(simulation.present, 80);
  t.true(result.distributions.latencyMs.p95! > 60_000, 'who starts over is far behind');
  t.true(result.summary.stallRatio < 0.02, String(result.summary.stallRatio));
});
