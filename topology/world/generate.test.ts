import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import test from 'ava';
import * as fc from 'fast-check';
import { checkTopology } from '../model/check.ts';
import { compareRoutes } from '../model/route-order.ts';
import { Routing } from '../model/routing.ts';
import { topologySchema, type Topology } from '../model/topology.ts';
import { generateWorld } from './generate.ts';
import { FALLBACK_SHARE } from './load.ts';
import { optionsProblem, type WorldOptions } from './options.ts';
import { LEAST_BPS, LIVE_FILL_BPS } from './sizing.ts';
import { loadWorldData } from './world-data.ts';

const run = promisify(execFile);
const SIZES: readonly WorldOptions[] = [
  { sites: 3, servers: 6, seed: 1 },
  { sites: 10, servers: 30, seed: 2, peakBps: 5e9 },
  { sites: 40, servers: 120, seed: 1 },
  { sites: 300, servers: 900, seed: 4 },
];

const bytesOf = (world: Topology) => createHash('sha256').update(JSON.stringify(world)).digest('hex');
const sum = (numbers: Iterable<number>) => [...numbers].reduce((all, number) => all + number, 0);
const edgesOf = (world: Topology) =>
  world.sites.flatMap(({ servers }) => servers.filter(({ role }) => role === 'edge'));
const shieldsOf = (world: Topology) =>
  world.sites.flatMap(({ servers }, site) => (servers.some(({ role }) => role === 'shield') ? [site] : []));

