import { Backbone, type Spread } from './backbone.ts';
import { HeardRoutes } from './heard-routes.ts';
import type { AddressWords } from './ip-address.ts';
import type { Target } from './network-joins.ts';
import { PrefixTable } from './prefix-table.ts';
import { SiteSorter, type ReachedSites } from './reached-sites.ts';
import { compareRoutes, REACH_ORDER } from './route-order.ts';
import { stableHash } from './stable-hash.ts';
import { TopologyIndex } from './topology-index.ts';
import type { Path, Route, Topology } from './topology.ts';
import { reversed, Way } from './way.ts';

export { compareRoutes } from './route-order.ts';

/** What the longest prefix that covers an address says of it. */
export interface Location {
  readonly network: string;
  readonly metro: string;
  readonly prefixLength: number;
}

export interface RoutingOptions {
  /** whether a link (by index) works; one that does not is gone, with all that was heard over it */
  readonly isUsable?: (link: number) => boolean;
}

/**
 * Which way bytes go in a topology: from each site to the subscribers of each network and metro, and between our own
 * sites and regions. Everything is computed when first asked for, and kept. The topology must be free of errors
 * (`check`).
 */
export class Routing {
  readonly index: TopologyIndex;
  readonly #prefixes: PrefixTable;
  readonly #heard: HeardRoutes;
  readonly #backbone: Backbone;
  readonly #isUsable: (link: number) => boolean;
  readonly #siteHashes: readonly number[];
  /** by access: the directed link from its network */
  readonly #accessLinks = new Map<number, number>();
  /** by embedded site: the directed link from its host */
  readonly #hostLinks = new Map<number, number>();
  #sorter: SiteSorter | null = null;
  readonly #routes = new Map<string, readonly Route[]>();
  readonly #spreads = new Map<number, Spread>();
  readonly #fills = new Map<string, Path | null>();

  /** @throws Error when a reference leads to nothing */
  constructor(topology: Topology, { isUsable = () => true }: RoutingOptions = {}) {
    this.index = new TopologyIndex(topology);
    throwIfDangling(this.index);
    this.#isUsable = isUsable;
    this.#prefixes = new PrefixTable(this.index);
    this.#heard = new HeardRoutes(this.index, this.#prefixes, isUsable);
    this.#backbone = new Backbone(this.index, isUsable);
    this.#siteHashes = topology.sites.map(({ id }) => stableHash(id));
    this.#findLastLinks();
  }

  get topology(): Topology {
    return this.index.topology;
  }

