import type { Adaptation } from './adaptation.ts';
import { Ewma } from './ewma.ts';

/** dash.js 5.2.1, settings streaming.abr.throughput: half-lives and weight of ewma, bandwidthSafetyFactor. */
const FAST_HALF_LIFE_S = 3;
const SLOW_HALF_LIFE_S = 8;
const WEIGHT_OF_TIME = 1.5;
const SAFETY_FACTOR = 0.9;
/** dash.js 5.2.1, AbrController: DEFAULT_VIDEO_BITRATE, until something was measured. */
const FIRST_BPS = 1_000_000;
/** dash.js takes no download for shorter. */
const LEAST_DURATION_MS = 1;

/** What dash.js thinks that the network carries: the smaller of a fast and a slow mean of throughput after the first byte. */
export class ThroughputMean {
  readonly #fast = new Ewma(FAST_HALF_LIFE_S);
  readonly #slow = new Ewma(SLOW_HALF_LIFE_S);
  #meanBps = NaN;

  sample(sizeBytes: number, totalMs: number, firstByteMs: number): void {
    if (sizeBytes <= 0) return;
    const seconds = Math.max(LEAST_DURATION_MS, totalMs - Math.max(0, firstByteMs)) / 1000;
    const rateBps = (8 * sizeBytes) / seconds;
    this.#fast.sample(WEIGHT_OF_TIME * seconds, rateBps);
    this.#slow.sample(WEIGHT_OF_TIME * seconds, rateBps);
    this.#meanBps = Math.min(this.#fast.mean, this.#slow.mean);
  }

  get isMeasured(): boolean {
    return this.#meanBps > 0;
  }

  /** What a bitrate must not exceed; before the first sample, where dash.js starts. */
  get safeBps(): number {
    return this.isMeasured ? this.#meanBps * SAFETY_FACTOR : FIRST_BPS;
  }

  /** The highest choice that the network carries, else the lowest. */
  best(variantBps: readonly number[]): number {
    const { safeBps } = this;
    let index = variantBps.length - 1;
    while (index > 0 && variantBps[index]! > safeBps) index--;
    return index;
  }
}

/** dash.js's ThroughputRule: the highest bitrate within 90 % of the mean throughput, whatever the buffer. */
export class ThroughputAdaptation implements Adaptation {
  readonly #mean = new ThroughputMean();

  choose(variantBps: readonly number[]): number {
    return this.#mean.best(variantBps);
  }

  onTransfer(sizeBytes: number, totalMs: number, firstByteMs: number): void {
    this.#mean.sample(sizeBytes, totalMs, firstByteMs);
  }
}
