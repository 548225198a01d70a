import type { LocationTrace } from '../../steering/service/client-location.ts';
import type { GeoFacts } from '../../topology/load/geo-record.ts';
import type { Position } from '../../topology/model/site.ts';
import type { Topology } from '../../topology/model/topology.ts';

export interface RankedSite {
  site: string;
  reason: string;
}

/** For machines: all of it, names for numbers. */
export function traceJson({ location, zones, prefix, databases }: LocationTrace, ranked: readonly RankedSite[]) {
  const { address, country, subdivision, asn, subscriber = null, where } = location;
  return {
    address,
    zones: zones.map(({ zone: { id, sites, only, position = null }, type, value }) => ({
      id,
      by: type,
      value,
      sites,
      only,
      position,
    })),
    prefix,
    databases: databases.map(({ file, type, row }) => ({ file, type, prefix: row?.prefix ?? null, ...row?.facts })),
    locatedBy: where.by,
    country,
    subdivision,
    asn,
    subscriber,
    position: where.position,
    sites: ranked,
  };
}

/** For people: the links of the chain in their order, each with what it says. */
export function describeTrace(trace: LocationTrace, ranked: readonly RankedSite[], topology?: Topology): string {
  const lines = [trace.location.address];
  const part = (title: string, said: readonly string[]) =>
    said.forEach((text, at) => lines.push(`  ${(at === 0 ? title : '').padEnd(16)}${text}`));
  part('coverage zones', zoneLines(trace));
  part('topology', [prefixLine(trace, topology)]);
  part(
    'databases',
    trace.databases.map(({ type, row }) => `${type}: ${row === null ? 'nothing' : rowLine(row)}`),
  );
  part('located by', [placeLine(trace)]);
  part(
    'sites',
    ranked.map(({ site, reason }, rank) => `${rank} ${site} (${reason})`),
  );
  return lines.join('\n');
}

function zoneLines({ zones }: LocationTrace): string[] {
  const [first, ...others] = zones;
  if (first === undefined) return ['in none'];
  const { id, sites, only, position } = first.zone;
  const rest = only
    ? 'and no others'
    : position === undefined
      ? 'then as without it'
      : `then by distance from ${pointOf(position)}`;
  const named = sites.length === 0 ? '' : `${sites.join(', ')}, `;
  return [
    `"${id}" by ${first.type} ${first.value}: ${named}${rest}`,
    ...others.map(({ zone, type, value }) => `also in "${zone.id}" by ${type} ${value}, which counts less`),
  ];
}

function prefixLine({ prefix }: LocationTrace, topology: Topology | undefined): string {
  if (topology === undefined) return 'not given (--topology)';
  if (prefix === null) return 'no announced prefix covers it';
  const { asn } = topology.networks.find(({ id }) => id === prefix.network)!;
  return `${prefix.prefix} of ${prefix.network} (AS${asn}) in ${prefix.metro}`;
}

function rowLine({ prefix, facts }: { prefix: string; facts: GeoFacts }): string {
  const { country, subdivision, city, position, asn } = facts;
  const said = [
    subdivision ?? country,
    city,
    position === null ? null : pointOf(position),
    asn === null ? null : `AS${asn}`,
  ];
  return `${prefix} ${said.filter((part) => part !== null).join(', ') || 'nothing of use'}`;
}

function placeLine({ location: { where, country, asn } }: LocationTrace): string {
  const { by, subscriber, position } = where;
  switch (by) {
    case 'prefix':
      return `prefix: subscriber of ${subscriber!.network} in ${subscriber!.metro}, ${country}`;
    case 'asn':
      return `AS number ${asn}: subscriber of ${subscriber!.network} in ${subscriber!.metro}, ${country}`;
    case 'city':
      return `city: ${country ?? 'no country'}, the cell of the grid round ${pointOf(position!)}`;
    case 'country':
      return `country: ${country}, where its people are on average`;
    case 'default':
      return position === null
        ? 'nothing: sites come as they are listed (--default-country states another place)'
        : `nothing: the stated default, ${pointOf(position)}`;
  }
}

function pointOf({ latitude, longitude }: Position): string {
  return `${round(latitude)},${round(longitude)}`;
}

/** To a kilometre. */
function round(degrees: number): number {
  return Math.round(degrees * 100) / 100;
}
