import type { Adaptation, AdaptationState } from './adaptation.ts';
import { Bola } from './bola.ts';
import { ThroughputMean } from './throughput-adaptation.ts';

/** dash.js 5.2.1, BolaRule.js: PLACEHOLDER_BUFFER_DECAY, once a segment. */
const PLACEHOLDER_DECAY = 0.99;
/** A target below this has no room for a ladder. */
const LEAST_TARGET_SEGMENTS = 0.5;

/**
 * BOLA-E with BOLA-O's guard, as dash.js has it: begins by throughput, and holds that choice with a *placeholder* buffer
 * that counts as if it were there; then by the buffer alone, except that it does not go up to what the measured throughput
 * does not carry, or it would swing between two levels.
 *
 * Live differs. dash.js wants at least 16 s of buffer, which 6 s of delay never give, and lets the placeholder stand in for
 * the rest; then only other rules keep it from running dry. Here the buffer target is what the live edge allows: having
 * all that there is counts as a full buffer, and BOLA's own threshold take quality back as the buffer shrinks.
 * Left out: pausing downloads where more buffer is not worth low quality.
 */
export class BolaAdaptation implements Adaptation {
  readonly #bola = new Bola();
  readonly #throughput: ThroughputMean;
  #isStarting = true;
  #placeholderMs = 0;
  #targetMs = 0;

  /** @param throughput shared with another rule, which then samples it */
  constructor(throughput: ThroughputMean = new ThroughputMean()) {
    this.#throughput = throughput;
  }

  choose(variantBps: readonly number[], state: AdaptationState): number {
    if (variantBps.length === 1) return 0;
    const { bufferMs, currentIndex, segmentDurationMs } = state;
    const sustainable = this.#throughput.best(variantBps);
    this.#retarget(variantBps, Math.max(state.bufferTargetMs, LEAST_TARGET_SEGMENTS * segmentDurationMs));
    if (this.#isStarting) {
      this.#placeholderMs = Math.max(0, this.#bola.leastBufferMs(sustainable) - bufferMs);
      if (this.#throughput.isMeasured && bufferMs >= segmentDurationMs) this.#isStarting = false;
      return sustainable;
    }
    if (bufferMs <= 0) this.#placeholderMs = 0;
    const wanted = this.#bola.best(bufferMs + this.#placeholderMs);
    const index = wanted > currentIndex && wanted > sustainable ? Math.max(currentIndex, sustainable) : wanted;
    const excessMs = bufferMs + this.#placeholderMs - this.#bola.mostBufferMs(index);
    if (excessMs > 0) this.#placeholderMs = Math.max(0, this.#placeholderMs - excessMs);
    return index;
  }

  onTransfer(sizeBytes: number, totalMs: number, firstByteMs: number): void {
    this.#throughput.sample(sizeBytes, totalMs, firstByteMs);
    this.#placeholderMs *= PLACEHOLDER_DECAY;
  }

  moved(): void {
    this.#isStarting = true;
  }

  /** The placeholder keeps its share of the target. */
  #retarget(variantBps: readonly number[], targetMs: number): void {
    if (this.#targetMs > 0) this.#placeholderMs *= targetMs / this.#targetMs;
    this.#targetMs = targetMs;
    this.#bola.tune(variantBps, targetMs);
  }
}
