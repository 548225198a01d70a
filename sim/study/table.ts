import { readFileSync, writeFileSync } from 'node:fs';
import { dollars, milliseconds, rate } from '../../runtime/page/format.js';
import { estimate } from '../report/runs.ts';
import type { StudyNumbers, StudyRow } from './study-run.ts';
import { STUDY_CASES, type StudyCase } from './study-case.ts';

const STUDY_FILE = new URL('../../docs/steering-study.md', import.meta.url);

interface Column {
  title: string;
  field: keyof StudyNumbers;
  text: (value: number) => string;
}

const COLUMNS: readonly Column[] = [
  { title: 'switches a viewer and minute', field: 'switchesPerViewerMinute', text: digits(3) },
  { title: 'worst minute', field: 'worstSwitchesPerViewerMinute', text: digits(3) },
  { title: 'stalls', field: 'stallRatio', text: percent },
  { title: 'start-up p95', field: 'startupP95Ms', text: milliseconds },
  { title: 'bitrate', field: 'meanBitrateBps', text: rate },
  { title: 'H misses', field: 'healthMissShare', text: percent },
  { title: 'from the best site at the end', field: 'lastRank0Share', text: percent },
  { title: 'cost a month', field: 'costUsdMonth', text: dollars },
  { title: 'reduced', field: 'reducedShare', text: percent },
  { title: 'refused', field: 'refusedShare', text: percent },
  { title: 'reloads', field: 'reloads', text: digits(0) },
];

const OPTIMUM_COLUMNS: readonly Column[] = [
  { title: 'cost over optimum', field: 'costOverOptimum', text: digits(3) },
  { title: 'over that within admission', field: 'costOverReservedOptimum', text: digits(3) },
  { title: 'stalls', field: 'stallRatio', text: percent },
  { title: 'that nothing could carry', field: 'optimumUnservedShare', text: percent },
  { title: 'bitrate', field: 'meanBitrateBps', text: rate },
  { title: 'H misses', field: 'healthMissShare', text: percent },
  { title: 'reduced', field: 'reducedShare', text: percent },
  { title: 'switches a viewer and minute', field: 'switchesPerViewerMinute', text: digits(3) },
];

/** A table a case, a line a policy: means over seeds, and how far their 95 % confidence intervals reach to both sides. */
export function studyTables(rows: readonly StudyRow[]): string {
  return STUDY_CASES.flatMap((studyCase) => {
    const here = rows.filter(({ name, variant }) => name === studyCase.name && variant === studyCase.variant);
    return here.length === 0 ? [] : [caseTable(studyCase, here)];
  }).join('\n\n');
}

export function writeStudyTables(rows: readonly StudyRow[], version: string): void {
  const page = readFileSync(STUDY_FILE, 'utf8');
  writeFileSync(STUDY_FILE, withTables(page, `Measured with undercard ${version}.\n\n${studyTables(rows)}`));
}

const BETWEEN = /<!-- study: begin -->[\s\S]*<!-- study: end -->/;

/** @throws Error for a page without the markers */
export function withTables(page: string, text: string): string {
  if (!BETWEEN.test(page)) throw new Error('no <!-- study: begin --> … <!-- study: end --> in docs/steering-study.md');
  return page.replace(BETWEEN, () => `<!-- study: begin -->\n\n${text}\n\n<!-- study: end -->`);
}

function caseTable({ title, policies, optimumFromSeconds }: StudyCase, rows: readonly StudyRow[]): string {
  const columns = optimumFromSeconds === null ? COLUMNS : OPTIMUM_COLUMNS;
  const lines = policies.flatMap((policy) => {
    const ofPolicy = rows.filter((row) => row.policy === policy).sort((a, b) => a.viewers - b.viewers);
    return [...Map.groupBy(ofPolicy, ({ viewers }) => viewers)].map(([viewers, ofSize]) => {
      const seeds = ofSize.map(({ seed }) => seed).sort((a, b) => a - b);
      const cells = columns.map(({ field, text }) =>
        cellOf(
          ofSize.map(({ numbers }) => numbers[field]),
          text,
        ),
      );
      return [policy, String(viewers), seeds.join(', '), ...cells];
    });
  });
  return [
    `### ${title[0]!.toUpperCase()}${title.slice(1)}`,
    markdown([['policy', 'viewers', 'seeds', ...columns.map((column) => column.title)], ...lines]),
  ].join('\n\n');
}

function cellOf(values: readonly (number | null)[], text: (value: number) => string): string {
  const { mean, low } = estimate(values);
  if (mean === null) return '–';
  return low === null ? text(mean) : `${text(mean)} ± ${text(mean - low)}`;
}

/** As Prettier writes it: columns of one width. */
function markdown(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  return [line(rows[0]!), line(widths.map((width) => '-'.repeat(width))), ...rows.slice(1).map(line)].join('\n');
}

function digits(after: number): (value: number) => string {
  return (value) => value.toFixed(after);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
