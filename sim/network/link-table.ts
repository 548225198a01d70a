/** Fields of a link in `doubles`: one cache line. Rates and capacities are bits per second. */
export const LINK_DOUBLES = 8;
export const CAPACITY = 0;
/** carried now, by all flows */
export const CARRIED = 1;
/** carried until SINCE, in bits per second times milliseconds: 8000 of them are a byte */
export const AMOUNT = 2;
export const SINCE = 3;
/** rate per weight of the flows this link holds back; Infinity while it holds back none */
export const LEVEL = 4;
/** while solving: a region link's new rate, another's change of rate */
export const TENTATIVE = 5;
/** while solving: what is left for each unit of weight that is still open */
export const SHARE = 6;

/** What rounding may put a link above its capacity without anyone being slowed, relative. */
const ROUNDING = 1e-12;
const NONE = -1;

/** Fields of a node in `nodes`. */
export const NODE_INTS = 2;
export const FOLLOWING = 0;
const PRECEDING = 1;

/**
 * Links: capacity, the rate they carry, bytes since the beginning, and which groups of flows cross them.
 * A place of a group's path is a node, `group << shift | place`. Each link has a list of nodes, threaded through them:
 * entering and leaving touch less memory than in an array of one's own.
 */
export class LinkTable {
  readonly count: number;
  readonly doubles: Float64Array;
  /** the first node of each link, −1 for none */
  readonly heads: Int32Array;
  nodes: Int32Array;
  /** nodes of a group: 1 << shift */
  shift = 2;

  /** @throws RangeError on a capacity that is negative or not finite */
  constructor(capacitiesBps: ArrayLike<number>, groupsMax: number) {
    this.count = capacitiesBps.length;
    this.doubles = new Float64Array(this.count * LINK_DOUBLES);
    this.heads = new Int32Array(this.count).fill(NONE);
    this.nodes = new Int32Array((groupsMax << this.shift) * NODE_INTS);
    for (let link = 0; link < this.count; link++) {
      this.doubles[link * LINK_DOUBLES + CAPACITY] = checkedCapacity(capacitiesBps[link]!);
      this.doubles[link * LINK_DOUBLES + LEVEL] = Infinity;
    }
  }

  /** Whether it can carry so much more and holds nobody back. */
  hasRoom(link: number, moreBps: number): boolean {
    const { doubles } = this;
    const at = link * LINK_DOUBLES;
    return doubles[at + LEVEL] === Infinity && doubles[at + CARRIED]! + moreBps <= roomOf(doubles[at + CAPACITY]!);
  }

  /** Carries so much more, or less, from now on. */
  change(link: number, moreBps: number, nowMs: number): void {
    const { doubles } = this;
    const at = link * LINK_DOUBLES;
    const carried = doubles[at + CARRIED]!;
    doubles[at + AMOUNT]! += carried * (nowMs - doubles[at + SINCE]!);
    doubles[at + SINCE] = nowMs;
    doubles[at + CARRIED] = carried + moreBps;
  }

  bytes(link: number, nowMs: number): number {
    const { doubles } = this;
    const at = link * LINK_DOUBLES;
    return (doubles[at + AMOUNT]! + doubles[at + CARRIED]! * (nowMs - doubles[at + SINCE]!)) / 8000;
  }

  enter(link: number, node: number): void {
    const { heads, nodes } = this;
    const following = heads[link]!;
    nodes[node * NODE_INTS + FOLLOWING] = following;
    nodes[node * NODE_INTS + PRECEDING] = NONE;
    if (following !== NONE) nodes[following * NODE_INTS + PRECEDING] = node;
    heads[link] = node;
  }

  /** A link that nobody crosses carries nothing, to the last bit: rounding does not add up. */
  leave(link: number, node: number): void {
    const { heads, nodes } = this;
    const following = nodes[node * NODE_INTS + FOLLOWING]!;
    const preceding = nodes[node * NODE_INTS + PRECEDING]!;
    if (following !== NONE) nodes[following * NODE_INTS + PRECEDING] = preceding;
    if (preceding !== NONE) nodes[preceding * NODE_INTS + FOLLOWING] = following;
    else {
      heads[link] = following;
      if (following === NONE) this.doubles[link * LINK_DOUBLES + CARRIED] = 0;
    }
  }

  /** Makes room for so many groups, with paths of so many links. */
  fit(groupsMax: number, linksMax: number): void {
    const before = this.shift;
    while (1 << this.shift < linksMax) this.shift++;
    const { shift, nodes: old } = this;
    const nodes = new Int32Array((groupsMax << shift) * NODE_INTS);
    const moved = (node: number): number =>
      node === NONE ? NONE : ((node >> before) << shift) | (node & ((1 << before) - 1));
    for (let link = 0; link < this.count; link++) {
      for (let node = this.heads[link]!; node !== NONE; node = old[node * NODE_INTS + FOLLOWING]!) {
        nodes[moved(node) * NODE_INTS + FOLLOWING] = moved(old[node * NODE_INTS + FOLLOWING]!);
        nodes[moved(node) * NODE_INTS + PRECEDING] = moved(old[node * NODE_INTS + PRECEDING]!);
      }
      this.heads[link] = moved(this.heads[link]!);
    }
    this.nodes = nodes;
  }
}

export function roomOf(capacityBps: number): number {
  return capacityBps * (1 + ROUNDING);
}

export function checkedCapacity(capacityBps: number): number {
  if (!(capacityBps >= 0 && capacityBps < Infinity)) throw new RangeError(`a capacity of ${capacityBps} bit/s`);
  return capacityBps;
}
