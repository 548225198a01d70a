import { grown } from './grown.ts';
import { MomentHeap } from './moment-heap.ts';
import { TimerBags } from './timer-bags.ts';

/** Called when a timer is due. `payload` is what the timer was made with. */
export type TimerHandler = (payload: number, timer: number, nowMs: number) => void;

const FIRST_SIZE = 1024;
const KINDS_MAX = 256;
/** A bag is so long, and so many follow each other: what is due later than that is looked at seldom. */
const BAG_MS = 1;
const BAGS = 8192;

/** Where a timer is, if not in a bag. */
const ABSENT = -1;
const NEAR = -2;
const FAR = -3;

/**
 * What is to happen when, with at most one moment a timer, so that moving or cancelling one leaves nothing behind.
 * Simultaneous events have a total order: who was set first is first. Timers are numbers, reused after `free`.
 *
 * Only what is due in the millisecond that is on, or before, is in order: in a small heap that stays in the cache. What
 * follows waits in bags of a millisecond each, without order, and whatever is due in more than eight seconds in another
 * heap (a calendar queue, Brown 1988). Most timers are moved or cancelled before they are due, and never put in order.
 */
export class Timers {
  readonly #handlers: TimerHandler[] = [];
  #kinds = new Uint8Array(FIRST_SIZE);
  #payloads = new Int32Array(FIRST_SIZE);
  #stamps = new Float64Array(FIRST_SIZE);
  /** of those in bags: when they are due */
  #atMs = new Float64Array(FIRST_SIZE);
  /** the bag it is in; or NEAR, FAR, ABSENT. A bag may still name a timer that has gone elsewhere. */
  #where = new Int32Array(FIRST_SIZE).fill(ABSENT);
  readonly #near: MomentHeap;
  readonly #far: MomentHeap;
  readonly #bags = new TimerBags(BAGS);
  readonly #taken = { timers: new Int32Array(FIRST_SIZE) };
  /** timers in bags */
  #bagged = 0;
  /** the millisecond whose bag was opened last: what is due by its end is in the near heap */
  #openMs = 0;
  #made = 0;
  readonly #freed: number[] = [];
  #stamp = 0;

  constructor() {
    const stamps = () => this.#stamps;
    this.#near = new MomentHeap(FIRST_SIZE, stamps);
    this.#far = new MomentHeap(FIRST_SIZE, stamps);
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#near.count + this.#bagged + this.#far.count;
  }

  /** Moments set since the beginning. */
  get setCount(): number {
    return this.#stamp;
  }

  get nextMs(): number {
    if (this.#near.count === 0 && this.#bagged > 0) this.#openNext();
    return Math.min(this.#near.nextMs, this.#far.nextMs);
  }

  /** A kind of timer. @returns its number @throws RangeError when there are 256 already */
  kind(handler: TimerHandler): number {
    if (this.#handlers.length === KINDS_MAX) throw new RangeError(`more than ${KINDS_MAX} kinds of timers`);
    return this.#handlers.push(handler) - 1;
  }

  make(kind: number, payload: number): number {
    const timer = this.#freed.pop() ?? this.#made++;
    if (timer >= this.#kinds.length) this.#grow();
    this.#kinds[timer] = kind;
    this.#payloads[timer] = payload;
    return timer;
  }

  free(timer: number): void {
    this.cancel(timer);
    this.#freed.push(timer);
  }

  isSet(timer: number): boolean {
    return this.#where[timer] !== ABSENT;
  }

  /** Infinity when it is not set. */
  atMs(timer: number): number {
    const where = this.#where[timer]!;
    if (where >= 0) return this.#atMs[timer]!;
    if (where === ABSENT) return Infinity;
    return where === NEAR ? this.#near.atMs(timer) : this.#far.atMs(timer);
  }

  /** Sets or moves it; Infinity cancels. @throws RangeError when it is not a number, which would pass for the end of time */
  set(timer: number, atMs: number): void {
    if (Number.isNaN(atMs)) throw new RangeError(`timer ${timer} set to a time that is not a number`);
    if (atMs === Infinity) return this.cancel(timer);
    this.#stamps[timer] = this.#stamp++;
    const before = this.#where[timer]!;
    const ms = Math.floor(atMs / BAG_MS);
    if (ms > this.#openMs && ms - this.#openMs < BAGS) {
      const bag = ms & (BAGS - 1);
      this.#atMs[timer] = atMs;
      if (before === bag) return;
      if (before !== ABSENT) this.cancel(timer);
      this.#where[timer] = bag;
      this.#bags.add(bag, timer);
      this.#bagged++;
      return;
    }
    const where = ms <= this.#openMs ? NEAR : FAR;
    const heap = where === NEAR ? this.#near : this.#far;
    if (before === where) return heap.move(timer, atMs);
    if (before !== ABSENT) this.cancel(timer);
    this.#where[timer] = where;
    heap.add(timer, atMs);
  }

  cancel(timer: number): void {
    const where = this.#where[timer]!;
    if (where === ABSENT) return;
    this.#where[timer] = ABSENT;
    if (where >= 0) this.#bagged--;
    else if (where === NEAR) this.#near.remove(timer);
    else this.#far.remove(timer);
  }

  /** Takes the next timer out and calls its handler. The caller has looked whether there is one. */
  fire(): void {
    const { nextMs } = this;
    const timer = this.#isNearNext() ? this.#near.first : this.#far.first;
    this.cancel(timer);
    // Where nothing else waits, bags go on from here.
    if (this.#bagged === 0 && this.#near.count === 0)
      this.#openMs = Math.max(this.#openMs, Math.floor(nextMs / BAG_MS));
    this.#handlers[this.#kinds[timer]!]!(this.#payloads[timer]!, timer, nextMs);
  }

  #isNearNext(): boolean {
    const nearMs = this.#near.nextMs;
    const farMs = this.#far.nextMs;
    if (nearMs !== farMs) return nearMs < farMs;
    return this.#stamps[this.#near.first]! < this.#stamps[this.#far.first]!;
  }

  /** The next bag that names somebody who is in it. */
  #openNext(): void {
    while (this.#near.count === 0) {
      this.#openMs++;
      const bag = this.#openMs & (BAGS - 1);
      if (this.#bags.isEmpty(bag)) continue;
      const count = this.#bags.empty(bag, this.#taken);
      const { timers } = this.#taken;
      for (let place = 0; place < count; place++) {
        const timer = timers[place]!;
        if (this.#where[timer] !== bag) continue;
        this.#where[timer] = NEAR;
        this.#bagged--;
        this.#near.add(timer, this.#atMs[timer]!);
      }
    }
  }

  #grow(): void {
    const had = this.#kinds.length;
    const size = had * 2;
    this.#kinds = grown(this.#kinds, size);
    this.#payloads = grown(this.#payloads, size);
    this.#stamps = grown(this.#stamps, size);
    this.#atMs = grown(this.#atMs, size);
    this.#where = grown(this.#where, size).fill(ABSENT, had);
    this.#near.grow(size);
    this.#far.grow(size);
  }
}
