/**
 * Keeps what was used last, up to a weight. Two generations: what is used moves to the young one; when that has half the
 * weight, the old one is forgotten and the young one grows old. A look-up writes only when something moves up.
 */
export class KeptByUse<Key, Value> {
  readonly #halfWeight: number;
  readonly #weightOf: (value: Value) => number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();
  #youngWeight = 0;

  /** @param mostWeight of all that is kept; one value that is heavier than half of it is kept alone */
  constructor(mostWeight: number, weightOf: (value: Value) => number = () => 1) {
    this.#halfWeight = mostWeight / 2;
    this.#weightOf = weightOf;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.set(key, old);
    }
    return old;
  }

  /** The key must not be there. */
  set(key: Key, value: Value): void {
    const weight = this.#weightOf(value);
    if (this.#young.size > 0 && this.#youngWeight + weight > this.#halfWeight) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngWeight = 0;
    }
    this.#young.set(key, value);
    this.#youngWeight += weight;
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngWeight = 0;
  }

  /** Those used last come last. */
  *keys(): IterableIterator<Key> {
    yield* this.#old.keys();
    yield* this.#young.keys();
  }
}