  /** The network and metro of an address's subscribers; null for an address of no prefix, and for a text that is none. */
  locate(address: string): Location | null {
    const at = this.#prefixes.find(address);
    if (at < 0) return null;
    const { network, metro } = this.topology.prefixes[at]!;
    return { network, metro, prefixLength: this.#prefixes.lengthOf(at) };
  }

  /** @returns index of the longest prefix of the topology that covers an address; -1: none does */
  prefixOf(words: AddressWords): number {
    return this.#prefixes.lookup(words);
  }

  /**
   * For each site that reaches the subscribers of a network in a metro its best route; the best site first.
   * `prefixLength` is that of the longest prefix of theirs that the site heard, of IPv4 where they have any; 0 when they
   * have none.
   * Empty for a pair that the topology does not have.
   */
  routesTo(network: string, metro: string): readonly Route[] {
    return this.#routesTo(network, metro, null);
  }

  /** The same, not kept: routes of a large world take gigabytes. */
  findRoutesTo(network: string, metro: string): readonly Route[] {
    const target = this.#targetOf(network, metro);
    return target === null ? [] : this.#find(target, metro, null);
  }

  /** The sites of `routesTo` in the same order. Not kept: for those who keep what they make of it. */
  sitesTo(network: string, metro: string): ReachedSites {
    const target = this.#targetOf(network, metro);
    if (target === null) return { sites: new Uint16Array(0), reaches: new Uint8Array(0) };
    const reached = this.#heard.reached(target, (this.#sorter ??= new SiteSorter(this.#siteHashes)));
    if (reached !== null) return reached;
    const routes = this.#find(target, metro, null);
    return {
      sites: Uint16Array.from(routes, ({ site }) => site),
      reaches: Uint8Array.from(routes, ({ reach }) => REACH_ORDER[reach]),
    };
  }

  /** The first of `routesTo`, for those who look at many pairs once each: the others are not kept. */
  bestRouteTo(network: string, metro: string): Route | null {
    const target = this.#targetOf(network, metro);
    if (target === null) return null;
    return this.#heard
      .toward(target, metro, null)
      .reduce<Route | null>((best, route) => (best === null || this.compare(route, best) < 0 ? route : best), null);
  }

  /** The same for one address: what counts is the prefix that covers it. Empty for an address of no prefix. */
  routesFor(address: string): readonly Route[] {
    const at = this.#prefixes.find(address);
    if (at < 0) return [];
    const { network, metro } = this.topology.prefixes[at]!;
    return this.#routesTo(network, metro, at);
  }

  /** @returns null when the site heard no prefix that covers the address: it may not serve it */
  routeFor(site: number, address: string): Route | null {
    return this.routesFor(address).find((route) => route.site === site) ?? null;
  }

  /** The better route first; equal ones by the stable hash of their sites. */
  compare(a: Route, b: Route): number {
    return compareRoutes(a, b) || this.#siteHashes[a.site]! - this.#siteHashes[b.site]! || a.site - b.site;
  }

  /**
   * The way of bytes from one site to another: of least latency over the backbone. An embedded site is reached through
   * its host, from the other site or the exchange site on the way that makes it shortest. Null: there is none.
   */
  fillPath(fromSite: number, toSite: number): Path | null {
    return this.#fill(this.index.node('site', fromSite), toSite);
  }

  /** @param region index of a region */
  fillPathFromRegion(region: number, site: number): Path | null {
    return this.#fill(this.index.node('region', region), site);
  }

  /** Whether any site heard of this network, or of that prefix of the topology’s. */
  isHeard(network: string, prefix: number | null = null): boolean {
    return this.#heard.isHeard(this.index.networks.get(network)!, prefix);
  }

  /** Whether the site is joined to any network or exchange. */
  hasNeighbours(site: number): boolean {
    return this.#heard.hasLinks(site);
  }

  /** Whether the topology has a link or exchange that joins two networks. */
  areJoined(a: string, b: string): boolean {
    return this.#heard.joins.areJoined(this.index.networks.get(a)!, this.index.networks.get(b)!);
  }

  /** Sites that a region can fill, by `fillPathFromRegion`, without the work of finding all the ways. */
  fillableSites(): boolean[] {
    const { sites, regions } = this.topology;
    const spread = this.#backbone.spread(regions.map((_region, index) => [this.index.node('region', index), 0]));
    const onBackbone = (site: number) => spread.ms[site]! < Infinity;
    const hosts = new Map<string, boolean>();
    return sites.map(({ kind, network }, site) => {
      if (onBackbone(site) || kind === 'ix') return onBackbone(site);
      if (!this.#hostLinks.has(site)) return false;
      let heard = hosts.get(network!);
      if (heard === undefined) {
        const host = this.index.networks.get(network!)!;
        heard = this.#heard.isHeard(host, null, (other) => sites[other]!.kind === 'ix' && onBackbone(other));
        hosts.set(network!, heard);
      }
      return heard;
    });
  }

  #routesTo(network: string, metro: string, prefix: number | null): readonly Route[] {
    const target = this.#targetOf(network, metro);
    if (target === null) return [];
    // Where all prefixes were heard, those of one length have one list.
    const selective = prefix !== null && this.#heard.isSelective(target.network);
    const which = prefix === null ? '' : selective ? `p${prefix}` : `l${this.#prefixes.lengthOf(prefix)}`;
    const key = `${target.link} ${which}`;
    let routes = this.#routes.get(key);
    if (routes === undefined) {
      routes = this.#find(target, metro, prefix);
      this.#routes.set(key, routes);
    }
    return routes;
  }

  #find(target: Target, metro: string, prefix: number | null): readonly Route[] {
    return this.#heard.toward(target, metro, prefix).sort((a, b) => this.compare(a, b));
  }

