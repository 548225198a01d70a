import { readFileSync } from 'node:fs';
import test from 'ava';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { checkTopology } from './check.ts';
import { smallWorld } from './small-worlds.fixture.ts';
import { topologySchema } from './topology.ts';

type Thing = Record<string, unknown> & { id: string };
type Written = Record<'metros' | 'networks' | 'access' | 'exchanges' | 'sites' | 'links' | 'prefixes', Thing[]> & {
  announcements?: unknown[];
};
const EXAMPLE = readFileSync(new URL('../examples/three-sites.yaml', import.meta.url), 'utf8');

function findings(change: (written: Written) => void): string[] {
  const written = parse(EXAMPLE) as Written;
  change(written);
  return checkTopology(topologySchema.parse(written)).map(
    ({ path, severity, message }) => `${severity} ${path.join('.')}: ${message}`,
  );
}

const named = (things: Thing[], id: string) => things.find((thing) => thing.id === id)!;
const without = (things: Thing[], id: string) =>
  things.splice(
    things.findIndex((thing) => thing.id === id),
    1,
  );
const server = { id: 'edge-9', nicBps: 1e9 };
const toEmpty = { site: 'amsterdam', link: 'ams-polder', by: 'polder', asPath: ['polder'] };

test('the example has nothing wrong with it', (t) => {
  t.deepEqual(
    findings(() => {}),
    [],
  );
});

