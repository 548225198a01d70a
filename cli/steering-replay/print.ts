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
  const all = `${some(decisions, 'decision')} made again from ${some(inputs, 'input')}: every one is the same${left}`;
  return [all, ...noteLines(result)].join('\n');
}

/** @param changes what is other than in the record, in words */
export function whatIfText(result: WhatIfResult, changes: string, notes: ReadNotes): string {
  const { fromMs, untilMs, decisions, sessions, before, after } = result;
  return [
    line(
      'record',
      `${moment(fromMs)} to ${moment(untilMs)}: ${some(decisions, 'decision')}, ${some(sessions, 'session')}`,
    ),
    line('replayed', changes),
    ...movedLines(result),
    ...several('best site', [rank0Text('before', before), rank0Text('after', after), ...contentNote(before)]),
    ...several('admission', [admissionText('before', before), admissionText('after', after)]),
    ...loadLines('sites', result.sites),
    ...loadLines('servers', result.servers),
    ...several('overload', overloadTexts(result)),
    ...several('bias', biasTexts(result)),
    ...several('assumed', ASSUMPTIONS),
    ...noteLines({ ...notes, ...partial(result) }),
  ].join('\n');
}

function movedLines({ moved, movedSessions, movedBytes, sessions, before, sites }: WhatIfResult): string[] {
  if (moved.length === 0) return [line('moved', 'nothing: every session is served from the site it was')];
  const share = before.rank0.bytes > 0 ? ` (${percent(movedBytes / before.rank0.bytes)})` : '';
  const all = `${count(movedSessions)} of ${some(sessions, 'session')}, ${bytes(movedBytes)}${share}`;
  const rows = moved
    .slice(0, MOST_ROWS)
    .map(({ from, to, sessions: those, bytes: sum }) => [
      `  ${from ?? '(refused)'} → ${to ?? '(refused)'}`,
      some(those, 'session'),
      bytes(sum),
    ]);
  return several('moved', [all, ...displacedTexts(moved, sites), ...table(rows), ...leftOut(moved.length)]);
}

/** Who is moved by the failure itself, and who only because others came: a planner answers them differently. */
function displacedTexts(moved: WhatIfResult['moved'], sites: WhatIfResult['sites']): string[] {
  const gone = new Set(sites.filter(({ after }) => after === null).map(({ id }) => id));
  const displaced = moved.filter(({ from }) => from !== null && gone.has(from));
  if (displaced.length === 0 || displaced.length === moved.length) return [];
  const sum = (of: (move: WhatIfResult['moved'][number]) => number) =>
    displaced.reduce((total, move) => total + of(move), 0);
  const those = `${some(
    sum((move) => move.sessions),
    'session',
  )}, ${bytes(sum((move) => move.bytes))}`;
  return [`from what is gone: ${those}; the others make room for them, or find room that is left`];
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
  return `${label.padEnd(7)}${some(refusedSessions, 'session')} refused, ${count(reducedSessions)} with less than their bitrate`;
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

/** Those first that the record had not: they are what the change makes. */
function overloadTexts({ servers }: WhatIfResult): string[] {
  const over = servers
    .filter(({ after }) => after !== null && after.overSinceMs !== null)
    .sort((a, b) => Number(isOver(a.before)) - Number(isOver(b.before)) || b.after!.share - a.after!.share);
  if (over.length === 0) return ['none: no server is promised more than its capacity'];
  const already = over.filter(({ before }) => isOver(before)).length;
  const all = `${some(over.length, 'server')} promised more than capacity, ${count(over.length - already)} of them not so in the record`;
  const texts = over.slice(0, MOST_ROWS).map(({ id, before, after }) => {
    const { overSinceMs, overMs, share, atMs } = after!;
    const recorded = isOver(before)
      ? `in the record ${overText(before.overMs)}, worst ${percent(before.share)}`
      : `in the record never, at most ${percent(before.share)}`;
    return `  ${id} from ${time(overSinceMs!)} on, ${overText(overMs)} in all, worst ${percent(share)} at ${time(atMs)}; ${recorded}`;
  });
  return [all, ...texts, ...leftOut(over.length)];
}

function isOver({ overSinceMs }: Peak): boolean {
  return overSinceMs !== null;
}

/** Servers report once a second: a moment is shorter than can be measured. */
function overText(ms: number): string {
  return ms < 500 ? 'a moment' : duration(ms / 1000);
}

function biasTexts({ bias, decisions, explored, sessions }: WhatIfResult): string[] {
  const { exploreShare, otherDecisions, withEvidence } = bias;
  const evidence =
    otherDecisions === 0
      ? 'no decision has another first choice than in the record'
      : `${some(otherDecisions, 'decision')} with another first choice; for ${percent(withEvidence / otherDecisions)} of them the record saw that server serve that network`;
  const scope =
    'where sessions go and what they fill is worked out, not estimated; what follows is about how they fare there';
  if (exploreShare === 0) {
    const cannot = 'how players would have fared elsewhere cannot be said from it';
    return [scope, evidence, `the record’s policy never explored (exploreShare 0): ${cannot}`];
  }
  const share = `exploreShare ${percent(exploreShare)}: the record tried another server in ${some(explored, 'decision')} of ${count(decisions)}`;
  return [scope, evidence, share, ...coverTexts(bias, sessions), failureText(bias)];
}

function coverTexts({ weighed, unweighed, covered, effectiveSessions }: Bias, sessions: number): string[] {
  const texts: string[] = [];
  if (unweighed > 0) {
    texts.push(
      `${count(unweighed)} of ${some(sessions, 'session')} came by no chance that is known, and tell nothing here`,
    );
  }
  if (weighed === 0) return texts;
  const could = `the record’s policy could have made ${percent(Math.min(1, covered))} of the replayed one’s first choices`;
  const rest = covered < 1 && percent(covered) !== '100 %' ? ', and tells nothing of the others' : '';
  texts.push(
    `${could}${rest}; its sessions count as ${count(Math.floor(effectiveSessions))} of the replayed policy’s own`,
  );
  return texts;
}

function failureText({ effectiveSessions, failures }: Bias): string {
  if (effectiveSessions === 0)
    return 'no session went where it would have been sent: nothing can be said of how players fare';
  if (failures === null) return 'players told nothing of failures in this record';
  const { recorded, selfNormalised, low, high, horvitzThompson } = failures;
  const range = `95 %: ${percent(low)} to ${percent(high)}; Horvitz–Thompson ${percent(horvitzThompson)}`;
  return `of the answers that players told of failed: ${percent(recorded)} as recorded, ${percent(selfNormalised)} as replayed, as far as it tells (${range})`;
}

function partial({ isPartial, beyondRecord }: WhatIfResult): { partial: string[] } {
  const texts: string[] = [];
  if (isPartial) texts.push('the record begins in the middle, or has gaps: what had happened before them is not known');
  if (beyondRecord > 0) {
    texts.push(`${some(beyondRecord, 'decision')} would have looked further than the record has sites for their place`);
  }
  return { partial: texts };
}

function noteLines({ badLines, firstBad, cut, partial = [] }: ReadNotes & { partial?: string[] }): string[] {
  const notes = [...partial];
  if (badLines > 0) notes.push(`${some(badLines, 'line')} could not be used, the first: ${firstBad}`);
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

function some(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? '' : 's'}`;
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
