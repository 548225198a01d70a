import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { loadCountryPositions } from '../../topology/load/country-positions.ts';
import { GeoDatabases, openGeoDatabase, type GeoDatabase } from '../../topology/load/geo-mmdb.ts';
import { mmdbOf, type MmdbValue } from '../../topology/load/mmdb-writer.fixture.ts';
import { loadTopology } from '../../topology/load/topology-file.ts';
import { Routing } from '../../topology/model/routing.ts';
import { coverageZonesSchema, CoverageZones } from '../policy/location/coverage-zones.ts';
import { WhereaboutsTable } from '../policy/location/whereabouts.ts';
import { ClientLocator, type LocatorParts } from './client-location.ts';

const SITES = ['amsterdam', 'new-york', 'singapore'];
const loaded = loadTopology(fileURLToPath(new URL('../../topology/examples/three-sites.yaml', import.meta.url)));
if (loaded.kind === 'bad') throw new Error(loaded.reason);
const routing = new Routing(loaded.topology);
/** The example’s hudson has subscribers in New York and Chicago. */
const HUDSON = loaded.topology.networks.find(({ id }) => id === 'hudson')!.asn;

const NEAR_CHICAGO = { latitude: 41.5, longitude: -88.1 };
const RECORDS: Record<string, MmdbValue> = {
  '203.0.113.0/25': {
    country: { iso_code: 'US' },
    subdivisions: [{ iso_code: 'IL' }],
    city: { names: { en: 'Joliet' } },
    location: { ...NEAR_CHICAGO },
  },
  '203.0.113.128/26': { country: { iso_code: 'US' } },
  '203.0.113.192/26': { country: { iso_code: 'DE' } },
  '198.51.100.0/24': { country: { iso_code: 'ZZ' } },
};
const NETWORKS: Record<string, MmdbValue> = {
  '203.0.113.0/26': { autonomous_system_number: HUDSON },
  '203.0.113.192/26': { autonomous_system_number: HUDSON },
  '192.0.2.0/24': { autonomous_system_number: HUDSON },
};

async function databaseOf(t: ExecutionContext, records: Record<string, MmdbValue>, type: string): Promise<GeoDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'x.mmdb'), mmdbOf(records, { type }));
  const outcome = await openGeoDatabase(join(folder, 'x.mmdb'));
  if (outcome.kind === 'bad') throw new Error(outcome.reason);
  return outcome.database;
}

async function locatorOf(t: ExecutionContext, changes: Partial<LocatorParts> = {}): Promise<ClientLocator> {
  const [places, networks] = [await databaseOf(t, RECORDS, 'Test-City'), await databaseOf(t, NETWORKS, 'Test-ASN')];
  return new ClientLocator({
    databases: new GeoDatabases([places, networks]),
    routing,
    zones: null,
    countries: loadCountryPositions(),
    defaultPosition: null,
    places: new WhereaboutsTable(),
    ...changes,
  });
}

const zonesOf = (...zones: unknown[]) => new CoverageZones(coverageZonesSchema.parse({ zones }).zones, SITES);

test('an announced prefix says whose subscriber a client is, of IPv4 and IPv6, whatever databases say', async (t) => {
  const locator = await locatorOf(t);
  const london = locator.locate('198.18.33.1');
  t.deepEqual(london.subscriber, { network: 'albion', metro: 'london' });
  t.is(london.where.by, 'prefix');
  t.is(london.country, 'GB');
  t.is(london.asn, loaded.topology.networks.find(({ id }) => id === 'albion')!.asn);
  t.is(locator.locate('198.18.47.254').where, london.where, 'one object for one place');
  t.is(locator.locate('2001:db8:12::1').where, london.where);
  t.not(locator.locate('198.18.1.1').where, london.where);
});

test('an AS number of the topology leads to the metro that is nearest, of those in the country', async (t) => {
  const locator = await locatorOf(t);
  const joliet = locator.locate('203.0.113.1');
  t.deepEqual(joliet.subscriber, { network: 'hudson', metro: 'chicago' });
  t.is(joliet.where.by, 'asn');
  t.is(joliet.asn, HUDSON);
  t.is(joliet.subdivision, 'US-IL');
  t.is(locator.locate('203.0.113.2').where, joliet.where);
  const german = locator.locate('203.0.113.200');
  t.is(german.subscriber, undefined, 'it has no subscribers in Germany');
  t.is(german.where.by, 'country');
  t.deepEqual(
    locator.locate('192.0.2.1').subscriber,
    { network: 'hudson', metro: 'new-york' },
    'of no place: where most of them are',
  );
});

test('without the network a city is a cell of the grid, a country where its people are', async (t) => {
  const locator = await locatorOf(t);
  const city = locator.locate('203.0.113.65');
  t.is(city.where.by, 'city');
  t.is(city.country, 'US');
  t.deepEqual(city.where.position, { latitude: 41.75, longitude: -88.25 });
  t.is(locator.locate('203.0.113.100').where, city.where);
  const country = locator.locate('203.0.113.129');
  t.deepEqual(country.where, { by: 'country', country: 'US', subscriber: null, position: null, zone: null });
});

