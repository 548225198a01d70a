/** Where a mean's three numbers stand: in a row of many, or by themselves. */
export interface MeanRow {
  readonly numbers: Float64Array;
  readonly at: number;
}

const SUM = 0;
const WEIGHT = 1;
/** the share of the mean that was never sampled: 0.5^(weight / halfLife) */
const UNSAMPLED = 2;
const NUMBERS = 3;

/**
 * A mean that forgets: half of it comes from the last `halfLife` of weight, and what was never sampled does not pull it
 * to zero. The same arithmetic as hls.js 1.7.4, src/utils/ewma.ts.
 */
export class Ewma {
  readonly #decay: number;
  readonly #row: MeanRow;
  readonly #first: number;

  /** @param row whose numbers it uses, from `first` on; another row needs `forget` before its first sample */
  constructor(halfLife: number, row: MeanRow = { numbers: new Float64Array(NUMBERS), at: 0 }, first = 0) {
    this.#decay = Math.log(0.5) / halfLife;
    this.#row = row;
    this.#first = first;
    this.forget();
  }

  sample(weight: number, value: number): void {
    const { numbers } = this.#row;
    const at = this.#row.at + this.#first;
    const kept = Math.exp(this.#decay * weight);
    numbers[at + SUM] = value * (1 - kept) + numbers[at + SUM]! * kept;
    numbers[at + WEIGHT]! += weight;
    numbers[at + UNSAMPLED]! *= kept;
  }

  get weight(): number {
    return this.#row.numbers[this.#row.at + this.#first + WEIGHT]!;
  }

  get mean(): number {
    const at = this.#row.at + this.#first;
    const filled = 1 - this.#row.numbers[at + UNSAMPLED]!;
    return filled > 0 ? this.#row.numbers[at + SUM]! / filled : 0;
  }

  forget(): void {
    const { numbers } = this.#row;
    const at = this.#row.at + this.#first;
    numbers[at + SUM] = 0;
    numbers[at + WEIGHT] = 0;
    numbers[at + UNSAMPLED] = 1;
  }
}
