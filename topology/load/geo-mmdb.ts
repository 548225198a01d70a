import { createRequire } from 'node:module';
import maxmind, { type Reader, type Response } from 'maxmind';
import { formatAddress, maskOf, parseAddress } from '../model/ip-address.ts';
import { factsOf, type GeoFacts, type GeoRecord } from './geo-record.ts';

/** The CC0 database that comes with us. */
const OWN_DATABASE = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';

/** By the type in a database's metadata: those that tell nothing of use here, and those of networks alone. */
const OF_NO_USE = /domain|connection-type|anonymous/i;
const OF_NETWORKS = /asn|isp/i;
const OF_PLACES = /country|city|enterprise|location/i;

/** Addresses that are looked up when a database is opened, spread over both families. */
const PROBES = 512;

export type GeoDatabaseOutcome =
  { kind: 'open'; database: GeoDatabase } | { kind: 'bad'; reason: string; cause?: unknown };

export interface GeoRow {
  /** of which the database says it */
  readonly prefix: string;
  readonly facts: GeoFacts;
}

/** Address → country, subdivision, position, AS number: what an MMDB file tells of them. */
export class GeoDatabase {
  readonly file: string;
  /** as the file calls itself */
  readonly type: string;
  readonly #reader: Reader<GeoRecord>;
  /** by record, of which the reader keeps those used last */
  readonly #facts = new WeakMap<GeoRecord, GeoFacts>();

  constructor(file: string, reader: Reader<GeoRecord>) {
    this.file = file;
    this.type = reader.metadata.databaseType;
    this.#reader = reader;
  }

  /** Whether it may say in which country an address is. */
  get tellsPlaces(): boolean {
    return !OF_NETWORKS.test(this.type) || OF_PLACES.test(this.type);
  }

  /** @param address in canonical form; @returns null for one that it does not have */
  find(address: string): GeoFacts | null {
    const record = this.#record(address)?.[0];
    if (record === null || record === undefined) return null;
    let facts = this.#facts.get(record);
    if (facts === undefined) this.#facts.set(record, (facts = factsOf(record)));
    return facts;
  }

  /** The same with the prefix that it is about, for people. */
  row(address: string): GeoRow | null {
    const [record, length] = this.#record(address) ?? [null, 0];
    const parsed = parseAddress(address);
    if (record === null || parsed.kind === 'bad') return null;
    const network = parsed.words.map((word, at) => (word & maskOf(length - 32 * at)) >>> 0);
    return { prefix: `${formatAddress(network)}/${length}`, facts: factsOf(record) };
  }

  #record(address: string): [GeoRecord | null, number] | null {
    // A tree of IPv4 alone would take the first 32 bits of an IPv6 address for one of IPv4.
    if (this.#reader.metadata.ipVersion === 4 && address.includes(':')) return null;
    try {
      return this.#reader.getWithPrefixLength(address);
    } catch {
      // No address, or a damaged record.
      return null;
    }
  }
}

/** Several databases, of which each tells what it knows; the first that knows something is believed. */
export class GeoDatabases {
  readonly list: readonly GeoDatabase[];

  constructor(list: readonly GeoDatabase[]) {
    this.list = list;
  }

  /** @param address in canonical form */
  find(address: string): GeoFacts {
    const [first] = this.list;
    const found = first?.find(address) ?? NOTHING;
    return this.list.length === 1 ? found : this.#complete(found, address);
  }

  #complete(first: GeoFacts, address: string): GeoFacts {
    let { country, subdivision, city, position, asn } = first;
    for (let at = 1; at < this.list.length; at++) {
      const more = this.list[at]!.find(address);
      if (more === null) continue;
      asn ??= more.asn;
      // A position inside another country than was said would be of another opinion.
      if (position !== null || (country !== null && more.country !== country)) continue;
      ({ country, subdivision, city, position } = { ...more, subdivision: subdivision ?? more.subdivision });
    }
    return { country, subdivision, city, position, asn };
  }
}

const NOTHING: GeoFacts = { country: null, subdivision: null, city: null, position: null, asn: null };

/** The path of the database that comes with us. */
export function ownDatabaseFile(): string {
  return createRequire(import.meta.url).resolve(OWN_DATABASE);
}

/** Reads the whole file into memory. @param file a country, city or ASN MMDB */
export async function openGeoDatabase(file: string): Promise<GeoDatabaseOutcome> {
  let reader: Reader<GeoRecord>;
  try {
    reader = await maxmind.open<GeoRecord & Response>(file);
    // A truncated file shows only when its tree is walked.
    for (const probe of probes(reader.metadata.ipVersion)) reader.get(probe);
  } catch (cause) {
    return { kind: 'bad', reason: `${file}: ${whyNot(cause as NodeJS.ErrnoException)}`, cause };
  }
  const { databaseType } = reader.metadata;
  if (OF_NO_USE.test(databaseType)) {
    const reason = `${file}: a database of type "${databaseType}" tells neither place nor AS number; give a country, city or ASN MMDB`;
    return { kind: 'bad', reason };
  }
  return { kind: 'open', database: new GeoDatabase(file, reader) };
}

function* probes(ipVersion: number): Iterable<string> {
  for (let at = 0; at < PROBES; at++) {
    yield formatAddress([Math.floor(((at + 0.5) / PROBES) * 2 ** 32)]);
    // Unicast addresses are all inside 2000::/3 (RFC 4291 §2.4).
    if (ipVersion === 6) yield formatAddress([0x20000000 + Math.floor(((at + 0.5) / PROBES) * 2 ** 29), 0, 0, 1]);
  }
}

function whyNot(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file';
  if (error.code === 'EISDIR') return 'is a directory, not a file';
  if (error.code === 'EACCES') return 'may not be read';
  if (error.message.includes('gzip')) return 'is compressed; unpack it (gunzip)';
  return 'not an MMDB file, or a damaged one';
}
