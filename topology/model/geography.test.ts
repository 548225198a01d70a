import test from 'ava';
import * as fc from 'fast-check';
import { distanceKm } from './geography.ts';

const position = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

test('distances are those of the atlas', (t) => {
  const london = { latitude: 51.5074, longitude: -0.1278 };
  const newYork = { latitude: 40.7128, longitude: -74.006 };
  t.true(Math.abs(distanceKm(london, newYork) - 5570) < 5);
  const west = { latitude: 0, longitude: 179.5 };
  const east = { latitude: 0, longitude: -179.5 };
  t.true(Math.abs(distanceKm(west, east) - 111.2) < 0.1, 'across the date line');
});

test('a distance is symmetric, nothing to itself, and at most half the way round', (t) => {
  fc.assert(
    fc.property(position, position, (a, b) => {
      const there = distanceKm(a, b);
      return Math.abs(there - distanceKm(b, a)) < 1e-6 && there >= 0 && there <= 20_016 && distanceKm(a, a) === 0;
    }),
  );
  t.pass();
});
