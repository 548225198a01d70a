import type { KeyState } from './fill.ts';

/** Keys remembered at one time; the oldest is forgotten first. */
const MARKS_MAX = 65_536;

/**
 * Keys whose last answer could not be shared. While a key is marked nobody queues behind a fill of it (Varnish calls it
 * hit-for-miss); all marks last equally long, so they end in the order they were made.
 */
export class UncacheableMarks {
  readonly #forMs: number;
  readonly #release: (state: KeyState) => void;
  #marks: { state: KeyState; untilMs: number }[] = [];
  #first = 0;

  constructor(forMs: number, release: (state: KeyState) => void) {
    this.#forMs = forMs;
    this.#release = release;
  }

  mark(state: KeyState, nowMs: number): void {
    this.expire(nowMs);
    if (this.#forMs === 0) return;
    state.uncacheableUntilMs = nowMs + this.#forMs;
    this.#marks.push({ state, untilMs: state.uncacheableUntilMs });
    if (this.#marks.length - this.#first > MARKS_MAX) this.#dropFirst();
  }

  /** When the next mark ends; Infinity when there is none. */
  get nextMs(): number {
    return this.#marks[this.#first]?.untilMs ?? Infinity;
  }

  /** Lets go of keys whose mark has ended. */
  expire(nowMs: number): void {
    while (this.#first < this.#marks.length && this.#marks[this.#first]!.untilMs <= nowMs) this.#dropFirst();
  }

  #dropFirst(): void {
    const { state, untilMs } = this.#marks[this.#first++]!;
    if (this.#first > 1024 && this.#first * 2 > this.#marks.length) {
      this.#marks = this.#marks.slice(this.#first);
      this.#first = 0;
    }
    // Marked again since: the later entry speaks.
    if (state.uncacheableUntilMs !== untilMs) return;
    state.uncacheableUntilMs = 0;
    this.#release(state);
  }
}
