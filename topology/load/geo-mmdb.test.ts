import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { formatAddress, maskOf } from '../model/ip-address.ts';
import { GeoDatabases, openGeoDatabase, ownDatabaseFile, type GeoDatabase } from './geo-mmdb.ts';
import { mmdbOf, type MmdbOptions, type MmdbValue } from './mmdb-writer.fixture.ts';

async function open(file = ownDatabaseFile()): Promise<GeoDatabase> {
  const outcome = await openGeoDatabase(file);
  if (outcome.kind === 'bad') throw new Error(outcome.reason);
  return outcome.database;
}

async function fileOf(t: ExecutionContext, content: Uint8Array | string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'x.mmdb');
  await writeFile(file, content);
  return file;
}

const made = async (t: ExecutionContext, records: Record<string, MmdbValue>, options?: MmdbOptions) =>
  open(await fileOf(t, mmdbOf(records, options)));

async function reasonFor(t: ExecutionContext, content: Uint8Array | string): Promise<string> {
  const file = await fileOf(t, content);
  const outcome = await openGeoDatabase(file);
  if (outcome.kind === 'open') throw new Error('it was opened');
  t.true(outcome.reason.startsWith(`${file}: `));
  return outcome.reason.slice(file.length + 2);
}

test('the database that comes along knows countries, of IPv4 and IPv6', async (t) => {
  const own = await open();
  t.is(own.find('8.8.8.8')?.country, 'US');
  t.is(own.find('2a00:1450:4001:81b::200e')?.country, 'IE');
  t.true(own.tellsPlaces);
  t.deepEqual(own.row('8.8.8.8'), {
    prefix: '8.8.0.0/15',
    facts: { country: 'US', subdivision: null, city: null, position: null, asn: null },
  });
});

test('private addresses have no country', async (t) => {
  const own = await open();
  for (const text of ['127.0.0.1', '10.1.2.3', '::1', 'fe80::1']) t.is(own.find(text)?.country ?? null, null, text);
});

test('a database of IPv4 alone says nothing of an IPv6 address', async (t) => {
  const ipv4 = await made(t, { '32.1.0.0/16': { country_code: 'US' } }, { ipVersion: 4 });
  t.is(ipv4.find('32.1.7.7')?.country, 'US');
  t.is(ipv4.find('2001::1'), null, 'whose first bits are those of 32.1.0.0');
});

test('of several databases each tells what it knows, the first is believed', async (t) => {
  const munich = { city: { names: { en: 'Munich' } }, location: { latitude: 48.1, longitude: 11.6 } };
  const cities = await made(t, { '192.0.2.0/24': { country: { iso_code: 'DE' }, ...munich } });
  const networks = await made(
    t,
    { '192.0.2.0/25': { autonomous_system_number: 3320 } },
    { type: 'GeoLite2-ASN', recordSize: 28 },
  );
  const countries = await made(
    t,
    {
      '192.0.2.0/26': { country_code: 'AT' },
      '192.0.2.64/26': { country_code: 'DE' },
      '198.51.100.0/24': { country_code: 'FR' },
    },
    { recordSize: 32 },
  );
  t.false(networks.tellsPlaces);
  const position = { latitude: 48.1, longitude: 11.6 };
  const all = new GeoDatabases([networks, cities, countries]);
  const germany = { country: 'DE', subdivision: null, city: 'Munich', position };
  t.deepEqual(all.find('192.0.2.1'), { ...germany, asn: 3320 });
  t.deepEqual(all.find('192.0.2.200'), { ...germany, asn: null });
  t.is(all.find('198.51.100.1').country, 'FR');
  t.is(all.find('203.0.113.1').country, null);
  const countryFirst = new GeoDatabases([countries, cities]);
  t.is(countryFirst.find('192.0.2.1').position, null, 'the position is in another country');
  t.deepEqual(countryFirst.find('192.0.2.65').position, position);
});

test('each address gets the record of the longest prefix, in every size of tree', async (t) => {
  const prefix = fc
    .record({ bits: fc.integer({ min: 0, max: 0xffffffff }), length: fc.integer({ min: 4, max: 32 }) })
    .map(({ bits, length }) => ({ base: (bits & 0x0f0000ff & maskOf(length)) >>> 0, length }));
  const lists = fc.uniqueArray(prefix, {
    minLength: 1,
    maxLength: 30,
    selector: ({ base, length }) => `${base}/${length}`,
  });
  await fc.assert(
    fc.asyncProperty(
      lists,
      fc.constantFrom(24, 28, 32),
      fc.constantFrom(4, 6),
      async (prefixes, recordSize, ipVersion) => {
        const sorted = prefixes.toSorted((a, b) => a.length - b.length);
        const records = Object.fromEntries(
          sorted.map(({ base, length }) => [`${formatAddress([base])}/${length}`, { asn: base + length }]),
        );
        const database = await made(t, records, { recordSize, ipVersion });
        for (const { base, length } of prefixes) {
          const inside = [base, (base | ~maskOf(length)) >>> 0];
          for (const address of inside) {
            const best = sorted.findLast((one) => (address & maskOf(one.length)) >>> 0 === one.base)!;
            const asn = best.base + best.length;
            t.is(database.find(formatAddress([address]))?.asn, asn > 4_294_967_295 ? null : asn);
          }
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('a file that is no MMDB, an empty one, one cut short and one still packed each get one clear line', async (t) => {
  const whole = await readFile(ownDatabaseFile());
  t.is(await reasonFor(t, 'not a database'), 'not an MMDB file, or a damaged one');
  t.is(await reasonFor(t, ''), 'not an MMDB file, or a damaged one');
  t.is(await reasonFor(t, whole.subarray(0, whole.length / 2)), 'not an MMDB file, or a damaged one');
  t.is(await reasonFor(t, whole.subarray(whole.length / 2)), 'not an MMDB file, or a damaged one');
  t.is(await reasonFor(t, gzipSync(whole.subarray(0, 1000))), 'is compressed; unpack it (gunzip)');
  t.regex(
    await reasonFor(t, mmdbOf({ '192.0.2.0/24': { domain: 'example.net' } }, { type: 'GeoIP2-Domain' })),
    /^a database of type "GeoIP2-Domain" tells neither place nor AS number/,
  );
});

test('a missing file and a folder get one clear line', async (t) => {
  const reasonOf = async (file: string) => {
    const outcome = await openGeoDatabase(file);
    return outcome.kind === 'bad' ? outcome.reason : 'opened';
  };
  t.is(await reasonOf('/nonexistent.mmdb'), '/nonexistent.mmdb: no such file');
  t.is(await reasonOf('/tmp'), '/tmp: is a directory, not a file');
});
