// From totals to rates: differences of the last few looks, and two minutes of them to draw.

const KEPT = 120;
/** What a figure is the mean of. */
const WINDOW_MS = 5000;
/** Of a spot's rate: how much of the old one is left after this long. */
const FADE_MS = 5000;

export class Rates {
  #looks = [];
  #history = new Map();

  /** @param look {atMs, groups: {name: {key: total}}}; totals that shrink are another process's: begin anew */
  add(look) {
    const last = this.#looks.at(-1);
    if (last !== undefined && look.atMs <= last.atMs) return;
    this.#looks.push(look);
    if (this.#looks.length > KEPT) this.#looks.shift();
    if (last === undefined) return;
    for (const name of Object.keys(look.groups)) {
      const values = this.#history.get(name) ?? [];
      values.push(perSecond(last, look, name));
      if (values.length > KEPT) values.shift();
      this.#history.set(name, values);
    }
  }

  /** A figure that is no total, drawn all the same. */
  addGauge(name, value) {
    const values = this.#history.get(name) ?? [];
    values.push(value);
    if (values.length > KEPT) values.shift();
    this.#history.set(name, values);
  }

  reset() {
    this.#looks = [];
    this.#history.clear();
  }

  /** Per second, by key, over the last seconds; null before there are two looks. */
  now(name) {
    const last = this.#looks.at(-1);
    // The look before this one at least, however long ago: a slow machine has figures, too.
    const first = this.#looks.slice(0, -1).find(({ atMs }) => last.atMs - atMs <= WINDOW_MS) ?? this.#looks.at(-2);
    if (first === undefined) return null;
    const seconds = (last.atMs - first.atMs) / 1000;
    const before = first.groups[name];
    return Object.entries(last.groups[name]).map(([key, total]) => [key, (total - (before[key] ?? 0)) / seconds]);
  }

  history(name) {
    return this.#history.get(name) ?? [];
  }
}

function perSecond(before, after, name) {
  const sum = ({ groups }) => Object.values(groups[name] ?? {}).reduce((all, value) => all + value, 0);
  return Math.max(0, ((sum(after) - sum(before)) * 1000) / (after.atMs - before.atMs));
}

/** First choices a second of each spot, faded so that the order of a table does not jump. */
export class SpotRates {
  #totals = new Map();
  #rates = new Map();
  #atMs = null;

  /** @param rows of the live answer: those that changed */
  add(rows, atMs) {
    const passed = this.#atMs === null ? 0 : atMs - this.#atMs;
    if (this.#atMs !== null && passed <= 0) return;
    const left = Math.exp(-passed / FADE_MS);
    for (const [spot, rate] of this.#rates) {
      if (rate * left < 0.001) this.#rates.delete(spot);
      else this.#rates.set(spot, rate * left);
    }
    for (const [spot, total] of rows) {
      const more = this.#atMs === null ? 0 : total - (this.#totals.get(spot) ?? 0);
      this.#totals.set(spot, total);
      if (more > 0) this.#rates.set(spot, (this.#rates.get(spot) ?? 0) + (1 - left) * ((more * 1000) / passed));
    }
    this.#atMs = atMs;
  }

  reset() {
    this.#totals.clear();
    this.#rates.clear();
    this.#atMs = null;
  }

  /** @returns [spot, per second], the most first */
  top(most) {
    return [...this.#rates].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, most);
  }
}
