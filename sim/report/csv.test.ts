import test from 'ava';
import fc from 'fast-check';
import { csvFiles } from './csv.ts';
import { sampleResult } from './sample-result.fixture.ts';

const result = sampleResult();
const textOf = (name: string, of = result) => csvFiles(of).find((file) => file.name === name)!.text;

/** RFC 4180, read by the letter. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === '\r\n') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

test('seven files, each with the names in its first line and as many cells in every line', (t) => {
  const files = csvFiles(result);
  t.deepEqual(
    files.map(({ name }) => name),
    [
      'series.csv',
      'servers.csv',
      'links.csv',
      'isps.csv',
      'sites.csv',
      'utilisation-servers.csv',
      'utilisation-links.csv',
    ],
  );
  for (const { name, text } of files) {
    const rows = parse(text);
    t.true(rows.length > 1, name);
    t.true(
      rows.every((row) => row.length === rows[0]!.length),
      name,
    );
  }
});

test('series.csv has one row for each step, and an empty cell where nothing was measured', (t) => {
  const [names, ...rows] = parse(textOf('series.csv'));
  t.is(rows.length, result.series.timesSeconds.length);
  t.deepEqual(names!.slice(0, 3), ['timeSeconds', 'present', 'playing']);
  const column = names!.indexOf('shieldHitRatio');
  t.is(rows[0]![column], '');
  t.deepEqual(
    rows.map((row) => (row[column] === '' ? null : Number(row[column]))),
    result.series.shieldHitRatio,
  );
});

test('the matrices have a column for each server or link', (t) => {
  const [names, ...rows] = parse(textOf('utilisation-links.csv'));
  t.deepEqual(names, ['timeSeconds', ...result.series.links.ids]);
  t.deepEqual(
    rows.map((row) => Number(row[1])),
    result.series.links.utilisation[0]!,
  );
});

test('whatever a name holds, it is read back as it was', (t) => {
  const none = { ids: [], utilisation: [] };
  const small = {
    ...result,
    links: [],
    servers: [],
    sites: [],
    series: { ...result.series, timesSeconds: [], servers: none, links: none },
  };
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',', '\r', '\n', ' ', '<', 'é') }), (name) => {
      const named = { ...small, isps: result.isps.slice(0, 2).map((isp) => ({ ...isp, name })) };
      const [names, ...rows] = parse(textOf('isps.csv', named));
      t.deepEqual(
        rows.map((row) => row[names!.indexOf('name')]),
        [name, name],
      );
    }),
  );
  t.pass();
});
