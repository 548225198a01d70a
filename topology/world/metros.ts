import { distanceKm } from '../model/geography.ts';
import type { Chance } from './chance.ts';
import { nearest } from './geography-groups.ts';
import { seats } from './apportion.ts';
import type { WorldScale } from './options.ts';
import type { ExchangePlan, MetroPlan } from './plan.ts';
import type { Country, ExchangeCity, WorldData } from './world-data.ts';

/** Cities nearer than this to a larger metro of their country are part of it. */
const METRO_RADIUS_KM = 50;
/** A second exchange so near is worth 1 − 1/e of what it would be far away. */
const NEIGHBOUR_KM = 1000;

export function chooseCountries(
  data: WorldData,
  scale: WorldScale,
  filter: readonly string[] | undefined,
): readonly Country[] {
  if (filter !== undefined) return data.countries.filter(({ code }) => filter.includes(code));
  return data.countries.slice(0, scale.countries);
}

/** What an exchange is for beyond its own country, lines; it keeps the hubs of small countries in. */
const ABROAD_LINES = 15e6;

/**
 * Where our exchange sites stand: first where weight is large and lines are many (the geometric mean of both: by weight
 * alone the Urals come before India), less so beside a site that we have already, or the first dozen would all be in
 * Europe. When each exchange has its site, more go where the weight is; one exchange has many halls.
 */
export function chooseExchanges(
  data: WorldData,
  countries: readonly Country[],
  worldwide: boolean,
  siteCount: number,
  chance: Chance,
): readonly (ExchangeCity & { siteCount: number })[] {
  const covered = new Set(countries.map(({ code }) => code));
  let offered = data.exchanges.filter(({ country }) => worldwide || covered.has(country));
  if (offered.length === 0) {
    const home = countries[0]!;
    offered = data.exchanges.toSorted((a, b) => distanceKm(a, home) - distanceKm(b, home)).slice(0, 2);
  }
  const linesOf = new Map(countries.map(({ code, lines }) => [code, lines]));
  const weightOf = Object.groupBy(offered, ({ country }) => country);
  const weights = offered.map(({ weight, code, country }) => {
    const ofCountry = weightOf[country]!.reduce((sum, other) => sum + other.weight, 0);
    const lines = ((linesOf.get(country) ?? 0) * weight) / ofCountry;
    return Math.sqrt(weight * (lines + ABROAD_LINES)) * chance.between(0.9, 1.1, `exchange ${code}`);
  });
  const novelty = offered.map(() => 1);
  const chosen: number[] = [];
  while (chosen.length < Math.min(siteCount, offered.length)) {
    let best = -1;
    offered.forEach((_, index) => {
      if (chosen.includes(index)) return;
      if (best === -1 || weights[index]! * novelty[index]! > weights[best]! * novelty[best]!) best = index;
    });
    chosen.push(best);
    offered.forEach((exchange, index) => {
      const alone = 1 - Math.exp(-distanceKm(exchange, offered[best]!) / NEIGHBOUR_KM);
      novelty[index] = Math.min(novelty[index]!, alone);
    });
  }
  const counts = seats(
    siteCount - chosen.length,
    chosen.map((index) => weights[index]!),
    chosen.map(() => 1),
  );
  return chosen.map((index, place) => ({ ...offered[index]!, siteCount: counts[place]! }));
}

/**
 * The metros of a world: those of the exchanges, and the largest cities of each country, more of them where there are
 * more lines. Every city of the data counts for the nearest metro of its country.
 */
export function chooseMetros(
  countries: readonly Country[],
  exchanges: readonly (ExchangeCity & { siteCount: number })[],
  scale: WorldScale,
): { metros: readonly MetroPlan[]; exchanges: readonly ExchangePlan[]; metrosOf: ReadonlyMap<string, number[]> } {
  const counts = seats(
    scale.moreMetros,
    countries.map(({ lines }) => Math.sqrt(lines)),
    countries.map(() => 1),
    countries.map(({ cities }) => cities.length),
  );
  const metros: MetroPlan[] = exchanges.map((exchange) => ({ ...placeOf(exchange), catchment: 0 }));
  const metrosOf = new Map<string, number[]>();
  metros.forEach(({ country }, index) => metrosOf.set(country, [...(metrosOf.get(country) ?? []), index]));
  countries.forEach((country, at) => {
    const own = metrosOf.get(country.code) ?? [];
    metrosOf.set(country.code, own);
    for (const city of country.cities) {
      if (own.length >= counts[at]!) break;
      if (own.some((metro) => distanceKm(metros[metro]!, city) < METRO_RADIUS_KM)) continue;
      own.push(metros.push({ ...placeOf(city), catchment: 0 }) - 1);
    }
    const people = own.map(() => 0);
    for (const city of country.cities) {
      people[
        nearest(
          city,
          own.map((metro) => metros[metro]!),
        )
      ]! += city.population;
    }
    own.forEach((metro, index) => {
      metros[metro] = { ...metros[metro]!, population: people[index]!, catchment: people[index]! };
    });
  });
  return { metros, exchanges: exchanges.map((exchange, metro) => ({ ...exchange, metro })), metrosOf };
}

function placeOf({
  code,
  name,
  country,
  latitude,
  longitude,
  population,
}: MetroPlan | ExchangeCity | Country['cities'][number]) {
  return { code, name, country, latitude, longitude, population };
}
