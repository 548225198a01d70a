import test from 'ava';
import { distanceKm } from '../model/geography.ts';
import { metroCodes } from './metro-codes.ts';
import { loadWorldData } from './world-data.ts';

const { countries, exchanges } = loadWorldData();

test('every country has lines, cities, and networks whose shares make no more than the whole', (t) => {
  t.true(countries.length > 200);
  for (const { code, lines, cities, isps, latitude, longitude } of countries) {
    t.true(lines > 0 && cities.length > 0, code);
    t.true(distanceKm({ latitude, longitude }, cities[0]!) < 4000, code);
    const shares = isps.map(({ share }) => share);
    t.true(
      shares.every((share, rank) => share > 0 && share <= (shares[rank - 1] ?? 1)),
      code,
    );
    t.true(shares.reduce((sum, share) => sum + share, 0) <= 1.0005, code);
    t.is(new Set(isps.map(({ asn }) => asn)).size, isps.length, code);
  }
});

test('well-known facts are where they belong', (t) => {
  const country = (code: string) => countries.find((one) => one.code === code)!;
  t.is(country('DE').lines, 38_400_000);
  t.is(country('DE').isps[0]!.name, 'Deutsche Telekom AG');
  t.is(country('JP').isps[0]!.asn, 17676);
  t.is(country('CI').name, "Côte d'Ivoire");
  t.is(exchanges[0]!.code, 'fra');
  t.is(country('DE').cities.find(({ name }) => name === 'Frankfurt am Main')?.code, 'fra');
});

test('no cloud, hosting, school or state is among the access networks', (t) => {
  const names = countries.flatMap(({ isps }) => isps.map(({ name }) => name));
  t.true(names.length > 1000);
  t.deepEqual(
    names.filter((name) =>
      /amazon|microsoft|google|cloud|hosting|universit|department of defense|ministry/i.test(name),
    ),
    [],
  );
});

test('exchanges that geocoding put on another town of the same name are mended, doubles are one', (t) => {
  t.deepEqual(
    exchanges
      .filter(({ name }) => /Petersburg|Odes|West Coast/.test(name))
      .map(({ name, country }) => `${name} ${country}`)
      .sort(),
    ['Odesa UA', 'Saint Petersburg RU'],
  );
  for (const [at, one] of exchanges.entries()) {
    for (const other of exchanges.slice(at + 1)) {
      t.true(one.country !== other.country || distanceKm(one, other) >= 30, `${one.name} and ${other.name}`);
    }
  }
});

test('places get the first letters of their names, and others where those are taken', (t) => {
  const places = ['Santiago', 'San José', 'San Juan', 'Łódź', 'Ub', '東京', 'Ub'].map((name) => ({
    name,
    country: 'XX',
  }));
  t.deepEqual([...metroCodes(places).values()], ['san', 'saj', 'sau', 'lod', 'ub-xx', 'x-xx', 'ub-xx2']);
});
