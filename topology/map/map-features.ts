import { servingBps } from '../model/summary.ts';
import { TopologyIndex } from '../model/topology-index.ts';
import type { Metro, Topology } from '../model/topology.ts';
import type { Position } from '../model/site.ts';

export type SiteKind = Topology['sites'][number]['kind'];
export type ArcKind = 'backbone' | 'interconnect';

/** Sites of one kind in one metro. */
export interface SiteSpot {
  readonly metro: Metro;
  readonly kind: SiteKind;
  readonly sites: number;
  readonly servers: number;
  readonly bps: number;
}

/** Links of one kind between two places. */
export interface Arc {
  readonly kind: ArcKind;
  readonly from: Position;
  readonly to: Position;
  readonly names: string;
  readonly links: number;
  readonly bps: number;
}

export interface MapFeatures {
  /** the largest first */
  readonly spots: readonly SiteSpot[];
  /** the largest first */
  readonly arcs: readonly Arc[];
  readonly subscribers: readonly { readonly metro: Metro; readonly lines: number }[];
}

/**
 * What a topology has that can be drawn: everything summed by metro, or pair of metros. A network is drawn where most
 * of its subscribers are; one without any, as a carrier, has no place, and neither has what leads to it.
 */
export function mapFeatures(topology: Topology): MapFeatures {
  const index = new TopologyIndex(topology);
  const { metros } = topology;
  const lines = metros.map(() => 0);
  const homes = new Map<string, { metro: number; subscribers: number }>();
  for (const { network, metro, subscribers } of topology.access) {
    const at = index.metros.get(metro)!;
    lines[at]! += subscribers;
    const home = homes.get(network);
    if (home === undefined || subscribers > home.subscribers) homes.set(network, { metro: at, subscribers });
  }
  return {
    spots: spotsOf(topology, index),
    arcs: arcsOf(topology, index, (network) => homes.get(network)?.metro ?? null),
    subscribers: metros.flatMap((metro, at) => (lines[at]! > 0 ? [{ metro, lines: lines[at]! }] : [])),
  };
}

function spotsOf({ sites, metros }: Topology, index: TopologyIndex): SiteSpot[] {
  const spots = new Map<string, { -readonly [Key in keyof SiteSpot]: SiteSpot[Key] }>();
  for (const site of sites) {
    const key = `${site.metro} ${site.kind}`;
    let spot = spots.get(key);
    if (spot === undefined) {
      spot = { metro: metros[index.metros.get(site.metro)!]!, kind: site.kind, sites: 0, servers: 0, bps: 0 };
      spots.set(key, spot);
    }
    spot.sites++;
    spot.servers += site.servers.length;
    spot.bps += servingBps(site);
  }
  return [...spots.values()].sort((a, b) => b.bps - a.bps);
}

function arcsOf(topology: Topology, index: TopologyIndex, homeOf: (network: string) => number | null): Arc[] {
  const { metros, regions, links } = topology;
  const arcs = new Map<string, { -readonly [Key in keyof Arc]: Arc[Key] }>();
  const placeOf = (endpoint: string): { key: string; name: string; position: Position } | null => {
    const [kind, id] = endpoint.split(':') as [string, string];
    if (kind === 'region') {
      const region = regions[index.regions.get(id)!]!;
      return { key: endpoint, name: region.name ?? id, position: region };
    }
    const metro = kind === 'network' ? homeOf(id) : index.metros.get(metroOf(topology, index, kind, id) ?? '');
    if (metro === null || metro === undefined) return null;
    return { key: `metro:${metro}`, name: metros[metro]!.name ?? metros[metro]!.id, position: metros[metro]! };
  };
  for (const { kind, from, to, capacityBps } of links) {
    if (kind === 'access' || kind === 'transit') continue;
    const ends = [placeOf(from), placeOf(to)];
    if (ends[0] === null || ends[1] === null || ends[0]!.key === ends[1]!.key) continue;
    const [a, b] = ends.sort((one, other) => (one!.key < other!.key ? -1 : 1)) as [
      NonNullable<(typeof ends)[0]>,
      NonNullable<(typeof ends)[0]>,
    ];
    const arcKind = kind === 'backbone' ? 'backbone' : 'interconnect';
    const key = `${arcKind} ${a.key} ${b.key}`;
    let arc = arcs.get(key);
    if (arc === undefined) {
      arc = { kind: arcKind, from: a.position, to: b.position, names: `${a.name} – ${b.name}`, links: 0, bps: 0 };
      arcs.set(key, arc);
    }
    arc.links++;
    arc.bps += capacityBps;
  }
  return [...arcs.values()].sort((a, b) => b.bps - a.bps);
}

function metroOf(topology: Topology, index: TopologyIndex, kind: string, id: string): string | undefined {
  if (kind === 'site') return topology.sites[index.sites.get(id)!]!.metro;
  return kind === 'exchange' ? topology.exchanges[index.exchanges.get(id)!]!.metro : undefined;
}
