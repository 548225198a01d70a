import type { Timers } from '../engine/timers.ts';
import { HeldGroups } from './held-groups.ts';
import { CLOCK, LEVEL, LINK_DOUBLES, type LinkTable } from './link-table.ts';

export const FIRST_GROUPS = 1024;
const NONE = -1;

/** Fields of a group in `doubles`: one cache line. */
export const GROUP_DOUBLES = 8;
export const CAP = 0;
export const WEIGHT = 1;
/** of each flow, bits per second; of a group that a link holds back see `rateBps` */
export const RATE = 2;
/** bytes each flow that was there all the time has been carried, until AT */
export const SERVICE = 3;
/** a moment; of a group that a link holds back what that link's clock showed */
export const AT = 4;
/** of a group that nobody holds back: when its timer is set; never later than its first flow is done */
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
/** the link that holds it back, at whose level it is; −1: it is at its cap, or waits for the solver */
export const HOLDER = 4;
const TIMER = 5;
const CHAIN = 6;

/** A link's clock from which on it counts from 0 again: below it, bytes are exact to 1e-5. */
const REBASE_CLOCK = 2 ** 36 * 8000;

/**
 * Groups: flows with the same path, cap and weight, which share one rate. A flow of n bytes is done when the group's
 * service has grown by n since it came, whatever the rate was in between. A group lives while it has flows, so its
 * service begins at 0 each time; numbers, memory and timers are reused at once.
 *
 * All groups that a link holds back have its level as their rate per weight. Their service is counted by that link's
 * clock, and one timer serves them: when the level changes, which it does all the time, there is nothing to do for each
 * of them (virtual time, as in Demers, Keshav and Shenker, "Analysis and simulation of a fair queueing algorithm", 1989).
 */
export class GroupTable {
  readonly #timers: Timers;
  readonly #kind: number;
  readonly #links: LinkTable;
  readonly held: HeldGroups;
  readonly #linkTimers: Int32Array;
  /** when links' timers are set; never later than the first flow that they hold back is done */
  readonly #linkDueMs: Float64Array;
  doubles = new Float64Array(FIRST_GROUPS * GROUP_DOUBLES);
  ints = new Int32Array(FIRST_GROUPS * GROUP_INTS);
  capacity = FIRST_GROUPS;
  /** group numbers ever given */
  made = 0;
  #freed = new Int32Array(FIRST_GROUPS);
  #freedCount = 0;
  #heads = new Int32Array(FIRST_GROUPS * 2).fill(NONE);
  readonly #key = new Float64Array(2);
  readonly #keyBits = new Int32Array(this.#key.buffer);

  /** @param kind of timer whose payload is the group @param linkKind the same of the link */
  constructor(timers: Timers, kind: number, linkKind: number, links: LinkTable) {
    this.#timers = timers;
    this.#kind = kind;
    this.#links = links;
    this.held = new HeldGroups(links.count);
    this.#linkTimers = Int32Array.from({ length: links.count }, (_link, index) => timers.make(linkKind, index));
    this.#linkDueMs = new Float64Array(links.count).fill(Infinity);
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
    ints[place + HOLDER] = NONE;
    this.#enter(group, this.#bucket(path, capBps, weight));
    return group;
  }

  /** Its last flow has gone. */
  close(group: number): void {
    const { ints } = this;
    const next = ints[group * GROUP_INTS + CHAIN]!;
    const at = group * GROUP_DOUBLES;
    const { doubles } = this;
    const bucket = this.#bucket(ints[group * GROUP_INTS + PATH]!, doubles[at + CAP]!, doubles[at + WEIGHT]!);
    let before = this.#heads[bucket]!;
    if (before === group) this.#heads[bucket] = next;
    else {
      while (ints[before * GROUP_INTS + CHAIN] !== group) before = ints[before * GROUP_INTS + CHAIN]!;
      ints[before * GROUP_INTS + CHAIN] = next;
    }
    this.#disarm(group);
    this.#freed[this.#freedCount++] = group;
  }

  /** Of each flow, now. */
  rateBps(group: number): number {
    const holder = this.ints[group * GROUP_INTS + HOLDER]!;
    const at = group * GROUP_DOUBLES;
    if (holder === NONE) return this.doubles[at + RATE]!;
    return this.doubles[at + WEIGHT]! * this.#links.doubles[holder * LINK_DOUBLES + LEVEL]!;
  }

