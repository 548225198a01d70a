import type { Position, Site } from '../../topology/model/site.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';
import { distanceKm } from '../../topology/model/geography.ts';

type PlacedSite = Pick<Site, 'id' | 'latitude' | 'longitude'>;

/**
 * Which sites are near a client, by what is known of it: its country, which stands where its people are on average.
 * A client of unknown country, or of one without a position, gets the sites in the order the operator listed them.
 */
export class Proximity {
  readonly #sites: readonly PlacedSite[];
  readonly #countries: ReadonlyMap<string, Position>;
  readonly #defaultOrder: readonly number[];
  /** by country; bounded, because only countries with a position get here */
  readonly #orders = new Map<string, readonly number[]>();

  constructor(sites: readonly PlacedSite[], countries: ReadonlyMap<string, Position>) {
    this.#sites = sites;
    this.#countries = countries;
    this.#defaultOrder = sites.map((_site, index) => index);
  }

  /** Whether the country says where the client is. */
  places(country: string | null): boolean {
    return country !== null && this.#countries.has(country);
  }

  /** @returns indices into the sites, the nearest first; equally near ones by the stable hash of their names */
  order(country: string | null): readonly number[] {
    const position = country === null ? undefined : this.#countries.get(country);
    if (position === undefined) return this.#defaultOrder;
    let order = this.#orders.get(country!);
    if (order === undefined) {
      const distances = this.#sites.map((site) => distanceKm(position, site));
      const hashes = this.#sites.map(({ id }) => stableHash(id));
      order = this.#defaultOrder.toSorted((a, b) => distances[a]! - distances[b]! || hashes[a]! - hashes[b]!);
      this.#orders.set(country!, order);
    }
    return order;
  }
}
