import type { Cdns } from '../../topology/model/cdns.ts';
import { distanceKm } from '../../topology/model/geography.ts';
import { parsePrefix, formatAddress } from '../../topology/model/ip-address.ts';
import type { Link, Metro, Server, Topology, TopologySite } from '../../topology/model/topology.ts';
import { hardwareFor } from '../../topology/world/sizing.ts';
import { CdnFootprints, type FootprintClient } from '../../steering/policy/cdns/cdn-footprints.ts';

/** Other people's CDNs in a modelled Internet, in the place of our own sites. */
export interface CdnRehearsal {
  cdns: Cdns;
  topology: Topology;
  /** by site: the CDN's number in the file */
  cdnOfSite: ReadonlyMap<string, number>;
  /** by network/metro: its subscribers as footprints see them */
  clients: ReadonlyMap<string, FootprintClient>;
}

export type RehearsalOutcome = { kind: 'rehearsal'; rehearsal: CdnRehearsal } | { kind: 'bad'; reason: string };

/** Of a CDN without `maxBps`: so much of what all viewers together can take, so that it is never what limits them. */
const AMPLE = 1.5;
/** So that one server can be lost. */
const SERVERS_PER_SITE = 2;
const LEAST_BPS = 20e6;
/** A site fills every rendition once; the rest of its backbone is for what is on demand. */
const FILL_BPS = 1e9;
const MOST_ID = 56;

/** One exchange where a CDN stands, with the subscribers that are nearer to it than to any other. */
interface Stand {
  exchange: number;
  subscribers: number;
}

/**
 * Puts CDNs in the place of a topology's own sites: each stands at those exchanges, of where these stood, that are nearest
 * to the subscribers it serves, with `maxBps` split among them by subscribers, and is joined to networks there as we were.
 * @param demandBps what all viewers together can take
 * @param origins indices of the regions that sites are filled from
 */
export function rehearseCdns(
  cdns: Cdns,
  topology: Topology,
  demandBps: number,
  origins: readonly number[],
): RehearsalOutcome {
  const candidates = standable(topology);
  if (candidates.length === 0) {
    const reason = 'the topology has no exchange where a network has a port, so CDNs have nowhere to stand';
    return { kind: 'bad', reason };
  }
  const clients = clientsOf(topology);
  const footprints = new CdnFootprints(cdns.cdns);
  const sites: TopologySite[] = [];
  const ours = new Set(topology.sites.map(({ id }) => `site:${id}`));
  const links = topology.links.filter(({ from, to }) => !ours.has(from) && !ours.has(to));
  const cdnOfSite = new Map<string, number>();
  for (const [number, cdn] of cdns.cdns.entries()) {
    const stands = standsOf(number, topology, clients, footprints, candidates);
    if (stands.length === 0) {
      return { kind: 'bad', reason: `CDN ${cdn.id}: nobody in the topology is in its footprint` };
    }
    const all = stands.reduce((sum, { subscribers }) => sum + subscribers, 0);
    const joined = interconnects(topology, stands);
    for (const { exchange, subscribers } of stands) {
      const capacityBps = Math.max(LEAST_BPS, ((cdn.maxBps ?? AMPLE * demandBps) * subscribers) / all);
      const site = siteOf(cdn.id, number, topology, exchange, capacityBps);
      sites.push(site);
      cdnOfSite.set(site.id, number);
      links.push(...siteLinks(site, capacityBps, joined.get(exchange)!, topology, origins));
    }
  }
  const { announcements: _heard, ...rest } = topology;
  return { kind: 'rehearsal', rehearsal: { cdns, topology: { ...rest, sites, links }, cdnOfSite, clients } };
}

/** Where sites of ours stood, for networks' ports there are made for traffic; without any, wherever a network has a port. */
function standable(topology: Topology): number[] {
  const ours = new Set(topology.sites.map(({ exchange }) => exchange));
  const withPorts = topology.exchanges.flatMap(({ id }, index) => (hasNetworkPort(topology, id) ? [index] : []));
  const stood = withPorts.filter((index) => ours.has(topology.exchanges[index]!.id));
  return stood.length > 0 ? stood : withPorts;
}

function hasNetworkPort({ links }: Topology, exchange: string): boolean {
  return links.some(({ kind, from, to }) => {
    const other = from === `exchange:${exchange}` ? to : to === `exchange:${exchange}` ? from : '';
    return kind === 'peering' && other.startsWith('network:');
  });
}

/** By network/metro, with the address of one of its prefixes for footprints that are prefixes. */
function clientsOf({ access, metros, networks, prefixes }: Topology): Map<string, FootprintClient> {
  const countries = new Map(metros.map(({ id, country }) => [id, country]));
  const asns = new Map(networks.map(({ id, asn }) => [id, asn]));
  const addresses = new Map<string, string>();
  for (const { prefix, network, metro } of prefixes) {
    const parsed = parsePrefix(prefix);
    if (parsed.kind === 'prefix' && !addresses.has(`${network}/${metro}`)) {
      addresses.set(`${network}/${metro}`, formatAddress(parsed.words));
    }
  }
  return new Map(
    access.map(({ network, metro }) => {
      const place = `${network}/${metro}`;
      const known = { country: countries.get(metro)!, asn: asns.get(network)!, address: addresses.get(place) };
      return [place, known];
    }),
  );
}

