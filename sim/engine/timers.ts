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
  #stamps = new Float64Array(FIRST_SIZE);
  /** place in the heap, or ABSENT */
  #places = new Int32Array(FIRST_SIZE);
  #heap = new Int32Array(FIRST_SIZE);
  /** of the timers in the heap, by place: comparing children reads one cache line */
  #keys = new Float64Array(FIRST_SIZE);
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
    return this.#pending === 0 ? Infinity : this.#keys[0]!;
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
    const place = this.#places[timer]!;
    return place === ABSENT ? Infinity : this.#keys[place]!;
  }

  /** Sets or moves it; Infinity cancels. @throws RangeError when it is not a number, which would pass for the end of time */
  set(timer: number, atMs: number): void {
    if (Number.isNaN(atMs)) throw new RangeError(`timer ${timer} set to a time that is not a number`);
    if (atMs === Infinity) return this.cancel(timer);
    const place = this.#places[timer]!;
    this.#stamps[timer] = this.#stamp++;
    if (place === ABSENT) this.#up(this.#pending++, timer, atMs);
    else if (atMs < this.#keys[place]!) this.#up(place, timer, atMs);
    else this.#down(place, timer, atMs);
  }

  cancel(timer: number): void {
    const place = this.#places[timer]!;
    if (place === ABSENT) return;
    this.#places[timer] = ABSENT;
    const end = --this.#pending;
    if (place !== end) this.#refill(place, end);
  }

  /** Takes the next timer out and calls its handler. The caller has looked whether there is one. */
  fire(): void {
    const timer = this.#heap[0]!;
    const nowMs = this.#keys[0]!;
    this.#places[timer] = ABSENT;
    const end = --this.#pending;
    if (end > 0) this.#refill(0, end);
    this.#handlers[this.#kinds[timer]!]!(this.#payloads[timer]!, timer, nowMs);
  }

  /** The last one takes a place that became free: the hole goes down to a leaf first, where the last mostly belongs. */
  #refill(from: number, end: number): void {
    const heap = this.#heap;
    const keys = this.#keys;
    const places = this.#places;
    let place = from;
    for (;;) {
      const first = (place << 2) + 1;
      if (first >= end) break;
      let best = first;
      let key = keys[first]!;
      const stop = first + ARITY < end ? first + ARITY : end;
      for (let child = first + 1; child < stop; child++) {
        const other = keys[child]!;
        if (other < key || (other === key && this.#stamps[heap[child]!]! < this.#stamps[heap[best]!]!)) {
          best = child;
          key = other;
        }
      }
      const timer = heap[best]!;
      keys[place] = key;
      heap[place] = timer;
      places[timer] = place;
      place = best;
    }
    this.#up(place, heap[end]!, keys[end]!);
  }

  #up(from: number, timer: number, atMs: number): void {
    const heap = this.#heap;
    const keys = this.#keys;
    const places = this.#places;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      const key = keys[parent]!;
      if (!(atMs < key || (atMs === key && this.#stamps[timer]! < this.#stamps[heap[parent]!]!))) break;
      keys[place] = key;
      const other = heap[parent]!;
      heap[place] = other;
      places[other] = place;
      place = parent;
    }
    keys[place] = atMs;
    heap[place] = timer;
    places[timer] = place;
  }

  #down(from: number, timer: number, atMs: number): void {
    const heap = this.#heap;
    const keys = this.#keys;
    const places = this.#places;
    const end = this.#pending;
    const stamp = this.#stamps[timer]!;
    let place = from;
    for (;;) {
      const first = (place << 2) + 1;
      if (first >= end) break;
      let best = first;
      let key = keys[first]!;
      const stop = first + ARITY < end ? first + ARITY : end;
      for (let child = first + 1; child < stop; child++) {
        const other = keys[child]!;
        if (other < key || (other === key && this.#stamps[heap[child]!]! < this.#stamps[heap[best]!]!)) {
          best = child;
          key = other;
        }
      }
      if (!(key < atMs || (key === atMs && this.#stamps[heap[best]!]! < stamp))) break;
      const other = heap[best]!;
      keys[place] = key;
      heap[place] = other;
      places[other] = place;
      place = best;
    }
    keys[place] = atMs;
    heap[place] = timer;
    places[timer] = place;
  }

  #grow(): void {
    const size = this.#kinds.length * 2;
    this.#kinds = grown(this.#kinds, size);
    this.#payloads = grown(this.#payloads, size);
    this.#keys = grown(this.#keys, size);
    this.#stamps = grown(this.#stamps, size);
    this.#places = grown(this.#places, size);
    this.#heap = grown(this.#heap, size);
  }
}
