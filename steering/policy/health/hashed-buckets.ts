const BUCKETS = 1 << 16;

/**
 * Token buckets for clients by hash, as many as there are, for any number of clients: those of one hash share one. So
 * nobody gets a full bucket anew by pushing others out, nothing is allocated, and a name costs no memory.
 */
export class HashedBuckets {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #tokens = new Float64Array(BUCKETS);
  readonly #atMs = new Float64Array(BUCKETS).fill(-Infinity);

  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
  }

  /** @returns how much of `wanted` is granted */
  take(hash: number, wanted: number, nowMs: number): number {
    const at = hash & (BUCKETS - 1);
    const refilled = this.#tokens[at]! + (nowMs - this.#atMs[at]!) * this.#perMs;
    const tokens = Math.min(this.#burst, refilled);
    const granted = Math.min(wanted, tokens);
    this.#tokens[at] = tokens - granted;
    this.#atMs[at] = nowMs;
    return granted;
  }
}
