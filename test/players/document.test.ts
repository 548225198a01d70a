import { readFileSync } from 'node:fs';
import test from 'ava';
import { ask, openSteering } from '../../steering/service/steering.fixture.ts';
import { CASE_NAMES } from '../../steering/policy/players/test-cases.ts';
import { COLUMNS, versionOf } from './columns.ts';
import { casesTable, measuredTables, parametersTable, PLAYERS_FILE, sectionIn, withSection } from './document.ts';

const page = readFileSync(PLAYERS_FILE, 'utf8');

test('what docs/players.md says of cases and parameters is what the service has (else: npm run docs)', (t) => {
  t.is(sectionIn(page, 'cases'), casesTable());
  t.is(sectionIn(page, 'parameters'), parametersTable());
});

test('each case was tried with each player, in the versions that are installed (else: npm run players)', (t) => {
  const measured = sectionIn(page, 'measured');
  for (const column of COLUMNS) t.true(measured.includes(`${column.package} ${versionOf(column)}`), column.name);
  const [first] = measured.split('After a right answer');
  for (const name of CASE_NAMES) {
    const [row] = first!.split('\n').filter((line) => line.startsWith(`| \`${name}\` |`));
    t.truthy(row, name);
    const cells = row!.split(' | ').slice(1);
    t.is(cells.length, COLUMNS.length, name);
    for (const cell of cells) t.true(cell.trim().length > 2, `${name}: ${row}`);
  }
});

test('every curl example answers as the page shows it', async (t) => {
  const { url, pass } = await openSteering(t, { testCases: true });
  await pass(3);
  const playlist = (await ask(`${url}/play/demo.m3u8?session=me`)).body;
  const [pathways] = /pathways=[^&"]*/.exec(playlist)!;
  const examples = [...page.matchAll(/```sh\ncurl -s '([^']+)'\n```\n\n```(json|text)\n([\s\S]*?)```/g)];
  t.true(examples.length >= 5);
  for (const [, address, kind, shown] of examples) {
    const { pathname, search } = new URL(address!);
    // The page's edges are the demo's; these are what this service gives the same session.
    const { status, body } = await ask(`${url}${pathname}${search.replace(/pathways=[^&]*/, pathways)}`);
    t.is(status, 200, address);
    if (kind === 'json') t.deepEqual(shapeOf(JSON.parse(body)), shapeOf(JSON.parse(shown!)), address);
    else
      for (const line of shown!.trim().split('\n')) t.true(body.includes(attributeNames(line)), `${address}: ${line}`);
  }
});

/** Types in place of values; of a list its first member's. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, shapeOf(member)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** `#EXT-X-VERSION:6` whole, of a line with attributes the tag. */
function attributeNames(line: string): string {
  return line.includes('=') ? line.slice(0, line.indexOf(':') + 1) : line;
}

test('a section is found, replaced and missed', (t) => {
  const text = 'a\n<!-- cases: begin -->\n\nold\n\n<!-- cases: end -->\nb';
  t.is(sectionIn(text, 'cases'), 'old');
  t.is(withSection(text, 'cases', 'new $1'), 'a\n<!-- cases: begin -->\n\nnew $1\n\n<!-- cases: end -->\nb');
  t.throws(() => sectionIn(text, 'measured'), { message: /has no <!-- measured: begin -->/ });
});

test('a table has a row for each case that was seen, and says when the case began', (t) => {
  const text = measuredTables({ date: '2026-01-01', browser: 'Chromium 1', observations: [] });
  t.regex(text, /^2026-01-01: hls\.js \d+\.\d+\.\d+, shaka-player .*, in Chromium 1\.$/);
});
