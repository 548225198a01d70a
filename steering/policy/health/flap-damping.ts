/** A lapse this long after the last one is the first again. */
const QUIET_MS = 60_000;
const MOST_DOUBLINGS = 4;

/**
 * How long somebody who lapsed must be steady before they are trusted again: twice as long with each lapse that soon
 * follows another. So whoever hovers at a threshold is out, and not in and out.
 */
export class FlapDamping {
  readonly #steps: number;
  #lapseMs = -Infinity;
  #doublings = 0;

  /** @param steps good signs in a row that are asked for after a first lapse */
  constructor(steps: number) {
    this.#steps = steps;
  }

  /** @returns good signs in a row that are asked for now */
  lapse(nowMs: number): number {
    const isFirst = nowMs - this.#lapseMs > QUIET_MS;
    this.#doublings = isFirst ? 0 : Math.min(this.#doublings + 1, MOST_DOUBLINGS);
    this.#lapseMs = nowMs;
    return this.#steps * 2 ** this.#doublings;
  }
}
