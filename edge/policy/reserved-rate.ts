/** Samples that are kept: more than the widest window has of them when nodes report once a second. */
const SAMPLES = 64;
/** Players ask once a segment duration and in step; so many whole durations hold as many requests of each. */
const DURATIONS = 3;
const LEAST_WINDOW_MS = 3000;
const MOST_WINDOW_MS = 60_000;

/**
 * The rate that a node's players have reserved: the nominal bitrate of each segment asked for, times its duration, summed,
 * over time. A variable bitrate does not show in it: what a quiet scene sends today is not what the same sessions will
 * take in a minute.
 *
 * It is taken over the last few segment durations: viewers of one event ask in step, so a second holds all of a
 * two-second segment's requests or none.
 */
export class ReservedRate {
  #bits = 0;
  #longestMs = 0;
  /** ring of samples: when, running total, and the longest segment asked for since the one before */
  readonly #atMs = new Float64Array(SAMPLES);
  readonly #total = new Float64Array(SAMPLES);
  readonly #segmentMs = new Float64Array(SAMPLES);
  #count = 0;

  /** A player asks for a segment. */
  asked(nominalBps: number, segmentDurationMs: number): void {
    this.#bits += (nominalBps * segmentDurationMs) / 1000;
    if (segmentDurationMs > this.#longestMs) this.#longestMs = segmentDurationMs;
  }

  /**
   * To be asked once a report.
   * @param unreservedBits running total of what went to players otherwise: its nominal bitrate is not known
   * @returns bits per second; 0 at the first call, which begins the measurement
   */
  sampleBps(nowMs: number, unreservedBits: number): number {
    const total = this.#bits + unreservedBits;
    const newest = this.#count++ % SAMPLES;
    this.#atMs[newest] = nowMs;
    this.#total[newest] = total;
    this.#segmentMs[newest] = this.#longestMs;
    this.#longestMs = 0;
    const from = this.#windowStart(nowMs);
    const elapsedMs = nowMs - this.#atMs[from]!;
    return elapsedMs > 0 ? Math.max(0, (total - this.#total[from]!) / (elapsedMs / 1000)) : 0;
  }

  /** The newest sample that is a whole window old, or the oldest there is. */
  #windowStart(nowMs: number): number {
    const kept = Math.min(this.#count, SAMPLES);
    let windowMs = LEAST_WINDOW_MS;
    for (let at = 0; at < kept; at++) windowMs = Math.max(windowMs, DURATIONS * this.#segmentMs[at]!);
    windowMs = Math.min(windowMs, MOST_WINDOW_MS);
    let start = (this.#count - 1) % SAMPLES;
    for (let back = 1; back < kept; back++) {
      if (nowMs - this.#atMs[start]! >= windowMs) break;
      start = (this.#count - 1 - back) % SAMPLES;
    }
    return start;
  }
}
