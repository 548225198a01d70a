import { Counter, Registry, collectDefaultMetrics } from 'prom-client';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A registry of its own for each service, labelled with who it is; process and event-loop metrics included. */
export function createRegistry(role: string, id: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ role, id });
  collectDefaultMetrics({ register: registry });
  return registry;
}

interface Cell<Label extends string> {
  readonly labels: Record<Label, string | number>;
  count: number;
}
type Branch<Label extends string> = Map<string | number, Branch<Label> | Cell<Label>>;

/**
 * A counter for what happens many thousand times a second: an increment is an addition, and prom-client, which hashes its
 * labels each time, learns of the sums when somebody looks.
 */
export class Tally<Label extends string> {
  readonly #cells: Cell<Label>[] = [];
  /** by the value of the first label, then of the second, and so on */
  readonly #byValue: Branch<Label> = new Map();
  readonly #labelNames: readonly Label[];
  readonly #counter: Counter<Label>;

  constructor(registry: Registry, name: string, help: string, labelNames: readonly Label[]) {
    this.#labelNames = labelNames;
    const cells = this.#cells;
    this.#counter = new Counter<Label>({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, count } of cells) this.inc(labels, count);
      },
    });
  }

  /** @param labels from a fixed vocabulary: each combination is kept */
  inc(labels: Record<Label, string | number>, by = 1): void {
    const names = this.#labelNames;
    let branch = this.#byValue;
    for (let at = 0; at < names.length - 1; at++) {
      const value = labels[names[at]!];
      let next = branch.get(value) as Branch<Label> | undefined;
      if (next === undefined) branch.set(value, (next = new Map()));
      branch = next;
    }
    const value = labels[names[names.length - 1]!];
    let cell = branch.get(value) as Cell<Label> | undefined;
    if (cell === undefined) {
      cell = { labels: { ...labels }, count: 0 };
      this.#cells.push(cell);
      branch.set(value, cell);
    }
    cell.count += by;
  }

  /** Sums of one label's values, for those who look every second: prom-client would hash every combination anew. */
  totalsBy(label: Label): Map<string, number> {
    const totals = new Map<string, number>();
    for (const { labels, count } of this.#cells) {
      const value = String(labels[label]);
      totals.set(value, (totals.get(value) ?? 0) + count);
    }
    return totals;
  }

  /** As prom-client's own. */
  get(): ReturnType<Counter<Label>['get']> {
    return this.#counter.get();
  }
}
