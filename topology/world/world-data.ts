import { readFileSync } from 'node:fs';
import { loadCountryPositions } from '../load/country-positions.ts';
import { distanceKm } from '../model/geography.ts';
import type { Position } from '../model/site.ts';
import { metroCodes } from './metro-codes.ts';

/** A place where people or an exchange are; its code is the same in every world. */
export interface City extends Position {
  readonly code: string;
  readonly name: string;
  readonly country: string;
  /** persons */
  readonly population: number;
}

export interface ExchangeCity extends City {
  /** public peering capacity, coarse and relative: the largest is 100 */
  readonly weight: number;
}

export interface Isp {
  readonly country: string;
  readonly asn: number;
  /** of the country’s lines, 0 to 1; by addresses, a proxy */
  readonly share: number;
  readonly name: string;
}

export interface Country extends Position {
  readonly code: string;
  readonly name: string;
  /** fixed broadband subscriptions */
  readonly lines: number;
  /** largest first, at least one */
  readonly cities: readonly City[];
  /** largest first, may be empty */
  readonly isps: readonly Isp[];
}

export interface WorldData {
  /** most lines first; only those with lines */
  readonly countries: readonly Country[];
  /** heaviest first */
  readonly exchanges: readonly ExchangeCity[];
}

/** Exchanges this near each other are one metro: the list has spellings and suburbs as rows of their own. */
const SAME_METRO_KM = 30;

/**
 * Rows of exchange-metros.csv that geocoding put on another place of the same name; the file is kept as it came.
 * The weights 20 of “St. Petersburg, US” and “Odessa, US” are Russia’s and Ukraine’s; the Gambia has no such exchange.
 */
const MISPLACED: Readonly<
  Record<string, { name: string; country: string; latitude: number; longitude: number } | null>
> = {
  'St. Petersburg,US': { name: 'Saint Petersburg', country: 'RU', latitude: 59.94, longitude: 30.31 },
  'Odessa,US': { name: 'Odesa', country: 'UA', latitude: 46.48, longitude: 30.73 },
  'West Coast,GM': null,
};

let loaded: WorldData | undefined;

/** Reads data/*.csv once (their heads name sources and licences); everything after is computed from what it returns. */
export function loadWorldData(): WorldData {
  loaded ??= load();
  return loaded;
}

function load(): WorldData {
  const rows = (name: string) => parseCsv(readFileSync(new URL(`./data/${name}`, import.meta.url), 'utf8'));
  const positions = loadCountryPositions();
  const exchangeRows = mergeExchanges(rows('exchange-metros.csv'));
  const cityRows = rows('cities.csv').map(([name, country, latitude, longitude, population]) => ({
    name: name!,
    country: country!,
    latitude: Number(latitude),
    longitude: Number(longitude),
    population: Number(population),
  }));
  // Exchanges choose their codes first, then cities by size, so that fra is Frankfurt in every world. The largest city at
  // an exchange is that exchange’s metro.
  const bySize = cityRows.toSorted((a, b) => b.population - a.population);
  const twins = new Map(
    exchangeRows.map((exchange) => [
      bySize.find((city) => city.country === exchange.country && distanceKm(city, exchange) < SAME_METRO_KM),
      exchange,
    ]),
  );
  const codes = metroCodes([...exchangeRows, ...bySize.filter((city) => !twins.has(city))]);
  const codeOf = (place: (typeof cityRows)[number]) => codes.get(twins.get(place) ?? place)!;
  const cities = Map.groupBy(
    cityRows.map((row) => ({ ...row, code: codeOf(row) })),
    ({ country }) => country,
  );
  const isps = Map.groupBy(
    rows('isps.csv').map(([country, asn, share, name]) => ({
      country: country!,
      asn: Number(asn),
      share: Number(share),
      name: name!,
    })),
    ({ country }) => country,
  );
  const countries = rows('countries.csv')
    .map(([code, name, , , lines]) => ({
      code: code!,
      name: name!.replace('&ocirc;', 'ô'),
      lines: Number(lines),
      cities: cities.get(code!) ?? [],
      isps: isps.get(code!) ?? [],
      ...(positions.get(code!) ?? { latitude: 0, longitude: 0 }),
    }))
    .filter((country) => country.lines > 0 && country.cities.length > 0)
    .sort((a, b) => b.lines - a.lines || (a.code < b.code ? -1 : 1));
  return { countries, exchanges: exchangeRows.map((row) => ({ ...row, code: codes.get(row)! })) };
}

function mergeExchanges(rows: readonly string[][]): Omit<ExchangeCity, 'code'>[] {
  const merged: {
    name: string;
    country: string;
    latitude: number;
    longitude: number;
    population: number;
    weight: number;
  }[] = [];
  for (const [name, country, latitude, longitude, weight] of rows) {
    const mended = MISPLACED[`${name},${country}`];
    if (mended === null) continue;
    const place = mended ?? {
      name: name!,
      country: country!,
      latitude: Number(latitude),
      longitude: Number(longitude),
    };
    const same = merged.find((other) => other.country === place.country && distanceKm(other, place) < SAME_METRO_KM);
    if (same) same.weight += Number(weight);
    else merged.push({ ...place, population: 0, weight: Number(weight) });
  }
  return merged.sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1));
}

/** Rows of our own data files: comments, a head, fields of which some are quoted. */
function parseCsv(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .slice(1)
    .map((line) =>
      Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), ([, quoted, plain]) =>
        quoted === undefined ? plain! : quoted.replaceAll('""', '"'),
      ),
    );
}
