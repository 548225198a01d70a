import type { KeyState } from './fill.ts';
import type { EdgeSink } from './sink.ts';
import { UncacheableMarks } from './uncacheable.ts';

/** What is known of each key, for as long as anything is: an object, a fill, a mark, or somebody who refers to it. */
export class KeyStates {
  readonly #states: (KeyState | undefined)[] = [];
  readonly #sink: EdgeSink;
  readonly #marks: UncacheableMarks;

  constructor(sink: EdgeSink, uncacheableMs: number) {
    this.#sink = sink;
    this.#marks = new UncacheableMarks(uncacheableMs, (state) => this.releaseIfIdle(state));
  }

  define(key: number, hash: number, event: number, segment: number, rendition: number): void {
    this.#states[key] = {
      key,
      hash,
      event,
      segment,
      rendition,
      object: null,
      fill: null,
      uncacheableUntilMs: 0,
      users: 0,
    };
  }

  /** The state of a key that is known to be in use. */
  at(key: number): KeyState {
    return this.#states[key]!;
  }

  find(key: number): KeyState | undefined {
    return this.#states[key];
  }

  /** For a while nobody queues behind a fill of this key. */
  markUncacheable(state: KeyState, nowMs: number): void {
    this.#marks.mark(state, nowMs);
  }

  /** When the next mark ends. */
  get nextMs(): number {
    return this.#marks.nextMs;
  }

  expireMarks(nowMs: number): void {
    this.#marks.expire(nowMs);
  }

  /** Keeps the state while `work` goes on, whatever the work lets go of. */
  hold(state: KeyState, work: () => void): void {
    state.users++;
    work();
    this.leave(state);
  }

  /** One user fewer. */
  leave(state: KeyState): void {
    state.users--;
    this.releaseIfIdle(state);
  }

  releaseIfIdle(state: KeyState): void {
    if (state.object !== null || state.fill !== null || state.users > 0 || state.uncacheableUntilMs !== 0) return;
    // A state outlives its release where a mark still names it; its number may be another key's by then.
    if (this.#states[state.key] !== state) return;
    this.#states[state.key] = undefined;
    this.#sink.release(state.key);
  }
}
