/** Sites that reach somebody, the best route first; what who orders sites needs to know of routes, in three bytes each. */
export interface ReachedSites {
  /** indexes into the topology's sites */
  readonly sites: Uint16Array;
  /** how each of them does: indexes into `REACHES` */
  readonly reaches: Uint8Array;
}

/** Latencies are told apart in whole units of this first; what falls into one is compared as it is. */
const UNITS_PER_MS = 2 ** 13;
const UNITS_MAX = 2 ** 23 - 1;
const DIGIT_BITS = 11;
const DIGITS = 3;
const LENGTH_MAX = 127;

/**
 * Puts sites in the order of their routes: the nearest reach, the shortest AS path, the least latency, then a hash. For
 * whole worlds at a time, where comparing one by one is what would take longest.
 */
export class SiteSorter {
  readonly #keys: Uint32Array;
  readonly #ms: Float64Array;
  #order: Uint16Array;
  #spare: Uint16Array;
  readonly #counts = new Int32Array(1 << DIGIT_BITS);
  readonly #hashes: ArrayLike<number>;
  #count = 0;

  /** @param hashes by site: who comes first of two that are otherwise alike */
  constructor(hashes: ArrayLike<number>) {
    this.#hashes = hashes;
    this.#keys = new Uint32Array(hashes.length);
    this.#ms = new Float64Array(hashes.length);
    this.#order = new Uint16Array(hashes.length);
    this.#spare = new Uint16Array(hashes.length);
  }

  clear(): void {
    this.#count = 0;
  }

  add(site: number, reach: number, asPathLength: number, oneWayMs: number): void {
    const units = Math.min(UNITS_MAX, Math.floor(oneWayMs * UNITS_PER_MS));
    this.#keys[site] = ((reach << 30) | (Math.min(asPathLength, LENGTH_MAX) << 23) | units) >>> 0;
    this.#ms[site] = oneWayMs;
    this.#order[this.#count++] = site;
  }

  sorted(): ReachedSites {
    for (let digit = 0; digit < DIGITS; digit++) this.#sortBy(digit * DIGIT_BITS);
    this.#settle();
    const sites = this.#order.slice(0, this.#count);
    return { sites, reaches: Uint8Array.from(sites, (site) => this.#keys[site]! >>> 30) };
  }

  /** One pass of a radix sort. */
  #sortBy(shift: number): void {
    const mask = (1 << DIGIT_BITS) - 1;
    const counts = this.#counts.fill(0);
    const [from, to] = [this.#order, this.#spare];
    for (let at = 0; at < this.#count; at++) counts[(this.#keys[from[at]!]! >>> shift) & mask]!++;
    let before = 0;
    for (let digit = 0; digit <= mask; digit++) {
      const here = counts[digit]!;
      counts[digit] = before;
      before += here;
    }
    for (let at = 0; at < this.#count; at++) {
      const site = from[at]!;
      to[counts[(this.#keys[site]! >>> shift) & mask]!++] = site;
    }
    this.#order = to;
    this.#spare = from;
  }

  /** What the units could not tell apart: next to each other by now. */
  #settle(): void {
    const order = this.#order;
    for (let at = 1; at < this.#count; at++) {
      const site = order[at]!;
      let to = at;
      while (to > 0 && this.#isBefore(site, order[to - 1]!)) {
        order[to] = order[to - 1]!;
        to--;
      }
      order[to] = site;
    }
  }

  #isBefore(a: number, b: number): boolean {
    if (this.#keys[a] !== this.#keys[b]) return false;
    if (this.#ms[a] !== this.#ms[b]) return this.#ms[a]! < this.#ms[b]!;
    return this.#hashes[a] === this.#hashes[b] ? a < b : this.#hashes[a]! < this.#hashes[b]!;
  }
}
