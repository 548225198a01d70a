/**
 * A binary heap of (time, id) for what may time out. Entries are never removed early: whoever pops one looks whether it
 * still holds, and puts it back with its real time when it was only postponed.
 */
export class Deadlines {
  readonly #times: number[] = [];
  readonly #ids: number[] = [];

  get size(): number {
    return this.#ids.length;
  }

  /** Infinity when empty. */
  get nextMs(): number {
    return this.#times.length === 0 ? Infinity : this.#times[0]!;
  }

  /** The id of the earliest entry; undefined when empty. */
  get nextId(): number | undefined {
    return this.#ids[0];
  }

  push(timeMs: number, id: number): void {
    const times = this.#times;
    const ids = this.#ids;
    let at = times.length;
    times.push(timeMs);
    ids.push(id);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent]! <= timeMs) break;
      times[at] = times[parent]!;
      ids[at] = ids[parent]!;
      at = parent;
    }
    times[at] = timeMs;
    ids[at] = id;
  }

  /** The id of the earliest entry; undefined when empty. */
  pop(): number | undefined {
    const times = this.#times;
    const ids = this.#ids;
    const first = ids[0];
    if (first === undefined) return undefined;
    const lastTime = times.pop()!;
    const lastId = ids.pop()!;
    const length = times.length;
    if (length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && times[child + 1]! < times[child]!) child++;
      if (times[child]! >= lastTime) break;
      times[at] = times[child]!;
      ids[at] = ids[child]!;
      at = child;
    }
    times[at] = lastTime;
    ids[at] = lastId;
    return first;
  }
}