  #targetOf(network: string, metro: string): Target | null {
    const access = this.index.accesses.get(`${network}/${metro}`);
    const link = access === undefined ? undefined : this.#accessLinks.get(access);
    if (access === undefined || link === undefined) return null;
    const position = this.index.positionOf(this.index.node('access', access))!;
    return { network: this.index.networks.get(network)!, link, position };
  }

  /** Routes of exchange sites into an embedded site, through its host. */
  #routesInto(site: number): readonly Route[] {
    const link = this.#hostLinks.get(site);
    if (link === undefined) return [];
    const key = `into ${site}`;
    let routes = this.#routes.get(key);
    if (routes === undefined) {
      const target = this.#insideHost(site, link);
      const { sites } = this.topology;
      routes = this.#heard.toward(target, null, null).filter((route) => sites[route.site]!.kind === 'ix');
      this.#routes.set(key, routes);
    }
    return routes;
  }

  #insideHost(site: number, link: number): Target {
    const network = this.index.networks.get(this.topology.sites[site]!.network!)!;
    return { network, link, position: this.index.positionOf(site)! };
  }

  #fill(fromNode: number, toSite: number): Path | null {
    if (fromNode === toSite) return { links: [], oneWayMs: 0 };
    const key = `${fromNode} ${toSite}`;
    let path = this.#fills.get(key);
    if (path === undefined) {
      path = this.#findFill(fromNode, toSite);
      this.#fills.set(key, path);
    }
    return path;
  }

  #findFill(fromNode: number, toSite: number): Path | null {
    const spread = this.#spreadFrom(fromNode);
    let best: { oneWayMs: number; links: () => number[] } | null = null;
    const offer = (oneWayMs: number, links: () => number[]) => {
      if (oneWayMs < (best?.oneWayMs ?? Infinity)) best = { oneWayMs, links };
    };
    offer(spread.ms[toSite]!, () => this.#wayTo(fromNode, spread, toSite));
    const inside = this.#insideOneHost(fromNode, toSite);
    if (inside !== null) offer(inside.oneWayMs, () => inside.links);
    for (const route of this.#routesInto(toSite)) {
      offer(spread.ms[route.site]! + route.oneWayMs, () => [
        ...this.#wayTo(fromNode, spread, route.site),
        ...route.links,
      ]);
    }
    const found = best as { oneWayMs: number; links: () => number[] } | null;
    return found === null ? null : { links: found.links(), oneWayMs: found.oneWayMs };
  }

  /** From one embedded site to another of the same host. */
  #insideOneHost(fromNode: number, toSite: number): Way | null {
    const [out, back] = [this.#hostLinks.get(fromNode), this.#hostLinks.get(toSite)];
    const { sites, pathStretch } = this.topology;
    if (out === undefined || back === undefined || sites[fromNode]!.network !== sites[toSite]!.network) return null;
    return new Way(pathStretch)
      .at(this.index.positionOf(fromNode)!)
      .link(out ^ 1, this.index.latencyOf(out >> 1))
      .link(back, this.index.latencyOf(back >> 1))
      .at(this.index.positionOf(toSite)!);
  }

  #spreadFrom(node: number): Spread {
    let spread = this.#spreads.get(node);
    if (spread === undefined) {
      const starts: [number, number][] = [[node, 0]];
      for (const route of this.#routesInto(node)) starts.push([route.site, route.oneWayMs]);
      spread = this.#backbone.spread(starts);
      this.#spreads.set(node, spread);
    }
    return spread;
  }

  /** Over the backbone; for an embedded start first out of its host. */
  #wayTo(fromNode: number, spread: Spread, node: number): number[] {
    const { start, links } = this.#backbone.trace(spread, node);
    if (start === fromNode) return links;
    const into = this.#routesInto(fromNode).find(({ site }) => site === start)!;
    return [...reversed(into.links), ...links];
  }

  #findLastLinks(): void {
    const { links, sites } = this.topology;
    links.forEach(({ kind }, link) => {
      if ((kind !== 'access' && kind !== 'private') || !this.#isUsable(link)) return;
      const [from, to] = [this.index.from[link]!, this.index.to[link]!];
      for (const [network, end, directed] of [
        [from, to, 2 * link],
        [to, from, 2 * link + 1],
      ] as const) {
        if (this.index.kindOf(network) !== 'network') continue;
        const { id } = this.topology.networks[this.index.indexIn('network', network)]!;
        if (kind === 'access' && this.index.kindOf(end) === 'access') {
          setFirst(this.#accessLinks, this.index.indexIn('access', end), directed);
        } else if (kind === 'private' && this.index.kindOf(end) === 'site' && sites[end]!.kind === 'embedded') {
          if (sites[end]!.network === id) setFirst(this.#hostLinks, end, directed);
        }
      }
    });
  }
}

function setFirst(map: Map<number, number>, key: number, value: number): void {
  if (!map.has(key)) map.set(key, value);
}

function throwIfDangling(index: TopologyIndex): void {
  const fail = (what: string, name: string) => {
    throw new Error(`${what}: nothing is called ${name}`);
  };
  const { topology } = index;
  topology.links.forEach(({ id, from, to }, link) => {
    if (index.from[link]! < 0) fail(`link ${id}`, from);
    if (index.to[link]! < 0) fail(`link ${id}`, to);
  });
  for (const { id, providers, peers } of topology.networks) {
    for (const name of [...providers, ...peers]) if (!index.networks.has(name)) fail(`network ${id}`, name);
  }
  for (const { id, metro } of [...topology.sites, ...topology.exchanges]) {
    if (!index.metros.has(metro)) fail(id, metro);
  }
  for (const { network, metro } of topology.access) {
    if (!index.networks.has(network)) fail('access', network);
    if (!index.metros.has(metro)) fail('access', metro);
  }
  for (const { site, asPath } of topology.announcements ?? []) {
    for (const name of asPath) if (!index.networks.has(name)) fail(`announcement at ${site}`, name);
  }
}
