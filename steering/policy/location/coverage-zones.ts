import { z } from 'zod';
import { footprintSchema, type Footprint } from '../../../topology/model/footprint.ts';
import { parsePrefix, type AddressWords } from '../../../topology/model/ip-address.ts';
import { PrefixTrie } from '../../../topology/model/prefix-trie.ts';
import type { ZoneSites } from './whereabouts.ts';

const positionSchema = z.strictObject({
  latitude: z
    .number()
    .min(-90)
    .max(90)
    .describe(
      'The other sites come by distance from here, whatever the client’s network. Degrees, WGS 84, north positive.',
    ),
  longitude: z.number().min(-180).max(180).describe('Degrees, WGS 84, east positive.'),
});

export const coverageZoneSchema = z
  .strictObject({
    id: z.string().min(1).max(200).describe('The zone’s name, in answers for people.'),
    footprint: footprintSchema,
    sites: z.array(z.string()).max(1000).default([]).describe('Sites of the sites file, the preferred one first.'),
    only: z.boolean().default(false).describe('Never others than those sites, even when none of them is well.'),
    position: positionSchema.optional(),
  })
  .superRefine(({ sites, only, position }, context) => {
    if (sites.length > 0) return;
    if (position === undefined) {
      context.addIssue({ code: 'custom', path: ['sites'], message: 'names no site: give sites, or a position' });
    } else if (only) {
      context.addIssue({
        code: 'custom',
        path: ['only'],
        message: 'is true, and there are no sites to be the only ones',
      });
    }
  });

/** Which clients are sent where whatever else is known of them: the operator knows better. */
export const coverageZonesSchema = z.strictObject({ zones: z.array(coverageZoneSchema).min(1).max(100_000) });

export type CoverageZone = z.infer<typeof coverageZoneSchema>;

/** The types of CDNI (RFC 8006 §4.2.2.2, RFC 9388 §2), the most specific first: that is the order in which they count. */
export const FOOTPRINT_TYPES = ['ipv4cidr', 'ipv6cidr', 'asn', 'subdivisioncode', 'countrycode'] as const;
export type FootprintType = (typeof FOOTPRINT_TYPES)[number];

/** What is known of a client beside its address. */
export interface ZoneClient {
  readonly asn: number | null;
  /** ISO 3166-2 */
  readonly subdivision: string | null;
  /** ISO 3166-1 */
  readonly country: string | null;
}

export interface ZoneMatch {
  readonly zone: CoverageZone;
  readonly type: FootprintType;
  /** as the file has it, codes in capital letters */
  readonly value: string;
}

/**
 * Finds the zone of a client: by the longest prefix that has its address, else by AS number, subdivision, country. Of two
 * zones with the same entry the first counts; the file’s check does not let them pass.
 */
export class CoverageZones {
  /** whether a subdivision says anything here: it is the only thing that a city database alone knows */
  readonly usesSubdivisions: boolean;
  readonly #zones: readonly CoverageZone[];
  readonly #preferences: readonly ZoneSites[];
  readonly #prefixes = new PrefixTrie();
  /** by number in the trie */
  readonly #prefixTexts: { zone: number; text: string }[] = [];
  readonly #asns = new Map<number, number>();
  readonly #subdivisions = new Map<string, number>();
  readonly #countries = new Map<string, number>();

  /** @param siteIds of the sites file; every name of a zone must be among them */
  constructor(zones: readonly CoverageZone[], siteIds: readonly string[]) {
    const numbers = new Map(siteIds.map((id, number) => [id, number]));
    this.#zones = zones;
    this.#preferences = zones.map(({ id, sites, only, position = null }) => ({
      id,
      sites: sites.map((name) => numbers.get(name)!),
      only,
      position,
    }));
    zones.forEach(({ footprint }, zone) => this.#add(footprint, zone));
    this.usesSubdivisions = this.#subdivisions.size > 0;
  }

  /** @returns null: the client is in no zone */
  find(address: AddressWords, client: ZoneClient): ZoneSites | null {
    const prefix = this.#prefixes.lookup(address);
    const zone = prefix >= 0 ? this.#prefixTexts[prefix]!.zone : this.#byFacts(client);
    return zone < 0 ? null : this.#preferences[zone]!;
  }

  /** All zones that the client is in, for people: the one that counts first, each with what it has the client by. */
  matches(address: AddressWords, { asn, subdivision, country }: ZoneClient): ZoneMatch[] {
    const found: ZoneMatch[] = [];
    const add = (zone: number | undefined, type: FootprintType, value: string) => {
      if (zone !== undefined) found.push({ zone: this.#zones[zone]!, type, value });
    };
    for (const prefix of this.#prefixes.covering(address).toReversed()) {
      const { zone, text } = this.#prefixTexts[prefix]!;
      add(zone, address.length === 1 ? 'ipv4cidr' : 'ipv6cidr', text);
    }
    if (asn !== null) add(this.#asns.get(asn), 'asn', `AS${asn}`);
    if (subdivision !== null) add(this.#subdivisions.get(subdivision), 'subdivisioncode', subdivision);
    if (country !== null) add(this.#countries.get(country), 'countrycode', country);
    return found;
  }

  #byFacts({ asn, subdivision, country }: ZoneClient): number {
    const byAsn = asn === null ? undefined : this.#asns.get(asn);
    if (byAsn !== undefined) return byAsn;
    const bySubdivision = subdivision === null ? undefined : this.#subdivisions.get(subdivision);
    if (bySubdivision !== undefined) return bySubdivision;
    return (country === null ? undefined : this.#countries.get(country)) ?? -1;
  }

  #add(
    { ipv4cidr = [], ipv6cidr = [], asn = [], subdivisioncode = [], countrycode = [] }: Footprint,
    zone: number,
  ): void {
    for (const text of [...ipv4cidr, ...ipv6cidr]) {
      const prefix = parsePrefix(text);
      if (prefix.kind === 'bad') throw new Error(`${text} ${prefix.reason}`);
      const before = this.#prefixes.insert(prefix.words, prefix.length, this.#prefixTexts.length);
      if (before >= 0) this.#prefixes.insert(prefix.words, prefix.length, before);
      else this.#prefixTexts.push({ zone, text });
    }
    addFirst(this.#asns, asn, zone);
    addFirst(this.#subdivisions, subdivisioncode, zone);
    addFirst(this.#countries, countrycode, zone);
  }
}

function addFirst<Key>(map: Map<Key, number>, keys: readonly Key[], zone: number): void {
  for (const key of keys) if (!map.has(key)) map.set(key, zone);
}
