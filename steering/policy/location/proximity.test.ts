import test from 'ava';
import fc from 'fast-check';
import { distanceKm } from '../../../topology/model/geography.ts';
import { Proximity } from './proximity.ts';
import { countries, makeSites } from '../world.fixture.ts';

const sites = makeSites([1, 1, 1, 1, 1, 1, 1]);
const proximity = new Proximity(sites, countries);
const names = (country: string) => Array.from(proximity.near(proximity.positionOf(country)!), (at) => sites[at]!.id);

test('sites come by distance from where the people of the country are', (t) => {
  t.deepEqual(names('DE'), ['fra', 'par', 'lon', 'nyc', 'sao', 'sin', 'akl']);
  t.deepEqual(names('US').slice(0, 1), ['nyc']);
  t.deepEqual(names('FJ').slice(0, 2), ['akl', 'sin'], 'which lies on the date line');
});

test('an unknown country and one that nobody placed have no position', (t) => {
  t.is(proximity.positionOf(null), null);
  t.is(proximity.positionOf('XX'), null);
  t.is(proximity.positionOf(null, 'berlin'), null);
});

test('a metro of the topology is nearer to the truth than its country', (t) => {
  const berlin = { latitude: 52.5, longitude: 13.4 };
  const placed = new Proximity(sites, countries, new Map([['berlin', berlin]]));
  t.is(placed.positionOf('DE', 'berlin'), berlin);
  t.is(placed.positionOf('DE', 'bonn'), countries.get('DE')!);
  t.is(placed.positionOf('DE'), countries.get('DE')!);
});

test('equally near sites keep one order, whatever the order of the list', (t) => {
  const twins = ['a', 'b', 'c', 'd'].map((id) => ({ id, latitude: 50, longitude: 8 }));
  const order = (list: typeof twins) =>
    Array.from(new Proximity(list, countries).near({ latitude: 51, longitude: 9 }), (at) => list[at]!.id);
  t.deepEqual(order(twins), order(twins.toReversed()));
  t.notDeepEqual(order(twins), ['a', 'b', 'c', 'd'], 'the hash decides, not the list');
});

test('from anywhere each site comes once, none before one that is more than a metre nearer', (t) => {
  const position = fc.record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  });
  fc.assert(
    fc.property(position, fc.array(position, { minLength: 1, maxLength: 60 }), (client, places) => {
      const list = places.map((place, at) => ({ id: `s${at}`, ...place }));
      const order = [...new Proximity(list, countries).near(client)];
      t.deepEqual(
        order.toSorted((a, b) => a - b),
        list.map((_site, at) => at),
      );
      const km = order.map((at) => distanceKm(client, list[at]!));
      for (let at = 1; at < km.length; at++) t.true(km[at]! > km[at - 1]! - 0.001);
    }),
  );
});
