import { z } from 'zod';
import { readBoundedText } from '../../topology/load/bounded-text.ts';
import { parseChecked, type Places } from '../../topology/load/checked-yaml.ts';
import { footprintSchema } from '../../topology/model/footprint.ts';
import { checkZones } from '../policy/location/check-zones.ts';
import { coverageZonesSchema, type CoverageZone } from '../policy/location/coverage-zones.ts';

/** Of JSON, some half a million prefixes; YAML takes some fifty times its size in memory. */
const MOST_BYTES = 16 * 2 ** 20;
const MOST_YAML_BYTES = 8 * 2 ** 20;

export type CoverageZonesOutcome =
  | { kind: 'zones'; zones: CoverageZone[]; /** one line each: file, line, what overlaps */ notices: string[] }
  | { kind: 'bad'; reason: string };

/**
 * Reads a file of coverage zones, ours or one of Apache Traffic Control (`coverageZones`), and checks it.
 * @param siteIds of the sites file, which the zones name
 */
export function readCoverageZones(path: string, siteIds: readonly string[]): CoverageZonesOutcome {
  const read = readBoundedText(path, path.endsWith('.json') ? MOST_BYTES : MOST_YAML_BYTES);
  return read.kind === 'bad' ? read : parseCoverageZones(read.text, path, siteIds);
}

/** @param name what to call the text in a reason; one that ends in `.json` makes it JSON */
export function parseCoverageZones(text: string, name: string, siteIds: readonly string[]): CoverageZonesOutcome {
  if (isTrafficControl(text)) return parseTrafficControl(text, name, siteIds);
  const checked = parseChecked(text, name, coverageZonesSchema, { columns: true });
  if (checked.kind === 'bad') return checked;
  return withFindings(checked.value.zones, siteIds, checked.places, (path) => path);
}

function withFindings(
  zones: CoverageZone[],
  siteIds: readonly string[],
  places: Places,
  asWritten: (path: readonly PropertyKey[]) => readonly PropertyKey[],
): CoverageZonesOutcome {
  const { errors, notices } = checkZones(zones, siteIds);
  const said = errors.map(({ path, message }) => `${places.at(asWritten(path))}: ${message}`);
  if (said.length === 0) {
    return {
      kind: 'zones',
      zones,
      notices: notices.map(({ path, message }) => `${places.at(asWritten(path))}: ${message}`),
    };
  }
  const more = said.length > 1 ? ` (and ${said.length - 1} more)` : '';
  return { kind: 'bad', reason: `${said[0]}${more}` };
}

function isTrafficControl(text: string): boolean {
  return /^[\s{]*(?:"[A-Za-z]+"\s*:\s*"[^"]*"\s*,\s*)*"?coverageZones"?\s*:/.test(text);
}

const { ipv4cidr, ipv6cidr } = footprintSchema.shape;

/** What Traffic Router reads; what else stands there is for others. */
const trafficControlSchema = z.looseObject({
  coverageZones: z.record(
    z.string().min(1).max(200),
    z.looseObject({
      network: ipv4cidr,
      network6: ipv6cidr,
      coordinates: z
        .looseObject({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) })
        .optional(),
    }),
  ),
});

/**
 * Traffic Control's zones are named after cache groups: ours after sites. A zone whose name is none sends its clients to
 * what is nearest to its coordinates, as Traffic Router does.
 */
function parseTrafficControl(text: string, name: string, siteIds: readonly string[]): CoverageZonesOutcome {
  const checked = parseChecked(text, name, trafficControlSchema, { columns: true });
  if (checked.kind === 'bad') return checked;
  const known = new Set(siteIds);
  const zones = Object.entries(checked.value.coverageZones).flatMap(
    ([id, { network, network6, coordinates }]): CoverageZone[] => {
      if (network === undefined && network6 === undefined) return [];
      const footprint = { ...(network && { ipv4cidr: network }), ...(network6 && { ipv6cidr: network6 }) };
      if (known.has(id) || coordinates === undefined) return [{ id, footprint, sites: [id], only: false }];
      const { latitude, longitude } = coordinates;
      return [{ id, footprint, sites: [], only: false, position: { latitude, longitude } }];
    },
  );
  return withFindings(zones, siteIds, checked.places, ([, zone, field, type, at]) => {
    const key = ['coverageZones', zones[zone as number]!.id];
    return field === 'footprint' ? [...key, type === 'ipv4cidr' ? 'network' : 'network6', at!] : key;
  });
}
