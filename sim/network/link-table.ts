import { grown } from '../engine/grown.ts';

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
/** while it holds flows back: the integral of its level until SINCE, which counts the service of all that it holds */
export const CLOCK = 7;

/** What rounding may put a link above its capacity without anyone being slowed, relative. */
const ROUNDING = 1e-12;

/** Fields of a link in `spans`: where in `members` its nodes lie, how many there are, and for how many there is room. */
export const SPAN_INTS = 4;
export const FIRST = 0;
export const LENGTH = 1;
const ROOM = 2;
/** Room that a link gets first. */
const FIRST_ROOM = 8;

/**
 * Links: capacity, the rate they carry, bytes since the beginning, and which groups of flows cross them.
 * A place of a group's path is a node, `group << shift | place`. Each link has its nodes in one piece of `members`: a
 * solve goes through all of them, and following a list from one to the next would wait for memory each time.
 */
export class LinkTable {
  readonly count: number;
  readonly doubles: Float64Array;
  readonly spans: Int32Array;
  members = new Int32Array(1024);
  #membersEnd = 0;
  /** by node: its place in `members`, counted from its link's first */
  #places: Int32Array;
  /** nodes of a group: 1 << shift */
  shift = 2;

  /** @throws RangeError on a capacity that is negative or not finite */
  constructor(capacitiesBps: ArrayLike<number>, groupsMax: number) {
    this.count = capacitiesBps.length;
    this.doubles = new Float64Array(this.count * LINK_DOUBLES);
    this.spans = new Int32Array(this.count * SPAN_INTS);
    this.#places = new Int32Array(groupsMax << this.shift);
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
    const elapsedMs = nowMs - doubles[at + SINCE]!;
    if (elapsedMs > 0) {
      doubles[at + AMOUNT]! += carried * elapsedMs;
      const level = doubles[at + LEVEL]!;
      if (level < Infinity) doubles[at + CLOCK]! += level * elapsedMs;
      doubles[at + SINCE] = nowMs;
    }
    doubles[at + CARRIED] = carried + moreBps;
  }

  /** Of a link that holds flows back, or did until this very moment. */
  clock(link: number, nowMs: number): number {
    const { doubles } = this;
    const at = link * LINK_DOUBLES;
    const elapsedMs = nowMs - doubles[at + SINCE]!;
    return elapsedMs > 0 ? doubles[at + CLOCK]! + doubles[at + LEVEL]! * elapsedMs : doubles[at + CLOCK]!;
  }

  /** When the clock shows so much; Infinity when it stands. */
  clockReachesMs(link: number, clock: number): number {
    const { doubles } = this;
    const at = link * LINK_DOUBLES;
    const missing = clock - doubles[at + CLOCK]!;
    if (missing <= 0) return doubles[at + SINCE]!;
    const level = doubles[at + LEVEL]!;
    return level > 0 ? doubles[at + SINCE]! + missing / level : Infinity;
  }

  bytes(link: number, nowMs: number): number {
    const { doubles } = this;
    const at = link * LINK_DOUBLES;
    return (doubles[at + AMOUNT]! + doubles[at + CARRIED]! * (nowMs - doubles[at + SINCE]!)) / 8000;
  }

  enter(link: number, node: number): void {
    const { spans } = this;
    const at = link * SPAN_INTS;
    const length = spans[at + LENGTH]!;
    if (length === spans[at + ROOM]!) this.#widen(at);
    this.members[spans[at + FIRST]! + length] = node;
    this.#places[node] = length;
    spans[at + LENGTH] = length + 1;
  }

  /** A link that nobody crosses carries nothing, to the last bit: rounding does not add up. */
  leave(link: number, node: number): void {
    const { spans, members } = this;
    const at = link * SPAN_INTS;
    const last = --spans[at + LENGTH]!;
    const first = spans[at + FIRST]!;
    const place = this.#places[node]!;
    if (place !== last) {
      const moved = members[first + last]!;
      members[first + place] = moved;
      this.#places[moved] = place;
    }
    if (last === 0) this.doubles[link * LINK_DOUBLES + CARRIED] = 0;
  }

  /** Makes room for so many groups, with paths of so many links. */
  fit(groupsMax: number, linksMax: number): void {
    const before = this.shift;
    while (1 << this.shift < linksMax) this.shift++;
    const { shift, spans, members } = this;
    const places = new Int32Array(groupsMax << shift);
    for (let link = 0; link < this.count; link++) {
      const first = spans[link * SPAN_INTS + FIRST]!;
      for (let place = 0; place < spans[link * SPAN_INTS + LENGTH]!; place++) {
        const node = members[first + place]!;
        const moved = ((node >> before) << shift) | (node & ((1 << before) - 1));
        members[first + place] = moved;
        places[moved] = place;
      }
    }
    this.#places = places;
  }

  /** Twice the room, at the end of all; the old one stays unused, which is less than what is in use. */
  #widen(at: number): void {
    const { spans } = this;
    const room = Math.max(FIRST_ROOM, spans[at + ROOM]! * 2);
    const end = this.#membersEnd + room;
    if (end > this.members.length) this.members = grown(this.members, Math.max(end, this.members.length * 2));
    const first = spans[at + FIRST]!;
    this.members.copyWithin(this.#membersEnd, first, first + spans[at + LENGTH]!);
    spans[at + FIRST] = this.#membersEnd;
    spans[at + ROOM] = room;
    this.#membersEnd = end;
  }
}

export function roomOf(capacityBps: number): number {
  return capacityBps * (1 + ROUNDING);
}

export function checkedCapacity(capacityBps: number): number {
  if (!(capacityBps >= 0 && capacityBps < Infinity)) throw new RangeError(`a capacity of ${capacityBps} bit/s`);
  return capacityBps;
}
