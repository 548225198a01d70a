import { ringArcs } from '../../topology/model/ring.ts';
import type { Site } from '../../topology/model/site.ts';
import { mix32, stableHash } from '../../topology/model/stable-hash.ts';

/** One edge server, with its number in the order of the sites file. */
export interface FleetServer {
  readonly id: string;
  readonly site: number;
  readonly siteId: string;
  readonly url: string;
}

/** Keys that are told apart in a site. The same whatever its size, or another server would move everybody's keys. */
const ARCS = 512;
/** Owners of a key that are kept in order; whoever comes after them is asked in the order of names. */
const OWNERS_MAX = 16;

/**
 * Sites and servers by number: decisions read a few flat arrays, and names only for what they answer. A site's ring is cut
 * into arcs when it is first looked at, for a client of one country never sees most of the world.
 */
export class Fleet {
  readonly sites: readonly Site[];
  readonly servers: readonly FleetServer[];
  /** by server: what makes a session's point there its own */
  readonly hashes: Int32Array;
  /** by site: its first server; the others follow */
  readonly firstServer: Int32Array;
  readonly serverCount: Int32Array;
  /** by site: ISO 3166-1 */
  readonly countries: readonly string[];
  /** orders of owners one after the other, `serverCount` servers each; see `ownersAt` */
  owners: Int32Array;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #isCut: Uint8Array;
  /** by site and arc: which of the site's orders */
  readonly #arcs: Uint16Array;
  /** by site: where its orders begin */
  readonly #ordersAt: Int32Array;
  #ordersEnd = 0;

  constructor(sites: readonly Site[]) {
    this.sites = sites;
    this.firstServer = new Int32Array(sites.length);
    this.serverCount = Int32Array.from(sites, ({ edges }) => edges.length);
    this.countries = sites.map(({ country }) => country);
    const servers: FleetServer[] = [];
    sites.forEach(({ id: siteId, edges }, site) => {
      this.firstServer[site] = servers.length;
      for (const { id, url } of edges) servers.push({ id, site, siteId, url });
    });
    this.servers = servers;
    this.hashes = Int32Array.from(servers, ({ id }) => stableHash(id));
    this.owners = new Int32Array(8 * servers.length);
    this.#numbers = new Map(servers.map(({ id }, server) => [id, server]));
    this.#isCut = new Uint8Array(sites.length);
    this.#arcs = new Uint16Array(sites.length * ARCS);
    this.#ordersAt = new Int32Array(sites.length);
  }

  /** −1 for a name that is not in the sites file. */
  numberOf(id: string): number {
    return this.#numbers.get(id) ?? -1;
  }

  /** Where servers of these names stand; names that are not in the sites file stand nowhere. */
  sitesOf(ids: Iterable<string>): ReadonlySet<number> {
    const sites = new Set<number>();
    for (const id of ids) {
      const server = this.#numbers.get(id);
      if (server !== undefined) sites.add(this.servers[server]!.site);
    }
    return sites;
  }

  /**
   * Where in `owners` the site's servers stand in the order in which they should hold the key: its owner first, then who
   * takes over after it.
   */
  ownersAt(site: number, key: number): number {
    if (this.#isCut[site] === 0) this.#cut(site);
    if (this.serverCount[site] === 1) return this.#ordersAt[site]!;
    const order = this.#arcs[site * ARCS + (mix32(key) & (ARCS - 1))]!;
    return this.#ordersAt[site]! + order * this.serverCount[site]!;
  }

  #cut(site: number): void {
    const first = this.firstServer[site]!;
    const count = this.serverCount[site]!;
    const begin = this.#ordersEnd;
    const known = new Map<Int32Array, number>();
    const names = this.sites[site]!.edges.map(({ id }) => id);
    ringArcs(names, count === 1 ? 1 : ARCS, OWNERS_MAX).forEach((order, arc) => {
      let number = known.get(order);
      if (number === undefined) {
        number = known.size;
        known.set(order, number);
        this.#keep(order, first, count);
      }
      this.#arcs[site * ARCS + arc] = number;
    });
    this.#ordersAt[site] = begin;
    this.#isCut[site] = 1;
  }

  #keep(order: Int32Array, first: number, count: number): void {
    const end = this.#ordersEnd + count;
    if (end > this.owners.length) {
      const larger = new Int32Array(2 * end);
      larger.set(this.owners);
      this.owners = larger;
    }
    let at = this.#ordersEnd;
    for (const index of order) this.owners[at++] = first + index;
    for (let index = 0; at < end; index++) if (!order.includes(index)) this.owners[at++] = first + index;
    this.#ordersEnd = end;
  }
}
