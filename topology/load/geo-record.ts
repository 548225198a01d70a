import type { Position } from '../model/site.ts';

/** What a database says of an address; null where it says nothing. */
export interface GeoFacts {
  /** ISO 3166-1 alpha-2 */
  readonly country: string | null;
  /** ISO 3166-2, such as DE-BY */
  readonly subdivision: string | null;
  readonly city: string | null;
  /** of a city or subdivision; a whole country has none */
  readonly position: Position | null;
  readonly asn: number | null;
}

/** A record as the file has it. */
export type GeoRecord = Record<string, unknown>;

/**
 * Reads a record: nested as in GeoLite2 and DB-IP, or flat as in ip-location-db and IPinfo. What is not as it should be
 * counts as not said.
 */
export function factsOf(record: GeoRecord): GeoFacts {
  const country = codeOf(record.country_code) ?? codeOf(record.country) ?? codeOf(inside(record.country, 'iso_code'));
  const first = Array.isArray(record.subdivisions) ? (record.subdivisions[0] as unknown) : undefined;
  const part = textOf(inside(first, 'iso_code')) ?? textOf(record.region_code);
  const subdivision = country !== null && part !== null && /^[A-Za-z0-9]{1,3}$/.test(part) ? part.toUpperCase() : null;
  const city = textOf(inside(inside(record.city, 'names'), 'en')) ?? textOf(record.city);
  // Where only the country is known, databases give its geometric middle, where hardly anybody lives.
  const isClose =
    city !== null || first !== undefined || textOf(record.state1) !== null || textOf(record.region) !== null;
  return {
    country,
    subdivision: subdivision === null ? null : `${country}-${subdivision}`,
    city,
    position: isClose ? (positionOf(record.location) ?? positionOf(record)) : null,
    asn: asnOf(record.autonomous_system_number ?? record.asn),
  };
}

function positionOf(value: unknown): Position | null {
  const latitude = numberOf(inside(value, 'latitude') ?? inside(value, 'lat'));
  const longitude = numberOf(inside(value, 'longitude') ?? inside(value, 'lng'));
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}

/** A number, or a text of one: IPinfo writes coordinates as texts. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
}

function asnOf(value: unknown): number | null {
  const asn = numberOf(typeof value === 'string' ? value.replace(/^AS/i, '') : value);
  return Number.isInteger(asn) && asn >= 1 && asn <= 4_294_967_295 ? asn : null;
}

function codeOf(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Z]{2}$/.test(value) ? value : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function inside(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
