import { nearestName } from '../model/near-name.ts';
import { loadWorldData } from './world-data.ts';

export interface WorldOptions {
  /** 3 to 6,000 (more is possible; tried up to there) */
  readonly sites: number;
  /** edge servers in all, at least one a site; shields come on top */
  readonly servers: number;
  readonly seed: number;
  /** what all viewers together take at the forecast’s peak, bits per second; everything is sized for it */
  readonly peakBps?: number | undefined;
  /** of the sites, inside ISPs instead of at exchanges; at least two sites stay at exchanges */
  readonly embeddedShare?: number | undefined;
  /** ISO 3166-1: only viewers, ISPs and exchanges of these */
  readonly countries?: readonly string[] | undefined;
}

export const SITES_BOUNDS = [3, 20_000] as const;
export const SERVERS_BOUNDS = [3, 200_000] as const;
export const PEAK_BPS_BOUNDS = [1e6, 1e15] as const;

/** The default peak: 18,000 servers then carry 360 Tbit/s, about 65 million viewers at 5 Mbit/s. */
export const PEAK_BPS_PER_SERVER = 20e9;

/** What a forecast counts for each viewer. */
export const VIEWER_BPS = 5e6;

/** How much of the Earth a world of so many sites has. */
export interface WorldScale {
  /** the countries with the most lines; 0: all */
  readonly countries: number;
  /** beyond one for each country */
  readonly moreMetros: number;
  /** networks of their own; what is left of a country is one more network */
  readonly isps: number;
  readonly globalCarriers: number;
  readonly shieldSites: number;
  readonly serversPerShield: number;
  readonly embeddedShare: number;
}

export function worldScale(sites: number): WorldScale {
  return {
    countries: sites < 40 ? 5 * sites : Infinity,
    moreMetros: Math.round(12 * sites ** 0.6),
    isps: Math.round(4 * sites ** (2 / 3)),
    globalCarriers: sites < 10 ? 3 : sites < 100 ? 8 : 12,
    shieldSites: sites < 10 ? 1 : sites < 40 ? 2 : sites < 300 ? 3 : 5,
    serversPerShield: sites < 10 ? 1 : 2,
    // Exchanges are few: a CDN that grows past them grows inside ISPs.
    embeddedShare: sites < 10 ? 1 / 3 : sites < 1000 ? 0.6 : 0.9,
  };
}

/** @returns what is wrong with the options and how to mend it, or null */
export function optionsProblem(options: WorldOptions): string | null {
  const { sites, servers, seed, peakBps, embeddedShare, countries } = options;
  const whole = (value: number, [least, most]: readonly [number, number]) =>
    Number.isInteger(value) && value >= least && value <= most;
  if (!whole(sites, SITES_BOUNDS)) return `sites: ${sites} is no whole number from ${SITES_BOUNDS.join(' to ')}`;
  if (!whole(servers, SERVERS_BOUNDS)) {
    return `servers: ${servers} is no whole number from ${SERVERS_BOUNDS.join(' to ')}`;
  }
  if (servers < sites) {
    return `servers: ${servers} are too few for ${sites} sites: each needs one; give at least ${sites}`;
  }
  if (!Number.isSafeInteger(seed) || seed < 0 || seed > 4_294_967_295) {
    return `seed: ${seed} is no whole number from 0 to 4294967295`;
  }
  if (peakBps !== undefined && !(peakBps >= PEAK_BPS_BOUNDS[0] && peakBps <= PEAK_BPS_BOUNDS[1])) {
    return `peak: ${peakBps} bit/s is not between 1 Mbit/s and 1000 Tbit/s`;
  }
  if (embeddedShare !== undefined && !(embeddedShare >= 0 && embeddedShare <= 1)) {
    return `embedded: ${embeddedShare} is no share; give a number from 0 to 1`;
  }
  return countries === undefined ? null : countriesProblem(countries);
}

function countriesProblem(countries: readonly string[]): string | null {
  if (countries.length === 0) return 'countries: none given; write codes such as DE,FR or leave it away for all';
  const known = loadWorldData().countries;
  const codes = new Set(known.map(({ code }) => code));
  for (const country of countries) {
    if (codes.has(country)) continue;
    const code = nearestName(country, codes);
    const name = nearestName(
      country,
      known.map(({ name }) => name),
    );
    const meant = known.find((other) => other.code === code) ?? known.find((other) => other.name === name);
    const hint =
      meant === undefined ? 'write ISO 3166-1 codes such as DE,FR' : `did you mean ${meant.code} (${meant.name})?`;
    return `countries: no broadband lines are known for "${country}"; ${hint}`;
  }
  return null;
}
