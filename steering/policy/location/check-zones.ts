import { formatAddress, parsePrefix } from '../../../topology/model/ip-address.ts';
import { nearestName } from '../../../topology/model/near-name.ts';
import { PrefixTrie } from '../../../topology/model/prefix-trie.ts';
import { FOOTPRINT_TYPES, type CoverageZone, type FootprintType } from './coverage-zones.ts';

export interface ZoneFinding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export interface ZoneFindings {
  /** what makes the file unusable */
  readonly errors: readonly ZoneFinding[];
  /** what may be meant so: prefixes inside those of other zones, entries that a zone has twice */
  readonly notices: readonly ZoneFinding[];
}

/**
 * What a schema cannot see: sites that are none; one entry in two zones, of which neither should count; and, as a
 * notice, prefixes inside those of other zones.
 */
export function checkZones(zones: readonly CoverageZone[], siteIds: readonly string[]): ZoneFindings {
  const names = checkNames(zones, siteIds);
  const entries = checkEntries(zones);
  return { errors: [...names, ...entries.errors], notices: entries.notices };
}

function checkNames(zones: readonly CoverageZone[], siteIds: readonly string[]): ZoneFinding[] {
  const errors: ZoneFinding[] = [];
  const known = new Set(siteIds);
  const ids = new Set<string>();
  zones.forEach(({ id, sites }, zone) => {
    if (ids.has(id)) errors.push({ path: ['zones', zone, 'id'], message: `the zone "${id}" is there twice` });
    ids.add(id);
    sites.forEach((site, at) => {
      const path = ['zones', zone, 'sites', at];
      if (!known.has(site)) errors.push({ path, message: noSite(site, siteIds) });
      else if (sites.indexOf(site) < at) errors.push({ path, message: `the site "${site}" is named twice` });
    });
  });
  return errors;
}

function noSite(name: string, siteIds: readonly string[]): string {
  const near = nearestName(name, siteIds);
  const mend = near === null ? `there are ${siteIds.slice(0, 8).join(', ')}` : `did you mean "${near}"?`;
  return `there is no site "${name}"; ${mend}`;
}

interface Entry {
  readonly zone: number;
  readonly text: string;
  readonly length: number;
  readonly path: readonly PropertyKey[];
}

function checkEntries(zones: readonly CoverageZone[]): ZoneFindings {
  const errors: ZoneFinding[] = [];
  const notices: ZoneFinding[] = [];
  const seen = new Map<string, number>();
  const trie = new PrefixTrie();
  const prefixes: Entry[] = [];
  for (const { zone, type, entry, path } of entriesOf(zones)) {
    const parsed = type.endsWith('cidr') ? parsePrefix(entry) : null;
    const text = parsed?.kind === 'prefix' ? `${formatAddress(parsed.words)}/${parsed.length}` : entry;
    const before = seen.get(`${type} ${text}`);
    if (before === zone) notices.push({ path, message: `${text} is there twice` });
    else if (before !== undefined) errors.push({ path, message: `${text} is in the zone "${zones[before]!.id}", too` });
    if (before !== undefined) continue;
    seen.set(`${type} ${text}`, zone);
    if (parsed?.kind !== 'prefix') continue;
    trie.insert(parsed.words, parsed.length, prefixes.length);
    prefixes.push({ zone, text, length: parsed.length, path });
  }
  for (const { zone, text, length, path } of prefixes) {
    const parsed = parsePrefix(text);
    if (parsed.kind === 'bad') continue;
    const around = trie
      .covering(parsed.words)
      .map((at) => prefixes[at]!)
      .findLast((other) => other.length < length && other.zone !== zone);
    if (around === undefined) continue;
    const message = `${text} lies inside ${around.text} of the zone "${zones[around.zone]!.id}"; the longer prefix counts`;
    notices.push({ path, message });
  }
  return { errors, notices };
}

function* entriesOf(
  zones: readonly CoverageZone[],
): Iterable<{ zone: number; type: FootprintType; entry: string; path: readonly PropertyKey[] }> {
  for (const [zone, { footprint }] of zones.entries()) {
    for (const type of FOOTPRINT_TYPES) {
      for (const [at, value] of (footprint[type] ?? []).entries()) {
        const entry = type === 'asn' ? `AS${value}` : String(value);
        yield { zone, type, entry, path: ['zones', zone, 'footprint', type, at] };
      }
    }
  }
}
