import { distanceKm } from './geography.ts';
import type { Position } from './site.ts';
import type { TopologyIndex } from './topology-index.ts';
import type { DirectedLink } from './topology.ts';
import { Way } from './way.ts';

/** Where a way ends: the last link, out of the last network, and where that link leads. */
export interface Target {
  readonly network: number;
  readonly link: DirectedLink;
  readonly position: Position;
}

/** A network's port at an exchange; of several there, the first. */
export interface Port {
  readonly network: number;
  /** from the exchange to the network */
  readonly link: DirectedLink;
}

/**
 * How networks are joined. Two that have links of their own use the one that states the least latency (none counts as
 * 0; then the first); else they meet at the exchange, of those where both have a port, that is nearest to the target
 * (then the first), for whoever sends there keeps the traffic that far; else, for want of a link in the topology, they
 * are joined without one, and nothing limits what passes.
 */
export class NetworkJoins {
  readonly #index: TopologyIndex;
  readonly #direct = new Map<number, DirectedLink>();
  /** by exchange, in order of the file */
  readonly #ports: readonly Port[][];
  /** by network, then by exchange */
  readonly #exchanges: readonly Map<number, DirectedLink>[];

  constructor(index: TopologyIndex, usable: (link: number) => boolean) {
    this.#index = index;
    const { networks, exchanges, links } = index.topology;
    this.#ports = exchanges.map(() => []);
    this.#exchanges = networks.map(() => new Map<number, DirectedLink>());
    for (let link = 0; link < links.length; link++) {
      if (links[link]!.kind === 'access' || links[link]!.kind === 'backbone' || !usable(link)) continue;
      const [from, to] = [index.from[link]!, index.to[link]!];
      const [fromKind, toKind] = [index.kindOf(from), index.kindOf(to)];
      if (fromKind === 'network' && toKind === 'network') {
        this.#addDirect(index.indexIn('network', from), index.indexIn('network', to), 2 * link);
      } else if (fromKind === 'network' && toKind === 'exchange') {
        this.#addPort(index.indexIn('network', from), index.indexIn('exchange', to), 2 * link + 1);
      } else if (fromKind === 'exchange' && toKind === 'network') {
        this.#addPort(index.indexIn('network', to), index.indexIn('exchange', from), 2 * link);
      }
    }
  }

  portsAt(exchange: number): readonly Port[] {
    return this.#ports[exchange]!;
  }

  portOf(network: number, exchange: number): DirectedLink | undefined {
    return this.#exchanges[network]!.get(exchange);
  }

  /** Whether the topology has something that joins the two. */
  areJoined(a: number, b: number): boolean {
    return (
      this.#direct.has(this.#pair(a, b)) || [...this.#exchanges[a]!.keys()].some((at) => this.#exchanges[b]!.has(at))
    );
  }

  /** From the first network of the path (the target's network is its last) to the target. */
  way(path: readonly number[], target: Target): Way {
    const way = new Way(this.#index.topology.pathStretch);
    for (let at = 0; at + 1 < path.length; at++) {
      // A network that names itself several times makes its path longer, not its way.
      if (path[at] !== path[at + 1]) this.#join(way, path[at]!, path[at + 1]!, target.position);
    }
    return way.link(target.link, this.#index.latencyOf(target.link >> 1)).at(target.position);
  }

  #join(way: Way, from: number, to: number, toward: Position): void {
    const direct = this.#direct.get(this.#pair(from, to));
    if (direct !== undefined) {
      way.link(direct, this.#index.latencyOf(direct >> 1));
      return;
    }
    const exchange = this.#commonExchange(from, to, toward);
    if (exchange < 0) {
      way.gap();
      return;
    }
    const [out, back] = [this.#exchanges[from]!.get(exchange)! ^ 1, this.#exchanges[to]!.get(exchange)!];
    way
      .link(out, this.#index.latencyOf(out >> 1))
      .at(this.#positionOf(exchange))
      .link(back, this.#index.latencyOf(back >> 1));
  }

  #commonExchange(a: number, b: number, toward: Position): number {
    let [best, bestKm] = [-1, Infinity];
    for (const exchange of this.#exchanges[a]!.keys()) {
      if (!this.#exchanges[b]!.has(exchange)) continue;
      const km = distanceKm(this.#positionOf(exchange), toward);
      if (km < bestKm || (km === bestKm && exchange < best)) [best, bestKm] = [exchange, km];
    }
    return best;
  }

  #positionOf(exchange: number): Position {
    return this.#index.positionOf(this.#index.node('exchange', exchange))!;
  }

  #pair(from: number, to: number): number {
    return from * this.#exchanges.length + to;
  }

  #addDirect(from: number, to: number, link: DirectedLink): void {
    const latency = this.#index.latencyOf(link >> 1) ?? 0;
    const before = this.#direct.get(this.#pair(from, to));
    if (before !== undefined && (this.#index.latencyOf(before >> 1) ?? 0) <= latency) return;
    this.#direct.set(this.#pair(from, to), link);
    this.#direct.set(this.#pair(to, from), link ^ 1);
  }

  #addPort(network: number, exchange: number, link: DirectedLink): void {
    if (this.#exchanges[network]!.has(exchange)) return;
    this.#exchanges[network]!.set(exchange, link);
    this.#ports[exchange]!.push({ network, link });
  }
}
