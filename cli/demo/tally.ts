type Counters = Record<string, number>;

/**
 * Counters of a process that may die and come back. A process counts from zero; what those before it had counted, as far
 * as it was seen, is kept, so that a total never falls.
 */
export class Tally<Counted extends Counters> {
  #before: Counted | null = null;
  #latest: Counted | null = null;

  see(counters: Counted): void {
    const latest = this.#latest;
    // Counters only grow: a smaller one is another process's.
    if (latest !== null && Object.keys(latest).some((name) => counters[name]! < latest[name]!)) {
      this.#before = add(this.#before, latest);
    }
    this.#latest = counters;
  }

  /** null when it was never seen */
  get total(): Counted | null {
    return this.#latest === null ? null : add(this.#before, this.#latest);
  }
}

function add<Counted extends Counters>(before: Counted | null, counters: Counted): Counted {
  if (before === null) return counters;
  return Object.fromEntries(Object.entries(counters).map(([name, value]) => [name, value + before[name]!])) as Counted;
}
