import { readFileSync } from 'node:fs';
import test from 'ava';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { distanceKm } from './geography.ts';
import { compareRoutes, Routing } from './routing.ts';
import { smallWorld } from './small-worlds.fixture.ts';
import type { TopologyIndex } from './topology-index.ts';
import { generateWorld } from '../world/generate.ts';
import { REACHES, topologySchema, type Path, type Topology } from './topology.ts';

type Written = Record<string, unknown[]> & { announcements?: unknown[] };
const EXAMPLE = readFileSync(new URL('../examples/three-sites.yaml', import.meta.url), 'utf8');

function example(change: (written: Written) => void = () => {}): Topology {
  const written = parse(EXAMPLE) as Written;
  change(written);
  return topologySchema.parse(written);
}

const routing = new Routing(example());

/** `>` travelled as written, `<` travelled back. */
function told({ topology }: Routing, path: Path | null): string {
  if (path === null) return 'none';
  return path.links.map((link) => `${link & 1 ? '<' : '>'}${topology.links[link >> 1]!.id}`).join(' ');
}

const ways = (of: Routing, network: string, metro: string) =>
  of.routesTo(network, metro).map((route) => `${of.topology.sites[route.site]!.id} ${route.reach} ${told(of, route)}`);

test('each reach is found, the nearest to the subscribers first', (t) => {
  t.deepEqual(ways(routing, 'polder', 'amsterdam'), [
    'amsterdam private >ams-polder >access-polder',
    'new-york transit >ny-transit <polder-transit >access-polder',
  ]);
  t.deepEqual(ways(routing, 'rhein', 'frankfurt'), [
    'amsterdam peering >ams-port <rhein-port >access-rhein',
    'new-york transit >ny-transit <rhein-transit >access-rhein',
  ]);
  t.deepEqual(ways(routing, 'nusantara', 'jakarta'), [
    'singapore embedded >sg-merlion <nusantara-transit >access-nusantara',
    'new-york peering >ny-port <merlion-port <nusantara-transit >access-nusantara',
    'amsterdam transit >ams-transit <merlion-transit <nusantara-transit >access-nusantara',
  ]);
  t.deepEqual(routing.routesTo('nusantara', 'jakarta')[0]!.asPath, ['merlion', 'nusantara']);
  t.deepEqual(routing.routesTo('polder', 'jakarta'), []);
});

test('an embedded site serves its host and its host’s customers, and nobody who did not announce there', (t) => {
  const served = routing.topology.access.filter(({ network, metro }) =>
    routing.routesTo(network, metro).some(({ reach }) => reach === 'embedded'),
  );
  t.deepEqual(
    served.map(({ network }) => network),
    ['merlion', 'nusantara'],
  );
  t.is(routing.routeFor(2, '198.18.48.1'), null, 'hudson’s address');
  t.like(routing.routeFor(2, '198.18.80.1'), { reach: 'embedded', prefixLength: 20, oneWayMs: 3 });
});

test('an address is located by its longest prefix, in both families', (t) => {
  t.deepEqual(routing.locate('198.18.97.1'), { network: 'nusantara', metro: 'jakarta', prefixLength: 20 });
  t.deepEqual(routing.locate('2001:db8:15::5'), { network: 'merlion', metro: 'singapore', prefixLength: 48 });
  t.deepEqual(routing.locate('::ffff:198.18.1.1'), { network: 'polder', metro: 'amsterdam', prefixLength: 20 });
  t.is(routing.locate('192.0.2.1'), null);
  t.is(routing.locate('198.18.097.1'), null);
  t.deepEqual(routing.routesFor('192.0.2.1'), []);
  t.deepEqual(
    routing.routesFor('2001:db8:15::5').map(({ site }) => site),
    [2, 1, 0],
  );
  t.is(routing.routesFor('2001:db8:15::5')[0]!.prefixLength, 48);
});

test('latency is what links state, and the great circle where they state nothing', (t) => {
  const ms = (fromMetro: number, toMetro: number) =>
    (distanceKm(routing.topology.metros[fromMetro]!, routing.topology.metros[toMetro]!) * 1.5) / 200;
  t.is(routing.routesTo('polder', 'amsterdam')[0]!.oneWayMs, 4, 'the last mile alone');
  t.is(routing.routesTo('rhein', 'frankfurt')[0]!.oneWayMs, ms(0, 1) + 6);
  t.true(Math.abs(routing.routesTo('hudson', 'chicago')[0]!.oneWayMs - ms(3, 4) - 7) < 1e-9);
  t.is(routing.fillPath(0, 1)!.oneWayMs, 36, 'stated');
});

