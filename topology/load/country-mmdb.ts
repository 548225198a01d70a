import { createRequire } from 'node:module';
import maxmind, { type Reader, type Response } from 'maxmind';
import { canonicalAddress } from '../model/ip-address.ts';

/** The CC0 database that comes with us. */
const OWN_DATABASE = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';

/** Databases of MaxMind's own types that hold no country, by their metadata. */
const WITHOUT_COUNTRY = /asn|isp|domain|connection-type|anonymous/i;

/** Flat as in ip-location-db, or nested as in GeoLite2 and DB-IP. */
type CountryRecord = Response & { country_code?: unknown; country?: { iso_code?: unknown } };

export type CountryDatabaseOutcome =
  { kind: 'open'; database: CountryDatabase } | { kind: 'bad'; reason: string; cause?: unknown };

/** Address → country, from an MMDB file. */
export class CountryDatabase {
  readonly #reader: Reader<CountryRecord>;

  constructor(reader: Reader<CountryRecord>) {
    this.#reader = reader;
  }

  /** @returns the ISO 3166-1 code, or null for an unknown address and for a text that is none */
  countryOf(address: string): string | null {
    const known = canonicalAddress(address);
    if (known === null) return null;
    const record = this.#reader.get(known);
    const code = record?.country_code ?? record?.country?.iso_code;
    return typeof code === 'string' && /^[A-Z]{2}$/.test(code) ? code : null;
  }
}

/**
 * Reads the whole file into memory.
 * @param path a country or city MMDB of the user's; without it the database that comes with us
 */
export async function openCountryDatabase(path?: string): Promise<CountryDatabaseOutcome> {
  const file = path ?? createRequire(import.meta.url).resolve(OWN_DATABASE);
  let reader: Reader<CountryRecord>;
  try {
    reader = await maxmind.open<CountryRecord>(file);
    // A truncated file shows only when its tree is walked.
    for (const probe of ['1.1.1.1', '223.255.255.1', '2001:4860::1', '2c0f:ffff::1']) {
      if (reader.metadata.ipVersion === 6 || !probe.includes(':')) reader.get(probe);
    }
  } catch (cause) {
    return { kind: 'bad', reason: `${file}: ${whyNot(cause as NodeJS.ErrnoException)}`, cause };
  }
  const { databaseType } = reader.metadata;
  if (WITHOUT_COUNTRY.test(databaseType)) {
    return {
      kind: 'bad',
      reason: `${file}: a database of type "${databaseType}" tells no country; give a country or city MMDB`,
    };
  }
  return { kind: 'open', database: new CountryDatabase(reader) };
}

function whyNot(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'no such file';
  if (error.code === 'EISDIR') return 'is a directory, not a file';
  if (error.code === 'EACCES') return 'may not be read';
  return 'not an MMDB file, or a damaged one';
}
