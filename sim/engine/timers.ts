import { grown } from './grown.ts';

/** Called when a timer is due. `payload` is what the timer was made with. */
export type TimerHandler = (payload: number, timer: number, nowMs: number) => void;

const ABSENT = -1;
const FIRST_SIZE = 1024;
const KINDS_MAX = 256;
/** Children of a heap node: four halve the levels of a binary heap and stay in one or two cache lines. */
const ARITY = 4;

/**
 * What is to happen when: an indexed heap on typed arrays with at most one moment a timer, so that moving or cancelling
 * one leaves nothing behind. Simultaneous events have a total order: who was set first is first.
 * Timers are numbers, reused after `free`.
 */
export class Timers {
  readonly #handlers: TimerHandler[] = [];
  #kinds = new Uint8Array(FIRST_SIZE);
  #payloads = new Int32Array(FIRST_SIZE);
  #times = new Float64Array(FIRST_SIZE);
  #stamps = new Float64Array(FIRST_SIZE);
  /** place in the heap, or ABSENT */
  #places = new Int32Array(FIRST_SIZE);
  #heap = new Int32Array(FIRST_SIZE);
  #pending = 0;
  #made = 0;
  readonly #freed: number[] = [];
  #stamp = 0;

  /** Timers that are set. */
  get pending(): number {
    return this.#pending;
  }

  /** Moments set since the beginning. */
  get setCount(): number {
    return this.#stamp;
  }

  get nextMs(): number {
    return this.#pending === 0 ? Infinity : this.#times[this.#heap[0]!]!;
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
    this.#places[timer] = ABSENT;
    return timer;
  }

  free(timer: number): void {
    this.cancel(timer);
    this.#freed.push(timer);
  }

  isSet(timer: number): boolean {
    return this.#places[timer] !== ABSENT;
  }

  /** Infinity when it is not set. */
  atMs(timer: number): number {
    return this.#places[timer] === ABSENT ? Infinity : this.#times[timer]!;
  }

  /** Sets or moves it; Infinity cancels. @throws RangeError when it is not a number, which would pass for the end of time */
  set(timer: number, atMs: number): void {
    if (Number.isNaN(atMs)) throw new RangeError(`timer ${timer} set to a time that is not a number`);
    if (atMs === Infinity) return this.cancel(timer);
    let place = this.#places[timer]!;
    const earlier = place === ABSENT || atMs < this.#times[timer]!;
    this.#times[timer] = atMs;
    this.#stamps[timer] = this.#stamp++;
    if (place === ABSENT) {
      place = this.#pending++;
      this.#put(place, timer);
    }
    if (earlier) this.#up(place);
    else this.#down(place);
  }

  cancel(timer: number): void {
    const place = this.#places[timer]!;
    if (place === ABSENT) return;
    this.#places[timer] = ABSENT;
    const last = this.#heap[--this.#pending]!;
    if (last === timer) return;
    this.#put(place, last);
    this.#up(place);
    this.#down(this.#places[last]!);
  }

  /** Takes the next timer out and calls its handler. The caller has looked whether there is one. */
  fire(): void {
    const timer = this.#heap[0]!;
    const nowMs = this.#times[timer]!;
    this.#places[timer] = ABSENT;
    const last = this.#heap[--this.#pending]!;
    if (last !== timer) {
      this.#put(0, last);
      this.#down(0);
    }
    this.#handlers[this.#kinds[timer]!]!(this.#payloads[timer]!, timer, nowMs);
  }

  #up(from: number): void {
    const heap = this.#heap;
    const timer = heap[from]!;
    let place = from;
    while (place > 0) {
      const parent = ((place - 1) / ARITY) | 0;
      if (!this.#isBefore(timer, heap[parent]!)) break;
      this.#put(place, heap[parent]!);
      place = parent;
    }
    this.#put(place, timer);
  }

  #down(from: number): void {
    const heap = this.#heap;
    const timer = heap[from]!;
    let place = from;
    for (;;) {
      const first = place * ARITY + 1;
      if (first >= this.#pending) break;
      const end = Math.min(first + ARITY, this.#pending);
      let best = first;
      for (let child = first + 1; child < end; child++) if (this.#isBefore(heap[child]!, heap[best]!)) best = child;
      if (!this.#isBefore(heap[best]!, timer)) break;
      this.#put(place, heap[best]!);
      place = best;
    }
    this.#put(place, timer);
  }

  #put(place: number, timer: number): void {
    this.#heap[place] = timer;
    this.#places[timer] = place;
  }

  #isBefore(a: number, b: number): boolean {
    const first = this.#times[a]!;
    const second = this.#times[b]!;
    return first < second || (first === second && this.#stamps[a]! < this.#stamps[b]!);
  }

  #grow(): void {
    const size = this.#kinds.length * 2;
    this.#kinds = grown(this.#kinds, size);
    this.#payloads = grown(this.#payloads, size);
    this.#times = grown(this.#times, size);
    this.#stamps = grown(this.#stamps, size);
    this.#places = grown(this.#places, size);
    this.#heap = grown(this.#heap, size);
  }
}
