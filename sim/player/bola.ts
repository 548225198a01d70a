/**
 * BOLA's decision by itself (Spiteri, Urgaonkar, Sitaraman: "BOLA: near-optimal bitrate adaptation for online videos",
 * INFOCOM 2016 and ToN 2020, with utilities ln(bitrate)): of all choices m take the one with the greatest
 * (V·(v_m + γp) − Q) / S_m, where Q is the buffer.
 */

/** dash.js 5.2.1, BolaRule.js: MINIMUM_BUFFER_S, and its share of bufferTimeDefault (18 s). */
const LOWEST_BUFFER_MS = 10_000;
const LOWEST_SHARE = 10 / 18;

/** V and γp for one buffer target; times in milliseconds. One object a player, tuned anew when the target changes. */
export class Bola {
  #vMs = 0;
  #gamma = 0;
  #targetMs = -1;
  #variantBps: readonly number[] = [];
  /** v_m = ln(bitrate / lowest) + 1 */
  #utilities: readonly number[] = [];

  /** At the target the best is ideal, at 5/9 of it, though no more than 10 s, the lowest (dash.js's choice of the two free parameters). */
  tune(variantBps: readonly number[], targetMs: number): void {
    if (variantBps !== this.#variantBps) {
      this.#variantBps = variantBps;
      this.#utilities = variantBps.map((bps) => Math.log(bps / variantBps[0]!) + 1);
      this.#targetMs = -1;
    }
    if (targetMs === this.#targetMs) return;
    this.#targetMs = targetMs;
    const lowestMs = Math.min(LOWEST_BUFFER_MS, targetMs * LOWEST_SHARE);
    this.#gamma = (this.#utilities.at(-1)! - 1) / (targetMs / lowestMs - 1);
    this.#vMs = lowestMs / this.#gamma;
  }

  /** The higher one of equals. */
  best(bufferMs: number): number {
    let best = 0;
    let bestScore = -Infinity;
    for (let index = 0; index < this.#variantBps.length; index++) {
      const score = (this.#vMs * (this.#utilities[index]! + this.#gamma) - bufferMs) / this.#variantBps[index]!;
      if (score < bestScore) continue;
      bestScore = score;
      best = index;
    }
    return best;
  }

  /** The least buffer at which this choice beats all lower ones. */
  leastBufferMs(index: number): number {
    const bps = this.#variantBps[index]!;
    const utility = this.#utilities[index]!;
    let leastMs = 0;
    for (let lower = 0; lower < index; lower++) {
      const lowerBps = this.#variantBps[lower]!;
      const evenMs =
        this.#vMs * (this.#gamma + (bps * this.#utilities[lower]! - lowerBps * utility) / (bps - lowerBps));
      leastMs = Math.max(leastMs, evenMs);
    }
    return leastMs;
  }

  /** With more buffer than this BOLA would rather wait than fetch this choice. */
  mostBufferMs(index: number): number {
    return this.#vMs * (this.#utilities[index]! + this.#gamma);
  }
}