for (const options of SIZES) {
  const { sites, servers, peakBps = servers * 20e9 } = options;
  const title = `a world of ${sites} sites`;
  let made: { world: Topology; routing: Routing } | undefined;
  const get = () => {
    if (made === undefined) {
      const world = generateWorld(options);
      made = { world, routing: new Routing(world) };
    }
    return made;
  };

  test(`${title} is what the schema asks for, with no defaults left to fill in`, (t) => {
    const { world } = get();
    t.deepEqual(topologySchema.parse(world), world);
    t.true(world.synthetic);
  });

  test(`${title} has exactly the sites and edge servers asked for, none without an edge`, (t) => {
    const { world } = get();
    t.is(world.sites.length, sites);
    t.is(edgesOf(world).length, servers);
    t.true(world.sites.every((site) => site.servers.some(({ role }) => role === 'edge')));
    t.true(shieldsOf(world).length >= 1);
    t.true(shieldsOf(world).every((site) => world.sites[site]!.kind === 'ix'));
  });

  test(`${title} is without fault for topology check`, (t) => {
    // What a line has for itself is not what this world is sized for: its peak may be a rehearsal's.
    const findings = checkTopology(get().world).filter(({ message }) => !/ kbit\/s a line; /.test(message));
    t.deepEqual(findings, []);
  });

  test(`${title} names nothing twice and nothing that is not there`, (t) => {
    const { world, routing } = get();
    const lists = [world.metros, world.networks, world.exchanges, world.regions, world.sites, world.links];
    for (const list of [...lists, world.sites.flatMap((site) => site.servers)]) {
      t.is(new Set(list.map(({ id }) => id)).size, list.length);
    }
    t.is(new Set(world.networks.map(({ asn }) => asn)).size, world.networks.length);
    const { index } = routing;
    t.true(index.from.every((node) => node >= 0) && index.to.every((node) => node >= 0));
    for (const { metro, network } of [...world.access, ...world.prefixes]) {
      if (!index.metros.has(metro) || !index.accesses.has(`${network}/${metro}`)) t.fail(`${network}/${metro}`);
    }
    for (const site of world.sites) {
      t.is(site.kind === 'ix', index.exchanges.has(site.exchange ?? ''));
      t.is(site.kind === 'embedded', index.networks.has(site.network ?? ''));
    }
  });

  test(`${title} has the lines of each of its countries, to the last one`, (t) => {
    const { world } = get();
    const countryOf = new Map(world.metros.map(({ id, country }) => [id, country]));
    const lines = new Map<string, number>();
    for (const { metro, subscribers } of world.access) {
      lines.set(countryOf.get(metro)!, (lines.get(countryOf.get(metro)!) ?? 0) + subscribers);
    }
    const expected = loadWorldData().countries.slice(0, sites < 40 ? 5 * sites : undefined);
    t.deepEqual(lines, new Map([...lines.keys()].map((code) => [code, expected.find((c) => c.code === code)?.lines])));
    t.is(lines.size, expected.length);
    t.is(sum(lines.values()), sum(expected.map((country) => country.lines)));
  });

  test(`${title} gives each network that has a name its share of a country’s lines`, (t) => {
    const { world } = get();
    const countryOf = new Map(world.metros.map(({ id, country }) => [id, country]));
    const lines = new Map<string, number>();
    for (const { network, metro, subscribers } of world.access) {
      const key = `${network} ${countryOf.get(metro)!}`;
      lines.set(key, (lines.get(key) ?? 0) + subscribers);
    }
    let named = 0;
    for (const country of loadWorldData().countries) {
      for (const { asn, share } of country.isps) {
        const own = lines.get(`as${asn} ${country.code}`);
        if (own === undefined) continue;
        named++;
        // Shares have four digits: their sum may pass 1, and the last one gives way.
        t.true(Math.abs(own - share * country.lines) <= 1 + 0.0005 * country.lines, `as${asn} ${country.code}`);
      }
    }
    t.true(named >= sites / 3);
  });

  test(`${title} lets at least two sites reach every subscriber, at exchanges alone`, (t) => {
    const { world, routing } = get();
    const atExchanges = world.sites.filter(({ kind }) => kind === 'ix').length;
    t.true(atExchanges >= 2);
    for (const { network, metro } of world.access) {
      const routes = routing.routesTo(network, metro);
      const fromExchanges = routes.filter(({ site }) => world.sites[site]!.kind === 'ix');
      if (fromExchanges.length !== atExchanges)
        t.fail(`${network}/${metro}: ${fromExchanges.length} of ${atExchanges}`);
    }
  });

  test(`${title} carries its forecast on the best routes and a part of it on the second best, with headroom`, (t) => {
    const { world, routing } = get();
    const lines = sum(world.access.map(({ subscribers }) => subscribers));
    const bySite = new Float64Array(world.sites.length);
    const byLink = new Float64Array(world.links.length);
    let onBest = 0;
    for (const { network, metro, subscribers } of world.access) {
      const routes = routing.routesTo(network, metro);
      const best = routes.filter((route) => compareRoutes(route, routes[0]!) === 0);
      const second = routes.slice(best.length).filter((route) => compareRoutes(route, routes[best.length]!) === 0);
      for (const [group, share] of [
        [best, 1],
        [second, FALLBACK_SHARE],
      ] as const) {
        const part = (share * peakBps * subscribers) / lines / group.length;
        for (const { site, links } of group) {
          bySite[site]! += part;
          for (const directed of links) byLink[directed >> 1]! += part;
          if (share === 1) onBest += part;
        }
      }
    }
    t.true(Math.abs(onBest - peakBps) < 1e-6 * peakBps);
    world.sites.forEach(({ id, servers: own }, site) => {
      const nics = sum(own.filter(({ role }) => role === 'edge').map(({ nicBps }) => nicBps));
      if (nics < 1.25 * bySite[site]!) t.fail(`${id} sends ${bySite[site]!} over ${nics} bit/s`);
    });
    world.links.forEach(({ id, kind, capacityBps }, link) => {
      // Access is sized for its own subscribers, whichever way their bytes come.
      const headroom = kind === 'access' ? 2 / (1 + FALLBACK_SHARE) : 1.3;
      if (capacityBps < headroom * byLink[link]! * (1 - 1e-9))
        t.fail(`${id}: ${byLink[link]!} over ${capacityBps} bit/s`);
    });
    t.true(byLink.some((bps, link) => bps > world.links[link]!.capacityBps / 4));
  });

  test(`${title} fills every site from its nearest shield, and the shields from every region, within capacity`, (t) => {
    const { world, routing } = get();
    const byLink = new Float64Array(world.links.length);
    const shields = shieldsOf(world);
    world.sites.forEach(({ id }, site) => {
      const paths = shields.map((shield) => routing.fillPath(shield, site));
      const nearest = paths.reduce((best, path) =>
        (path?.oneWayMs ?? Infinity) < (best?.oneWayMs ?? Infinity) ? path : best,
      );
      if (nearest === null) return t.fail(`${id} cannot be filled`);
      for (const directed of nearest.links) byLink[directed >> 1]! += LIVE_FILL_BPS;
    });
    for (const shield of shields) {
      world.regions.forEach(({ id }, region) => t.truthy(routing.fillPathFromRegion(region, shield), id));
    }
    world.links.forEach(({ id, capacityBps }, link) => {
      if (capacityBps < byLink[link]!) t.fail(`${id}: fills of ${byLink[link]!} over ${capacityBps} bit/s`);
    });
  });

  test(`${title} gives each subscriber an address of their own, and no address to two`, (t) => {
    const { world, routing } = get();
    const four = world.prefixes.filter(({ prefix }) => !prefix.includes(':'));
    const room = new Map<string, number>();
    const spans = four.map(({ prefix, network, metro }) => {
      const [address, length] = prefix.split('/');
      const start = address!.split('.').reduce((number, part) => number * 256 + Number(part), 0);
      const size = 2 ** (32 - Number(length));
      t.is(start % size, 0, prefix);
      room.set(`${network}/${metro}`, (room.get(`${network}/${metro}`) ?? 0) + size);
      return { start, end: start + size };
    });
    spans.sort((a, b) => a.start - b.start);
    t.true(spans.every(({ start }, at) => at === 0 || start >= spans[at - 1]!.end));
    t.true(world.access.every(({ network, metro, subscribers }) => room.get(`${network}/${metro}`)! >= subscribers));
    for (const { prefix, network, metro } of world.prefixes) {
      const found = routing.locate(prefix.split('/')[0]!);
      if (found?.network !== network || found.metro !== metro) t.fail(prefix);
    }
    const six = world.prefixes.filter(({ prefix }) => prefix.startsWith('3fff:'));
    t.is(six.length, world.access.length);
    t.is(four.length + six.length, world.prefixes.length);
  });
}

