import test from 'ava';
import fc from 'fast-check';
import type { Site } from '../../../topology/model/site.ts';
import { MOST_SPOTS, siteSpots } from './site-spots.ts';

function site(id: string, latitude: number, longitude: number, capacitiesBps: readonly number[] = [1e9]): Site {
  const edges = capacitiesBps.map((capacityBps, at) => ({ id: `${id}-e${at}`, url: 'http://127.0.0.1', capacityBps }));
  return { id, country: 'DE', latitude, longitude, kind: 'ix', edges };
}

test('sites of one place are one spot, with all that is there', (t) => {
  const sites = [site('fra-1', 50.11, 8.68, [1e9, 2e9]), site('nyc-1', 40.71, -74.01), site('fra-2', 50.11, 8.68)];
  const spots = siteSpots(sites);
  t.like(spots[0], {
    sites: [0, 2],
    servers: 3,
    capacityBps: 4e9,
    latitude: 50.11,
    longitude: 8.68,
  });
  t.like(spots[1], { sites: [1], servers: 1 });
});

test('however many sites there are, spots are bounded, and every site is in exactly one', (t) => {
  const many = Array.from({ length: 9000 }, (_, at) => site(`s${at}`, -85 + (at % 170), -179.5 + ((at * 7.31) % 359)));
  const spots = siteSpots(many);
  t.true(spots.length <= MOST_SPOTS && spots.length > 500, String(spots.length));
  t.deepEqual(
    spots.flatMap(({ sites }) => sites).sort((a, b) => a - b),
    many.map((_site, at) => at),
  );
});

test('a spot lies among its sites', (t) => {
  const place = fc.tuple(
    fc.double({ min: -90, max: 90, noNaN: true }),
    fc.double({ min: -180, max: 180, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 60 }), (places) => {
      const sites = places.map(([latitude, longitude], at) => site(`s${at}`, latitude, longitude));
      for (const spot of siteSpots(sites)) {
        for (const member of spot.sites) {
          t.true(Math.abs(spot.latitude - sites[member]!.latitude) < 0.02);
          t.true(Math.abs(spot.longitude - sites[member]!.longitude) < 0.02);
        }
      }
    }),
  );
  t.pass();
});