const ERRORS: [title: string, change: (written: Written) => void, expected: RegExp][] = [
  [
    'a metro twice',
    ({ metros }) => metros.push({ ...metros[0]! }),
    /metros\.7\.id: metro amsterdam is there twice, first at metros\.0\.id/,
  ],
  [
    'an AS number twice',
    ({ networks }) => (networks[3]!.asn = 64500),
    /networks\.3\.asn: AS number 64500 is there twice/,
  ],
  ['subscribers twice', ({ access }) => access.push(access[0]!), /access\.7: access polder\/amsterdam is there twice/],
  [
    'a server twice',
    ({ sites }) => (sites[1]!.servers = [{ ...server, id: 'edge-1' }]),
    /sites\.1\.servers\.0\.id: server edge-1 is there twice/,
  ],
  ['a link twice', ({ links }) => links.push({ ...links[0]! }), /links\.26\.id: link access-polder is there twice/],
  [
    'a provider that is not there',
    ({ networks }) => (networks[3]!.providers = ['longhual']),
    /networks\.3\.providers\.0: there is no network longhual, did you mean longhaul\?/,
  ],
  [
    'a network that is its own peer',
    ({ networks }) => (networks[3]!.peers = ['rhein']),
    /networks\.3\.peers\.0: rhein cannot be among its own peers/,
  ],
  [
    'a provider that is a peer, too',
    ({ networks }) => (networks[3]!.peers = ['longhaul']),
    /networks\.3\.peers\.0: longhaul is a provider of rhein, too/,
  ],
  [
    'a circle of providers',
    ({ networks }) => (networks[1]!.providers = ['nusantara']),
    /providers\.0: a circle of providers: longhaul buys from nusantara buys from merlion buys from longhaul/,
  ],
  ['no network of ours', ({ networks }) => (networks[0]!.kind = 'transit'), /networks: no network is of kind cdn/],
  [
    'two networks of ours',
    ({ networks }) => (networks[1]!.kind = 'cdn'),
    /networks\.1\.kind: 2 networks are of kind cdn/,
  ],
  [
    'subscribers nowhere',
    ({ access }) => (access[0]!.metro = 'amstredam'),
    /access\.0\.metro: there is no metro amstredam, did you mean amsterdam\?/,
  ],
  ['an exchange nowhere', ({ exchanges }) => (exchanges[0]!.metro = 'x'), /exchanges\.0\.metro: there is no metro x/],
  [
    'a site in no exchange',
    ({ sites }) => delete sites[0]!.exchange,
    /sites\.0: amsterdam is of kind ix and needs exchange/,
  ],
  [
    'an embedded site in no network',
    ({ sites }) => delete sites[2]!.network,
    /sites\.2: singapore is of kind embedded and needs network/,
  ],
  [
    'a site in an exchange and a network',
    ({ sites }) => (sites[0]!.network = 'polder'),
    /sites\.0\.network: network is not for a site of kind ix/,
  ],
  [
    'a site in an unknown exchange',
    ({ sites }) => (sites[0]!.exchange = 'ix-amsterdm'),
    /sites\.0\.exchange: there is no exchange ix-amsterdm, did you mean ix-amsterdam\?/,
  ],
  [
    'a link to nothing',
    ({ links }) => (links[7]!.to = 'exchange:ix-amsterdan'),
    /links\.7\.to: there is no exchange ix-amsterdan, did you mean ix-amsterdam\?/,
  ],
  [
    'a link to itself',
    ({ links }) => (links[25]!.to = 'site:amsterdam'),
    /links\.25\.kind: bb-ams-ny leads from site:amsterdam to itself/,
  ],
  [
    'a backbone link to a network',
    ({ links }) => (links[25]!.to = 'network:polder'),
    /links\.25\.kind: bb-ams-ny is of kind backbone .*backbone joins two sites/,
  ],
  [
    'a peering link of a site and a network',
    ({ links }) => (links[8]!.kind = 'peering'),
    /links\.8\.kind: ams-polder is of kind peering/,
  ],
  [
    'access to another’s subscribers',
    ({ links }) => (links[0]!.from = 'network:rhein'),
    /links\.0\.kind: access-polder joins rhein with another network’s subscribers/,
  ],
  [
    'transit the wrong way round',
    ({ links }) => Object.assign(named(links, 'rhein-transit'), { from: 'network:longhaul', to: 'network:rhein' }),
    /rhein-transit must lead from who buys to who sells, and rhein buys from longhaul/,
  ],
  [
    'a site’s transit the wrong way round',
    ({ links }) => Object.assign(named(links, 'ams-transit'), { from: 'network:longhaul', to: 'site:amsterdam' }),
    /ams-transit must lead from who buys to the network that sells/,
  ],
  [
    'transit that nobody buys',
    ({ networks }) => (named(networks, 'albion').providers = []),
    /albion-transit is transit, and longhaul is not among the providers of albion/,
  ],
  [
    'a link at our own network',
    ({ links }) => (named(links, 'ams-polder').to = 'network:undercard'),
    /links\.8\.kind: ams-polder ends at undercard, our own network/,
  ],
  [
    'no access link',
    ({ links }) => without(links, 'access-albion'),
    /access\.2: no access link leads to these subscribers; add one from network:albion to access:albion\/london/,
  ],
  [
    'two access links',
    ({ links }) => links.push({ ...links[0]!, id: 'again' }),
    /links\.26: again is a second access link beside access-polder/,
  ],
  [
    'a prefix with bits after its length',
    ({ prefixes }) => (prefixes[0]!.prefix = '198.18.1.0/20'),
    /prefixes\.0\.prefix: "198\.18\.1\.0\/20" has bits after its length, did you mean 198\.18\.0\.0\/20\?/,
  ],
  [
    'a prefix twice',
    ({ prefixes }) => (prefixes[8]!.prefix = '2001:0db8:10::/48'),
    /prefixes\.8\.prefix: 2001:0db8:10::\/48 is there twice, first at prefixes\.7/,
  ],
  [
    'a prefix without subscribers',
    ({ prefixes }) => (prefixes[0]!.metro = 'jakarta'),
    /prefixes\.0: polder has no subscribers in jakarta/,
  ],
  [
    'an announcement of nobody',
    (written) => (written.announcements = [{ ...toEmpty, by: 'poldr', asPath: ['poldr'] }]),
    /announcements\.0\.by: there is no network poldr, did you mean polder\?/,
  ],
  [
    'an announcement on another’s link',
    (written) => (written.announcements = [{ ...toEmpty, site: 'singapore' }]),
    /announcements\.0\.link: ams-polder is no link of site singapore/,
  ],
  [
    'an announcement by who is not there',
    (written) => (written.announcements = [{ ...toEmpty, by: 'rhein', asPath: ['rhein'] }]),
    /announcements\.0\.link: ams-polder leads to network:polder, not to rhein/,
  ],
  [
    'an announcement without a port',
    (written) => (written.announcements = [{ ...toEmpty, link: 'ams-port', by: 'hudson', asPath: ['hudson'] }]),
    /hudson has no port at exchange:ix-amsterdam/,
  ],
  [
    'an announcement on the backbone',
    (written) => (written.announcements = [{ ...toEmpty, link: 'bb-ams-ny' }]),
    /bb-ams-ny is of the backbone/,
  ],
  [
    'a path that begins elsewhere',
    (written) => (written.announcements = [{ ...toEmpty, asPath: ['longhaul', 'polder'] }]),
    /announcements\.0\.asPath: the path begins with longhaul/,
  ],
  [
    'a path with a loop',
    (written) => (written.announcements = [{ ...toEmpty, asPath: ['polder', 'longhaul', 'polder'] }]),
    /announcements\.0\.asPath\.2: polder is in the path before/,
  ],
  [
    'an announced prefix of another',
    (written) => (written.announcements = [{ ...toEmpty, prefixes: ['198.18.0.0/21'] }]),
    /announcements\.0\.prefixes\.0: there is no prefix of polder 198\.18\.0\.0\/21, did you mean 198\.18\.0\.0\/20\?/,
  ],
];
for (const [title, change, expected] of ERRORS) {
  test(`${title}: an error with its place`, (t) => {
    const found = findings(change);
    t.true(
      found.every((line) => line.startsWith('error ')),
      found.join('\n'),
    );
    t.regex(found.join('\n'), expected);
  });
}

