import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BadInput } from '../../runtime/bad-input.ts';
import type { StudyRow } from './study-run.ts';

export type RowKey = Omit<StudyRow, 'numbers' | 'byPrice'>;

/** Runs that are through, a line of JSON each: a study that was cut short goes on where it stopped. */
export class KeptRows {
  readonly rows: StudyRow[] = [];
  readonly #file: string;

  /** @throws BadInput for a file with other lines */
  constructor(file: string) {
    this.#file = file;
    if (!existsSync(file)) return;
    const lines = readFileSync(file, 'utf8').split('\n');
    lines.forEach((line, index) => {
      if (line === '') return;
      try {
        this.rows.push(JSON.parse(line) as StudyRow);
      } catch {
        throw new BadInput(`${file}:${index + 1}: no line of a study; name another file with --out, or remove it`);
      }
    });
  }

  has(key: RowKey): boolean {
    return this.rows.some(
      (row) =>
        row.name === key.name &&
        row.variant === key.variant &&
        row.policy === key.policy &&
        row.seed === key.seed &&
        row.viewers === key.viewers &&
        row.durationSeconds === key.durationSeconds,
    );
  }

  add(row: StudyRow): void {
    this.rows.push(row);
    mkdirSync(dirname(this.#file), { recursive: true });
    appendFileSync(this.#file, `${JSON.stringify(row)}\n`);
  }
}
