import type { Adaptation, AdaptationState } from './adaptation.ts';
import { BolaAdaptation } from './bola-adaptation.ts';
import { ThroughputMean } from './throughput-adaptation.ts';

/** The paper's threshold; where the live edge allows no such buffer, half of what it allows. */
const SWITCH_BUFFER_MS = 10_000;
const SWITCH_SHARE = 0.5;

/**
 * DYNAMIC (Spiteri, Sitaraman, Sparacio: "From theory to practice: improving bitrate adaptation in the DASH reference
 * player", MMSys 2018): throughput while the buffer is low, BOLA once it is not. It changes to BOLA with more than 10 s of
 * buffer and when BOLA's choice is no lower, back with less than 10 s and when BOLA's choice is lower.
 */
export class DynamicAdaptation implements Adaptation {
  readonly #throughput = new ThroughputMean();
  readonly #bola = new BolaAdaptation(this.#throughput);
  #usesBola = false;

  get usesBola(): boolean {
    return this.#usesBola;
  }

  choose(variantBps: readonly number[], state: AdaptationState): number {
    const byThroughput = this.#throughput.best(variantBps);
    const byBola = this.#bola.choose(variantBps, state);
    const switchMs = Math.min(SWITCH_BUFFER_MS, SWITCH_SHARE * state.bufferTargetMs);
    if (this.#usesBola) this.#usesBola = state.bufferMs >= switchMs || byBola >= byThroughput;
    else this.#usesBola = state.bufferMs > switchMs && byBola >= byThroughput;
    return this.#usesBola ? byBola : byThroughput;
  }

  onTransfer(sizeBytes: number, totalMs: number, firstByteMs: number): void {
    this.#bola.onTransfer(sizeBytes, totalMs, firstByteMs);
  }

  moved(): void {
    this.#bola.moved();
  }
}
