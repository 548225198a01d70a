import test from 'ava';
import { loadCountryPositions } from './country-positions.ts';

const positions = loadCountryPositions();

test('every row is read, each a place on Earth', (t) => {
  t.is(positions.size, 246);
  for (const [country, { latitude, longitude }] of positions) {
    t.true(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180, country);
  }
});

test('countries stand where their people are', (t) => {
  const near = (country: string, latitude: number, longitude: number) => {
    const position = positions.get(country)!;
    t.true(Math.hypot(position.latitude - latitude, position.longitude - longitude) < 3, country);
  };
  near('DE', 51, 10);
  near('FJ', -17.8, 178);
  near('RU', 56, 53);
  near('US', 39, -92);
  near('SG', 1.3, 103.8);
});
