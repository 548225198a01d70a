import type { RunProgress } from '../../sim/run/run-scenario.ts';

const BAR_WIDTH = 24;
const LINE_EVERY_MS = 10_000;
const REDRAW_EVERY_MS = 200;

/** How far a run is: a bar that is drawn over on a terminal, else a line now and then. Written to standard error. */
export class Progress {
  readonly #label: string;
  readonly #startedMs = performance.now();
  #nextMs: number;

  constructor(label: string) {
    this.#label = label;
    this.#nextMs = this.#startedMs + (process.stderr.isTTY ? 0 : LINE_EVERY_MS);
  }

  readonly show = (progress: RunProgress): void => {
    const nowMs = performance.now();
    if (nowMs < this.#nextMs) return;
    const isTerminal = process.stderr.isTTY;
    this.#nextMs = nowMs + (isTerminal ? REDRAW_EVERY_MS : LINE_EVERY_MS);
    const text = describe(this.#label, progress, nowMs - this.#startedMs);
    // One line that is written over and over must not wrap.
    if (isTerminal) process.stderr.write(`\r\x1b[K${text.slice(0, process.stderr.columns - 1)}`);
    else process.stderr.write(`${text}\n`);
  };

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}

export function describe(label: string, progress: RunProgress, elapsedMs: number): string {
  const { share, simulatedMs, durationMs, present, segments } = progress;
  const full = Math.round(share * BAR_WIDTH);
  const leftMs = share > 0.01 ? (elapsedMs * (1 - share)) / share : null;
  return [
    `${label} ${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${Math.floor(share * 100)} %`,
    `${Math.round(simulatedMs / 1000)} of ${Math.round(durationMs / 1000)} s`,
    `${present.toLocaleString('en-US')} viewers`,
    `${Math.round((segments / Math.max(1, elapsedMs)) * 1000).toLocaleString('en-US')} segments/s`,
    leftMs === null ? 'time left: not known yet' : `${time(leftMs)} left`,
  ].join(' · ');
}

function time(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
