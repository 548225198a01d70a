import type { Adaptation, AdaptationState, TransferUnderWay } from './adaptation.ts';
import { Ewma } from './ewma.ts';
import { HLS_DEFAULT_BPS, HLS_ESTIMATE_BPS, HLS_MEANS, PlayerRows } from './player-rows.ts';

/**
 * hls.js 1.7.4, src/config.ts: abrEwmaFastLive, abrEwmaSlowLive (seconds), abrBandWidthFactor, abrBandWidthUpFactor,
 * abrEwmaDefaultEstimate, abrEwmaDefaultEstimateMax.
 */
const FAST_HALF_LIFE_S = 3;
const SLOW_HALF_LIFE_S = 9;
const BANDWIDTH_FACTOR = 0.95;
const BANDWIDTH_UP_FACTOR = 0.7;
const DEFAULT_ESTIMATE_BPS = 500_000;
const DEFAULT_ESTIMATE_MAX_BPS = 5_000_000;

/** hls.js 1.7.4, src/utils/ewma-bandwidth-estimator.ts: defaultTTFB, minWeight_, minDelayMs_, and the floor of a TTFB sample. */
const DEFAULT_FIRST_BYTE_MS = 100;
const LEAST_WEIGHT = 0.001;
const LEAST_DURATION_MS = 50;
const LEAST_FIRST_BYTE_MS = 5;

/** hls.js looks at a fetch under way this often, and does not switch to what would take ten segments to fetch. */
const LOOK_EVERY_MS = 100;
const UNREASONABLE_SEGMENTS = 10;

/**
 * hls.js's rule for live: the smaller of a fast and a slow mean of throughput; stay or go down when 95 % of it carries
 * the level, go up when 70 % does. Read from 1.7.4, src/controller/abr-controller.ts: `findBestLevel` (for a live stream
 * it asks only for bandwidth, not for the time to fetch), `firstAutoLevel` (factors of 1 for the first segment),
 * `onFragBuffered` (time to first byte, as far as it is usual, is not counted as transfer) and `_abandonRulesCheck`;
 * and from level-controller.ts how the first variant of the manifest raises the first estimate.
 * Left out: codec tiers and frame rates.
 */
export class HlsAdaptation implements Adaptation {
  readonly #rows: PlayerRows;
  readonly #fast: Ewma;
  readonly #slow: Ewma;
  readonly #firstByte: Ewma;
  readonly #firstBps: number;

  /** @param rows where its numbers stand: then one object serves all players, each from its `begin` on */
  constructor(defaultEstimateBps: number = DEFAULT_ESTIMATE_BPS, rows: PlayerRows = new PlayerRows()) {
    this.#rows = rows;
    this.#fast = new Ewma(FAST_HALF_LIFE_S, rows, HLS_MEANS.fast);
    this.#slow = new Ewma(SLOW_HALF_LIFE_S, rows, HLS_MEANS.slow);
    this.#firstByte = new Ewma(SLOW_HALF_LIFE_S, rows, HLS_MEANS.firstByte);
    this.#firstBps = defaultEstimateBps;
    this.#reset(defaultEstimateBps);
  }

  get estimateBps(): number {
    return this.#rows.numbers[this.#rows.at + HLS_ESTIMATE_BPS]!;
  }

  begin(firstVariantBps: number): void {
    this.#reset(Math.max(this.#firstBps, Math.min(firstVariantBps, DEFAULT_ESTIMATE_MAX_BPS)));
  }

  choose(variantBps: readonly number[], state: AdaptationState): number {
    const { currentIndex } = state;
    const { estimateBps } = this;
    for (let index = variantBps.length - 1; index > 0; index--) {
      const factor = currentIndex < 0 ? 1 : index > currentIndex ? BANDWIDTH_UP_FACTOR : BANDWIDTH_FACTOR;
      if (estimateBps * factor >= variantBps[index]!) return index;
    }
    return 0;
  }

  onTransfer(sizeBytes: number, totalMs: number, firstByteMs: number): void {
    if (sizeBytes <= 0) return;
    if (firstByteMs >= 0) this.#sampleFirstByte(firstByteMs);
    this.#sample(sizeBytes, totalMs, firstByteMs);
  }

