import test from 'ava';
import { runSmall, smallScenario, smallTopology } from '../run/small-world.fixture.ts';
import { Simulation } from '../run/simulation.ts';
import type { Topology } from '../../topology/model/topology.ts';

/** What `look` sees at each of these seconds. */
function watch<Seen>(
  changes: Record<string, unknown>,
  seconds: readonly number[],
  look: (simulation: Simulation) => Seen,
  topology: Topology = smallTopology(),
): Seen[] {
  const simulation = new Simulation({ scenario: smallScenario(changes), topology });
  return seconds.map((second) => {
    simulation.advance(second * 1000 + 1);
    return look(simulation);
  });
}

const nodeOf = ({ world }: Simulation, id: string) => world.caches.find(({ node }) => node.id === id)!.node;
const capacityOf = (simulation: Simulation, id: string) => {
  const { network, ways } = simulation.world;
  return network.linkCapacityBps(ways.serverLink(nodeOf(simulation, id).server)) / 1e9;
};

test('a server that is dead stays dead when the site round it comes back', (t) => {
  const faults = [
    { kind: 'server-down', server: 'edge-1', fromSeconds: 10 },
    { kind: 'site-down', site: 'amsterdam', fromSeconds: 20, forSeconds: 10 },
  ];
  t.deepEqual(
    watch({ faults }, [15, 25, 35], (simulation) => nodeOf(simulation, 'edge-1').standing),
    ['off', 'dark', 'off'],
  );
});

test('a server whose process is back is still not heard while its site is dark', (t) => {
  const faults = [
    { kind: 'server-down', server: 'edge-1', fromSeconds: 10, forSeconds: 15 },
    { kind: 'site-down', site: 'amsterdam', fromSeconds: 20, forSeconds: 10 },
  ];
  t.deepEqual(
    watch({ faults }, [15, 22, 27, 35], (simulation) => nodeOf(simulation, 'edge-1').standing),
    ['off', 'dark', 'dark', 'up'],
  );
});

test('an origin is up again when the last fault that strikes it is over', (t) => {
  const faults = [
    { kind: 'origin-down', fromSeconds: 10, forSeconds: 40 },
    { kind: 'region-down', region: 'eu-central', fromSeconds: 15, forSeconds: 5 },
  ];
  t.deepEqual(
    watch({ faults }, [12, 17, 25, 51], ({ world }) => world.origins[0]!.standing),
    ['off', 'dark', 'off', 'up'],
  );
});

test('of several reductions the worst counts, and none is left when all are over', (t) => {
  const faults = [
    { kind: 'capacity-reduced', site: 'amsterdam', left: 0.5, fromSeconds: 10, forSeconds: 30 },
    { kind: 'capacity-reduced', server: 'edge-1', left: 0.25, fromSeconds: 15, forSeconds: 10 },
  ];
  t.deepEqual(
    watch({ faults }, [12, 20, 30, 45], (simulation) => capacityOf(simulation, 'edge-1')),
    [0.5, 0.25, 0.5, 1],
  );
});

test('a fault that is over before it has grown grows no more, and goes as slowly as it came', (t) => {
  const fault = {
    kind: 'capacity-reduced',
    server: 'edge-1',
    left: 0,
    fromSeconds: 10,
    forSeconds: 5,
    rampSeconds: 20,
  };
  t.deepEqual(
    watch({ faults: [fault] }, [12.5, 15, 17.5, 20, 30], (simulation) => capacityOf(simulation, 'edge-1')),
    [0.875, 0.75, 0.875, 1, 1],
  );
});

test('the pipelines of a region that is down publish nowhere', (t) => {
  const event = {
    pipelines: [
      { id: 'a', region: 'eu-central' },
      { id: 'b', region: 'us-east', delayMs: 800 },
    ],
  };
  const origin = { regions: ['us-east', 'eu-central'] };
  const faults = [{ kind: 'region-down', region: 'eu-central', fromSeconds: 20, forSeconds: 30 }];
  const spare = watch({ event, origin, faults }, [25, 45, 59], ({ world }) => world.origins[0]!.ingested.get('spare')!);
  t.is(spare[1], spare[0], 'what the other one would have brought second does not come');
  t.true(spare[2]! > spare[1]!, 'and does again afterwards');
});

