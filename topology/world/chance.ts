import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { stableHash } from '../model/stable-hash.ts';

/**
 * Chance of a world: each draw is named by what it is for, so that one more metro or network changes no other’s luck.
 */
export class Chance {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** From 0 to just below 1; the same name always draws the same. */
  uniform(name: string): number {
    return uniformFloat64(xoroshiro128plus(stableHash(name, this.#seed) | 0));
  }

  between(low: number, high: number, name: string): number {
    return low + (high - low) * this.uniform(name);
  }

  happens(probability: number, name: string): boolean {
    return this.uniform(name) < probability;
  }
}