test('the same options make the same bytes, here and in another process', async (t) => {
  const options: WorldOptions = { sites: 40, servers: 120, seed: 7 };
  const script = `
    const { generateWorld } = await import(${JSON.stringify(new URL('./generate.ts', import.meta.url).href)});
    const { createHash } = await import('node:crypto');
    generateWorld({ sites: 12, servers: 12, seed: 1 });
    console.log(createHash('sha256').update(JSON.stringify(generateWorld(${JSON.stringify(options)}))).digest('hex'));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  t.is(stdout.trim(), bytesOf(generateWorld(options)));
});

test('another seed is another world in its details: hosts, servers, capacities, addresses', (t) => {
  const [one, other] = [1, 2].map((seed) => generateWorld({ sites: 40, servers: 120, seed })) as [Topology, Topology];
  const hosts = ({ sites }: Topology) => sites.map(({ network }) => network).join();
  const servers = ({ sites }: Topology) => sites.map((site) => `${site.id} ${site.servers.length}`).join();
  const capacities = ({ links }: Topology) => links.map(({ id, capacityBps }) => `${id} ${capacityBps}`).join();
  const addresses = ({ prefixes }: Topology) => prefixes.map(({ prefix }) => prefix).join();
  for (const part of [hosts, servers, capacities, addresses]) t.not(part(one), part(other));
  t.deepEqual(one.access.length, other.access.length);
});

test('a world for a tenth of the traffic has between a tenth (of the headroom) and its root (of the crowd’s deviations)', (t) => {
  const [large, small] = [50e9, 5e9].map((peakBps) => generateWorld({ sites: 10, servers: 30, seed: 3, peakBps })) as [
    Topology,
    Topology,
  ];
  let compared = 0;
  large.links.forEach(({ id, kind, capacityBps }, link) => {
    const tenth = small.links[link]!.capacityBps;
    if (kind !== 'access' || tenth <= LEAST_BPS) return;
    compared++;
    // Two significant digits, upwards, at both.
    t.true(capacityBps / tenth > 3 && capacityBps / tenth < 11, id);
  });
  t.true(compared > 20);
  edgesOf(large).forEach(({ nicBps }, server) => {
    const ratio = nicBps / edgesOf(small)[server]!.nicBps;
    t.true(ratio > 3 && ratio < 11.5, String(ratio));
  });
});

test('an exchange lost with all its sites leaves the others filled', (t) => {
  const world = generateWorld({ sites: 40, servers: 120, seed: 5 });
  const shields = shieldsOf(world);
  for (const { id: lost } of world.exchanges) {
    const gone = new Set(world.sites.filter(({ exchange }) => exchange === lost).map(({ id }) => `site:${id}`));
    const isUsable = (link: number) => !gone.has(world.links[link]!.from) && !gone.has(world.links[link]!.to);
    const routing = new Routing(world, { isUsable });
    world.sites.forEach((site, index) => {
      if (gone.has(`site:${site.id}`)) return;
      if (!shields.some((shield) => routing.fillPath(shield, index) !== null)) t.fail(`${site.id} without ${lost}`);
    });
  }
  t.pass();
});

test('only the countries asked for have viewers, and one without an exchange is served from the nearest', (t) => {
  const two = generateWorld({ sites: 6, servers: 12, seed: 1, countries: ['DE', 'FR'] });
  t.deepEqual(new Set(two.metros.map(({ country }) => country)), new Set(['DE', 'FR']));
  t.is(sum(two.access.map(({ subscribers }) => subscribers)), 38_400_000 + 32_299_999);
  const none = generateWorld({ sites: 4, servers: 4, seed: 1, countries: ['MA'] });
  t.true(none.sites.filter(({ kind }) => kind === 'ix').length >= 2);
  t.true(none.access.length > 0);
});

test('options that make no world are named, with what to write instead', (t) => {
  const world = { sites: 40, servers: 120, seed: 1 };
  t.is(optionsProblem(world), null);
  t.regex(optionsProblem({ ...world, servers: 39 })!, /servers: 39 are too few for 40 sites.*at least 40/);
  t.regex(optionsProblem({ ...world, sites: 2 })!, /sites: 2 .* 3 to/);
  t.regex(optionsProblem({ ...world, seed: -1 })!, /seed: -1/);
  t.regex(optionsProblem({ ...world, embeddedShare: 1.5 })!, /embedded: 1.5 .* 0 to 1/);
  t.regex(optionsProblem({ ...world, peakBps: Number.NaN })!, /peak/);
  t.regex(optionsProblem({ ...world, countries: ['Germny'] })!, /"Germny"; did you mean DE \(Germany\)\?/);
  t.regex(optionsProblem({ ...world, countries: ['de'] })!, /did you mean DE/);
  t.regex(optionsProblem({ ...world, countries: [] })!, /none given/);
  t.throws(() => generateWorld({ ...world, sites: 2 }), { instanceOf: RangeError, message: /3 to/ });
});

test('any small world holds together: counts, lines, routes', (t) => {
  const countries = fc.option(
    fc.uniqueArray(fc.constantFrom('DE', 'US', 'MS', 'TO', 'CN', 'FR', 'AE', 'KE'), { minLength: 1 }),
    {
      nil: undefined,
    },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 30 }),
      fc.integer({ min: 0, max: 40 }),
      fc.nat({ max: 4_294_967_295 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 1e6, max: 1e14, noNaN: true }),
      countries,
      (sites, more, seed, embeddedShare, peakBps, filter) => {
        const options = { sites, servers: sites + more, seed, embeddedShare, peakBps, countries: filter };
        const known = new Set(loadWorldData().countries.map(({ code }) => code));
        if (filter?.some((code) => !known.has(code))) return optionsProblem(options) !== null;
        const world = generateWorld(options);
        topologySchema.parse(world);
        if (world.sites.length !== sites || edgesOf(world).length !== sites + more) return false;
        const routing = new Routing(world);
        return world.access.every(({ network, metro }) => routing.routesTo(network, metro).length >= 2);
      },
    ),
    { numRuns: 25 },
  );
  t.pass();
});
