import test from 'ava';
import fc from 'fast-check';
import { stableHash } from '../../../topology/model/stable-hash.ts';
import { Routing } from '../../../topology/model/routing.ts';
import type { Site } from '../../../topology/model/site.ts';
import { smallWorld } from '../../../topology/model/small-worlds.fixture.ts';
import type { Announcement, Route, Topology } from '../../../topology/model/topology.ts';
import { Proximity } from './proximity.ts';
import { siteOrderOf } from './site-order.ts';

/** The proximity rank written once more: each step decides only where those before it are equal. */
const STEPS: readonly ((route: Route) => number)[] = [
  ({ prefixLength }) => -prefixLength,
  ({ localPreference }) => -localPreference,
  ({ reach }) => ['embedded', 'private', 'peering', 'transit'].indexOf(reach),
  ({ asPath }) => asPath.length,
  ({ med }) => med,
  ({ oneWayMs }) => oneWayMs,
];

function isBefore(a: Route, b: Route, topology: Topology): boolean {
  const hash = ({ site }: Route) => stableHash(topology.sites[site]!.id);
  for (const cost of [...STEPS, hash]) if (cost(a) !== cost(b)) return cost(a) < cost(b);
  return a.site < b.site;
}

/** Some of what neighbours might announce at the sites: `dice` says what, how preferred and at what distance. */
function announcementsOf({ sites, links, networks, prefixes }: Topology, dice: readonly number[]): Announcement[] {
  let at = 0;
  const roll = (below: number) => dice[at++ % dice.length]! % below;
  const announced: Announcement[] = [];
  for (const { id: site } of sites) {
    for (const { id: link, kind, from, to } of links) {
      const far = from === `site:${site}` ? to : to === `site:${site}` ? from : null;
      if (far === null || kind === 'backbone') continue;
      const speakers = far.startsWith('network:')
        ? [far.slice('network:'.length)]
        : links.flatMap((port) => {
            const member = port.from === far ? port.to : port.to === far ? port.from : '';
            return member.startsWith('network:') ? [member.slice('network:'.length)] : [];
          });
      for (const by of new Set(speakers)) {
        const origin = networks[roll(networks.length)]!.id;
        const between = Array.from({ length: roll(3) }, () => networks[roll(networks.length)]!.id);
        const own = prefixes.filter(({ network }) => network === origin).map(({ prefix }) => prefix);
        announced.push({
          site,
          link,
          by,
          asPath: by === origin ? [by] : [by, ...between, origin],
          med: roll(3),
          ...(roll(2) === 0 ? { localPreference: 100 + roll(3) } : {}),
          ...(roll(3) === 0 && own.length > 0 ? { prefixes: own.slice(0, 1 + roll(own.length)) } : {}),
        });
      }
    }
  }
  return announced;
}

/** Prefixes of several lengths for a place, so that their length has something to decide. */
function withShorterPrefixes(topology: Topology): Topology {
  const shorter = topology.prefixes.map(({ network, metro }, index) => ({
    network,
    metro,
    prefix: `10.${index}.0.0/${17 + (index % 4)}`,
  }));
  return { ...topology, prefixes: [...topology.prefixes, ...shorter] };
}

const dice = fc.array(fc.nat({ max: 999 }), { minLength: 120, maxLength: 120 });

test('sites come by longest prefix, local preference, reach, AS path, MED, distance, in whatever world', (t) => {
  const decidedBy = new Set<number>();
  fc.assert(
    fc.property(smallWorld, dice, (world, rolls) => {
      const plain = withShorterPrefixes(world);
      const topology = { ...plain, announcements: announcementsOf(plain, rolls) };
      const routing = new Routing(topology);
      const sites = topology.sites.map(({ id }): Site => ({
        id,
        country: 'DE',
        latitude: 0,
        longitude: 0,
        kind: 'ix',
        edges: [],
      }));
      const order = siteOrderOf('network', sites, new Proximity(sites, new Map()), {
        table: { version: 0, sitesTo: (network, metro) => routing.sitesTo(network, metro) },
        siteIds: topology.sites.map(({ id }) => id),
      });
      // What each announcement alone would lead to.
      const alone = topology.announcements.map(
        (announcement) => new Routing({ ...topology, announcements: [announcement] }),
      );
      for (const { network, metro } of topology.access) {
        const left = alone.flatMap((routes) => routes.routesTo(network, metro));
        const expected: string[] = [];
        const seen = new Set<number>();
        while (left.length > 0) {
          const best = left.reduce((a, b) => (isBefore(b, a, topology) ? b : a));
          left.splice(left.indexOf(best), 1);
          if (seen.has(best.site)) continue;
          seen.add(best.site);
          expected.push(`${topology.sites[best.site]!.id} ${best.reach}`);
          for (const other of left) {
            if (other.site !== best.site) decidedBy.add(STEPS.findIndex((cost) => cost(best) !== cost(other)));
          }
        }
        const place = { country: null, client: 'c', subscriber: { network, metro } };
        const found = Array.from(
          order.order(place),
          (site, rank) => `${sites[site]!.id} ${order.reason(place, site, rank)}`,
        );
        if (expected.length > 0) t.deepEqual(found, expected);
        else
          t.true(
            found.every((text) => text.endsWith('default-order')),
            'nobody hears it: as nothing were known',
          );
      }
    }),
    { numRuns: 60, seed: 20261124 },
  );
  t.deepEqual(
    [...decidedBy].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5],
    'each step decided something',
  );
});
