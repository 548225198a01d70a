import ConsistentHash from 'consistent-hash';
import { mix32, stableHash } from './stable-hash.ts';

/** A prime above 2^24 × a little, so that the library's modulus neither folds nor skews our points. */
const RANGE = 16_777_259;
const POINTS_PER_NODE = 160;

/**
 * Consistent hashing of keys on nodes. Points come from the stable hash of the node's name, so that every process
 * that knows the same names agrees, in whatever order it learned them; losing a node moves that node's keys only.
 */
export class HashRing {
  readonly nodes: readonly string[];
  readonly #ring = new ConsistentHash<string>({ range: RANGE });

  constructor(nodes: readonly string[]) {
    this.nodes = [...new Set(nodes)].sort(byCodeUnit);
    const taken = new Set<number>();
    for (const node of this.nodes) this.#ring.add(node, POINTS_PER_NODE, pointsOf(node, taken));
  }

  /** The nodes that should hold the key, the owner first, then who takes over when those before are down. */
  owners(keyHash: number, count: number): string[] {
    return this.#ring.get(nybbles(keyHash), count) ?? [];
  }
}

/** Plain code-unit order: what `localeCompare` would give depends on the machine. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function pointsOf(node: string, taken: Set<number>): number[] {
  const points: number[] = [];
  for (let salt = 0; points.length < POINTS_PER_NODE; salt++) {
    const point = stableHash(`${node}#${salt}`) % RANGE;
    if (taken.has(point)) continue;
    taken.add(point);
    points.push(point);
  }
  return points;
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
