/**
 * Which way each network sends to one origin, as business has it (Gao and Rexford, IEEE/ACM ToN 9(6), 2001): a route
 * learned from a customer before one from a peer before one from a provider, for it earns, is free, or costs; then the
 * fewest networks; then the neighbour of the lowest AS number. What a customer gave goes to everybody, what a peer or
 * provider gave goes to customers alone, so that no path runs through a valley.
 */

export const ROUTE_CLASSES = ['own', 'customer', 'peer', 'provider', 'none'] as const;
export type RouteClass = (typeof ROUTE_CLASSES)[number];

const OWN = 0;
const CUSTOMER = 1;
const PEER = 2;
const PROVIDER = 3;
const UNREACHED = 4;

export interface AsNetwork {
  readonly asn: number;
  /** indexes of the networks it buys from, and of those it exchanges with for free */
  readonly providers: readonly number[];
  readonly peers: readonly number[];
}

/** The routes of all networks, by origin: computed when first asked, and kept (5 bytes a network and origin). */
export class AsRoutes {
  readonly #asns: readonly number[];
  readonly #providers: Adjacency;
  readonly #customers: Adjacency;
  readonly #peers: Adjacency;
  readonly #byOrigin = new Map<number, OriginRoutes>();

  constructor(networks: readonly AsNetwork[]) {
    const count = networks.length;
    this.#asns = networks.map(({ asn }) => asn);
    const sells: [number, number][] = [];
    const buys: [number, number][] = [];
    const exchanges: [number, number][] = [];
    networks.forEach(({ providers, peers }, network) => {
      for (const provider of providers) {
        buys.push([network, provider]);
        sells.push([provider, network]);
      }
      // Said by one of both is enough.
      for (const peer of peers) exchanges.push([network, peer], [peer, network]);
    });
    this.#providers = new Adjacency(count, buys);
    this.#customers = new Adjacency(count, sells);
    this.#peers = new Adjacency(count, exchanges);
  }

  /** How every network reaches the origin. */
  toward(origin: number): OriginRoutes {
    let routes = this.#byOrigin.get(origin);
    if (routes === undefined) {
      routes = this.#compute(origin);
      this.#byOrigin.set(origin, routes);
    }
    return routes;
  }

  #compute(origin: number): OriginRoutes {
    const count = this.#asns.length;
    const kinds = new Uint8Array(count).fill(UNREACHED);
    const next = new Int32Array(count).fill(-1);
    const lengths = new Int32Array(count);
    kinds[origin] = OWN;

    // Up: whoever has the origin among its customers, and their customers.
    let level = [origin];
    for (let length = 1; level.length > 0; length++)
      level = this.#spread(level, this.#providers, CUSTOMER, length, kinds, next, lengths);

    // Across: one step, from networks whose route is their own or a customer's.
    for (let network = 0; network < count; network++) {
      if (kinds[network] !== UNREACHED) continue;
      for (const peer of this.#peers.of(network)) {
        if (kinds[peer]! > CUSTOMER) continue;
        const better =
          next[network] === -1 || this.#prefers(peer, lengths[peer]! + 1, next[network]!, lengths[network]!);
        if (!better) continue;
        next[network] = peer;
        lengths[network] = lengths[peer]! + 1;
      }
    }
    for (let network = 0; network < count; network++) {
      if (kinds[network] === UNREACHED && next[network] !== -1) kinds[network] = PEER;
    }

    // Down: everybody tells its customers what it has; the shortest first.
    const byLength: number[][] = [];
    for (let network = 0; network < count; network++) {
      if (kinds[network] !== UNREACHED) (byLength[lengths[network]!] ??= []).push(network);
    }
    for (let length = 0; length < byLength.length; length++) {
      const reached = this.#spread(byLength[length] ?? [], this.#customers, PROVIDER, length + 1, kinds, next, lengths);
      if (reached.length > 0) (byLength[length + 1] ??= []).push(...reached);
    }
    return new OriginRoutes(kinds, next);
  }

  /** One step along `edges` from all of `level`, to networks without a route yet. @returns those */
  #spread(
    level: readonly number[],
    edges: Adjacency,
    kind: number,
    length: number,
    kinds: Uint8Array,
    next: Int32Array,
    lengths: Int32Array,
  ): number[] {
    const reached: number[] = [];
    for (const from of level) {
      for (const to of edges.of(from)) {
        if (kinds[to] === UNREACHED) {
          kinds[to] = kind;
          next[to] = from;
          lengths[to] = length;
          reached.push(to);
        } else if (kinds[to] === kind && lengths[to] === length && this.#prefers(from, length, next[to]!, length)) {
          next[to] = from;
        }
      }
    }
    return reached;
  }

  #prefers(a: number, aLength: number, b: number, bLength: number): boolean {
    return (aLength - bLength || this.#asns[a]! - this.#asns[b]! || a - b) < 0;
  }
}

/** How every network reaches one origin. */
export class OriginRoutes {
  readonly #kinds: Uint8Array;
  readonly #next: Int32Array;

  constructor(kinds: Uint8Array, next: Int32Array) {
    this.#kinds = kinds;
    this.#next = next;
  }

  /** From whom the network has its route. */
  classOf(network: number): RouteClass {
    return ROUTE_CLASSES[this.#kinds[network]!]!;
  }

  /** Whether the network tells peers, and us where we do not pay, of it: its own and its customers’ routes only. */
  isForPeers(network: number): boolean {
    return this.#kinds[network]! <= CUSTOMER;
  }

  reaches(network: number): boolean {
    return this.#kinds[network] !== UNREACHED;
  }

  /** Networks from this one to the origin, both included; null when it has no route. */
  path(network: number): number[] | null {
    if (!this.reaches(network)) return null;
    const path = [network];
    for (let at = network; this.#kinds[at] !== OWN; path.push(at)) at = this.#next[at]!;
    return path;
  }
}

/** Neighbours of each node, in one array. */
class Adjacency {
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;

  constructor(count: number, edges: readonly (readonly [from: number, to: number])[]) {
    this.#starts = new Int32Array(count + 1);
    this.#ends = new Int32Array(edges.length);
    for (const [from] of edges) this.#starts[from + 1]!++;
    for (let node = 0; node < count; node++) this.#starts[node + 1]! += this.#starts[node]!;
    const filled = this.#starts.slice();
    for (const [from, to] of edges) this.#ends[filled[from]!++] = to;
  }

  of(node: number): Int32Array {
    return this.#ends.subarray(this.#starts[node], this.#starts[node + 1]);
  }
}
