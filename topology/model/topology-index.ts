import type { Position } from './site.ts';
import type { Link, Topology } from './topology.ts';

export const PLACE_KINDS = ['site', 'region', 'exchange', 'network', 'access'] as const;
export type PlaceKind = (typeof PLACE_KINDS)[number];

/**
 * Names → indexes, once. What links may end at are nodes of one numbering: sites first (a site's node is its index),
 * then regions, exchanges, networks, accesses. Of several with one name the first counts; `check` speaks of the others.
 */
export class TopologyIndex {
  readonly topology: Topology;
  readonly metros: ReadonlyMap<string, number>;
  readonly networks: ReadonlyMap<string, number>;
  readonly exchanges: ReadonlyMap<string, number>;
  readonly regions: ReadonlyMap<string, number>;
  readonly sites: ReadonlyMap<string, number>;
  /** by `<network>/<metro>` */
  readonly accesses: ReadonlyMap<string, number>;
  readonly links: ReadonlyMap<string, number>;
  /** Nodes at the links' ends; -1 for a name that nothing has. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** first node of each kind, and after the last one the number of nodes */
  readonly #starts: readonly number[];
  readonly #metroOfNode: Int32Array;

  constructor(topology: Topology) {
    this.topology = topology;
    const { metros, networks, exchanges, regions, sites, access, links } = topology;
    this.metros = indexesOf(metros);
    this.networks = indexesOf(networks);
    this.exchanges = indexesOf(exchanges);
    this.regions = indexesOf(regions);
    this.sites = indexesOf(sites);
    this.accesses = indexesOf(access.map(({ network, metro }) => ({ id: `${network}/${metro}` })));
    this.links = indexesOf(links);
    const starts = [0];
    for (const { length } of [sites, regions, exchanges, networks, access]) starts.push(starts.at(-1)! + length);
    this.#starts = starts;
    this.#metroOfNode = new Int32Array(this.nodeCount).fill(-1);
    const place = (kind: PlaceKind, placed: readonly { metro: string }[]) =>
      placed.forEach(({ metro }, index) => (this.#metroOfNode[this.node(kind, index)] = this.metros.get(metro) ?? -1));
    place('site', sites);
    place('exchange', exchanges);
    place('access', access);
    this.from = Int32Array.from(links, (link) => this.nodeAt(link.from));
    this.to = Int32Array.from(links, (link) => this.nodeAt(link.to));
  }

  get nodeCount(): number {
    return this.#starts[PLACE_KINDS.length]!;
  }

  node(kind: PlaceKind, index: number): number {
    return this.#starts[PLACE_KINDS.indexOf(kind)]! + index;
  }

  /** @param endpoint such as `site:fra`; @returns -1 for a name that nothing has */
  nodeAt(endpoint: string): number {
    const colon = endpoint.indexOf(':');
    const kind = endpoint.slice(0, colon) as PlaceKind;
    const index = this.namesOf(kind).get(endpoint.slice(colon + 1));
    return index === undefined ? -1 : this.node(kind, index);
  }

  namesOf(kind: PlaceKind): ReadonlyMap<string, number> {
    switch (kind) {
      case 'site':
        return this.sites;
      case 'region':
        return this.regions;
      case 'exchange':
        return this.exchanges;
      case 'network':
        return this.networks;
      case 'access':
        return this.accesses;
    }
  }

  kindOf(node: number): PlaceKind {
    let kind = 0;
    while (node >= this.#starts[kind + 1]!) kind++;
    return PLACE_KINDS[kind]!;
  }

  /** Index among its kind. */
  indexIn(kind: PlaceKind, node: number): number {
    return node - this.#starts[PLACE_KINDS.indexOf(kind)]!;
  }

  /** Networks are everywhere, and have none. */
  positionOf(node: number): Position | null {
    const metro = this.#metroOfNode[node]!;
    if (metro >= 0) return this.topology.metros[metro]!;
    return this.kindOf(node) === 'region' ? this.topology.regions[this.indexIn('region', node)]! : null;
  }

  latencyOf(link: number): Link['latencyMs'] {
    return this.topology.links[link]!.latencyMs;
  }
}

function indexesOf(named: readonly { id: string }[]): Map<string, number> {
  const indexes = new Map<string, number>();
  named.forEach(({ id }, index) => {
    if (!indexes.has(id)) indexes.set(id, index);
  });
  return indexes;
}
