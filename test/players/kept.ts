import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Measurement } from './document.ts';
import type { Observation } from './observation.ts';
import type { Watch } from './watch-case.ts';

/** What was observed, in a file where one is given: a run that was cut short goes on where it stopped. */
export class Kept {
  readonly #file: string | undefined;
  #measurement: Measurement = { date: '', browser: '', observations: [] };

  constructor(file: string | undefined) {
    this.#file = file;
    if (file !== undefined && existsSync(file)) {
      this.#measurement = JSON.parse(readFileSync(file, 'utf8')) as Measurement;
    }
  }

  find({ column, case: name, after }: Watch): Observation | undefined {
    return this.#measurement.observations.find(
      (one) => one.column === column.name && one.case === name && one.after === after,
    );
  }

  setMeasured(date: string, browser: string): void {
    this.#measurement = { ...this.#measurement, date, browser };
  }

  add(observation: Observation): void {
    this.#measurement = { ...this.#measurement, observations: [...this.#measurement.observations, observation] };
    if (this.#file !== undefined) writeFileSync(this.#file, JSON.stringify(this.#measurement));
  }

  /** Those that were wished for. */
  measurement(watches: readonly Watch[]): Measurement {
    return { ...this.#measurement, observations: watches.map((watch) => this.find(watch)!) };
  }
}
