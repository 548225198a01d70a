import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { CountryDatabase } from './country-mmdb.ts';
import { dotted } from '../model/ip-address.ts';

/** About one second of looking. */
const MOST_TRIES = 1_000_000;

/** Not public: RFC 6890 and the multicast and reserved space above. First address and prefix length. */
const SPECIAL: readonly (readonly [first: number, prefixLength: number])[] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0000200, 24],
  [0xc0586300, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xc6336400, 24],
  [0xcb007100, 24],
  [0xe0000000, 3],
];

export interface SampledAddress {
  country: string;
  address: string;
}

/**
 * Random public IPv4 addresses, dealt to the countries in turn until there are `count`. The same database, countries,
 * count and seed give the same addresses. The search is bounded: a country of which too few were found has some
 * addresses several times (viewers behind one NAT), one of which none was found is left out, and with it its share.
 * @param countries ISO 3166-1 codes; one named twice gets twice the share
 */
export function sampleAddresses(
  database: CountryDatabase,
  countries: readonly string[],
  count: number,
  seed: number,
): SampledAddress[] {
  const dealt: string[] = [];
  for (let index = 0; index < count && countries.length > 0; index++) dealt.push(countries[index % countries.length]!);
  const found = searchAddresses(database, dealt, seed);
  const turns = new Map<string, number>();
  return dealt.flatMap((country) => {
    const addresses = found.get(country)!;
    if (addresses.length === 0) return [];
    const turn = turns.get(country) ?? 0;
    turns.set(country, turn + 1);
    return [{ country, address: addresses[turn % addresses.length]! }];
  });
}

function searchAddresses(database: CountryDatabase, wanted: readonly string[], seed: number): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const quotas = new Map<string, number>();
  for (const country of wanted) {
    found.set(country, []);
    quotas.set(country, (quotas.get(country) ?? 0) + 1);
  }
  const random = xoroshiro128plus(seed);
  let missing = wanted.length;
  for (let tries = 0; missing > 0 && tries < MOST_TRIES; tries++) {
    const value = uniformInt(random, 0, 0xffffffff);
    if (isSpecial(value)) continue;
    const address = dotted(value);
    const country = database.countryOf(address);
    const addresses = country === null ? undefined : found.get(country);
    if (addresses === undefined || addresses.length === quotas.get(country!)) continue;
    addresses.push(address);
    missing--;
  }
  return found;
}

function isSpecial(value: number): boolean {
  return SPECIAL.some(([first, length]) => value >>> (32 - length) === first >>> (32 - length));
}
