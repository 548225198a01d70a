import { AsRoutes } from './as-routes.ts';
import { NetworkJoins, type Target } from './network-joins.ts';
import type { PrefixTable } from './prefix-table.ts';
import { compareRoutes, DEFAULT_LOCAL_PREFERENCE } from './route-order.ts';
import type { TopologyIndex } from './topology-index.ts';
import type { Announcement, DirectedLink, Reach, Route } from './topology.ts';
import { Way } from './way.ts';

/** What a site's own link leads to. */
type SiteLink =
  | { kind: 'network'; link: DirectedLink; network: number; reach: Exclude<Reach, 'peering'> }
  | { kind: 'exchange'; link: DirectedLink; exchange: number };

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

  #byRelations(target: Target, prefixLength: number): Route[] {
    const origin = this.asRoutes.toward(target.network);
    const tails = new Map<number, Tail>();
    const tailFrom = (network: number) => {
      let tail = tails.get(network);
      if (tail === undefined) tails.set(network, (tail = this.#tail(origin.path(network)!, target)));
      return tail;
    };
    const atExchange = new Map<number, { port: DirectedLink; tail: Tail } | null>();
    const bestAt = (exchange: number) => {
      let best = atExchange.get(exchange);
      if (best === undefined) {
        atExchange.set(
          exchange,
          (best = this.#bestPort(exchange, (network) => (origin.isForPeers(network) ? tailFrom(network) : null))),
        );
      }
      return best;
    };

    const routes: Route[] = [];
    this.#siteLinks.forEach((links, site) => {
      let best: Route | null = null;
      for (const link of links) {
        let found: { port: DirectedLink | null; tail: Tail } | null = null;
        if (link.kind === 'exchange') found = bestAt(link.exchange);
        else if (link.reach === 'transit' ? origin.reaches(link.network) : origin.isForPeers(link.network)) {
          found = { port: null, tail: tailFrom(link.network) };
        }
        if (found === null) continue;
        const reach = link.kind === 'exchange' ? 'peering' : link.reach;
        const route = this.#route(site, link, found.port, found.tail, { prefixLength, reach });
        if (best === null || compareRoutes(route, best) < 0) best = route;
      }
      if (best !== null) routes.push(best);
    });
    return routes;
  }

  /** Whose port an exchange's members send to: the shortest AS path, then latency, then the lowest AS number. */
  #bestPort(exchange: number, tailOf: (network: number) => Tail | null): { port: DirectedLink; tail: Tail } | null {
    const { networks } = this.#index.topology;
    let best: { port: DirectedLink; tail: Tail; ms: number; asn: number } | null = null;
    for (const { network, link: port } of this.joins.portsAt(exchange)) {
      const tail = tailOf(network);
      if (tail === null) continue;
      const ms = this.#fromExchange(new Way(this.#index.topology.pathStretch), exchange, port).msWith(tail.way);
      const { asn } = networks[network]!;
      const order = best === null ? -1 : tail.asPath.length - best.tail.asPath.length || ms - best.ms || asn - best.asn;
      if (order < 0) best = { port, tail, ms, asn };
    }
    return best;
  }

  #byAnnouncements(target: Target, lengths: PrefixLengths): Route[] {
    const tails = new Map<string, Tail>();
    const best = new Map<number, Route>();
    for (const { announcement, site, link, path, prefixes } of this.#heard!.get(target.network) ?? []) {
      const prefixLength = lengths.announced(prefixes);
      if (prefixLength === null) continue;
      const port = link.kind === 'exchange' ? this.joins.portOf(path[0]!, link.exchange) : null;
      if (port === undefined || (link.kind === 'network' && link.network !== path[0])) continue;
      const key = path.join(' ');
      let tail = tails.get(key);
      if (tail === undefined) tails.set(key, (tail = this.#tail(path, target)));
      const { localPreference, med } = announcement;
      const reach = link.kind === 'exchange' ? 'peering' : link.reach;
      const route = this.#route(site, link, port, tail, { prefixLength, reach, localPreference, med });
      const before = best.get(site);
      if (before === undefined || compareRoutes(route, before) < 0) best.set(site, route);
    }
    return [...best.values()].sort((a, b) => a.site - b.site);
  }

  #route(
    site: number,
    link: SiteLink,
    port: DirectedLink | null,
    { asPath, way: tail }: Tail,
    told: { prefixLength: number; reach: Reach; localPreference?: number | undefined; med?: number },
  ): Route {
    const head = new Way(this.#index.topology.pathStretch)
      .at(this.#index.positionOf(this.#index.node('site', site))!)
      .link(link.link, this.#index.latencyOf(link.link >> 1));
    if (link.kind === 'exchange') this.#fromExchange(head, link.exchange, port!);
    return {
      site,
      reach: told.reach,
      prefixLength: told.prefixLength,
      localPreference: told.localPreference ?? DEFAULT_LOCAL_PREFERENCE[told.reach],
      asPath,
      med: told.med ?? 0,
      links: [...head.links, ...tail.links],
      oneWayMs: head.msWith(tail),
    };
  }

  #fromExchange(way: Way, exchange: number, port: DirectedLink): Way {
    const position = this.#index.positionOf(this.#index.node('exchange', exchange))!;
    return way.at(position).link(port, this.#index.latencyOf(port >> 1));
  }

  #tail(path: readonly number[], target: Target): Tail {
    const { networks } = this.#index.topology;
    return { asPath: path.map((network) => networks[network]!.id), way: this.joins.way(path, target) };
  }

  #readAnnouncements(announcements: readonly Announcement[]): Map<number, Heard[]> {
    const byLink = new Map<string, SiteLink>();
    this.#siteLinks.forEach((links, site) => {
      for (const link of links) byLink.set(`${site} ${link.link >> 1}`, link);
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

function siteLinksOf(index: TopologyIndex, usable: (link: number) => boolean): SiteLink[][] {
  const { sites, links } = index.topology;
  const siteLinks: SiteLink[][] = sites.map(() => []);
  links.forEach(({ kind }, link) => {
    if (kind === 'access' || kind === 'backbone' || !usable(link)) return;
    const [from, to] = [index.from[link]!, index.to[link]!];
    const fromSite = index.kindOf(from) === 'site';
    if (fromSite === (index.kindOf(to) === 'site')) return;
    const [site, far, directed] = fromSite ? [from, to, 2 * link] : [to, from, 2 * link + 1];
    const farKind = index.kindOf(far);
    const own = siteLinks[site]!;
    if (farKind === 'exchange' && kind === 'peering') {
      own.push({ kind: 'exchange', link: directed, exchange: index.indexIn('exchange', far) });
    } else if (farKind === 'network' && kind !== 'peering') {
      const network = index.indexIn('network', far);
      const { kind: siteKind, network: host } = sites[site]!;
      const embedded = siteKind === 'embedded' && host === index.topology.networks[network]!.id;
      const reach = kind === 'transit' ? 'transit' : embedded ? 'embedded' : 'private';
      own.push({ kind: 'network', link: directed, network, reach });
    }
  });
  return siteLinks;
}
