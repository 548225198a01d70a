import { LRUCache } from 'lru-cache';

/** Targets whose variants are remembered. */
const TARGETS_MAX = 100_000;

/** Which request fields a target's responses depend on (RFC 9111 §4.1), as last told by `Vary`. */
export class VaryTable {
  readonly #names = new LRUCache<string, readonly string[]>({ max: TARGETS_MAX });

  of(target: string): readonly string[] | undefined {
    // Media hardly ever varies: the common case costs no lookup.
    return this.#names.size === 0 ? undefined : this.#names.get(target);
  }

  learn(target: string, names: readonly string[]): void {
    this.#names.set(target, names);
  }
}
