import { HashRing } from '../../topology/model/ring.ts';
import type { Site } from '../../topology/model/site.ts';
import { mix32, stableHash } from '../../topology/model/stable-hash.ts';

/** One edge server, with its number in the order of the sites file. */
export interface FleetServer {
  readonly id: string;
  readonly site: number;
  readonly siteId: string;
  readonly url: string;
  /** of its name: what makes a session's point at this server its own */
  readonly hash: number;
}

/** Keys that are told apart in a site. The same whatever its size, or another server would move everybody's keys. */
const SLOTS = 2048;
/** Owners of a key that are kept in order; whoever comes after them is asked in the order of names. */
const OWNERS_MAX = 16;

/**
 * Sites and servers by number: decisions read typed arrays, and names only what they answer. Rings are built when a site
 * is first looked at, for a client of one country never sees most of the world.
 */
export class Fleet {
  readonly sites: readonly Site[];
  readonly servers: readonly FleetServer[];
  /** by site: its first server; the others follow */
  readonly firstServer: Int32Array;
  readonly serverCount: Int32Array;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #rings: (SiteRing | null)[];

  constructor(sites: readonly Site[]) {
    this.sites = sites;
    this.firstServer = new Int32Array(sites.length);
    this.serverCount = Int32Array.from(sites, ({ edges }) => edges.length);
    const servers: FleetServer[] = [];
    sites.forEach(({ id: siteId, edges }, site) => {
      this.firstServer[site] = servers.length;
      for (const { id, url } of edges) servers.push({ id, site, siteId, url, hash: stableHash(id) });
    });
    this.servers = servers;
    this.#numbers = new Map(servers.map(({ id }, server) => [id, server]));
    this.#rings = sites.map(() => null);
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

  /** Servers of the site in the order in which they should hold the key: its owner first, and who takes over after it. */
  owners(site: number, key: number): Int32Array {
    const ring = (this.#rings[site] ??= new SiteRing(this.sites[site]!, this.firstServer[site]!));
    return ring.owners(key);
  }
}

/** The ring of a site's servers, cut into slots whose owners are looked up once. */
class SiteRing {
  readonly #ring: HashRing;
  readonly #numbers: ReadonlyMap<string, number>;
  /** one more than the place in `#orders`; 0: not looked up yet */
  readonly #slots = new Uint16Array(SLOTS);
  /** the different orders of owners: few servers have few */
  readonly #orders: Int32Array[] = [];
  readonly #places = new Map<string, number>();

  constructor({ edges }: Site, first: number) {
    this.#numbers = new Map(edges.map(({ id }, index) => [id, first + index]));
    this.#ring = new HashRing(edges.map(({ id }) => id));
  }

  owners(key: number): Int32Array {
    const slot = mix32(key) & (SLOTS - 1);
    const place = this.#slots[slot]!;
    return place === 0 ? this.#learn(slot) : this.#orders[place - 1]!;
  }

  #learn(slot: number): Int32Array {
    const order = this.#ownersOf(slot);
    const name = order.join();
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#orders.push(order);
      this.#places.set(name, place);
    }
    this.#slots[slot] = place;
    return this.#orders[place - 1]!;
  }

  #ownersOf(slot: number): Int32Array {
    const count = this.#numbers.size;
    const named = this.#ring.owners(slot, Math.min(count, OWNERS_MAX));
    const first = named.map((id) => this.#numbers.get(id)!);
    if (count <= OWNERS_MAX) return Int32Array.from(first);
    const taken = new Set(first);
    return Int32Array.from([...first, ...[...this.#numbers.values()].filter((server) => !taken.has(server))]);
  }
}