test('fills go over the backbone, and into an embedded site through its host', (t) => {
  t.is(told(routing, routing.fillPath(1, 0)), '<bb-ams-ny');
  t.is(told(routing, routing.fillPathFromRegion(1, 0)), '<bb-ny-us <bb-ams-ny');
  t.is(told(routing, routing.fillPathFromRegion(0, 2)), '<bb-ams-eu >ams-transit <merlion-transit <sg-merlion');
  t.is(told(routing, routing.fillPath(2, 1)), '>sg-merlion >merlion-transit <ams-transit >bb-ams-ny');
  t.deepEqual(routing.fillPath(1, 1), { links: [], oneWayMs: 0 });
  const cut = new Routing(example(), { isUsable: (link) => !routing.topology.links[link]!.id.startsWith('bb-') });
  t.is(cut.fillPath(0, 1), null);
  t.is(cut.fillPathFromRegion(0, 2), null);
  t.is(told(cut, cut.fillPath(1, 2)), '>ny-port <merlion-port <sg-merlion');
});

test('two embedded sites of one host fill each other inside it', (t) => {
  const twin = new Routing(
    example(({ sites, links }) => {
      const at = { metro: 'singapore', kind: 'embedded', network: 'merlion', servers: [{ id: 'edge-7', nicBps: 1e9 }] };
      sites!.push({ id: 'twin', ...at });
      links!.push({ id: 'twin-merlion', kind: 'private', from: 'network:merlion', to: 'site:twin', capacityBps: 1e9 });
    }),
  );
  t.is(told(twin, twin.fillPath(2, 3)), '>sg-merlion >twin-merlion');
});

test('a link that is cut takes with it what was heard over it', (t) => {
  const { links } = routing.topology;
  const cut = new Routing(example(), { isUsable: (link) => !['ams-polder', 'polder-port'].includes(links[link]!.id) });
  t.is(ways(cut, 'polder', 'amsterdam')[0], 'amsterdam transit >ams-transit <polder-transit >access-polder');
});

test('given announcements are all there are, with their own preference, path and prefixes', (t) => {
  const heard = new Routing(
    example((written) => {
      written.prefixes!.push({ prefix: '198.18.48.0/22', network: 'hudson', metro: 'new-york' });
      written.announcements = [
        { site: 'new-york', link: 'ny-hudson', by: 'hudson', asPath: ['hudson'], prefixes: ['198.18.48.0/20'] },
        { site: 'new-york', link: 'ny-transit', by: 'longhaul', asPath: ['longhaul', 'hudson'] },
        {
          site: 'amsterdam',
          link: 'ams-transit',
          by: 'longhaul',
          asPath: ['longhaul', 'hudson'],
          localPreference: 500,
        },
        { site: 'amsterdam', link: 'ams-port', by: 'rhein', asPath: ['rhein'], med: 7 },
        { site: 'singapore', link: 'sg-merlion', by: 'merlion', asPath: ['merlion'] },
      ];
    }),
  );
  const reaches = (address: string) =>
    heard.routesFor(address).map(({ site, reach, prefixLength }) => `${site} ${reach} /${prefixLength}`);
  // Inside the /22 the longer prefix wins over the private link, where only the /20 was heard.
  t.deepEqual(reaches('198.18.48.1'), ['0 transit /22', '1 transit /22']);
  t.deepEqual(reaches('198.18.52.1'), ['0 transit /20', '1 private /20'], 'a preference of its own');
  t.deepEqual(
    reaches('198.18.64.1'),
    ['0 transit /20', '1 transit /20'],
    'chicago was not announced to the private link',
  );
  t.deepEqual(reaches('198.18.0.1'), [], 'polder announced nothing');
  t.deepEqual(reaches('198.18.96.1'), [], 'nor did merlion’s customer');
  t.like(heard.routesFor('198.18.16.1')[0], { med: 7, localPreference: 200, asPath: ['rhein'] });
  t.is(heard.routesTo('hudson', 'new-york').length, 2);
});

test('an unknown name in a topology is an error, not a way to nowhere', (t) => {
  const error = t.throws(
    () =>
      new Routing(
        example(({ links }) => {
          (links![0] as { from: string }).from = 'network:poldr';
        }),
      ),
  );
  t.is(error.message, 'link access-polder: nothing is called network:poldr');
});

/** Latency by the rule, from nothing but the links. */
function latencyOf(index: TopologyIndex, start: number, path: Path, gaps: boolean): number | null {
  const { topology } = index;
  let ms = 0;
  let at = start;
  let last = index.positionOf(start)!;
  let open = false;
  for (const directed of path.links) {
    const [from, to] = [index.from[directed >> 1]!, index.to[directed >> 1]!];
    const [here, next] = directed & 1 ? [to, from] : [from, to];
    if (here !== at) {
      // Networks may be joined without a link.
      if (!gaps || index.kindOf(here) !== 'network' || index.kindOf(at) !== 'network') return null;
      open = true;
    }
    at = next;
    const stated = topology.links[directed >> 1]!.latencyMs;
    if (stated === undefined) open = true;
    else ms += stated;
    const position = index.positionOf(at);
    if (position === null) continue;
    if (open) ms += (distanceKm(last, position) * topology.pathStretch) / 200;
    last = position;
    open = false;
  }
  return ms;
}

