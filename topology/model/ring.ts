import ConsistentHash from 'consistent-hash';
import { mix32, stableHash } from './stable-hash.ts';

/** A prime above 2^24 × a little, so that the library's modulus neither folds nor skews our points. */
const RANGE = 16_777_259;
const POINTS_PER_NODE = 160;

/**
 * Consistent hashing of keys on nodes. Points come from the stable hash of the node's name, so that every process
 * that knows the same names agrees, in whatever order it learned them; losing a node moves that node's keys only, to
 * those who were named after it.
 */
export class HashRing {
  readonly nodes: readonly string[];
  /** a point that several nodes want belongs to all of them, by name: else one's loss would move a third one's keys */
  readonly #ring = new ConsistentHash<string | readonly string[]>({ range: RANGE });
  readonly #sharesPoints: boolean;

  constructor(nodes: readonly string[]) {
    this.nodes = [...new Set(nodes)].sort(byCodeUnit);
    const points = this.nodes.map(pointsOf);
    const shared = sharedPoints(this.nodes, points);
    this.#sharesPoints = shared.size > 0;
    for (const [index, node] of this.nodes.entries()) {
      this.#ring.add(
        node,
        POINTS_PER_NODE,
        points[index]!.filter((point) => !shared.has(point)),
      );
    }
    for (const [point, holders] of shared) this.#ring.add(holders, 1, [point]);
  }

  /** The nodes that should hold the key, the owner first, then who takes over when those before are down. */
  owners(keyHash: number, count: number): string[] {
    const name = nybbles(keyHash);
    if (!this.#sharesPoints) return (this.#ring.get(name, count) ?? []) as string[];
    const wanted = Math.min(count, this.nodes.length);
    for (let asked = count; ; asked++) {
      const owners = [...new Set((this.#ring.get(name, asked) ?? []).flat())];
      // A node that came once for itself and once with others leaves one too few.
      if (owners.length >= wanted) return owners.slice(0, count);
    }
  }
}

/**
 * The ring of a few nodes cut into equal arcs, each with the nodes in the order in which its keys belong to them. For those
 * who ask for many keys: one sweep over the ring's points costs less than looking up some tens of keys.
 * @param most nodes that are named for an arc
 * @returns by arc: indices into `nodes`, as they were given; equal orders are one object
 */
export function ringArcs(nodes: readonly string[], arcs: number, most: number): Int32Array[] {
  const { points, nodeOf } = sortedPoints(nodes);
  const wanted = Math.min(most, nodes.length);
  const orders = new OrderTable(nodes.length, wanted);
  const order = new Int32Array(wanted);
  let first = 0;
  return Array.from({ length: arcs }, (_, arc) => {
    const from = (arc / arcs) * RANGE;
    while (first < points.length && points[first]! < from) first++;
    let found = 0;
    for (let next = first; found < wanted; next++) {
      const node = nodeOf[next < points.length ? next : next % points.length]!;
      let before = 0;
      while (before < found && order[before] !== node) before++;
      if (before === found) order[found++] = node;
    }
    return orders.same(order);
  });
}

/** All points of all nodes in order. One that several want is in the order of their names, so that the loss of one changes nothing for the others. */
function sortedPoints(nodes: readonly string[]): { points: Float64Array; nodeOf: Int32Array } {
  const byName = nodes.map((_name, node) => node).sort((a, b) => byCodeUnit(nodes[a]!, nodes[b]!));
  // Point and place by name in one number: numbers are sorted much faster than pairs.
  const packed = Float64Array.from(
    byName.flatMap((node, place) => pointsOf(nodes[node]!).map((point) => point * nodes.length + place)),
  ).sort();
  return {
    points: packed.map((both) => Math.floor(both / nodes.length)),
    nodeOf: Int32Array.from(packed, (both) => byName[both % nodes.length]!),
  };
}

/** Orders of nodes, each kept once. */
class OrderTable {
  readonly #orders = new Map<number | string, Int32Array>();
  readonly #nodes: number;
  /** a number has room for an order */
  readonly #fits: boolean;

  constructor(nodes: number, length: number) {
    this.#nodes = nodes;
    this.#fits = nodes ** length < Number.MAX_SAFE_INTEGER;
  }

  same(order: Int32Array): Int32Array {
    const name = this.#fits ? order.reduce((number, node) => number * this.#nodes + node, 0) : order.join();
    let kept = this.#orders.get(name);
    if (kept === undefined) this.#orders.set(name, (kept = order.slice()));
    return kept;
  }
}

/** Plain code-unit order: what `localeCompare` would give depends on the machine. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function pointsOf(node: string): number[] {
  const points = new Set<number>();
  for (let salt = 0; salt < POINTS_PER_NODE; salt++) points.add(stableHash(`${node}#${salt}`) % RANGE);
  return [...points];
}

/** Points that more than one node has, and whose they are. */
function sharedPoints(nodes: readonly string[], points: readonly (readonly number[])[]): Map<number, string[]> {
  const holders = new Map<number, string[]>();
  const taken = new Map<number, number>();
  for (const [index, node] of nodes.entries()) {
    for (const point of points[index]!) {
      const first = taken.get(point);
      if (first === undefined) taken.set(point, index);
      else if (holders.get(point)?.push(node) === undefined) holders.set(point, [nodes[first]!, node]);
    }
  }
  return holders;
}

/**
 * The library hashes a name four bits a character; one character a nybble hands it 24 well mixed bits
 * instead of the digits of a number, whose nybbles never reach ten.
 */
function nybbles(keyHash: number): string {
  const mixed = mix32(keyHash);
  let text = '';
  for (let shift = 0; shift < 24; shift += 4) text += String.fromCharCode(0x40 | ((mixed >>> shift) & 15));
  return text;
}
