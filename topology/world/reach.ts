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
  readonly #tiers = new Map<number, ReachTier[]>();

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

  /** Tiers of the sites that reach a network’s subscribers; a site is in its best tier only. */
  of(network: number): readonly ReachTier[] {
    let tiers = this.#tiers.get(network);
    if (tiers === undefined) this.#tiers.set(network, (tiers = this.#tiersOf(network)));
    return tiers;
  }

  #tiersOf(network: number): ReachTier[] {
    const above = this.#above(network);
    const seen = new Set<number>();
    const tiers: ReachTier[] = [];
    const add = (links: ReadonlyMap<number, string[]>, direct: boolean) => {
      const sites = [...links.keys()].filter((site) => !seen.has(site)).sort((a, b) => a - b);
      sites.forEach((site) => seen.add(site));
      if (sites.length > 0) tiers.push({ sites, direct, linksFrom: (site) => [...new Set(links.get(site))] });
    };
    const levels = [...Map.groupBy(above, ([, hops]) => hops)].sort(([a], [b]) => a - b);
    for (const sitesOf of [this.#embedded, this.#private]) {
      for (const [, level] of levels) {
        const links = new Map<number, string[]>();
        for (const [neighbour] of level) {
          for (const site of sitesOf.get(neighbour) ?? []) {
            append(links, site, [
              linkNames.private(this.#sites[site]!.id, this.#networks[neighbour]!.id),
              ...this.#down(neighbour, above),
            ]);
          }
        }
        add(links, true);
      }
    }
    for (const [, level] of levels) {
      const links = new Map<number, string[]>();
      for (const [neighbour] of level) {
        const { id, exchanges } = this.#networks[neighbour]!;
        for (const exchange of exchanges) {
          const rest = [linkNames.networkPort(id, this.#exchanges[exchange]!.code), ...this.#down(neighbour, above)];
          for (const site of this.#atExchange[exchange]!) {
            append(links, site, [linkNames.sitePort(this.#sites[site]!.id), ...rest]);
          }
        }
      }
      add(links, true);
    }
    for (const [, links] of this.#overTransit(above)) add(links, false);
    return tiers;
  }

  /** By length of the way. */
  #overTransit(above: ReadonlyMap<number, number>): [number, Map<number, string[]>][] {
    const byLength = new Map<number, Map<number, string[]>>();
    const ways = new Map<number, { length: number; links: string[] }>();
    for (const site of this.#exchangeSites) {
      for (const carrier of this.#sites[site]!.transits) {
        let way = ways.get(carrier);
        if (way === undefined) ways.set(carrier, (way = this.#wayFrom(carrier, above)));
        const links = byLength.get(way.length) ?? new Map<number, string[]>();
        byLength.set(way.length, links);
        append(links, site, [linkNames.siteTransit(this.#sites[site]!.id, this.#networks[carrier]!.id), ...way.links]);
      }
    }
    return [...byLength].sort(([a], [b]) => a - b);
  }

  /** From a carrier down to its customer, or across to a peer and down from there. */
  #wayFrom(carrier: number, above: ReadonlyMap<number, number>): { length: number; links: string[] } {
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

  /** The network, whom it buys from, whom they buy from, …: each with its least distance. */
  #above(network: number): Map<number, number> {
    const above = new Map([[network, 0]]);
    // A Map’s iteration takes in what is added meanwhile.
    for (const [at, hops] of above) {
      for (const provider of this.#networks[at]!.providers) if (!above.has(provider)) above.set(provider, hops + 1);
    }
    return above;
  }

  /** Links of all shortest ways from one of `above` down to the network. */
  #down(from: number, above: ReadonlyMap<number, number>): string[] {
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

function append(map: Map<number, string[]>, key: number, values: readonly string[]): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [...values]);
  else list.push(...values);
}
