/** One node's clocks as they are wrong: what its policies are told, from the simulation's true time. */
export class NodeClock {
  readonly #offsetMs: number;
  readonly #rate: number;

  /**
   * @param offsetMs of its wall clock, positive when it is fast
   * @param driftPpm how much faster its monotonic clock runs, in millionths
   */
  constructor(offsetMs = 0, driftPpm = 0) {
    this.#offsetMs = offsetMs;
    this.#rate = 1 + driftPpm / 1e6;
  }

  /** Its monotonic clock at a true time. */
  nowMs(trueMs: number): number {
    return trueMs * this.#rate;
  }

  /** The true time at which its monotonic clock shows so much. */
  trueMs(nowMs: number): number {
    const trueMs = nowMs / this.#rate;
    // Rounded down, the node would wake a little too early, see nothing to do, and wake at that moment again.
    return this.nowMs(trueMs) < nowMs ? trueMs * (1 + 2 ** -51) : trueMs;
  }

  /** Its wall clock, given the right one. */
  wallMs(trueWallMs: number): number {
    return trueWallMs + this.#offsetMs;
  }
}
