/**
 * A mean that forgets: half of it comes from the last `halfLife` of weight, and what was never sampled does not pull it
 * to zero. The same arithmetic as hls.js 1.7.4, src/utils/ewma.ts.
 */
export class Ewma {
  readonly #decay: number;
  #sum = 0;
  #weight = 0;
  /** the share of the mean that was never sampled: 0.5^(weight / halfLife) */
  #unsampled = 1;

  constructor(halfLife: number) {
    this.#decay = Math.log(0.5) / halfLife;
  }

  sample(weight: number, value: number): void {
    const kept = Math.exp(this.#decay * weight);
    this.#sum = value * (1 - kept) + this.#sum * kept;
    this.#weight += weight;
    this.#unsampled *= kept;
  }

  get weight(): number {
    return this.#weight;
  }

  get mean(): number {
    const filled = 1 - this.#unsampled;
    return filled > 0 ? this.#sum / filled : 0;
  }

  forget(): void {
    this.#sum = 0;
    this.#weight = 0;
    this.#unsampled = 1;
  }
}