/** Exchanges by whom they are nearest to, of those that the CDN serves. */
function standsOf(
  cdn: number,
  { access, metros, exchanges }: Topology,
  clients: ReadonlyMap<string, FootprintClient>,
  footprints: CdnFootprints,
  candidates: readonly number[],
): Stand[] {
  const metroOf = new Map(metros.map((metro) => [metro.id, metro]));
  const nearest = new Map<string, number>();
  const subscribersAt = new Map<number, number>();
  for (const { network, metro, subscribers } of access) {
    const { inside } = footprints.classOf(clients.get(`${network}/${metro}`)!);
    if (subscribers === 0 || !inside.some((offer) => offer.cdn === cdn)) continue;
    let at = nearest.get(metro);
    if (at === undefined) {
      at = nearestExchange(metroOf.get(metro)!, candidates, (index) => metroOf.get(exchanges[index]!.metro)!);
      nearest.set(metro, at);
    }
    subscribersAt.set(at, (subscribersAt.get(at) ?? 0) + subscribers);
  }
  return [...subscribersAt]
    .map(([exchange, subscribers]) => ({ exchange, subscribers }))
    .sort((a, b) => a.exchange - b.exchange);
}

function nearestExchange(metro: Metro, candidates: readonly number[], placeOf: (index: number) => Metro): number {
  let best = candidates[0]!;
  for (const candidate of candidates) {
    if (distanceKm(metro, placeOf(candidate)) < distanceKm(metro, placeOf(best))) best = candidate;
  }
  return best;
}

function siteOf(
  cdn: string,
  number: number,
  { exchanges }: Topology,
  exchange: number,
  capacityBps: number,
): TopologySite {
  const { id, metro } = exchanges[exchange]!;
  const named = `${cdn}-${id}`;
  const name = named.length <= MOST_ID ? named : `cdn-${number + 1}-${exchange + 1}`;
  const nicBps = Math.ceil(capacityBps / SERVERS_PER_SITE);
  const servers = Array.from({ length: SERVERS_PER_SITE }, (_, server): Server => {
    const { memoryBytes, diskBytes } = hardwareFor(nicBps, 'ix');
    // However large it is, it stands for as many machines as that takes: its processors are not what limits it.
    return {
      id: `${name}-e${server + 1}`,
      role: 'edge',
      nicBps,
      cpuCores: Math.min(4096, 16 + nicBps / 2e9),
      memoryBytes,
      diskBytes,
    };
  });
  return { id: name, metro, kind: 'ix', exchange: id, servers };
}

/** By exchange where a CDN stands: kind and far end of what it is joined to there, and how large that is. */
type Interconnects = Map<string, { kind: 'private' | 'transit'; to: string; capacityBps: number }>;

/** What sites of ours had at the same exchanges; hosts of embedded ones are joined to the nearest stand. */
function interconnects(
  { sites, links, metros, exchanges }: Topology,
  stands: readonly Stand[],
): Map<number, Interconnects> {
  const metroOf = new Map(metros.map((metro) => [metro.id, metro]));
  const siteById = new Map(sites.map((site) => [`site:${site.id}`, site]));
  const standMetro = ({ exchange }: Stand) => metroOf.get(exchanges[exchange]!.metro)!;
  const joined = new Map(stands.map(({ exchange }): [number, Interconnects] => [exchange, new Map()]));
  for (const { kind, from, to, capacityBps } of links) {
    const site = siteById.get(from) ?? siteById.get(to);
    if (site === undefined || (kind !== 'private' && kind !== 'transit')) continue;
    const network = siteById.has(from) ? to : from;
    const metro = metroOf.get(site.metro)!;
    const stand =
      site.kind === 'ix'
        ? stands.find(({ exchange }) => exchanges[exchange]!.id === site.exchange)
        : stands.toSorted((a, b) => distanceKm(standMetro(a), metro) - distanceKm(standMetro(b), metro))[0];
    if (stand === undefined) continue;
    const here = joined.get(stand.exchange)!;
    const before = here.get(`${kind} ${network}`)?.capacityBps ?? 0;
    here.set(`${kind} ${network}`, { kind, to: network, capacityBps: before + capacityBps });
  }
  return joined;
}

function siteLinks(
  { id: site, exchange }: TopologySite,
  capacityBps: number,
  joined: Interconnects,
  { regions }: Topology,
  origins: readonly number[],
): Link[] {
  const link = (id: string, kind: Link['kind'], to: string, bps: number): Link => {
    return { id, kind, from: `site:${site}`, to, capacityBps: Math.ceil(bps), pricePerMbpsMonth: 0 };
  };
  return [
    link(`port-${site}`, 'peering', `exchange:${exchange}`, capacityBps),
    ...[...joined.values()].map(({ kind, to, capacityBps: bps }) =>
      link(`${kind}-${site}-${to.slice('network:'.length)}`, kind, to, bps),
    ),
    ...origins.map((region) => {
      const { id } = regions[region]!;
      return link(`backbone-${site}-${id}`, 'backbone', `region:${id}`, Math.max(FILL_BPS, capacityBps));
    }),
  ];
}