  /**
   * Too slow for the buffer, and a lower level would be there sooner: that level; or the lowest, where the level
   * would take less than half of what is left. From level 1 hls.js never drops to 0 (its loop ends before).
   */
  abandon(variantBps: readonly number[], state: AdaptationState, transfer: TransferUnderWay): number {
    const { index, elapsedMs, receivedBytes, firstByteMs } = transfer;
    const usualFirstByteMs = this.#usualFirstByteMs();
    const graceMs = Math.max(usualFirstByteMs, state.segmentDurationMs / 2);
    transfer.lookAgainMs = index === 0 ? Infinity : nextLookMs(elapsedMs, graceMs);
    if (index === 0 || elapsedMs <= graceMs) return -1;
    const hasBegun = receivedBytes > 0 && firstByteMs >= 0;
    const segmentS = state.segmentDurationMs / 1000;
    const nominalBytes =
      transfer.totalBytes > 0 ? transfer.totalBytes : Math.round((segmentS * variantBps[index]!) / 8);
    const expectedBytes = Math.max(receivedBytes, nominalBytes);
    const rateBps = hasBegun ? (receivedBytes * 8000) / this.#streamingMs(transfer) : 0;
    const firstByteS = usualFirstByteMs / 1000;
    const restS =
      rateBps > 0
        ? ((expectedBytes - receivedBytes) * 8) / rateBps
        : (expectedBytes * 8) / this.estimateBps + firstByteS;
    const slackS = state.bufferMs / 1000 - restS;
    if (slackS >= 0) {
      // Even if not a byte more came, the mean rate so far would hold the rest below the buffer until then.
      if (hasBegun) {
        transfer.lookAgainMs = nextLookMs(elapsedMs, elapsedMs + (slackS * 1000 * receivedBytes) / expectedBytes);
      }
      return -1;
    }
    const bandwidthBps = rateBps > 0 ? rateBps : this.estimateBps;
    const soonEnoughS = Math.min(state.bufferMs / 1000, segmentS + firstByteS);
    let lower = index - 1;
    let lowerS = Infinity;
    for (; lower > 0; lower--) {
      // The second time to first byte is the live playlist's, which hls.js reads again.
      lowerS = 2 * firstByteS + (segmentS * variantBps[lower]!) / bandwidthBps;
      if (lowerS < soonEnoughS) break;
    }
    if (lowerS >= restS || lowerS > segmentS * UNREASONABLE_SEGMENTS) return -1;
    if (hasBegun) this.#sample(receivedBytes, elapsedMs, firstByteMs);
    else this.#sampleFirstByte(elapsedMs);
    if (this.estimateBps * BANDWIDTH_UP_FACTOR > variantBps[lower]!) this.#reset(variantBps[lower]!);
    if (lower > 0 && restS > 2 * lowerS) {
      lower = 0;
      this.#reset(variantBps[0]!);
    }
    return lower;
  }

  #streamingMs({ elapsedMs, receivedBytes, firstByteMs }: TransferUnderWay): number {
    const streamingMs = elapsedMs - firstByteMs;
    return streamingMs >= 1 ? streamingMs : Math.min(elapsedMs, (receivedBytes * 8) / this.estimateBps);
  }

  #sample(sizeBytes: number, totalMs: number, firstByteMs: number): void {
    const transferMs = firstByteMs < 0 ? totalMs : totalMs - Math.min(firstByteMs, this.#usualFirstByteMs());
    const seconds = Math.max(transferMs, Math.min(LEAST_DURATION_MS, sizeBytes / 100_000)) / 1000;
    const rateBps = (8 * sizeBytes) / seconds;
    this.#fast.sample(seconds, rateBps);
    this.#slow.sample(seconds, rateBps);
    const { numbers, at } = this.#rows;
    numbers[at + HLS_ESTIMATE_BPS] =
      this.#fast.weight >= LEAST_WEIGHT ? Math.min(this.#fast.mean, this.#slow.mean) : numbers[at + HLS_DEFAULT_BPS]!;
  }

  #sampleFirstByte(firstByteMs: number): void {
    const seconds = firstByteMs / 1000;
    const weight = Math.SQRT2 * Math.exp(-(seconds * seconds) / 2);
    this.#firstByte.sample(weight, Math.max(firstByteMs, LEAST_FIRST_BYTE_MS));
  }

  #usualFirstByteMs(): number {
    return this.#firstByte.weight >= LEAST_WEIGHT ? this.#firstByte.mean : DEFAULT_FIRST_BYTE_MS;
  }

  /** `resetEstimator`: what was measured is forgotten, times to first byte as well. */
  #reset(estimateBps: number): void {
    this.#fast.forget();
    this.#slow.forget();
    this.#firstByte.forget();
    const { numbers, at } = this.#rows;
    numbers[at + HLS_DEFAULT_BPS] = estimateBps;
    numbers[at + HLS_ESTIMATE_BPS] = estimateBps;
  }
}

/** hls.js looks every 100 ms since the request: the first such moment after both; not now again, were that rounded down. */
function nextLookMs(elapsedMs: number, notBeforeMs: number): number {
  return Math.floor(Math.max(elapsedMs + 1, notBeforeMs) / LOOK_EVERY_MS + 1) * LOOK_EVERY_MS;
}
