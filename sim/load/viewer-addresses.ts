import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';
import { stableHash } from '../../topology/model/stable-hash.ts';

const addresses = z.array(z.string().refine((text) => isIP(text) !== 0, 'not an IP address')).min(1);

/**
 * `{ "NL": ["192.0.2.1", …], "polder/amsterdam": { "weight": 4, "addresses": ["198.18.0.1", …], "from": "127.1.0.1" } }`:
 * where viewers sit, by country or any other place. A place's weight is its share of the viewers, 1 where none is given;
 * its viewers connect from the local address `from`, where there is one.
 */
const countryAddressesSchema = z
  .record(
    z.string(),
    z.union([
      addresses,
      z.object({
        weight: z.number().positive(),
        addresses,
        from: z
          .string()
          .refine((text) => isIPv4(text), 'not an IPv4 address')
          .optional(),
      }),
    ]),
  )
  .refine((countries) => Object.keys(countries).length > 0, 'no country');

export interface AddressBook {
  kind: 'ok';
  placeFor: (viewer: number) => string;
  ipFor: (viewer: number) => string;
  fromFor: (viewer: number) => string | undefined;
}

export type AddressChoice = AddressBook | { kind: 'problem'; problem: string };

/** @returns for each viewer one address, by the seed; or what is wrong with the text and where */
export function chooseAddresses(text: string, seed: number): AddressChoice {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { kind: 'problem', problem: `not JSON: ${(error as Error).message}` };
  }
  const parsed = countryAddressesSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { kind: 'problem', problem: `${issue?.path.join('.') || 'the whole'}: ${issue?.message}` };
  }
  const countries = Object.entries(parsed.data).map(([name, country]) =>
    Array.isArray(country)
      ? { name, weight: 1, addresses: country, from: undefined }
      : { name, from: undefined, ...country },
  );
  const totalWeight = countries.reduce((total, { weight }) => total + weight, 0);
  const countryOf = (viewer: number) => {
    let left = unit(`country of ${viewer}`, seed) * totalWeight;
    return countries.find(({ weight }) => (left -= weight) < 0) ?? countries[0]!;
  };
  const ipFor = (viewer: number) => {
    const country = countryOf(viewer);
    return country.addresses[Math.floor(unit(`address of ${viewer}`, seed) * country.addresses.length)]!;
  };
  return {
    kind: 'ok',
    ipFor,
    placeFor: (viewer) => countryOf(viewer).name,
    fromFor: (viewer) => countryOf(viewer).from,
  };
}

/** From 0 to just below 1. */
function unit(text: string, seed: number): number {
  return stableHash(text, seed) / 2 ** 32;
}
