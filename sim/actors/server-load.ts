const SECOND_MS = 1000;

/** CPU of one server and what it has done: first come, first served, all cores taken as one fast one. */
export class ServerLoad {
  /** bodies sent by `OUTCOMES` index; to viewers, and to other nodes */
  readonly viewerBytes = new Float64Array(6);
  readonly nodeBytes = new Float64Array(6);
  requests = 0;
  errors = 0;
  readonly cores: number;
  readonly #requestMs: number;
  readonly #byteMs: number;
  #busyUntilMs = 0;
  #worstDelayMs = 0;
  /** work of the second that is on, and of the busiest, in milliseconds of one core */
  #second = -1;
  #secondMs = 0;
  #peakMs = 0;

  constructor(cores: number, costs: { cpuMicrosPerRequest: number; cpuMicrosPerMegabyte: number }) {
    this.cores = cores;
    this.#requestMs = costs.cpuMicrosPerRequest / 1000;
    this.#byteMs = costs.cpuMicrosPerMegabyte / 1e9;
  }

  get sentBytes(): number {
    return this.sentToViewersBytes + this.nodeBytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  get sentToViewersBytes(): number {
    return this.viewerBytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Share of all cores' time in the busiest second. */
  get peakShare(): number {
    return this.#peakMs / (this.cores * SECOND_MS);
  }

  requested(_nowMs: number): void {
    this.requests++;
  }

  failed(): void {
    this.errors++;
  }

  sent(outcome: number, bytes: number, toNode: boolean): void {
    if (toNode) this.nodeBytes[outcome]! += bytes;
    else this.viewerBytes[outcome]! += bytes;
  }

  /** Until an answer of that size can leave. */
  delayMs(sizeBytes: number, nowMs: number): number {
    const workMs = this.#requestMs + sizeBytes * this.#byteMs;
    const second = Math.floor(nowMs / SECOND_MS);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondMs = 0;
    }
    this.#secondMs += workMs;
    if (this.#secondMs > this.#peakMs) this.#peakMs = this.#secondMs;
    this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + workMs / this.cores;
    const delayMs = this.#busyUntilMs - nowMs;
    if (delayMs > this.#worstDelayMs) this.#worstDelayMs = delayMs;
    return delayMs;
  }

  /** The worst delay since it was last asked for: what the event loop's lateness is to a real node. */
  takeWorstDelayMs(): number {
    const worst = this.#worstDelayMs;
    this.#worstDelayMs = 0;
    return worst;
  }
}
