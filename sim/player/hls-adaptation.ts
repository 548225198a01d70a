import type { Adaptation, AdaptationState } from './adaptation.ts';
import { Ewma } from './ewma.ts';

/** hls.js 1.7.4, src/config.ts: abrEwmaFastLive, abrEwmaSlowLive (seconds), abrBandWidthFactor, abrBandWidthUpFactor, abrEwmaDefaultEstimate. */
const FAST_HALF_LIFE_S = 3;
const SLOW_HALF_LIFE_S = 9;
const BANDWIDTH_FACTOR = 0.95;
const BANDWIDTH_UP_FACTOR = 0.7;
const DEFAULT_ESTIMATE_BPS = 500_000;

/** hls.js 1.7.4, src/utils/ewma-bandwidth-estimator.ts: defaultTTFB, minWeight_, minDelayMs_, and the floor of a TTFB sample. */
const DEFAULT_FIRST_BYTE_MS = 100;
const LEAST_WEIGHT = 0.001;
const LEAST_DURATION_MS = 50;
const LEAST_FIRST_BYTE_MS = 5;

/**
 * hls.js's rule for live: the smaller of a fast and a slow mean of throughput; stay or go down when 95 % of it carries
 * the level, go up when 70 % does. Read from src/controller/abr-controller.ts: `findBestLevel` (for a live stream it asks
 * only for bandwidth, not for the time to fetch), `firstAutoLevel` (factors of 1 for the first segment) and
 * `onFragBuffered` (time to first byte, as far as it is usual, is not counted as transfer).
 * Left out: abandoning a segment half-way (`_abandonRulesCheck`), codec tiers and frame rates.
 */
export class HlsAdaptation implements Adaptation {
  readonly #fast = new Ewma(FAST_HALF_LIFE_S);
  readonly #slow = new Ewma(SLOW_HALF_LIFE_S);
  readonly #firstByte = new Ewma(SLOW_HALF_LIFE_S);
  readonly #defaultBps: number;
  #estimateBps: number;

  constructor(defaultEstimateBps: number = DEFAULT_ESTIMATE_BPS) {
    this.#defaultBps = defaultEstimateBps;
    this.#estimateBps = defaultEstimateBps;
  }

  get estimateBps(): number {
    return this.#estimateBps;
  }

  choose(variantBps: readonly number[], state: AdaptationState): number {
    const { currentIndex } = state;
    for (let index = variantBps.length - 1; index > 0; index--) {
      const factor = currentIndex < 0 ? 1 : index > currentIndex ? BANDWIDTH_UP_FACTOR : BANDWIDTH_FACTOR;
      if (this.#estimateBps * factor >= variantBps[index]!) return index;
    }
    return 0;
  }

  onTransfer(sizeBytes: number, totalMs: number, firstByteMs: number): void {
    if (sizeBytes <= 0) return;
    let transferMs = totalMs;
    if (firstByteMs >= 0) {
      this.#sampleFirstByte(firstByteMs);
      transferMs -= Math.min(firstByteMs, this.#usualFirstByteMs());
    }
    const seconds = Math.max(transferMs, Math.min(LEAST_DURATION_MS, sizeBytes / 100_000)) / 1000;
    const rateBps = (8 * sizeBytes) / seconds;
    this.#fast.sample(seconds, rateBps);
    this.#slow.sample(seconds, rateBps);
    this.#estimateBps =
      this.#fast.weight >= LEAST_WEIGHT ? Math.min(this.#fast.mean, this.#slow.mean) : this.#defaultBps;
  }

  #sampleFirstByte(firstByteMs: number): void {
    const seconds = firstByteMs / 1000;
    const weight = Math.SQRT2 * Math.exp(-(seconds * seconds) / 2);
    this.#firstByte.sample(weight, Math.max(firstByteMs, LEAST_FIRST_BYTE_MS));
  }

  #usualFirstByteMs(): number {
    return this.#firstByte.weight >= LEAST_WEIGHT ? this.#firstByte.mean : DEFAULT_FIRST_BYTE_MS;
  }
}
