import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { BadInput } from '../../runtime/bad-input.ts';
import type { StartRecord } from '../../sim/actors/steering-desk.ts';
import { WALL_START_MS } from '../../sim/engine/engine.ts';
import type { Scenario } from '../../sim/scenarios/scenario.ts';
import { DecisionRecorder, type RecordSink } from '../../steering/policy/record/decision-recorder.ts';
import { headersOf } from '../../steering/policy/record/record-header.ts';

const { version: SOFTWARE } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const FLUSH_CHARS = 1024 * 1024;

/** The record of a simulated run, as a service would have written it; the same bytes for the same seed. */
export class RunRecord {
  readonly #path: string;
  readonly #scenario: Scenario;
  readonly #file: number;
  #lines: string[] = [];
  #chars = 0;
  #starts = 0;

  /** @throws BadInput when the file cannot be written */
  constructor(path: string, scenario: Scenario) {
    this.#path = path;
    this.#scenario = scenario;
    this.#file = this.#tried(() => openSync(path, 'w'));
  }

  /** Steering begins, for the first time or again. */
  readonly start: StartRecord = ({ sites, order, steering, nowMs }) => {
    const { name, seed } = this.#scenario;
    const header = headersOf({
      software: SOFTWARE,
      run: `${name.slice(0, 32)}-${seed}-${this.#starts++}`,
      clients: 'hashed',
      wallMsAt: (atMs) => WALL_START_MS + atMs,
      ...{ sites, steering, nodesFromMs: nowMs },
    });
    const sink: RecordSink = { next: () => 'line', write: (line) => this.#write(line), takeLost: () => 0 };
    return new DecisionRecorder({ sink, order, tuning: steering, header, inputs: {}, nowMs });
  };

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #write(line: string): void {
    this.#lines.push(line);
    this.#chars += line.length;
    if (this.#chars >= FLUSH_CHARS) this.#flush();
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    const text = Buffer.from(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
    this.#chars = 0;
    this.#tried(() => {
      for (let at = 0; at < text.length;) at += writeSync(this.#file, text, at);
    });
  }

  #tried<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw new BadInput(`--record: "${this.#path}" cannot be written (${(error as NodeJS.ErrnoException).code})`);
    }
  }
}
