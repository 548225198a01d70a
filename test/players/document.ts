// docs/players.md: what the answers are comes from steering's own table, what players do from `npm run players`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CASE_PARAMETERS } from '../../steering/policy/players/test-case-query.ts';
import { CASE_NAMES, describeCase } from '../../steering/policy/players/test-cases.ts';
import { COLUMNS, versionOf } from './columns.ts';
import type { Observation } from './observation.ts';
import { describe } from './phrases.ts';

export const PLAYERS_FILE = new URL('../../docs/players.md', import.meta.url);

/** Parts of the page that are made. */
export type Section = 'cases' | 'parameters' | 'measured';

export function sectionIn(page: string, section: Section): string {
  const [, text] = sectionPattern(section).exec(page) ?? [];
  if (text === undefined)
    throw new Error(`docs/players.md has no <!-- ${section}: begin --> … <!-- ${section}: end -->`);
  return text;
}

export function withSection(page: string, section: Section, text: string): string {
  sectionIn(page, section);
  return page.replace(
    sectionPattern(section),
    () => `<!-- ${section}: begin -->\n\n${text}\n\n<!-- ${section}: end -->`,
  );
}

function sectionPattern(section: Section): RegExp {
  return new RegExp(`<!-- ${section}: begin -->\\n\\n([\\s\\S]*?)\\n*<!-- ${section}: end -->`);
}

export function casesTable(): string {
  const rows = CASE_NAMES.map((name) => {
    const { summary, lesson } = describeCase(name);
    return [`\`${name}\``, summary, lesson];
  });
  return table(['case', 'the answer', 'so a server that players depend on'], rows);
}

export function parametersTable(): string {
  return table(
    ['parameter', 'meaning'],
    CASE_PARAMETERS.map(({ name, sentence }) => [`\`${name}=\``, sentence]),
  );
}

export interface Measurement {
  /** ISO date */
  date: string;
  browser: string;
  observations: readonly Observation[];
}

export function measuredTables({ date, browser, observations }: Measurement): string {
  const versions = COLUMNS.map((column) => `${column.package} ${versionOf(column)}`);
  const tables = [...new Set(observations.map(({ after }) => after))].map((after) => {
    const seen = observations.filter((observation) => observation.after === after);
    const names = CASE_NAMES.filter((name) => seen.some((observation) => observation.case === name));
    const rows = names.map((name) => [
      `\`${name}\``,
      ...COLUMNS.map((column) => {
        const found = seen.find((observation) => observation.case === name && observation.column === column.name);
        return found === undefined ? 'not tried yet' : describe(found);
      }),
    ]);
    const when = after === 0 ? 'From the first answer on:' : `After a right answer (\`after=${after}\`):`;
    return `${when}\n\n${table(['case', ...COLUMNS.map(({ name }) => name)], rows)}`;
  });
  return [`${date}: ${[...new Set(versions)].join(', ')}, each with its defaults, in ${browser}.`, ...tables].join(
    '\n\n',
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Everything but what must be measured. */
export function refreshed(page: string): string {
  return withSection(withSection(page, 'cases', casesTable()), 'parameters', parametersTable());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(PLAYERS_FILE, refreshed(readFileSync(PLAYERS_FILE, 'utf8')));
}
