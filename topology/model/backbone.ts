import type { TopologyIndex } from './topology-index.ts';
import type { DirectedLink } from './topology.ts';
import { latencyMs } from './way.ts';

/** Least latencies from a start to every site and region over our own links, and the last link on the way to each. */
export interface Spread {
  /** Infinity: not reached */
  readonly ms: Float64Array;
  /** -1 where a way starts */
  readonly via: Int32Array;
}

/** Our own links between sites and regions, as a graph (nodes as in TopologyIndex: sites, then regions). */
export class Backbone {
  readonly #count: number;
  /** by node: directed links that leave it */
  readonly #leaving: DirectedLink[][];
  readonly #ends: readonly [from: Int32Array, to: Int32Array];
  readonly #linkMs = new Map<number, number>();

  /** @param usable whether a link counts; the others are taken as cut */
  constructor(index: TopologyIndex, usable: (link: number) => boolean) {
    const { sites, regions, links, pathStretch } = index.topology;
    this.#count = sites.length + regions.length;
    this.#leaving = Array.from({ length: this.#count }, () => []);
    this.#ends = [index.from, index.to];
    links.forEach(({ kind, latencyMs: stated }, link) => {
      const [from, to] = [index.from[link]!, index.to[link]!];
      if (kind !== 'backbone' || from >= this.#count || to >= this.#count || !usable(link)) return;
      this.#leaving[from]!.push(2 * link);
      this.#leaving[to]!.push(2 * link + 1);
      this.#linkMs.set(link, stated ?? latencyMs(index.positionOf(from)!, index.positionOf(to)!, pathStretch));
    });
  }

  /** Dijkstra's algorithm. Equal ways: the one found first, nodes being taken by latency, then number. */
  spread(starts: readonly (readonly [node: number, ms: number])[]): Spread {
    const ms = new Float64Array(this.#count).fill(Infinity);
    const via = new Int32Array(this.#count).fill(-1);
    const done = new Uint8Array(this.#count);
    const heap = new NodeHeap();
    for (const [node, startMs] of starts) {
      if (startMs >= ms[node]!) continue;
      ms[node] = startMs;
      heap.push(startMs, node);
    }
    for (let node = heap.pop(); node >= 0; node = heap.pop()) {
      if (done[node] === 1) continue;
      done[node] = 1;
      for (const directed of this.#leaving[node]!) {
        const next = this.endOf(directed);
        const nextMs = ms[node]! + this.#linkMs.get(directed >> 1)!;
        if (nextMs >= ms[next]!) continue;
        ms[next] = nextMs;
        via[next] = directed;
        heap.push(nextMs, next);
      }
    }
    return { ms, via };
  }

  /** The node a directed link leads to. */
  endOf(directed: DirectedLink): number {
    return this.#ends[1 - (directed & 1)]![directed >> 1]!;
  }

  startOf(directed: DirectedLink): number {
    return this.#ends[directed & 1]![directed >> 1]!;
  }

  /** @returns the links to `node` in order, and the start they come from */
  trace({ via }: Spread, node: number): { start: number; links: DirectedLink[] } {
    const links: DirectedLink[] = [];
    let at = node;
    for (; via[at] !== -1; at = this.startOf(via[at]!)) links.push(via[at]!);
    return { start: at, links: links.reverse() };
  }
}

/** Binary heap by milliseconds, then node. */
class NodeHeap {
  readonly #ms: number[] = [];
  readonly #nodes: number[] = [];

  push(ms: number, node: number): void {
    let at = this.#ms.length;
    this.#ms.push(ms);
    this.#nodes.push(node);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** @returns the node, or -1 when there is none */
  pop(): number {
    if (this.#ms.length === 0) return -1;
    this.#swap(0, this.#ms.length - 1);
    this.#ms.pop();
    const node = this.#nodes.pop()!;
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#ms.length && this.#before(child, least)) least = child;
      }
      if (least === at) return node;
      this.#swap(at, least);
      at = least;
    }
  }

  #before(a: number, b: number): boolean {
    return this.#ms[a]! < this.#ms[b]! || (this.#ms[a] === this.#ms[b] && this.#nodes[a]! < this.#nodes[b]!);
  }

  #swap(a: number, b: number): void {
    [this.#ms[a], this.#ms[b]] = [this.#ms[b]!, this.#ms[a]!];
    [this.#nodes[a], this.#nodes[b]] = [this.#nodes[b]!, this.#nodes[a]!];
  }
}
