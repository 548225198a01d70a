import type { Timers } from '../engine/timers.ts';

const FIRST_SIZE = 1024;
const NONE = -1;

/** Fields of a group in `doubles`: one cache line. */
export const GROUP_DOUBLES = 8;
export const CAP = 0;
export const WEIGHT = 1;
/** of each flow, bits per second */
export const RATE = 2;
/** bytes each flow that was there all the time has been carried, until AT */
export const SERVICE = 3;
export const AT = 4;
/** when its timer is set; never later than its first flow is done */
export const DUE = 5;
/** while solving: the new rate, negative while it is open */
export const NEXT = 6;
/** while solving: what it may have at most, whatever the region's links */
export const BOUND = 7;

/** Fields of a group in `ints`. */
export const GROUP_INTS = 8;
/** flows; 0 for a number that is free */
export const COUNT = 0;
export const PATH = 1;
/** the flow that is done first */
export const ROOT = 2;
/** while solving: the round in which it was gathered */
export const MARK = 3;
const TIMER = 4;
const CHAIN = 5;
const BUCKET = 6;

/**
 * Groups: flows with the same path, cap and weight, which share one rate. A flow of n bytes is done when the group's
 * service has grown by n since it came, whatever the rate was in between. A group lives while it has flows, so its
 * service begins at 0 each time; numbers, memory and timers are reused at once.
 */
export class GroupTable {
  readonly #timers: Timers;
  readonly #kind: number;
  doubles = new Float64Array(FIRST_SIZE * GROUP_DOUBLES);
  ints = new Int32Array(FIRST_SIZE * GROUP_INTS);
  capacity = FIRST_SIZE;
  /** group numbers ever given */
  made = 0;
  #freed = new Int32Array(FIRST_SIZE);
  #freedCount = 0;
  #heads = new Int32Array(FIRST_SIZE * 2).fill(NONE);
  readonly #key = new Float64Array(2);
  readonly #keyBits = new Int32Array(this.#key.buffer);

  /** @param kind of timer whose payload is the group */
  constructor(timers: Timers, kind: number) {
    this.#timers = timers;
    this.#kind = kind;
  }

  /** −1 when there is none */
  find(path: number, capBps: number, weight: number): number {
    const { doubles, ints } = this;
    let group = this.#heads[this.#bucket(path, capBps, weight)]!;
    for (; group !== NONE; group = ints[group * GROUP_INTS + CHAIN]!) {
      const at = group * GROUP_DOUBLES;
      if (ints[group * GROUP_INTS + PATH] === path && doubles[at + CAP] === capBps && doubles[at + WEIGHT] === weight) {
        return group;
      }
    }
    return NONE;
  }

  /** A new one without flows, at rate 0. The caller has looked whether there is one already. */
  open(path: number, capBps: number, weight: number, nowMs: number): number {
    const group = this.#freedCount > 0 ? this.#freed[--this.#freedCount]! : this.#make();
    const at = group * GROUP_DOUBLES;
    const { doubles, ints } = this;
    doubles[at + CAP] = capBps;
    doubles[at + WEIGHT] = weight;
    doubles[at + RATE] = 0;
    doubles[at + SERVICE] = 0;
    doubles[at + AT] = nowMs;
    doubles[at + DUE] = Infinity;
    const place = group * GROUP_INTS;
    ints[place + COUNT] = 0;
    ints[place + PATH] = path;
    ints[place + ROOT] = NONE;
    this.#enter(group, this.#bucket(path, capBps, weight));
    return group;
  }

  /** Its last flow has gone. */
  close(group: number): void {
    const { ints } = this;
    const next = ints[group * GROUP_INTS + CHAIN]!;
    const bucket = ints[group * GROUP_INTS + BUCKET]!;
    let before = this.#heads[bucket]!;
    if (before === group) this.#heads[bucket] = next;
    else {
      while (ints[before * GROUP_INTS + CHAIN] !== group) before = ints[before * GROUP_INTS + CHAIN]!;
      ints[before * GROUP_INTS + CHAIN] = next;
    }
    if (this.doubles[group * GROUP_DOUBLES + DUE] !== Infinity) this.#timers.cancel(ints[group * GROUP_INTS + TIMER]!);
    this.#freed[this.#freedCount++] = group;
  }

  serviceBytes(group: number, nowMs: number): number {
    const { doubles } = this;
    const at = group * GROUP_DOUBLES;
    return doubles[at + SERVICE]! + (doubles[at + RATE]! * (nowMs - doubles[at + AT]!)) / 8000;
  }

  /** When service reaches the threshold; Infinity at rate 0. */
  reachesMs(group: number, threshold: number): number {
    const { doubles } = this;
    const at = group * GROUP_DOUBLES;
    const missing = threshold - doubles[at + SERVICE]!;
    if (missing <= 0) return doubles[at + AT]!;
    const rate = doubles[at + RATE]!;
    return rate > 0 ? doubles[at + AT]! + (missing * 8000) / rate : Infinity;
  }

  /**
   * Sees to it that the timer is not later than service reaches the threshold. One that is earlier stays: when it fires
   * too early it is set anew, which is cheaper than moving it at each change of rate.
   */
  arm(group: number, threshold: number, nowMs: number): void {
    const dueMs = Math.max(nowMs, this.reachesMs(group, threshold));
    if (!(dueMs < this.doubles[group * GROUP_DOUBLES + DUE]!)) return;
    this.doubles[group * GROUP_DOUBLES + DUE] = dueMs;
    this.#timers.set(this.ints[group * GROUP_INTS + TIMER]!, dueMs);
  }

  #make(): number {
    if (this.made === this.capacity) this.#grow();
    const group = this.made++;
    this.ints[group * GROUP_INTS + TIMER] = this.#timers.make(this.#kind, group);
    return group;
  }

  #bucket(path: number, capBps: number, weight: number): number {
    const bits = this.#keyBits;
    this.#key[0] = capBps;
    this.#key[1] = weight;
    let hash = Math.imul(path ^ bits[1]!, 0x9e3779b1) ^ bits[0]!;
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ bits[2]! ^ bits[3]!;
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) & (this.#heads.length - 1);
  }

  #enter(group: number, bucket: number): void {
    this.ints[group * GROUP_INTS + BUCKET] = bucket;
    this.ints[group * GROUP_INTS + CHAIN] = this.#heads[bucket]!;
    this.#heads[bucket] = group;
  }

  /** Only when every number is in use, so that all are in the hash table. */
  #grow(): void {
    this.capacity *= 2;
    const doubles = new Float64Array(this.capacity * GROUP_DOUBLES);
    doubles.set(this.doubles);
    this.doubles = doubles;
    const ints = new Int32Array(this.capacity * GROUP_INTS);
    ints.set(this.ints);
    this.ints = ints;
    this.#freed = new Int32Array(this.capacity);
    this.#heads = new Int32Array(this.capacity * 2).fill(NONE);
    for (let group = 0; group < this.made; group++) {
      const at = group * GROUP_DOUBLES;
      this.#enter(group, this.#bucket(ints[group * GROUP_INTS + PATH]!, doubles[at + CAP]!, doubles[at + WEIGHT]!));
    }
  }
}
