import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { stableHash } from '../../topology/model/stable-hash.ts';

/**
 * Chance, from a seed and a name: each use has a stream of its own, so that drawing once more in one place does not
 * change what another place draws.
 */
export class Random {
  readonly #generator: RandomGenerator;
  #spareNormal = NaN;

  constructor(seed: number, name: string) {
    this.#generator = xoroshiro128plus(stableHash(name, seed) | 0);
  }

  /** From 0 to just below 1. */
  uniform(): number {
    return uniformFloat64(this.#generator);
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** 0 … count − 1 */
  index(count: number): number {
    return Math.min(count - 1, Math.floor(this.uniform() * count));
  }

  /** A seed for something that wants one of its own. */
  seed(): number {
    return Math.floor(this.uniform() * 2 ** 31);
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** Mean 0, deviation 1 (Box and Muller 1958). */
  normal(): number {
    if (!Number.isNaN(this.#spareNormal)) {
      const spare = this.#spareNormal;
      this.#spareNormal = NaN;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** @param sigma deviation of the logarithm */
  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal());
  }
}

/** Draws from given weights in constant time (Walker 1977, Vose 1991: the alias method). */
export class WeightedChoice {
  readonly #keep: Float64Array;
  readonly #alias: Int32Array;

  /** @param weights not negative, at least one positive */
  constructor(weights: ArrayLike<number>) {
    const count = weights.length;
    let total = 0;
    for (let index = 0; index < count; index++) total += weights[index]!;
    if (!(total > 0)) throw new RangeError('weights need a positive sum');
    this.#keep = new Float64Array(count);
    this.#alias = new Int32Array(count);
    const small: number[] = [];
    const large: number[] = [];
    for (let index = 0; index < count; index++) {
      this.#keep[index] = (weights[index]! * count) / total;
      (this.#keep[index]! < 1 ? small : large).push(index);
    }
    while (small.length > 0 && large.length > 0) {
      const lesser = small.pop()!;
      const greater = large.at(-1)!;
      this.#alias[lesser] = greater;
      this.#keep[greater]! += this.#keep[lesser]! - 1;
      if (this.#keep[greater]! < 1) small.push(large.pop()!);
    }
    for (const index of [...small, ...large]) this.#keep[index] = 1;
  }

  pick(random: Random): number {
    const place = random.uniform() * this.#keep.length;
    const index = Math.min(this.#keep.length - 1, Math.floor(place));
    return place - index < this.#keep[index]! ? index : this.#alias[index]!;
  }
}

/** Zipf's weights 1/rank^alpha for ranks 1 … count. */
export function zipfWeights(count: number, alpha: number): Float64Array {
  const weights = new Float64Array(count);
  for (let rank = 1; rank <= count; rank++) weights[rank - 1] = rank ** -alpha;
  return weights;
}
