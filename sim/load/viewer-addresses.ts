import { isIP } from 'node:net';
import { z } from 'zod';
import { stableHash } from '../../topology/model/stable-hash.ts';

const addresses = z.array(z.string().refine((text) => isIP(text) !== 0, 'not an IP address')).min(1);

/**
 * `{ "NL": ["192.0.2.1", …], "DE": { "weight": 4, "addresses": ["198.51.100.1", …] } }`: where viewers sit. A country's
 * weight is its share of the viewers, 1 where none is given.
 */
const countryAddressesSchema = z
  .record(z.string(), z.union([addresses, z.object({ weight: z.number().positive(), addresses })]))
  .refine((countries) => Object.keys(countries).length > 0, 'no country');

export type AddressChoice = { kind: 'ok'; ipFor: (viewer: number) => string } | { kind: 'problem'; problem: string };

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
  const countries = Object.values(parsed.data).map((country) =>
    Array.isArray(country) ? { weight: 1, addresses: country } : country,
  );
  const totalWeight = countries.reduce((total, { weight }) => total + weight, 0);
  const ipFor = (viewer: number) => {
    let left = unit(`country of ${viewer}`, seed) * totalWeight;
    const country = countries.find(({ weight }) => (left -= weight) < 0) ?? countries[0]!;
    return country.addresses[Math.floor(unit(`address of ${viewer}`, seed) * country.addresses.length)]!;
  };
  return { kind: 'ok', ipFor };
}

/** From 0 to just below 1. */
function unit(text: string, seed: number): number {
  return stableHash(text, seed) / 2 ** 32;
}
