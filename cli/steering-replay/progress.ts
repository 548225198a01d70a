import { count, duration, percent } from '../../runtime/page/format.js';

const REDRAW_EVERY_MS = 200;
const LINE_EVERY_MS = 10_000;

/** How far a replay is, on standard error: drawn over on a terminal, else a line now and then. */
export class ReplayProgress {
  readonly #startedMs = performance.now();
  #nextMs = this.#startedMs + (process.stderr.isTTY ? REDRAW_EVERY_MS : LINE_EVERY_MS);

  readonly show = (share: number, decisions: number): void => {
    const nowMs = performance.now();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + (process.stderr.isTTY ? REDRAW_EVERY_MS : LINE_EVERY_MS);
    const elapsed = (nowMs - this.#startedMs) / 1000;
    const left = share > 0.01 ? `, ${duration((elapsed * (1 - share)) / share)} left` : '';
    const text = `replay: ${percent(share)}, ${count(decisions)} decisions${left}`;
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text.slice(0, process.stderr.columns - 1)}` : `${text}\n`);
  };

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}
