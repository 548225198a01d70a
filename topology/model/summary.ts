import { parsePrefix } from './ip-address.ts';
import type { Routing } from './routing.ts';
import { REACHES, type Link, type Reach, type Topology } from './topology.ts';

/** How many of the largest are listed. */
const MOST_LISTED = 10;

/** What a topology amounts to. Rates are of one direction. */
export interface TopologySummary {
  name: string;
  synthetic: boolean;
  counts: {
    metros: number;
    countries: number;
    networks: { isp: number; transit: number; cdn: number };
    exchanges: number;
    regions: number;
    sites: { ix: number; embedded: number };
    servers: { edge: number; shield: number };
    prefixes: { ipv4: number; ipv6: number };
    /** null: they follow from the networks' relations */
    announcements: number | null;
  };
  subscribers: number;
  /** NICs of the edge servers, by the kind of their site */
  servingBps: { ix: number; embedded: number };
  links: Record<Link['kind'], { count: number; capacityBps: number }>;
  /** shares of the subscribers, 0 to 1, by the reach of their best route; `none`: no site has a route */
  reachShares: Record<Reach | 'none', number>;
  /** by what their sites can send, the largest first */
  countries: { country: string; sites: number; servingBps: number; subscribers: number }[];
  /** by subscribers, the largest first */
  isps: {
    id: string;
    name: string;
    country: string | null;
    subscribers: number;
    reach: Reach | 'none';
    oneWayMs: number | null;
  }[];
}

/** The reach of an ISP is that of most of its subscribers; its latency their mean over their best routes. */
export function summarize(routing: Routing): TopologySummary {
  const { topology } = routing;
  const { metros, networks, exchanges, regions, sites, prefixes, announcements } = topology;
  const kinds = count(
    networks.map(({ kind }) => kind),
    ['isp', 'transit', 'cdn'],
  );
  const servers = sites.flatMap((site) => site.servers);
  const subscribers = topology.access.reduce((sum, access) => sum + access.subscribers, 0);
  const { reachShares, isps } = reaches(routing, subscribers);
  return {
    name: topology.name,
    synthetic: topology.synthetic,
    counts: {
      metros: metros.length,
      countries: new Set(metros.map(({ country }) => country)).size,
      networks: kinds,
      exchanges: exchanges.length,
      regions: regions.length,
      sites: count(
        sites.map(({ kind }) => kind),
        ['ix', 'embedded'],
      ),
      servers: count(
        servers.map(({ role }) => role),
        ['edge', 'shield'],
      ),
      prefixes: count(
        prefixes.map(({ prefix }) => familyOf(prefix)),
        ['ipv4', 'ipv6'],
      ),
      announcements: announcements?.length ?? null,
    },
    subscribers,
    servingBps: {
      ix: sum(sites.filter(({ kind }) => kind === 'ix').map(servingBps)),
      embedded: sum(sites.filter(({ kind }) => kind === 'embedded').map(servingBps)),
    },
    links: linkTotals(topology),
    reachShares,
    countries: countriesOf(topology),
    isps,
  };
}

/** What a site's edge servers can send. */
export function servingBps({ servers }: Topology['sites'][number]): number {
  return sum(servers.map(({ role, nicBps }) => (role === 'edge' ? nicBps : 0)));
}

function reaches(routing: Routing, total: number): Pick<TopologySummary, 'reachShares' | 'isps'> {
  const { access, networks } = routing.topology;
  const byReach: Record<Reach | 'none', number> = { embedded: 0, private: 0, peering: 0, transit: 0, none: 0 };
  const byNetwork = new Map<string, { lines: Record<Reach | 'none', number>; linesMs: number }>();
  for (const { network, metro, subscribers } of access) {
    const best = routing.bestRouteTo(network, metro);
    const reach = best?.reach ?? 'none';
    byReach[reach] += subscribers;
    let own = byNetwork.get(network);
    if (own === undefined) {
      own = { lines: { embedded: 0, private: 0, peering: 0, transit: 0, none: 0 }, linesMs: 0 };
      byNetwork.set(network, own);
    }
    own.lines[reach] += subscribers;
    own.linesMs += subscribers * (best?.oneWayMs ?? 0);
  }
  const isps = networks.flatMap(({ id, name, country }) => {
    const own = byNetwork.get(id);
    if (own === undefined) return [];
    const subscribers = sum(Object.values(own.lines));
    const served = subscribers - own.lines.none;
    const reach = [...REACHES, 'none' as const].reduce((most, next) =>
      own.lines[next] > own.lines[most] ? next : most,
    );
    const oneWayMs = served > 0 ? own.linesMs / served : null;
    return [{ id, name: name ?? id, country: country ?? null, subscribers, reach, oneWayMs }];
  });
  const shares = Object.entries(byReach).map(([reach, lines]) => [reach, total === 0 ? 0 : lines / total]);
  return {
    reachShares: Object.fromEntries(shares) as TopologySummary['reachShares'],
    isps: isps.sort((a, b) => b.subscribers - a.subscribers || (a.id < b.id ? -1 : 1)).slice(0, MOST_LISTED),
  };
}

function linkTotals({ links }: Topology): TopologySummary['links'] {
  const totals = Object.fromEntries(
    (['access', 'peering', 'private', 'transit', 'backbone'] as const).map((kind) => [
      kind,
      { count: 0, capacityBps: 0 },
    ]),
  ) as TopologySummary['links'];
  for (const { kind, capacityBps } of links) {
    totals[kind].count++;
    totals[kind].capacityBps += capacityBps;
  }
  return totals;
}

function countriesOf({ metros, sites, access }: Topology): TopologySummary['countries'] {
  const countryOf = new Map(metros.map(({ id, country }) => [id, country]));
  const rows = new Map<string, TopologySummary['countries'][number]>();
  const row = (metro: string) => {
    const country = countryOf.get(metro)!;
    let found = rows.get(country);
    if (found === undefined) rows.set(country, (found = { country, sites: 0, servingBps: 0, subscribers: 0 }));
    return found;
  };
  for (const site of sites) {
    row(site.metro).sites++;
    row(site.metro).servingBps += servingBps(site);
  }
  for (const { metro, subscribers } of access) row(metro).subscribers += subscribers;
  return [...rows.values()]
    .sort((a, b) => b.servingBps - a.servingBps || b.subscribers - a.subscribers || (a.country < b.country ? -1 : 1))
    .slice(0, MOST_LISTED);
}

function familyOf(prefix: string): 'ipv4' | 'ipv6' {
  const parsed = parsePrefix(prefix);
  return parsed.kind === 'prefix' && parsed.words.length === 1 ? 'ipv4' : 'ipv6';
}

function count<Kind extends string>(values: readonly Kind[], kinds: readonly Kind[]): Record<Kind, number> {
  const counts = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>;
  for (const value of values) counts[value]++;
  return counts;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
