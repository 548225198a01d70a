import { bytes, count, duration, percent, rate } from '../../runtime/page/format.js';
import type { Peak } from '../../steering/policy/replay/load-peaks.ts';
import type { Bias } from '../../steering/policy/replay/replay-bias.ts';
import {
  ASSUMPTIONS,
  type PlaceLoad,
  type SideSums,
  type WhatIfResult,
} from '../../steering/policy/replay/what-if-result.ts';
import type { CheckResult, ReadNotes } from './replay.ts';

const LABEL_WIDTH = 13;
const MOST_ROWS = 12;
/** Changes of load below this are not worth a line. */
const LEAST_CHANGE = 0.005;

export function checkText(result: CheckResult): string {
  const { same, decisions, inputs, uncompared, difference } = result;
  if (!same) {
    const { path, number, reason, recorded, replayed } = difference!;
    const both = recorded === undefined ? [] : [`recorded: ${recorded}`, `replayed: ${replayed}`];
    return [`${path}:${number}: ${reason}`, ...both].join('\n');
  }
  const left =
    uncompared === 0 ? '' : `; ${count(uncompared)} were not compared: lines shortly before them are missing`;
  const all = `${count(decisions)} decisions made again from ${count(inputs)} inputs: every one is the same${left}`;
  return [all, ...noteLines(result)].join('\n');
}

/** @param changes what is other than in the record, in words */
export function whatIfText(result: WhatIfResult, changes: string, notes: ReadNotes): string {
  const { fromMs, untilMs, decisions, sessions, before, after, bias } = result;
  return [
    line(
      'record',
      `${moment(fromMs)} to ${moment(untilMs)}: ${count(decisions)} decisions, ${count(sessions)} sessions`,
    ),
    line('replayed', changes),
    ...movedLines(result),
    ...several('best site', [rank0Text('before', before), rank0Text('after', after), ...contentNote(before)]),
    ...several('admission', [admissionText('before', before), admissionText('after', after)]),
    ...loadLines('sites', result.sites),
    ...loadLines('servers', result.servers),
    ...several('overload', overloadTexts(result)),
    ...several('bias', biasTexts(bias, sessions)),
    ...several('assumed', ASSUMPTIONS),
    ...noteLines({ ...notes, ...partial(result) }),
  ].join('\n');
}

function movedLines({ moved, movedSessions, movedBytes, sessions, before }: WhatIfResult): string[] {
  if (moved.length === 0) return [line('moved', 'nothing: every session is served from the site it was')];
  const share = before.rank0.bytes > 0 ? ` (${percent(movedBytes / before.rank0.bytes)})` : '';
  const all = `${count(movedSessions)} of ${count(sessions)} sessions, ${bytes(movedBytes)}${share}`;
  const rows = moved
    .slice(0, MOST_ROWS)
    .map(({ from, to, sessions: those, bytes: sum }) => [
      `  ${from ?? '(refused)'} → ${to ?? '(refused)'}`,
      `${count(those)} sessions`,
      bytes(sum),
    ]);
  return several('moved', [all, ...table(rows), ...leftOut(moved.length)]);
}

function rank0Text(label: string, { rank0 }: SideSums): string {
  if (rank0.bytes === 0) return `${label.padEnd(7)}no bytes`;
  const content = rank0.contentMiss === null ? 'not known' : bytes(rank0.contentMiss);
  const misses = `health (H) ${bytes(rank0.healthMiss)}, content (C) ${content}, otherwise ${bytes(rank0.otherMiss)}`;
  return `${label.padEnd(7)}${percent(rank0.rank0 / rank0.bytes)} of ${bytes(rank0.bytes)}; elsewhere by ${misses}`;
}

function contentNote({ rank0 }: SideSums): string[] {
  return rank0.contentMiss === null
    ? ['the record does not know which server has what on demand: such misses are among the others, or none']
    : [];
}

function admissionText(label: string, { refusedSessions, reducedSessions }: SideSums): string {
  return `${label.padEnd(7)}${count(refusedSessions)} sessions refused, ${count(reducedSessions)} with less than their bitrate`;
}

