import { AsRoutes } from './as-routes.ts';
import { NetworkJoins, type Target } from './network-joins.ts';
import type { PrefixTable } from './prefix-table.ts';
import type { ReachedSites, SiteSorter } from './reached-sites.ts';
import { compareRoutes, DEFAULT_LOCAL_PREFERENCE, REACH_ORDER } from './route-order.ts';
import { reachOf, siteLinksOf, type SiteLink } from './site-links.ts';
import type { TopologyIndex } from './topology-index.ts';
import { REACHES, type Announcement, type DirectedLink, type Reach, type Route } from './topology.ts';
import { Way } from './way.ts';

const PEERING = REACH_ORDER.peering;

interface Tail {
  readonly asPath: readonly string[];
  readonly way: Way;
}

interface Heard {
  readonly announcement: Announcement;
  readonly site: number;
  readonly link: SiteLink;
  readonly path: readonly number[];
  /** null: all prefixes of the origin */
  readonly prefixes: ReadonlySet<number> | null;
}

/**
 * What each site heard of a network, and the routes that follow. Where the topology has announcements, those and no
 * others. Without any they follow from the relations: over a link of its own (private, or embedded in it) and at an
 * exchange a network tells of itself and its customers; over transit, of all it reaches.
 */
export class HeardRoutes {
  readonly joins: NetworkJoins;
  readonly asRoutes: AsRoutes;
  readonly #index: TopologyIndex;
  readonly #prefixes: PrefixTable;
  readonly #siteLinks: readonly SiteLink[][];
  /** by origin; null: from the relations */
  readonly #heard: ReadonlyMap<number, readonly Heard[]> | null;

  /** @param usable whether a link counts; what was heard over the others is withdrawn */
  constructor(index: TopologyIndex, prefixes: PrefixTable, usable: (link: number) => boolean) {
    this.#index = index;
    this.#prefixes = prefixes;
    this.joins = new NetworkJoins(index, usable);
    const known = (names: readonly string[]) => names.map((name) => index.networks.get(name)!);
    this.asRoutes = new AsRoutes(
      index.topology.networks.map(({ asn, providers, peers }) => ({
        asn,
        providers: known(providers),
        peers: known(peers),
      })),
    );
    this.#siteLinks = siteLinksOf(index, usable);
    this.#heard =
      index.topology.announcements === undefined ? null : this.#readAnnouncements(index.topology.announcements);
  }

  /** Whether some site heard some prefixes of this network but not all. */
  isSelective(network: number): boolean {
    return this.#heard?.get(network)?.some(({ prefixes }) => prefixes !== null) ?? false;
  }

