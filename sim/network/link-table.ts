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
const FIRST_LIST = 4;

/**
 * Links: capacity, the rate they carry, bytes since the beginning, and which groups of flows cross them.
 * A place of a group's path is a node, `group << shift | place`; each link has a list of nodes, each node knows where
 * in the list it stands.
 */
export class LinkTable {
  readonly count: number;
  readonly doubles: Float64Array;
  readonly lists: Int32Array[] = [];
  readonly lengths: Int32Array;
  #places: Int32Array;
  /** nodes of a group: 1 << shift */
  shift = 2;

  /** @throws RangeError on a capacity that is negative or not finite */
  constructor(capacitiesBps: ArrayLike<number>, groupsMax: number) {
    this.count = capacitiesBps.length;
    this.doubles = new Float64Array(this.count * LINK_DOUBLES);
    this.lengths = new Int32Array(this.count);
    this.#places = new Int32Array(groupsMax << this.shift);
    for (let link = 0; link < this.count; link++) {
      this.doubles[link * LINK_DOUBLES + CAPACITY] = checkedCapacity(capacitiesBps[link]!);
      this.doubles[link * LINK_DOUBLES + LEVEL] = Infinity;
      this.lists.push(new Int32Array(FIRST_LIST));
    }
  }

  /** Whether it can carry so much more and holds nobody back. */
  hasRoom(link: number, moreBps: number): boolean {
    const { doubles } = this;
    const at = link * LINK_DOUBLES;
    return doubles[at + LEVEL]! === Infinity && doubles[at + CARRIED]! + moreBps <= roomOf(doubles[at + CAPACITY]!);
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
    let list = this.lists[link]!;
    const length = this.lengths[link]!++;
    if (length === list.length) {
      list = new Int32Array(length * 2);
      list.set(this.lists[link]!);
      this.lists[link] = list;
    }
    list[length] = node;
    this.#places[node] = length;
  }

  /** A link that nobody crosses carries nothing, to the last bit: rounding does not add up. */
  leave(link: number, node: number): void {
    const list = this.lists[link]!;
    const length = --this.lengths[link]!;
    const place = this.#places[node]!;
    const last = list[length]!;
    list[place] = last;
    this.#places[last] = place;
    if (length === 0) this.doubles[link * LINK_DOUBLES + CARRIED] = 0;
  }

  /** Makes room for so many groups, with paths of so many links. */
  fit(groupsMax: number, linksMax: number): void {
    let shift = this.shift;
    while (1 << shift < linksMax) shift++;
    const places = new Int32Array(groupsMax << shift);
    if (shift === this.shift) places.set(this.#places);
    else {
      for (const [link, list] of this.lists.entries()) {
        for (let place = 0; place < this.lengths[link]!; place++) {
          const node = list[place]!;
          list[place] = ((node >> this.shift) << shift) | (node & ((1 << this.shift) - 1));
          places[list[place]!] = place;
        }
      }
    }
    this.shift = shift;
    this.#places = places;
  }
}

export function roomOf(capacityBps: number): number {
  return capacityBps * (1 + ROUNDING);
}

export function checkedCapacity(capacityBps: number): number {
  if (!(capacityBps >= 0 && capacityBps < Infinity)) throw new RangeError(`a capacity of ${capacityBps} bit/s`);
  return capacityBps;
}
