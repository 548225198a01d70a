import test from 'ava';
import { openCountryDatabase } from './country-mmdb.ts';
import { sampleAddresses } from './sample-addresses.ts';

const outcome = await openCountryDatabase();
if (outcome.kind === 'bad') throw new Error(outcome.reason);
const { database } = outcome;

test('addresses are dealt to the countries in turn, and the database agrees', (t) => {
  const sampled = sampleAddresses(database, ['DE', 'US', 'BR', 'US'], 200, 7);
  t.is(sampled.length, 200);
  for (const { country, address } of sampled) t.is(database.countryOf(address), country);
  const share = (wanted: string) => sampled.filter(({ country }) => country === wanted).length;
  t.deepEqual([share('DE'), share('US'), share('BR')], [50, 100, 50]);
  t.is(new Set(sampled.map(({ address }) => address)).size, 200);
});

test('the same seed gives the same addresses, another one others', (t) => {
  const sample = (seed: number) => sampleAddresses(database, ['DE', 'JP'], 20, seed);
  t.deepEqual(sample(1), sample(1));
  t.notDeepEqual(sample(1), sample(2));
});

test('a country that does not exist is left out within the bound, and no countries give nothing', (t) => {
  const sampled = sampleAddresses(database, ['DE', 'XX'], 10, 1);
  t.deepEqual(
    sampled.map(({ country }) => country),
    ['DE', 'DE', 'DE', 'DE', 'DE'],
  );
  t.deepEqual(sampleAddresses(database, [], 10, 1), []);
});
