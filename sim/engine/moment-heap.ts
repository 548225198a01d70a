import { grown } from './grown.ts';

const ABSENT = -1;
/** Children of a heap node: four halve the levels of a binary heap and stay in one or two cache lines. */
const ARITY = 4;

/** An indexed heap of timers on typed arrays, by moment and, of simultaneous ones, by stamp. */
export class MomentHeap {
  /** by timer */
  readonly #stamps: () => Float64Array;
  /** place in the heap, or ABSENT */
  #places: Int32Array;
  #heap: Int32Array;
  /** of the timers in the heap, by place: comparing children reads one cache line */
  #keys: Float64Array;
  count = 0;

  /** @param stamps of all timers: the array that there is now */
  constructor(size: number, stamps: () => Float64Array) {
    this.#stamps = stamps;
    this.#places = new Int32Array(size).fill(ABSENT);
    this.#heap = new Int32Array(size);
    this.#keys = new Float64Array(size);
  }

  get nextMs(): number {
    return this.count === 0 ? Infinity : this.#keys[0]!;
  }

  get first(): number {
    return this.#heap[0]!;
  }

  /** Of a timer that is in it. */
  atMs(timer: number): number {
    return this.#keys[this.#places[timer]!]!;
  }

  /** Puts it in. */
  add(timer: number, atMs: number): void {
    this.#up(this.count++, timer, atMs);
  }

  /** Of a timer that is in it, and has a new stamp. */
  move(timer: number, atMs: number): void {
    const place = this.#places[timer]!;
    if (atMs < this.#keys[place]!) this.#up(place, timer, atMs);
    else this.#down(place, timer, atMs);
  }

  /** Of a timer that is in it. */
  remove(timer: number): void {
    const place = this.#places[timer]!;
    this.#places[timer] = ABSENT;
    const end = --this.count;
    if (place !== end) this.#refill(place, end);
  }

  grow(size: number): void {
    const had = this.#places.length;
    this.#keys = grown(this.#keys, size);
    this.#places = grown(this.#places, size).fill(ABSENT, had);
    this.#heap = grown(this.#heap, size);
  }

  /** The last one takes a place that became free: the hole goes down to a leaf first, where the last mostly belongs. */
  #refill(from: number, end: number): void {
    const heap = this.#heap;
    const keys = this.#keys;
    const stamps = this.#stamps();
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
        if (other < key || (other === key && stamps[heap[child]!]! < stamps[heap[best]!]!)) {
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
    const stamps = this.#stamps();
    const places = this.#places;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      const key = keys[parent]!;
      if (!(atMs < key || (atMs === key && stamps[timer]! < stamps[heap[parent]!]!))) break;
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
    const stamps = this.#stamps();
    const places = this.#places;
    const end = this.count;
    const stamp = stamps[timer]!;
    let place = from;
    for (;;) {
      const first = (place << 2) + 1;
      if (first >= end) break;
      let best = first;
      let key = keys[first]!;
      const stop = first + ARITY < end ? first + ARITY : end;
      for (let child = first + 1; child < stop; child++) {
        const other = keys[child]!;
        if (other < key || (other === key && stamps[heap[child]!]! < stamps[heap[best]!]!)) {
          best = child;
          key = other;
        }
      }
      if (!(key < atMs || (key === atMs && stamps[heap[best]!]! < stamp))) break;
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
}