  serviceBytes(group: number, nowMs: number): number {
    const { doubles } = this;
    const at = group * GROUP_DOUBLES;
    const holder = this.ints[group * GROUP_INTS + HOLDER]!;
    const carriedBits =
      holder === NONE
        ? doubles[at + RATE]! * (nowMs - doubles[at + AT]!)
        : doubles[at + WEIGHT]! * (this.#links.clock(holder, nowMs) - doubles[at + AT]!);
    return doubles[at + SERVICE]! + carriedBits / 8000;
  }

  /** Service is so much now, to the last bit. */
  setService(group: number, bytes: number, nowMs: number): void {
    const holder = this.ints[group * GROUP_INTS + HOLDER]!;
    this.doubles[group * GROUP_DOUBLES + SERVICE] = bytes;
    this.doubles[group * GROUP_DOUBLES + AT] = holder === NONE ? nowMs : this.#links.clock(holder, nowMs);
  }

  /**
   * Another rate from now on: a link's level, or one of its own. @param holder −1: of its own
   * @param threshold service at which its first flow is done
   */
  rerate(group: number, holder: number, rateBps: number, threshold: number, nowMs: number): void {
    const service = this.serviceBytes(group, nowMs);
    this.#disarm(group);
    this.ints[group * GROUP_INTS + HOLDER] = holder;
    this.doubles[group * GROUP_DOUBLES + RATE] = rateBps;
    this.setService(group, service, nowMs);
    this.arm(group, threshold, nowMs);
  }

  /** When service of a group that nobody holds back reaches the threshold; Infinity at rate 0. */
  reachesMs(group: number, threshold: number): number {
    const { doubles } = this;
    const at = group * GROUP_DOUBLES;
    const missing = threshold - doubles[at + SERVICE]!;
    if (missing <= 0) return doubles[at + AT]!;
    const rate = doubles[at + RATE]!;
    return rate > 0 ? doubles[at + AT]! + (missing * 8000) / rate : Infinity;
  }

  /** Sees to it that a timer fires when service reaches the threshold. */
  arm(group: number, threshold: number, nowMs: number): void {
    const at = group * GROUP_DOUBLES;
    const holder = this.ints[group * GROUP_INTS + HOLDER]!;
    if (holder !== NONE) {
      const missing = threshold - this.doubles[at + SERVICE]!;
      this.held.put(holder, group, this.doubles[at + AT]! + (missing * 8000) / this.doubles[at + WEIGHT]!);
      if (this.held.first(holder) === group) this.armLink(holder, nowMs);
      return;
    }
    // One that is earlier stays: when it fires too early it is set anew, which is cheaper than moving it each time.
    const dueMs = Math.max(nowMs, this.reachesMs(group, threshold));
    if (!(dueMs < this.doubles[at + DUE]!)) return;
    this.doubles[at + DUE] = dueMs;
    this.#timers.set(this.ints[group * GROUP_INTS + TIMER]!, dueMs);
  }

  /** The same for the first of all that the link holds back. */
  armLink(link: number, nowMs: number): void {
    if (this.held.count(link) === 0) return;
    const dueMs = Math.max(nowMs, this.#links.clockReachesMs(link, this.held.firstClock(link)));
    if (!(dueMs < this.#linkDueMs[link]!)) return;
    this.#linkDueMs[link] = dueMs;
    this.#timers.set(this.#linkTimers[link]!, dueMs);
  }

  /** The link's timer has fired. @returns the group whose first flow is done, or −1 when none is yet */
  takeDue(link: number, nowMs: number): number {
    this.#linkDueMs[link] = Infinity;
    if (this.held.count(link) === 0) return NONE;
    if (this.#links.clockReachesMs(link, this.held.firstClock(link)) <= nowMs) return this.held.first(link);
    this.armLink(link, nowMs);
    return NONE;
  }

  /** Counts a link's clock from 0 again where it has grown so large that it loses digits, or nobody goes by it. */
  rebaseClock(link: number, nowMs: number): void {
    const { doubles } = this.#links;
    const at = link * LINK_DOUBLES;
    const clock = doubles[at + CLOCK]!;
    if (this.held.count(link) > 0) {
      if (clock < REBASE_CLOCK) return;
      this.#links.change(link, 0, nowMs);
      const turned = doubles[at + CLOCK]!;
      this.held.turnBack(link, turned);
      for (const group of this.held.all(link)) {
        this.setService(group, this.serviceBytes(group, nowMs), nowMs);
        this.doubles[group * GROUP_DOUBLES + AT] = 0;
      }
    }
    doubles[at + CLOCK] = 0;
  }

  #disarm(group: number): void {
    const place = group * GROUP_INTS;
    const holder = this.ints[place + HOLDER]!;
    if (holder !== NONE) this.held.remove(holder, group);
    else if (this.doubles[group * GROUP_DOUBLES + DUE] !== Infinity) {
      this.#timers.cancel(this.ints[place + TIMER]!);
      this.doubles[group * GROUP_DOUBLES + DUE] = Infinity;
    }
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