test('the links of a route lead from the site to the subscribers, and take as long as it says', (t) => {
  let routes = 0;
  fc.assert(
    fc.property(smallWorld, (topology) => {
      const world = new Routing(topology);
      for (const { network, metro } of topology.access) {
        const end = world.index.nodeAt(`access:${network}/${metro}`);
        const found = world.routesTo(network, metro);
        for (const route of found) {
          routes++;
          const last = route.links.at(-1)!;
          if ((last & 1 ? world.index.from : world.index.to)[last >> 1] !== end) return false;
          const ms = latencyOf(world.index, route.site, route, true);
          if (ms === null || Math.abs(ms - route.oneWayMs) > 1e-9) return false;
          if (route.asPath.at(-1) !== network) return false;
          const site = topology.sites[route.site]!;
          if (route.reach === 'embedded' && route.asPath[0] !== site.network) return false;
          if (site.kind === 'embedded' && route.reach !== 'embedded') return false;
        }
        if (new Set(found.map(({ site }) => site)).size !== found.length) return false;
        if (found.some((route, at) => at > 0 && compareRoutes(found[at - 1]!, route) > 0)) return false;
      }
      return true;
    }),
    { numRuns: 300 },
  );
  t.true(routes > 300, `${routes} routes`);
});

test('fill paths are whole, take as long as they say, and as long back', (t) => {
  let paths = 0;
  fc.assert(
    fc.property(smallWorld, (topology) => {
      const world = new Routing(topology);
      return topology.sites.every((_from, from) =>
        topology.sites.every((_to, to) => {
          const [there, back] = [world.fillPath(from, to), world.fillPath(to, from)];
          if (there === null || back === null) return there === back;
          paths++;
          const ms = latencyOf(world.index, from, there, true);
          return ms !== null && Math.abs(ms - there.oneWayMs) < 1e-9 && Math.abs(back.oneWayMs - there.oneWayMs) < 1e-9;
        }),
      );
    }),
    { numRuns: 300 },
  );
  t.true(paths > 300, `${paths} paths`);
});

test('over the backbone no way is shorter than the one found', (t) => {
  fc.assert(
    fc.property(smallWorld, (topology) => {
      const world = new Routing(topology);
      // Floyd and Warshall: other arithmetic, same answer.
      const count = topology.sites.length + 1;
      const ms = Array.from({ length: count }, (_, a) =>
        Array.from({ length: count }, (_, b) => (a === b ? 0 : Infinity)),
      );
      topology.links.forEach(({ kind, latencyMs }, link) => {
        if (kind !== 'backbone') return;
        const [a, b] = [world.index.from[link]!, world.index.to[link]!];
        const [here, there] = [world.index.positionOf(a)!, world.index.positionOf(b)!];
        const stated = latencyMs ?? (distanceKm(here, there) * topology.pathStretch) / 200;
        ms[a]![b] = ms[b]![a] = Math.min(ms[a]![b]!, stated);
      });
      for (let by = 0; by < count; by++) {
        for (let a = 0; a < count; a++) {
          for (let b = 0; b < count; b++) ms[a]![b] = Math.min(ms[a]![b]!, ms[a]![by]! + ms[by]![b]!);
        }
      }
      return topology.sites.every((site, to) => {
        if (site.kind === 'embedded') return true;
        const path = world.fillPathFromRegion(0, to);
        const expected = ms[count - 1]![to]!;
        return path === null ? expected === Infinity : Math.abs(path.oneWayMs - expected) < 1e-9;
      });
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('who asks for sites alone gets them as their routes would stand, in every world', (t) => {
  let several = 0;
  const alike = (topology: Topology) => {
    const whole = new Routing(topology);
    for (const { network, metro } of topology.access) {
      const { sites, reaches } = whole.sitesTo(network, metro);
      const told = Array.from(sites, (site, at) => [site, REACHES[reaches[at]!]]);
      const routes = whole.routesTo(network, metro);
      if (routes.length > 2) several++;
      t.deepEqual(
        told,
        routes.map(({ site, reach }) => [site, reach]),
      );
    }
  };
  fc.assert(fc.property(smallWorld, alike));
  alike(generateWorld({ sites: 120, servers: 240, seed: 5 }));
  t.true(several > 500, `${several}`);
});
