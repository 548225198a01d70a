import { readFileSync } from 'node:fs';
import type { Position } from '../model/site.ts';

const ROW = /^([A-Z]{2}),(-?\d+\.\d+),(-?\d+\.\d+),\d+$/;

/** ISO 3166-1 country → the population-weighted centre of its cities (GeoNames, CC BY 4.0; see the file's header). */
export function loadCountryPositions(): ReadonlyMap<string, Position> {
  const positions = new Map<string, Position>();
  const text = readFileSync(new URL('./country-positions.csv', import.meta.url), 'utf8');
  for (const line of text.split('\n')) {
    const row = ROW.exec(line);
    if (row) positions.set(row[1]!, { latitude: Number(row[2]), longitude: Number(row[3]) });
  }
  return positions;
}
