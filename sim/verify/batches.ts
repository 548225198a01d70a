const BATCHES = 50;

/**
 * A mean of observations that depend on their neighbours, and its standard error by the method of batch means: long
 * batches hardly depend on one another (Law and Kelton).
 */
export class Batches {
  readonly #size: number;
  readonly #sums = new Float64Array(BATCHES);
  #batch = 0;
  #inBatch = 0;

  /** @param count of observations wanted; what comes beyond is ignored */
  constructor(count: number) {
    this.#size = Math.ceil(count / BATCHES);
  }

  get full(): boolean {
    return this.#batch === BATCHES;
  }

  get count(): number {
    return this.#batch * this.#size + this.#inBatch;
  }

  add(value: number): void {
    if (this.#batch === BATCHES) return;
    this.#sums[this.#batch]! += value;
    if (++this.#inBatch < this.#size) return;
    this.#inBatch = 0;
    this.#batch++;
  }

  get mean(): number {
    let sum = 0;
    for (let batch = 0; batch <= Math.min(this.#batch, BATCHES - 1); batch++) sum += this.#sums[batch]!;
    return sum / this.count;
  }

  get standardError(): number {
    const { mean } = this;
    let squares = 0;
    for (let batch = 0; batch < this.#batch; batch++) squares += (this.#sums[batch]! / this.#size - mean) ** 2;
    return Math.sqrt(squares / (this.#batch - 1) / this.#batch);
  }
}
