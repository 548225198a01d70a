/** What a check found wrong: a moment and what was seen. The first few are kept, the others counted. */
export class Violations {
  readonly first: string[] = [];
  count = 0;

  add(nowMs: number, text: string): void {
    this.count++;
    if (this.first.length < 10) this.first.push(`at ${(nowMs / 1000).toFixed(3)} s: ${text}`);
  }
}

/** At one node there are never two shared fills of one key in flight (DESIGN §7). */
export class FillChecker {
  readonly violations = new Violations();
  looks = 0;
  /** by node and key: the fill that is on */
  readonly #fills = new Map<string, number>();
  readonly #keys = new Map<string, string>();

  /** @param resumes the failed fill that it goes on with, or −1 */
  began(node: string, key: number, fillId: number, resumes: number, nowMs: number): void {
    this.looks++;
    if (resumes >= 0) this.ended(node, resumes);
    const slot = `${node} ${key}`;
    const before = this.#fills.get(slot);
    if (before !== undefined) {
      this.violations.add(nowMs, `${node} fills key ${key} twice at once, as ${before} and ${fillId}`);
    }
    this.#fills.set(slot, fillId);
    this.#keys.set(`${node} ${fillId}`, slot);
  }

  ended(node: string, fillId: number): void {
    const name = `${node} ${fillId}`;
    const slot = this.#keys.get(name);
    if (slot === undefined) return;
    this.#keys.delete(name);
    if (this.#fills.get(slot) === fillId) this.#fills.delete(slot);
  }

  /** Fills in flight. */
  get open(): number {
    return this.#fills.size;
  }
}