  /**
   * Whether a site heard of the network, or of that prefix of it, without the work of finding the way.
   * @param which sites count
   */
  isHeard(network: number, prefix: number | null, which: (site: number) => boolean = () => true): boolean {
    if (this.#heard !== null) {
      const covering = prefix === null ? [] : this.#prefixes.coveringSameNetwork(prefix);
      return (this.#heard.get(network) ?? []).some(
        ({ site, prefixes }) =>
          which(site) && (prefix === null || prefixes === null || covering.some((one) => prefixes.has(one))),
      );
    }
    const origin = this.asRoutes.toward(network);
    return this.#siteLinks.some(
      (links, site) =>
        which(site) &&
        links.some((link) => {
          if (link.kind === 'exchange')
            return this.joins.portsAt(link.exchange).some((port) => origin.isForPeers(port.network));
          return link.reach === 'transit' ? origin.reaches(link.network) : origin.isForPeers(link.network);
        }),
    );
  }

  /** Whether the site has a link on which it could hear anything. */
  hasLinks(site: number): boolean {
    return this.#siteLinks[site]!.length > 0;
  }

  /**
   * Each site's best route to the target, in order of the sites.
   * @param among index of the only prefix that counts; without it all those of the target's network and `metro` do
   */
  toward(target: Target, metro: string | null, among: number | null): Route[] {
    const lengths = new PrefixLengths(this.#prefixes, target.network, metro, among);
    return this.#heard === null ? this.#byRelations(target, lengths.longest) : this.#byAnnouncements(target, lengths);
  }

  /**
   * The sites with a route to the target, the best first: those of `toward`, without the work of making the routes.
   * @returns null where announcements are given, which have preferences of their own
   */
  reached(target: Target, sorter: SiteSorter): ReachedSites | null {
    if (this.#heard !== null) return null;
    const tailOf = this.#tailsToward(target);
    sorter.clear();
    for (let site = 0; site < this.#siteLinks.length; site++) {
      let bestReach: number = REACHES.length;
      let bestLength = 0;
      let bestMs = Infinity;
      for (const link of this.#siteLinks[site]!) {
        const reach = link.kind === 'exchange' ? PEERING : REACH_ORDER[link.reach];
        if (reach > bestReach) continue;
        const tail = tailOf(link);
        if (tail === null) continue;
        const { length } = tail.asPath;
        if (reach === bestReach && length > bestLength) continue;
        const ms = link.head.msWith(tail.way);
        if (reach === bestReach && length === bestLength && ms >= bestMs) continue;
        bestReach = reach;
        bestLength = length;
        bestMs = ms;
      }
      if (bestReach < REACHES.length) sorter.add(site, bestReach, bestLength, bestMs);
    }
    return sorter.sorted();
  }

  /** What follows each link of a site, as the relations have it: null where nothing is heard over it. */
  #tailsToward(target: Target): (link: SiteLink) => Tail | null {
    const origin = this.asRoutes.toward(target.network);
    const tails = new Map<number, Tail>();
    const tailFrom = (network: number) => {
      let tail = tails.get(network);
      if (tail === undefined) tails.set(network, (tail = this.#tail(origin.path(network)!, target)));
      return tail;
    };
    const atExchange = new Map<number, Tail | null>();
    const bestAt = (exchange: number) => {
      let best = atExchange.get(exchange);
      if (best === undefined) {
        best = this.#bestPort(exchange, (network) => (origin.isForPeers(network) ? tailFrom(network) : null));
        atExchange.set(exchange, best);
      }
      return best;
    };
    return (link) => {
      if (link.kind === 'exchange') return bestAt(link.exchange);
      const told = link.reach === 'transit' ? origin.reaches(link.network) : origin.isForPeers(link.network);
      return told ? tailFrom(link.network) : null;
    };
  }

  #byRelations(target: Target, prefixLength: number): Route[] {
    const tailOf = this.#tailsToward(target);
    const routes: Route[] = [];
    this.#siteLinks.forEach((links, site) => {
      let best: Route | null = null;
      for (const link of links) {
        const tail = tailOf(link);
        if (tail === null) continue;
        const reach = reachOf(link);
        const localPreference = DEFAULT_LOCAL_PREFERENCE[reach];
        const route = new FoundRoute(link.head, tail, { site, reach, prefixLength, localPreference, med: 0 });
        if (best === null || compareRoutes(route, best) < 0) best = route;
      }
      if (best !== null) routes.push(best);
    });
    return routes;
  }

  /** Whose port an exchange's members send to: the shortest AS path, then latency, then the lowest AS number. */
  #bestPort(exchange: number, tailOf: (network: number) => Tail | null): Tail | null {
    const { networks } = this.#index.topology;
    let best: Tail | null = null;
    let bestAsn = 0;
    for (const { network, link: port } of this.joins.portsAt(exchange)) {
      const inside = tailOf(network);
      if (inside === null) continue;
      const tail = this.#throughPort(exchange, port, inside);
      const { asn } = networks[network]!;
      const order =
        best === null
          ? -1
          : tail.asPath.length - best.asPath.length || tail.way.oneWayMs - best.way.oneWayMs || asn - bestAsn;
      if (order < 0) [best, bestAsn] = [tail, asn];
    }
    return best;
  }

  #byAnnouncements(target: Target, lengths: PrefixLengths): Route[] {
    const tails = new Map<string, Tail | null>();
    const best = new Map<number, Route>();
    for (const { announcement, site, link, path, prefixes } of this.#heard!.get(target.network) ?? []) {
      const prefixLength = lengths.announced(prefixes);
      if (prefixLength === null) continue;
      const key = `${link.kind === 'exchange' ? link.exchange : ''} ${path.join(' ')}`;
      let tail = tails.get(key);
      if (tail === undefined) tails.set(key, (tail = this.#tailBehind(link, path, target)));
      if (tail === null) continue;
      const reach = reachOf(link);
      const { localPreference = DEFAULT_LOCAL_PREFERENCE[reach], med } = announcement;
      const route = new FoundRoute(link.head, tail, { site, reach, prefixLength, localPreference, med });
      const before = best.get(site);
      if (before === undefined || compareRoutes(route, before) < 0) best.set(site, route);
    }
    return [...best.values()].sort((a, b) => a.site - b.site);
  }

  /** Null when the announcer is not at the far end of the link. */
  #tailBehind(link: SiteLink, path: readonly number[], target: Target): Tail | null {
    if (link.kind === 'network') return link.network === path[0] ? this.#tail(path, target) : null;
    const port = this.joins.portOf(path[0]!, link.exchange);
    return port === undefined ? null : this.#throughPort(link.exchange, port, this.#tail(path, target));
  }

  #throughPort(exchange: number, port: DirectedLink, { asPath, way }: Tail): Tail {
    const outside = new Way(this.#index.topology.pathStretch)
      .at(this.#index.positionOf(this.#index.node('exchange', exchange))!)
      .link(port, this.#index.latencyOf(port >> 1));
    return { asPath, way: outside.append(way) };
  }

  #tail(path: readonly number[], target: Target): Tail {
    const { networks } = this.#index.topology;
    return { asPath: path.map((network) => networks[network]!.id), way: this.joins.way(path, target) };
  }

  #readAnnouncements(announcements: readonly Announcement[]): Map<number, Heard[]> {
    const byLink = new Map<string, SiteLink>();
    this.#siteLinks.forEach((links, site) => {
      for (const link of links) byLink.set(`${site} ${link.link}`, link);
    });
    const heard = new Map<number, Heard[]>();
    for (const announcement of announcements) {
      const site = this.#index.sites.get(announcement.site);
      const link = byLink.get(`${site} ${this.#index.links.get(announcement.link)}`);
      if (site === undefined || link === undefined) continue;
      const path = announcement.asPath.map((name) => this.#index.networks.get(name)!);
      const prefixes = announcement.prefixes && this.#prefixes.indexesOf(announcement.prefixes);
      const origin = path.at(-1)!;
      const entry: Heard = { announcement, site, link, path, prefixes: prefixes ?? null };
      const others = heard.get(origin);
      if (others === undefined) heard.set(origin, [entry]);
      else others.push(entry);
    }
    return heard;
  }
}

