import type { Position, Site } from '../../../topology/model/site.ts';
import { stableHash } from '../../../topology/model/stable-hash.ts';

type PlacedSite = Pick<Site, 'id' | 'latitude' | 'longitude'>;

/** Room for the number of a site beside its distance in one exact number. */
const SITES_MAX = 2 ** 20;
/** Mean radius of the Earth. */
const RADIUS_METRES = 6_371_009;
const RADIANS = Math.PI / 180;

/** Which sites are near a place. A country stands where its people are on average. */
export class Proximity {
  readonly #countries: ReadonlyMap<string, Position>;
  readonly #metros: ReadonlyMap<string, Position>;
  /** sites by the stable hash of their names: who is equally near comes in this order */
  readonly #byHash: readonly number[];
  /** three coordinates on the unit sphere a site, in that order */
  readonly #points: Float64Array;

  /** @param metros of a topology, where there is one */
  constructor(
    sites: readonly PlacedSite[],
    countries: ReadonlyMap<string, Position>,
    metros: ReadonlyMap<string, Position> = new Map(),
  ) {
    this.#countries = countries;
    this.#metros = metros;
    const hashes = sites.map(({ id }) => stableHash(id));
    this.#byHash = sites.map((_site, index) => index).sort((a, b) => hashes[a]! - hashes[b]! || a - b);
    this.#points = Float64Array.from(this.#byHash.flatMap((site) => pointOf(sites[site]!)));
  }

  /** @returns the metro’s, else the country’s; null where neither is known to have one */
  positionOf(country: string | null, metro: string | null = null): Position | null {
    const near = metro === null ? undefined : this.#metros.get(metro);
    return near ?? (country === null ? undefined : this.#countries.get(country)) ?? null;
  }

  /** @returns indices into the sites, the nearest to the metre first */
  near(position: Position): Uint16Array {
    const [x, y, z] = pointOf(position);
    // Distance and turn in one number: sorting numbers is several times faster than comparing by a function.
    const keys = new Float64Array(this.#byHash.length);
    for (let turn = 0; turn < keys.length; turn++) {
      const at = 3 * turn;
      const [dx, dy, dz] = [this.#points[at]! - x, this.#points[at + 1]! - y, this.#points[at + 2]! - z];
      const halfChord = Math.min(1, Math.sqrt(dx * dx + dy * dy + dz * dz) / 2);
      keys[turn] = Math.round(2 * RADIUS_METRES * Math.asin(halfChord)) * SITES_MAX + turn;
    }
    keys.sort();
    const order = new Uint16Array(keys.length);
    for (let rank = 0; rank < order.length; rank++) order[rank] = this.#byHash[keys[rank]! % SITES_MAX]!;
    return order;
  }
}

function pointOf({ latitude, longitude }: Position): [x: number, y: number, z: number] {
  const flat = Math.cos(latitude * RADIANS);
  return [flat * Math.cos(longitude * RADIANS), flat * Math.sin(longitude * RADIANS), Math.sin(latitude * RADIANS)];
}
