const NONE = -1;
/** Timers of a chunk; before them stands the number of the next chunk. One chunk is two cache lines. */
const CHUNK_TIMERS = 31;
const CHUNK_INTS = CHUNK_TIMERS + 1;
const FIRST_CHUNKS = 1024;

/** So many bags of timers. Chunks that were emptied are the next to be filled, while they are still at hand. */
export class TimerBags {
  #chunks = new Int32Array(FIRST_CHUNKS * CHUNK_INTS);
  #made = 0;
  #free = NONE;
  /** by bag: its first chunk, and how many timers that has; all others are full */
  readonly #heads: Int32Array;
  readonly #fills: Int32Array;

  constructor(bags: number) {
    this.#heads = new Int32Array(bags).fill(NONE);
    this.#fills = new Int32Array(bags);
  }

  isEmpty(bag: number): boolean {
    return this.#heads[bag] === NONE;
  }

  add(bag: number, timer: number): void {
    let chunk = this.#heads[bag]!;
    let fill = this.#fills[bag]!;
    if (chunk === NONE || fill === CHUNK_TIMERS) {
      const next = chunk;
      chunk = this.#takeChunk();
      this.#chunks[chunk * CHUNK_INTS] = next;
      this.#heads[bag] = chunk;
      fill = 0;
    }
    this.#chunks[chunk * CHUNK_INTS + 1 + fill] = timer;
    this.#fills[bag] = fill + 1;
  }

  /** Takes all out, into the array; a larger one where that is too small. @returns how many */
  empty(bag: number, into: { timers: Int32Array }): number {
    let count = 0;
    let fill = this.#fills[bag]!;
    for (let chunk = this.#heads[bag]!; chunk !== NONE;) {
      const first = chunk * CHUNK_INTS;
      if (count + CHUNK_TIMERS > into.timers.length) {
        const larger = new Int32Array(into.timers.length * 2);
        larger.set(into.timers);
        into.timers = larger;
      }
      for (let place = first + 1; place <= first + fill; place++) into.timers[count++] = this.#chunks[place]!;
      fill = CHUNK_TIMERS;
      const next = this.#chunks[first]!;
      this.#chunks[first] = this.#free;
      this.#free = chunk;
      chunk = next;
    }
    this.#heads[bag] = NONE;
    return count;
  }

  #takeChunk(): number {
    const chunk = this.#free;
    if (chunk !== NONE) {
      this.#free = this.#chunks[chunk * CHUNK_INTS]!;
      return chunk;
    }
    if ((this.#made + 1) * CHUNK_INTS > this.#chunks.length) {
      const larger = new Int32Array(this.#chunks.length * 2);
      larger.set(this.#chunks);
      this.#chunks = larger;
    }
    return this.#made++;
  }
}
