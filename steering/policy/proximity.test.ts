import test from 'ava';
import { Proximity } from './proximity.ts';
import { countries, makeSites } from './world.fixture.ts';

const sites = makeSites([1, 1, 1, 1, 1, 1, 1]);
const names = (country: string | null) =>
  new Proximity(sites, countries).order(country).map((index) => sites[index]!.id);

test('sites come by distance from where the people of the country are', (t) => {
  t.deepEqual(names('DE'), ['fra', 'par', 'lon', 'nyc', 'sao', 'sin', 'akl']);
  t.deepEqual(names('US').slice(0, 1), ['nyc']);
  t.deepEqual(names('FJ').slice(0, 2), ['akl', 'sin'], 'which lies on the date line');
});

test('an unknown country and one without a position get the listed order', (t) => {
  const listed = sites.map(({ id }) => id);
  t.deepEqual(names(null), listed);
  t.deepEqual(names('XX'), listed);
  t.false(new Proximity(sites, countries).places('XX'));
});

test('equally near sites keep one order, whatever the order of the list', (t) => {
  const twins = ['a', 'b', 'c', 'd'].map((id) => ({ id, latitude: 50, longitude: 8 }));
  const nameOrder = (list: typeof twins) => new Proximity(list, countries).order('DE').map((index) => list[index]!.id);
  t.deepEqual(nameOrder(twins), nameOrder(twins.toReversed()));
});