function loadLines(label: string, places: readonly PlaceLoad[]): string[] {
  const changed = places
    .filter(({ before, after }) => after === null || Math.abs(after.share - before.share) >= LEAST_CHANGE)
    .sort((a, b) => (b.after?.share ?? 0) - (a.after?.share ?? 0));
  if (changed.length === 0) return [line(label, 'none is fuller or emptier at its peak than it was')];
  const rows = changed
    .slice(0, MOST_ROWS)
    .map(({ id, before, after }) => [
      id,
      `peak ${peakText(before)}`,
      after === null ? '→ gone' : `→ ${peakText(after)}`,
    ]);
  return several(label, [...table(rows), ...leftOut(changed.length)]);
}

function peakText({ share, reservedBps, capacityBps, atMs }: Peak): string {
  const when = Number.isNaN(atMs) ? '' : ` at ${time(atMs)}`;
  return `${percent(share)} (${rate(reservedBps)} of ${rate(capacityBps)})${when}`;
}

function overloadTexts({ servers }: WhatIfResult): string[] {
  const over = servers
    .filter(({ after }) => after !== null && after.overSinceMs !== null)
    .sort((a, b) => b.after!.share - a.after!.share);
  if (over.length === 0) return ['none: no server is promised more than its capacity'];
  const texts = over.slice(0, MOST_ROWS).map(({ id, before, after }) => {
    const { overSinceMs, overMs, share, atMs } = after!;
    const already = before.overSinceMs === null ? '' : ', as it was in the record';
    return `${id} from ${time(overSinceMs!)} on, ${duration(overMs / 1000)} in all, worst ${percent(share)} at ${time(atMs)}${already}`;
  });
  return [...texts, ...leftOut(over.length)];
}

function biasTexts(bias: Bias, sessions: number): string[] {
  const { exploreShare, otherDecisions, withEvidence } = bias;
  const evidence =
    otherDecisions === 0
      ? 'no decision has another first choice than in the record'
      : `${count(otherDecisions)} decisions have another first choice; for ${percent(withEvidence / otherDecisions)} of them the record saw that server serve that network`;
  if (exploreShare === 0) {
    const cannot = 'how players would have fared elsewhere cannot be said from it';
    return [evidence, `the record’s policy never explored (exploreShare 0): ${cannot}`];
  }
  return [evidence, ...coverTexts(bias, sessions), failureText(bias)];
}

function coverTexts({ exploreShare, weighed, covered, effectiveSessions }: Bias, sessions: number): string[] {
  const known = `${count(weighed)} of ${count(sessions)} sessions came by a known chance, ${percent(exploreShare)} of them to explore`;
  const could = `the record’s policy could have made ${percent(Math.min(1, covered))} of the replayed one’s first choices`;
  return [
    known,
    `${could}; its sessions tell as much of them as ${count(Math.floor(effectiveSessions))} of its own would`,
  ];
}

function failureText({ effectiveSessions, failures }: Bias): string {
  if (effectiveSessions === 0)
    return 'no session went where it would have been sent: nothing can be said of how players fare';
  if (failures === null) return 'players told nothing of failures in this record';
  const { recorded, selfNormalised, low, high, horvitzThompson } = failures;
  const range = `95 %: ${percent(low)} to ${percent(high)}; Horvitz–Thompson ${percent(horvitzThompson)}`;
  return `failures that players told of: ${percent(recorded)} recorded, ${percent(selfNormalised)} replayed (${range})`;
}

function partial({ isPartial, beyondRecord }: WhatIfResult): { partial: string[] } {
  const texts: string[] = [];
  if (isPartial) texts.push('the record begins in the middle, or has gaps: what had happened before them is not known');
  if (beyondRecord > 0) {
    texts.push(`${count(beyondRecord)} decisions would have looked further than the record has sites for their place`);
  }
  return { partial: texts };
}

function noteLines({ badLines, firstBad, cut, partial = [] }: ReadNotes & { partial?: string[] }): string[] {
  const notes = [...partial];
  if (badLines > 0) notes.push(`${count(badLines)} lines could not be used, the first: ${firstBad}`);
  if (cut.length > 0) notes.push(`cut off at the end: ${cut.join(', ')}`);
  return several('notes', notes);
}

function leftOut(all: number): string[] {
  return all > MOST_ROWS ? [`and ${count(all - MOST_ROWS)} more (--json has all)`] : [];
}

/** Columns, the first to the left, the others as they come. */
function table(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function several(label: string, texts: readonly string[]): string[] {
  return texts.map((text, at) => line(at === 0 ? label : '', text));
}

function line(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`.trimEnd();
}

function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}
