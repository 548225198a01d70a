import type { SimulationResult } from '../run/result.ts';

export interface CsvFile {
  name: string;
  text: string;
}

type Cell = string | number | null;

/**
 * The result as tables, by RFC 4180 (CRLF, names in the first line). Column names are the fields of result.json; what
 * nothing was measured for is empty. The two matrices have a column for each server or link, the fullest first.
 */
export function csvFiles(result: SimulationResult): CsvFile[] {
  const { series, servers, links, isps, sites, cdns } = result;
  return [
    { name: 'series.csv', text: seriesCsv(series) },
    { name: 'servers.csv', text: tableCsv(servers) },
    { name: 'links.csv', text: tableCsv(links) },
    { name: 'isps.csv', text: tableCsv(isps) },
    { name: 'sites.csv', text: tableCsv(sites) },
    ...(cdns === undefined ? [] : [{ name: 'cdns.csv', text: tableCsv(cdns) }]),
    { name: 'utilisation-servers.csv', text: matrixCsv(series.timesSeconds, series.servers) },
    { name: 'utilisation-links.csv', text: matrixCsv(series.timesSeconds, series.links) },
  ];
}

/** One row for each step; whatever of the series is one value a step. */
function seriesCsv(series: SimulationResult['series']): string {
  const columns = Object.entries(series).filter((entry): entry is [string, (number | null)[]] =>
    Array.isArray(entry[1]),
  );
  // The name says of which moment: the one that ends the step.
  const names = columns.map(([name]) => (name === 'timesSeconds' ? 'timeSeconds' : name));
  return csv([names, ...series.timesSeconds.map((_, step) => columns.map(([, values]) => values[step] ?? null))]);
}

function tableCsv(rows: readonly object[]): string {
  const names = Object.keys(rows[0] ?? {});
  return csv([names, ...rows.map((row) => names.map((name) => (row as Record<string, Cell>)[name] ?? null))]);
}

function matrixCsv(
  timesSeconds: readonly number[],
  { ids, utilisation }: { ids: string[]; utilisation: number[][] },
): string {
  return csv([
    ['timeSeconds', ...ids],
    ...timesSeconds.map((time, step) => [time, ...utilisation.map((row) => row[step] ?? null)]),
  ]);
}

function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cellText).join(',')}\r\n`).join('');
}

function cellText(cell: Cell): string {
  if (cell === null) return '';
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
