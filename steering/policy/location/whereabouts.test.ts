import test from 'ava';
import fc from 'fast-check';
import { distanceKm } from '../../../topology/model/geography.ts';
import { CELLS, cellOf, centreOf, WhereaboutsTable, type Whereabouts } from './whereabouts.ts';

const BERLIN: Whereabouts = {
  by: 'city',
  country: 'DE',
  subscriber: null,
  position: centreOf(cellOf({ latitude: 52.5, longitude: 13.4 })),
  zone: null,
};

test('a position’s cell is the one around it, at the poles and the date line too', (t) => {
  const position = fc.record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  });
  fc.assert(
    fc.property(position, (point) => {
      const cell = cellOf(point);
      t.true(Number.isInteger(cell) && cell >= 0 && cell < CELLS);
      const centre = centreOf(cell);
      t.true(Math.abs(centre.latitude - point.latitude) <= 0.25 + 1e-9);
      t.true(distanceKm(centre, point) < 40);
      t.is(cellOf(centre), cell);
    }),
  );
  t.is(cellOf({ latitude: 10, longitude: 180 }), cellOf({ latitude: 10, longitude: -180 }));
});

test('the same place is one object, another place another', (t) => {
  const table = new WhereaboutsTable();
  const first = table.same({ ...BERLIN });
  t.is(table.same({ ...BERLIN, position: { ...BERLIN.position! } }), first);
  const others: Whereabouts[] = [
    { ...BERLIN, country: 'PL' },
    { ...BERLIN, by: 'default' },
    { ...BERLIN, position: null },
    { ...BERLIN, subscriber: { network: 'telecom', metro: 'berlin' } },
    { ...BERLIN, zone: { id: 'campus', sites: [1], only: false, position: null } },
  ];
  const objects = new Set([first, ...others.map((other) => table.same({ ...other }))]);
  t.is(objects.size, others.length + 1);
});

test('a zone read anew makes another place, though its name is the same', (t) => {
  const table = new WhereaboutsTable();
  const zone = { id: 'campus', sites: [1], only: false, position: null };
  const first = table.same({ ...BERLIN, zone });
  t.is(table.same({ ...BERLIN, zone }), first);
  const second = table.same({ ...BERLIN, zone: { ...zone, sites: [2] } });
  t.not(second, first);
  t.deepEqual(second.zone!.sites, [2]);
});
