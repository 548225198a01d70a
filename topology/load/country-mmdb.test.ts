import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openCountryDatabase } from './country-mmdb.ts';

const OWN_FILE = createRequire(import.meta.url).resolve(
  '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb',
);

async function open() {
  const outcome = await openCountryDatabase();
  if (outcome.kind === 'bad') throw new Error(outcome.reason);
  return outcome.database;
}

async function reasonFor(t: ExecutionContext, content: Uint8Array | string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'x.mmdb');
  await writeFile(file, content);
  const outcome = await openCountryDatabase(file);
  if (outcome.kind === 'open') throw new Error('it was opened');
  t.true(outcome.reason.startsWith(`${file}: `));
  return outcome.reason.slice(file.length + 2);
}

test('the database that comes along knows countries, of IPv4, IPv6 and IPv4 written as IPv6', async (t) => {
  const countries = await open();
  t.is(countries.countryOf('8.8.8.8'), 'US');
  t.is(countries.countryOf('::ffff:8.8.8.8'), 'US');
  t.is(countries.countryOf('0000:0000:0000:0000:0000:ffff:0808:0808'), 'US');
  t.is(countries.countryOf('2a00:1450:4001:81b::200e'), 'IE');
});

test('private addresses and texts that are no address have no country', async (t) => {
  const countries = await open();
  for (const text of ['127.0.0.1', '10.1.2.3', '::1', 'fe80::1%eth0', '', 'x', '1.2.3', '8.8.8.8 ', '8.8.8.8.8']) {
    t.is(countries.countryOf(text), null, text);
  }
});

test('a file that is no MMDB, an empty one and one cut short each get one clear line', async (t) => {
  const whole = await readFile(OWN_FILE);
  t.is(await reasonFor(t, 'not a database'), 'not an MMDB file, or a damaged one');
  t.is(await reasonFor(t, ''), 'not an MMDB file, or a damaged one');
  t.is(await reasonFor(t, whole.subarray(0, whole.length / 2)), 'not an MMDB file, or a damaged one');
  t.is(await reasonFor(t, whole.subarray(whole.length / 2)), 'not an MMDB file, or a damaged one');
});

test('a missing file and a folder get one clear line', async (t) => {
  t.deepEqual(await openCountryDatabase('/nonexistent.mmdb').then(reasonOf), '/nonexistent.mmdb: no such file');
  t.deepEqual(await openCountryDatabase('/tmp').then(reasonOf), '/tmp: is a directory, not a file');
});

function reasonOf(outcome: Awaited<ReturnType<typeof openCountryDatabase>>): string {
  return outcome.kind === 'bad' ? outcome.reason : 'opened';
}
