import { BadInput } from '../../runtime/bad-input.ts';
import {
  BadRecordLine,
  RecordReader,
  UnusableRecord,
  type RecordEvent,
} from '../../steering/policy/replay/record-reader.ts';
import { ReplayCheck, type Difference } from '../../steering/policy/replay/replay-check.ts';
import { WhatIf } from '../../steering/policy/replay/what-if.ts';
import type { WhatIfResult } from '../../steering/policy/replay/what-if-result.ts';
import type { WorldChange } from '../../steering/policy/replay/replay-world.ts';
import type { RecordHeader } from '../../steering/policy/record/decision-record.ts';
import { readRecord, type LinePlace, type RecordFile } from '../../steering/service/record-file.ts';

export interface ReadOptions {
  files: readonly RecordFile[];
  /** lines that cannot be used are left out and counted */
  lenient: boolean;
  /** share of the bytes that have been read, and decisions so far */
  progress: (share: number, decisions: number) => void;
}

/** What was in the way of reading. */
export interface ReadNotes {
  badLines: number;
  /** of the first */
  firstBad: string | null;
  /** files that end in half a line */
  cut: string[];
}

export interface CheckResult extends ReadNotes {
  same: boolean;
  decisions: number;
  inputs: number;
  /** decisions after lines that are missing, which could not be compared */
  uncompared: number;
  difference: (LinePlace & { reason: string; recorded?: string; replayed?: string }) | null;
}

export interface WhatIfOutcome extends ReadNotes {
  result: WhatIfResult;
  header: RecordHeader;
}

/**
 * Makes every decision of a record again, and stops at the first that comes out otherwise.
 * @throws BadInput where there is none, which would pass for a check
 */
export async function checkRecord(options: ReadOptions): Promise<CheckResult> {
  const reader = new RecordReader();
  const check = new ReplayCheck(reader);
  let difference: CheckResult['difference'] = null;
  const notes = await read(options, reader, {
    decisions: () => check.decisions + check.uncompared,
    event: (event, line, place) => {
      const found: Difference | null = check.feed(event, line);
      if (found !== null) difference = { ...place, reason: 'the same inputs give another decision', ...found };
      return found === null;
    },
    bad: ({ message }, place) => {
      difference = { ...place, reason: message };
    },
  });
  const { decisions, inputs, uncompared } = check;
  if (difference === null && decisions + uncompared === 0) throw noDecision(options);
  return { same: difference === null, decisions, inputs, uncompared, difference, ...notes };
}

/** @param changeFor checks names against the record's own. @throws BadInput for a record that cannot be replayed so */
export async function replayRecord(
  options: ReadOptions,
  changeFor: (header: RecordHeader) => WorldChange,
): Promise<WhatIfOutcome> {
  const reader = new RecordReader();
  let replay: WhatIf | null = null;
  let header: RecordHeader | null = null;
  let decisions = 0;
  const notes = await read(options, reader, {
    decisions: () => decisions,
    event: (event) => {
      if (event.kind === 'decision') decisions++;
      if (event.kind === 'header') header ??= event.header;
      replay ??= new WhatIf(changeFor(header!));
      replay.feed(event);
      return true;
    },
    bad: ({ message }, { path, number }) => {
      throw new BadInput(`${path}:${number}: ${message}${options.lenient ? '' : LENIENT}`);
    },
  });
  const result = (replay as WhatIf | null)?.result() ?? null;
  if (result === null) throw noDecision(options);
  return { result, header: header!, ...notes };
}

function noDecision({ files }: ReadOptions): BadInput {
  return new BadInput(`${files[0]!.path}: there is no decision in it`);
}

const LENIENT = ' (--lenient leaves out and counts lines that cannot be used)';

interface Visitor {
  decisions(): number;
  /** @returns false to stop */
  event(event: RecordEvent, line: string, place: LinePlace): boolean;
  /** only where lines must be good; reading stops there */
  bad(error: BadRecordLine, place: LinePlace): void;
}

async function read({ files, lenient, progress }: ReadOptions, reader: RecordReader, to: Visitor): Promise<ReadNotes> {
  const wholeBytes = Math.max(
    1,
    files.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  const notes: ReadNotes = { badLines: 0, firstBad: null, cut: [] };
  notes.cut = await readRecord(files, {
    progress: (bytes) => progress(Math.min(1, bytes / wholeBytes), to.decisions()),
    line: (line, place) => {
      try {
        const event = reader.read(line);
        return event === null || to.event(event, line, place);
      } catch (error) {
        if (!(error instanceof BadRecordLine)) throw error;
        notes.badLines++;
        notes.firstBad ??= `${place.path}:${place.number}: ${error.message}`;
        const goesOn = lenient && !(error instanceof UnusableRecord);
        if (!goesOn) to.bad(error, place);
        return goesOn;
      }
    },
  });
  return notes;
}