test('of whom nothing is known stands at the default, and so does who is in a country without a place', async (t) => {
  const nowhere = { by: 'default', country: null, subscriber: null, position: null, zone: null } as const;
  const unknown = ['10.0.0.1', '2001:db8:ffff::1', 'unknown', '', '1.2.3', '8.8.8.8 '];
  const locator = await locatorOf(t);
  for (const address of unknown) t.deepEqual(locator.locate(address).where, nowhere, address);
  t.deepEqual(locator.locate('198.51.100.1').where, { ...nowhere, country: 'ZZ' });
  const position = { latitude: 50, longitude: 8 };
  const stated = await locatorOf(t, { defaultPosition: position });
  for (const address of unknown) t.deepEqual(stated.locate(address).where, { ...nowhere, position }, address);
  t.deepEqual(stated.locate('198.51.100.1').where, { ...nowhere, country: 'ZZ', position });
});

test('a coverage zone overrides each of them, and its clients of one place are one', async (t) => {
  const campus = {
    id: 'campus',
    sites: ['singapore'],
    only: true,
    footprint: { ipv4cidr: ['198.18.33.0/24', '10.0.0.0/8'] },
  };
  const illinois = { id: 'illinois', sites: ['new-york'], footprint: { subdivisioncode: ['US-IL'] } };
  const albion = { id: 'albion', sites: ['new-york'], footprint: { asn: [64502] } };
  const germany = { id: 'germany', sites: ['amsterdam'], footprint: { countrycode: ['DE'] } };
  const locator = await locatorOf(t, { zones: zonesOf(campus, illinois, albion, germany) });
  const zoneOf = (address: string) => locator.locate(address).where.zone?.id ?? null;
  t.is(zoneOf('198.18.33.1'), 'campus');
  t.is(zoneOf('198.18.34.1'), 'albion', 'whose AS number the topology tells');
  t.is(zoneOf('203.0.113.70'), 'illinois');
  t.is(zoneOf('203.0.113.200'), 'germany');
  t.is(zoneOf('198.18.17.1'), 'germany', 'whose country the topology tells');
  t.is(zoneOf('10.1.2.3'), 'campus', 'of which nothing else is known');
  t.is(zoneOf('192.0.2.1'), null);
  const one = locator.locate('198.18.33.1');
  t.is(one.where, locator.locate('198.18.33.2').where);
  t.deepEqual(one.where.zone, { id: 'campus', sites: [2], only: true, position: null });
  t.deepEqual(one.subscriber, { network: 'albion', metro: 'london' }, 'what else is known is still told');
});

test('the subdivision of a known network’s client is asked for where somebody wants it', async (t) => {
  const databases = new GeoDatabases([
    await databaseOf(
      t,
      { '198.18.32.0/20': { country: { iso_code: 'GB' }, subdivisions: [{ iso_code: 'ENG' }] } },
      'Test-City',
    ),
  ]);
  const subdivisionOf = async (changes: Partial<LocatorParts>) =>
    (await locatorOf(t, { databases, ...changes })).locate('198.18.33.1').subdivision;
  t.is(await subdivisionOf({}), null);
  t.is(await subdivisionOf({ needsSubdivisions: true }), 'GB-ENG');
  const england = zonesOf({ id: 'england', sites: ['amsterdam'], footprint: { subdivisioncode: ['gb-eng'] } });
  t.is(await subdivisionOf({ zones: england }), 'GB-ENG');
  t.is((await locatorOf(t, { databases, zones: england })).locate('198.18.33.1').where.zone?.id, 'england');
});

test('a place is the same object for the next locator, so that its order is still known', async (t) => {
  const places = new WhereaboutsTable();
  const [before, after] = [await locatorOf(t, { places }), await locatorOf(t, { places })];
  for (const address of ['198.18.33.1', '203.0.113.1', '203.0.113.65', '203.0.113.129', '10.0.0.1']) {
    t.is(before.locate(address).where, after.locate(address).where, address);
  }
});

test('people are shown every link of the chain, and the same result', async (t) => {
  const zones = zonesOf({
    id: 'campus',
    sites: ['singapore'],
    footprint: { ipv4cidr: ['203.0.113.0/28'], countrycode: ['US'] },
  });
  const locator = await locatorOf(t, { zones });
  const trace = locator.trace('203.0.113.1');
  t.deepEqual(trace.location, locator.locate('203.0.113.1'));
  t.deepEqual(
    trace.zones.map(({ zone, type, value }) => [zone.id, type, value]),
    [
      ['campus', 'ipv4cidr', '203.0.113.0/28'],
      ['campus', 'countrycode', 'US'],
    ],
  );
  t.is(trace.prefix, null);
  t.deepEqual(
    trace.databases.map(({ type, row }) => [type, row?.prefix, row?.facts.city ?? row?.facts.asn]),
    [
      ['Test-City', '203.0.113.0/25', 'Joliet'],
      ['Test-ASN', '203.0.113.0/26', HUDSON],
    ],
  );
  t.like(locator.trace('198.18.33.1'), { prefix: { prefix: '198.18.32.0/20', network: 'albion', metro: 'london' } });
});
