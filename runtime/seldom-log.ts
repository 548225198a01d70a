import type { Log } from './log.ts';

const PAUSE_MS = 1000;

/** Warnings of what others cause: one line a second at most, for whoever sends nonsense must not fill the disk. */
export class SeldomLog {
  readonly #log: Log;
  readonly #nowMs: () => number;
  #quietUntilMs = -Infinity;
  #unlogged = 0;

  /** @param nowMs monotonic */
  constructor(log: Log, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** The line also says how many before it were left out. */
  warn(fields: Record<string, unknown>, message: string): void {
    const nowMs = this.#nowMs();
    if (nowMs < this.#quietUntilMs) {
      this.#unlogged++;
      return;
    }
    this.#log.warn({ ...fields, unlogged: this.#unlogged }, message);
    this.#quietUntilMs = nowMs + PAUSE_MS;
    this.#unlogged = 0;
  }
}
