import test from 'ava';
import { BadInput } from '../../runtime/bad-input.ts';
import { loadTopology } from '../../topology/load/topology-file.ts';
import { topologySchema, type Topology } from '../../topology/model/topology.ts';
import { DEMO_TOPOLOGY, DemoWorld, openWorld } from './world.ts';

const AS_FILED = { rttMs: undefined, rateBps: undefined };

test('the file that comes along: six edges at three sites, a shield, and viewers in every metro', (t) => {
  const world = openWorld(DEMO_TOPOLOGY, 1, AS_FILED);
  t.deepEqual(
    world.edges.map(({ id, site }) => `${id} ${site.id}`),
    [
      'edge-1 amsterdam',
      'edge-2 amsterdam',
      'edge-3 new-york',
      'edge-4 new-york',
      'edge-5 singapore',
      'edge-6 singapore',
    ],
  );
  t.deepEqual(
    world.shields.map(({ id }) => id),
    ['shield'],
  );
  t.is(world.places.length, world.topology.access.length);
});

test('the addresses of a place are found there by longest-prefix match, of both families, and the same for a seed', (t) => {
  const world = openWorld(DEMO_TOPOLOGY, 3, AS_FILED);
  for (const { network, metro, addresses } of world.places) {
    for (const address of addresses) t.like(world.routing.locate(address), { network, metro }, address);
    t.true(addresses.some((address) => address.includes(':')) && addresses.some((address) => address.includes('.')));
  }
  t.deepEqual(world.places, openWorld(DEMO_TOPOLOGY, 3, AS_FILED).places);
});

test('a round trip and a rate for the backbone go over the file’s, and touch nothing else', (t) => {
  const world = openWorld(DEMO_TOPOLOGY, 1, { rttMs: 60, rateBps: 5e7 });
  for (const { kind, latencyMs, capacityBps } of world.topology.links) {
    if (kind === 'backbone') t.deepEqual([latencyMs, capacityBps], [30, 5e7]);
    else t.not(capacityBps, 5e7);
  }
});

test('a topology without a shield fills from the origin; one that cannot be run is refused', (t) => {
  const example = read(new URL('../../topology/examples/three-sites.yaml', import.meta.url).pathname);
  const world = new DemoWorld(example, 1, 'example');
  t.is(world.shields.length, 0);
  t.is(world.upstreamsOf(0)[0]!.shield, null);

  const named = changed((topology) => (topology.sites[0]!.servers[0]!.id = 'origin'));
  t.throws(() => new DemoWorld(named, 1, 'file'), { instanceOf: BadInput, message: /a server is called "origin"/ });
  const nobody = changed((topology) => (topology.prefixes = []));
  t.throws(() => new DemoWorld(nobody, 1, 'file'), { instanceOf: BadInput, message: /0 places/ });
  const many = changed((topology) => {
    const [server] = topology.sites[0]!.servers;
    topology.sites[0]!.servers = Array.from({ length: 30 }, (_, at) => ({ ...server!, id: `many-${at}` }));
  });
  t.throws(() => new DemoWorld(many, 1, 'file'), { instanceOf: BadInput, message: /34 edges; .* 1 to 24/ });
});

function read(file: string): Topology {
  const loaded = loadTopology(file);
  if (loaded.kind === 'bad') throw new Error(loaded.reason);
  return loaded.topology;
}

function changed(change: (topology: Topology) => void): Topology {
  const topology = topologySchema.parse(structuredClone(read(DEMO_TOPOLOGY)));
  change(topology);
  return topology;
}
