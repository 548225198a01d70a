import { stableHash } from '../../../topology/model/stable-hash.ts';

/**
 * Each line of a record is a JSON array whose last element is its checksum: over the text before it, beginning with the
 * checksum of the line before. So a line that was altered is found, and one that is missing. Against accidents, not
 * against forgers: anybody can compute it.
 */
export class LineChain {
  #last = 0;
  /** the line before was bad, and so may be what it said of itself */
  #isUnsure = false;

  /** The next line has none before it. */
  restart(): void {
    this.#last = 0;
    this.#isUnsure = false;
  }

  /** @param open the array without its closing bracket */
  seal(open: string): string {
    this.#last = stableHash(open, this.#last);
    return `${open},${this.#last}]`;
  }

  /** @returns whether it follows upon the line before; of the one after a bad line that cannot be said, and it passes */
  follows(line: string): boolean {
    const comma = line.lastIndexOf(',');
    const sum = comma < 0 ? Number.NaN : Number(line.slice(comma + 1, -1));
    const isGood = stableHash(line.slice(0, Math.max(comma, 0)), this.#last) === sum;
    this.#last = Number.isNaN(sum) ? 0 : sum;
    const passes = isGood || this.#isUnsure;
    this.#isUnsure = !passes;
    return passes;
  }
}