/** A route whose links are put together when first asked for: most routes of a large world never are. */
class FoundRoute implements Route {
  readonly site: number;
  readonly reach: Reach;
  readonly prefixLength: number;
  readonly localPreference: number;
  readonly asPath: readonly string[];
  readonly med: number;
  readonly oneWayMs: number;
  readonly #head: Way;
  readonly #tail: Way;
  #links: readonly DirectedLink[] | null = null;

  constructor(head: Way, tail: Tail, told: Omit<Route, 'links' | 'oneWayMs' | 'asPath'>) {
    this.site = told.site;
    this.reach = told.reach;
    this.prefixLength = told.prefixLength;
    this.localPreference = told.localPreference;
    this.asPath = tail.asPath;
    this.med = told.med;
    this.oneWayMs = head.msWith(tail.way);
    this.#head = head;
    this.#tail = tail.way;
  }

  get links(): readonly DirectedLink[] {
    return (this.#links ??= [...this.#head.links, ...this.#tail.links]);
  }
}

/** The longest prefix that a site heard and that covers what is asked for. */
class PrefixLengths {
  /** when all prefixes were heard; 0 for subscribers without any */
  readonly longest: number;
  readonly #table: PrefixTable;
  /** indexes of prefixes that cover something asked for, the longest first */
  readonly #covering: readonly number[];

  constructor(table: PrefixTable, network: number, metro: string | null, among: number | null) {
    this.#table = table;
    const all = among === null ? table.of(network, metro) : [among];
    // Lengths of the two families do not compare: what has both is ranked by IPv4.
    const ipv4 = all.filter((prefix) => table.isIpv4(prefix));
    const asked = ipv4.length > 0 ? ipv4 : all;
    this.longest = asked.reduce((longest, prefix) => Math.max(longest, table.lengthOf(prefix)), 0);
    const covering = new Set(asked.flatMap((prefix) => table.coveringSameNetwork(prefix)));
    this.#covering = [...covering].sort((a, b) => table.lengthOf(b) - table.lengthOf(a) || a - b);
  }

  /** @returns null when none of the heard prefixes covers it */
  announced(prefixes: ReadonlySet<number> | null): number | null {
    if (prefixes === null) return this.longest;
    const heard = this.#covering.find((prefix) => prefixes.has(prefix));
    return heard === undefined ? null : this.#table.lengthOf(heard);
  }
}