test('routing finds each change out by itself, however soon another follows', (t) => {
  const flaps = Array.from({ length: 10 }, (_flap, index) => ({
    ...{ kind: 'link-down', link: 'ny-port', fromSeconds: 12 + index * 4, forSeconds: 2 },
  }));
  const faults = [{ kind: 'site-down', site: 'amsterdam', fromSeconds: 10 }, ...flaps];
  const [before, after] = watch({ faults }, [14, 15.5], ({ world }) => world.ways.version);
  t.is(before, 0);
  t.is(after, 1, 'five seconds after the site went');
});

test('a draining shield concerns no edge: nothing changes', (t) => {
  const topology = structuredClone(smallTopology());
  const newYork = topology.sites.find(({ id }) => id === 'new-york')!;
  const shield = newYork.servers.find(({ role }) => role === 'shield')!;
  newYork.servers = newYork.servers.filter((server) => server !== shield);
  topology.sites.at(-1)!.servers.push(shield);
  const faults = [{ kind: 'server-draining', server: shield.id, fromSeconds: 20, forSeconds: 10 }];
  const requests = (changes: Record<string, unknown>) =>
    watch(changes, [50], ({ viewers }) => viewers.segmentRequests, topology);
  t.deepEqual(requests({ faults }), requests({}));
});

test('whatever overlaps, all is as before when all is over', (t) => {
  const strikes = {
    'site-down': { site: 'amsterdam' },
    'server-down': { server: 'edge-1' },
    'server-draining': { server: 'edge-1' },
    'exchange-down': { exchange: 'ix-amsterdam' },
    'region-down': { region: 'eu-central' },
    'pipeline-down': { pipeline: 'a' },
    'steering-down': {},
    'origin-down': {},
    'link-down': { link: 'access-polder' },
    'link-slow': { link: 'access-polder', latencyMs: 300, rampSeconds: 5 },
    'link-lossy': { link: 'access-polder', loss: 0.02, rampSeconds: 5 },
    'capacity-reduced': { site: 'amsterdam', left: 0.01, rampSeconds: 5 },
    'segments-missing': { pipeline: 'a', share: 0.5 },
    'segments-corrupt': { share: 1 },
  };
  const faults = Object.entries(strikes).flatMap(([kind, fields], index) =>
    [0, 3].map((later) => ({
      ...{ kind, ...fields, fromSeconds: 15 + ((index * 1.3) % 10) + later, forSeconds: 8 + ((index * 7) % 5) },
    })),
  );
  const { simulation, result } = runSmall({ durationSeconds: 100, faults });
  const { caches, origins, pipelines, desk, ways, network, topology } = simulation.world;
  t.deepEqual(
    result.checks.filter(({ ok }) => !ok),
    [],
  );
  t.true([...caches.map(({ node }) => node), ...origins].every(({ standing }) => standing === 'up'));
  t.true(caches.every(({ node }) => !node.draining));
  t.deepEqual(pipelines.states, [
    { down: false, missingShare: 0, corruptShare: 0 },
    { down: false, missingShare: 0, corruptShare: 0 },
  ]);
  t.false(desk.down);
  t.false(topology.links.some((_link, index) => ways.isDown(index)));
  t.true(ways.capacitiesBps().every((capacityBps, link) => capacityBps === network.linkCapacityBps(link)));
  t.true(result.series.playing.at(-1)! >= 0.95 * result.series.present.at(-1)!);
});

test('a node that lies is told on by its viewers: they leave it, and come back when it is well', (t) => {
  const faults = [{ kind: 'node-lies', server: 'edge-1', share: 0.5, fromSeconds: 40, forSeconds: 60 }];
  const sent = (simulation: Simulation) => nodeOf(simulation, 'edge-1').load.sentBytes;
  const seconds = [20, 40, 80, 100, 220, 240];
  const bytes = watch({ durationSeconds: 240, audience: { viewers: 200 }, faults }, seconds, sent);
  const [before, during, after] = [bytes[1]! - bytes[0]!, bytes[3]! - bytes[2]!, bytes[5]! - bytes[4]!];
  t.true(during < 0.05 * before, `${during} of ${before} bytes in 20 s`);
  t.true(after > 0.5 * before, `${after} of ${before} bytes in 20 s`);
});
