import { distanceKm } from '../../topology/model/geography.ts';
import type { Position, Site } from '../../topology/model/site.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';

type PlacedSite = Pick<Site, 'id' | 'latitude' | 'longitude'>;

/** Room for the number of a site beside its distance in one exact number. */
const SITES_MAX = 2 ** 20;
const METRES_PER_KM = 1000;

/** Which sites are near a place. A country stands where its people are on average. */
export class Proximity {
  readonly #sites: readonly PlacedSite[];
  readonly #countries: ReadonlyMap<string, Position>;
  /** sites by the stable hash of their names: who is equally near comes in this order */
  readonly #byHash: readonly number[];

  constructor(sites: readonly PlacedSite[], countries: ReadonlyMap<string, Position>) {
    this.#sites = sites;
    this.#countries = countries;
    const hashes = sites.map(({ id }) => stableHash(id));
    this.#byHash = sites.map((_site, index) => index).sort((a, b) => hashes[a]! - hashes[b]! || a - b);
  }

  /** @returns null where the country is not known to have one */
  positionOf(country: string | null): Position | null {
    return (country === null ? undefined : this.#countries.get(country)) ?? null;
  }

  /** @returns indices into the sites, the nearest to the metre first */
  near(position: Position): Uint16Array {
    // Distance and turn in one number: sorting numbers is several times faster than comparing by a function.
    const keys = Float64Array.from(
      this.#byHash,
      (site, turn) => Math.round(distanceKm(position, this.#sites[site]!) * METRES_PER_KM) * SITES_MAX + turn,
    ).sort();
    return Uint16Array.from(keys, (key) => this.#byHash[key % SITES_MAX]!);
  }
}
