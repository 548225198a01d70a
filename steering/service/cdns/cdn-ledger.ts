import { accessSync, constants, existsSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { BadInput } from '../../../runtime/bad-input.ts';
import { readChecked } from '../../../topology/load/checked-yaml.ts';
import { identifierSchema } from '../../../topology/model/event.ts';
import type { MonthRecord } from '../../policy/cdns/cdn-month.ts';

/** The longest month has so many five minutes. */
const MOST_SAMPLES = 31 * 288;

const sampleSchema = z.tuple([
  z
    .number()
    .int()
    .min(0)
    .max(MOST_SAMPLES - 1),
  z.number().nonnegative(),
]);

const ledgerSchema = z.strictObject({
  schema: z.literal('undercard-cdn-ledger/1'),
  savedMs: z.number().int().nonnegative(),
  month: z.number().int().nonnegative(),
  cdns: z.record(
    identifierSchema,
    z.strictObject({ bytes: z.number().nonnegative(), samples: z.array(sampleSchema).max(MOST_SAMPLES) }),
  ),
});

export interface Ledger extends MonthRecord {
  /** Unix milliseconds */
  savedMs: number;
}

const MOST_BYTES = 32 * 1024 * 1024;

/**
 * @returns null when there is none yet. @throws BadInput for a file that is no ledger, which is not to be overwritten, and
 * for a place where none could be written: later that would only be a line of the log.
 */
export function readLedger(file: string): Ledger | null {
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new BadInput(`--ledger ${file}: nothing can be written in ${dirname(file)} (${code})`);
  }
  if (!existsSync(file)) return null;
  const outcome = readChecked(file, ledgerSchema, { mostBytes: MOST_BYTES });
  if (outcome.kind === 'bad') throw new BadInput(`--ledger ${outcome.reason}; move it away to begin anew`);
  return outcome.value;
}

/** The whole file or none. */
export function writeLedger(file: string, record: MonthRecord, savedMs: number): void {
  const unfinished = `${file}.${process.pid}.part`;
  const ledger = { schema: 'undercard-cdn-ledger/1', savedMs: Math.round(savedMs), ...record };
  writeFileSync(unfinished, `${JSON.stringify(ledger)}\n`);
  renameSync(unfinished, file);
}
