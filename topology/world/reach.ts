import { linkNames } from './link-names.ts';
import type { ExchangePlan, NetworkPlan, SitePlan } from './plan.ts';

/** Sites that reach a network equally well but for the distance, and the links that their bytes may take. */
export interface ReachTier {
  readonly sites: readonly number[];
  /** not by way of a carrier that we pay */
  readonly direct: boolean;
  /** where equal ways part, each way’s links: any of them may carry all */
  linksFrom(site: number): readonly string[];
}

/** A network and all above it: whom it buys from, whom they buy from, …; each with its least distance. */
type Above = ReadonlyMap<number, number>;
/** By site, links that its bytes may take, in lists that are shared. */
type Ways = Map<number, (readonly string[])[]>;

/**
 * Which sites reach which network, best first: embedded, private interconnect, exchange, transit; then fewer networks on
 * the way. Between equal ones the distance decides, which depends on the metro. The same rules as topology/model/routing,
 * for whole networks at once; a test compares the two.
 */
export class ReachTiers {
  readonly #networks: readonly NetworkPlan[];
  readonly #sites: readonly SitePlan[];
  readonly #exchanges: readonly ExchangePlan[];
  readonly #embedded: ReadonlyMap<number, number[]>;
  readonly #private = new Map<number, number[]>();
  readonly #atExchange: number[][];
  readonly #exchangeSites: number[];
  /** Of the network last asked for alone: whoever asks goes network by network, and all together are large. */
  #known: { network: number; tiers: ReachTier[]; more: Generator<ReachTier> } | null = null;

  constructor(networks: readonly NetworkPlan[], sites: readonly SitePlan[], exchanges: readonly ExchangePlan[]) {
    this.#networks = networks;
    this.#sites = sites;
    this.#exchanges = exchanges;
    this.#exchangeSites = sites.flatMap(({ kind }, site) => (kind === 'ix' ? [site] : []));
    this.#atExchange = exchanges.map(() => []);
    for (const site of this.#exchangeSites) this.#atExchange[sites[site]!.exchange]!.push(site);
    const embedded = sites.flatMap(({ kind }, site) => (kind === 'embedded' ? [site] : []));
    this.#embedded = Map.groupBy(embedded, (site) => sites[site]!.host);
    sites.forEach(({ privates }, site) => {
      for (const network of privates) this.#private.set(network, [...(this.#private.get(network) ?? []), site]);
    });
  }

  /** Tiers of the sites that reach a network’s subscribers; a site is in its best tier only. Found as they are asked for. */
  *of(network: number): Generator<ReachTier> {
    if (this.#known?.network !== network) this.#known = { network, tiers: [], more: this.#tiersOf(network) };
    const known = this.#known;
    for (let at = 0; ; at++) {
      if (at === known.tiers.length) {
        const next = known.more.next();
        if (next.done === true) return;
        known.tiers.push(next.value);
      }
      yield known.tiers[at]!;
    }
  }

  *#tiersOf(network: number): Generator<ReachTier> {
    const above = this.#above(network);
    const levels = [...Map.groupBy(above, ([, hops]) => hops)]
      .sort(([a], [b]) => a - b)
      .map(([, level]) => level.map(([neighbour]) => neighbour));
    const seen = new Set<number>();
    for (const { ways, direct } of this.#bestFirst(levels, above)) {
      const sites = [...ways.keys()].filter((site) => !seen.has(site)).sort((a, b) => a - b);
      sites.forEach((site) => seen.add(site));
      if (sites.length > 0) yield { sites, direct, linksFrom: (site) => [...new Set(ways.get(site)!.flat())] };
    }
  }

  *#bestFirst(levels: readonly number[][], above: Above): Generator<{ ways: Ways; direct: boolean }> {
    for (const sitesOf of [this.#embedded, this.#private]) {
      for (const level of levels) {
        const ways: Ways = new Map();
        for (const neighbour of level) {
          const rest = this.#down(neighbour, above);
          const { id } = this.#networks[neighbour]!;
          for (const site of sitesOf.get(neighbour) ?? []) {
            append(ways, site, [linkNames.private(this.#sites[site]!.id, id)], rest);
          }
        }
        yield { ways, direct: true };
      }
    }
    for (const level of levels) {
      const ways: Ways = new Map();
      for (const neighbour of level) {
        const { id, exchanges } = this.#networks[neighbour]!;
        const down = this.#down(neighbour, above);
        for (const exchange of exchanges) {
          const rest = [linkNames.networkPort(id, this.#exchanges[exchange]!.code), ...down];
          for (const site of this.#atExchange[exchange]!) {
            append(ways, site, [linkNames.sitePort(this.#sites[site]!.id)], rest);
          }
        }
      }
      yield { ways, direct: true };
    }
    for (const [, ways] of this.#overTransit(above)) yield { ways, direct: false };
  }

  /** By length of the way. */
  #overTransit(above: Above): [number, Ways][] {
    const byLength = new Map<number, Ways>();
    const known = new Map<number, { length: number; links: string[] }>();
    for (const site of this.#exchangeSites) {
      for (const carrier of this.#sites[site]!.transits) {
        let way = known.get(carrier);
        if (way === undefined) known.set(carrier, (way = this.#wayFrom(carrier, above)));
        const ways = byLength.get(way.length) ?? (new Map() as Ways);
        byLength.set(way.length, ways);
        const first = linkNames.siteTransit(this.#sites[site]!.id, this.#networks[carrier]!.id);
        append(ways, site, [first], way.links);
      }
    }
    return [...byLength].sort(([a], [b]) => a - b);
  }

  /** From a carrier down to its customer, or across to a peer and down from there. */
  #wayFrom(carrier: number, above: Above): { length: number; links: string[] } {
    const own = above.get(carrier);
    if (own !== undefined) return { length: own, links: this.#down(carrier, above) };
    const { id, peers } = this.#networks[carrier]!;
    const over = [...peers].filter((peer) => above.has(peer));
    const least = Math.min(...over.map((peer) => above.get(peer)!));
    const links = over
      .filter((peer) => above.get(peer) === least)
      .flatMap((peer) => [linkNames.mesh(id, this.#networks[peer]!.id), ...this.#down(peer, above)]);
    return { length: least + 1, links };
  }

  #above(network: number): Map<number, number> {
    const above = new Map([[network, 0]]);
    // A Map’s iteration takes in what is added meanwhile.
    for (const [at, hops] of above) {
      for (const provider of this.#networks[at]!.providers) if (!above.has(provider)) above.set(provider, hops + 1);
    }
    return above;
  }

  /** Links of all shortest ways from one of `above` down to the network. */
  #down(from: number, above: Above): string[] {
    const links: string[] = [];
    let level = [from];
    for (let hops = above.get(from)!; hops > 0; hops--) {
      const below = new Set<number>();
      for (const [customer, distance] of above) {
        if (distance !== hops - 1) continue;
        for (const provider of level) {
          if (!this.#networks[customer]!.providers.includes(provider)) continue;
          links.push(linkNames.networkTransit(this.#networks[customer]!.id, this.#networks[provider]!.id));
          below.add(customer);
        }
      }
      level = [...below];
    }
    return links;
  }
}

function append(ways: Ways, site: number, ...links: (readonly string[])[]): void {
  const list = ways.get(site);
  if (list === undefined) ways.set(site, links);
  else list.push(...links);
}