const WARNINGS: [title: string, change: (written: Written) => void, expected: RegExp[]][] = [
  [
    'a metro of nothing',
    ({ metros }) => metros.push({ ...metros[0]!, id: 'idle' }),
    [/^warning metros\.7: nothing is in idle/],
  ],
  [
    'an ISP of nobody',
    ({ networks }) => networks.push({ id: 'empty', asn: 1, kind: 'isp' }),
    [/^warning networks\.8: empty is an ISP without subscribers/],
  ],
  [
    'a relation without a link',
    ({ links }) => without(links, 'albion-transit'),
    [/^warning networks\.4\.providers\.0: albion buys from longhaul, and no link/],
  ],
  [
    'relations of ours',
    ({ networks }) => (networks[0]!.providers = ['longhaul']),
    [/^warning networks\.0: providers and peers of undercard/],
  ],
  [
    'an exchange of nobody',
    ({ exchanges }) => exchanges.push({ id: 'lonely', metro: 'london' }),
    [/^warning exchanges\.2: nobody has a port at lonely/],
  ],
  [
    'subscribers that no site reaches',
    ({ links, networks }) => {
      named(networks, 'albion').providers = [];
      without(links, 'albion-transit');
    },
    [/^warning access\.2: an island: no site has a route to albion, so nobody in london/],
  ],
  [
    'a site without links',
    ({ sites }) => sites.push({ id: 'dark', metro: 'london', kind: 'ix', exchange: 'ix-amsterdam', servers: [server] }),
    [
      /^warning sites\.3: an island: dark has no peering/,
      /^warning sites\.3: an island: no region reaches dark, .* it needs a backbone link/,
    ],
  ],
  [
    'an embedded site that cannot be filled',
    ({ links }) => {
      without(links, 'bb-ams-eu');
      without(links, 'bb-ny-us');
    },
    [
      /sites\.0: .*no region reaches amsterdam/,
      /sites\.1: .*no region/,
      /sites\.2: .*no region reaches singapore.* private link to its host/,
    ],
  ],
  [
    'a prefix that nobody announces',
    (written) => (written.announcements = allBut('198.18.0.0/20')),
    [/^warning prefixes\.0: nobody announces 198\.18\.0\.0\/20 of polder/],
  ],
  [
    'a link that cannot be',
    ({ links }) => (links[7]!.capacityBps = 2e14),
    [/^warning links\.7\.capacityBps: ams-port carries 200000 Gbit\/s/],
  ],
  [
    'faster than light',
    ({ links }) => (named(links, 'bb-ams-ny').latencyMs = 10),
    [/^warning links\.25\.latencyMs: bb-ams-ny takes 10 ms for 58\d\d km; light takes 19\.\d ms/],
  ],
  [
    'a server that cannot be',
    ({ sites }) => (sites[0]!.servers = [{ ...server, nicBps: 1e13 }]),
    [
      /^warning sites\.0\.servers\.0\.nicBps: edge-9 sends 10000 Gbit/,
      /^warning sites\.0: servers of amsterdam send 10000 Gbit\/s, its links .* carry 5 Gbit\/s/,
    ],
  ],
  [
    'a link that carries nobody',
    ({ links }) => (links[0]!.capacityBps = 8000),
    [/^warning links\.0\.capacityBps: access-polder carries 8000 bit\/s, not one viewer/],
  ],
  [
    'no lines',
    ({ access }) => (access[0]!.subscribers = 0),
    [/^warning access\.0\.subscribers: nobody subscribes to polder in amsterdam/],
  ],
];
for (const [title, change, expected] of WARNINGS) {
  test(`${title}: a warning with its place, and nothing else`, (t) => {
    const found = findings(change);
    t.is(found.length, expected.length, found.join('\n'));
    expected.forEach((one, at) => t.regex(found[at]!, one));
  });
}

/** Announcements of every network everywhere, but for one of polder’s prefixes. */
function allBut(prefix: string): unknown[] {
  const { networks, prefixes } = parse(EXAMPLE) as Written;
  return networks.slice(2).map(({ id }) => ({
    site: 'amsterdam',
    link: 'ams-transit',
    by: 'longhaul',
    asPath: ['longhaul', id],
    ...(id === 'polder'
      ? { prefixes: prefixes.filter((one) => one.network === id && one.prefix !== prefix).map((one) => one.prefix) }
      : {}),
  }));
}

test('small random worlds have no errors, and an island is what no route leads to', async (t) => {
  const { Routing } = await import('./routing.ts');
  fc.assert(
    fc.property(smallWorld, (topology) => {
      const found = checkTopology(topology);
      if (found.some(({ severity }) => severity === 'error')) return false;
      const routing = new Routing(topology);
      const islands = (section: string, word: string) =>
        found.filter(({ path, message }) => path[0] === section && message.includes(word)).map(({ path }) => path[1]);
      const unreached = topology.access.flatMap(({ network, metro }, at) =>
        routing.routesTo(network, metro).length === 0 ? [at] : [],
      );
      const unfilled = topology.sites.flatMap((_site, at) => (routing.fillPathFromRegion(0, at) === null ? [at] : []));
      return (
        islands('access', 'island').join() === unreached.join() &&
        islands('sites', 'region reaches').join() === unfilled.join()
      );
    }),
    { numRuns: 300 },
  );
  t.pass();
});
