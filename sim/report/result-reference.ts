// `npm run docs`: writes docs/result.md from the doc comments of sim/run/result.ts; a test keeps the two alike.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const RESULT_REFERENCE_FILE = new URL('../../docs/result.md', import.meta.url);
const TYPES = new URL('../run/result.ts', import.meta.url);

export interface DocumentedType {
  name: string;
  doc: string;
  fields: DocumentedField[];
}

export interface DocumentedField {
  /** dotted where an object stands inside */
  path: string;
  type: string;
  doc: string;
}

/** docs/result.md: every field of result.json with its type, unit and sentence, and what the other files hold. */
export function resultReference(): string {
  const types = documentedTypes(readFileSync(TYPES, 'utf8'));
  const [whole, ...parts] = types;
  const known = new Set(types.map(({ name }) => name));
  return [
    '# What a simulation leaves behind',
    '',
    'Made from the types by `npm run docs`. `undercard sim run SCENARIO --out DIR` writes `result.json`, `report.html` and the CSV files.',
    '',
    '## result.json',
    '',
    ...typeSection(whole!, known),
    ...parts.flatMap((part) => [`### ${part.name}`, '', ...typeSection(part, known)]),
    ...OTHER_FILES,
    '',
  ].join('\n');
}

const OTHER_FILES = [
  '## CSV files',
  '',
  'RFC 4180, names in the first line; what nothing was measured for is empty.',
  '',
  '- `series.csv`: one row for each step; the columns are the fields of Series that are one value a step. `timeSeconds` ends the step.',
  '- `servers.csv`, `links.csv`, `isps.csv`, `sites.csv`: the tables ServerResult, LinkResult, Isp, SiteResult.',
  '- `cdns.csv`: the table CdnResult, of a run with `--cdns`.',
  '- `utilisation-servers.csv`, `utilisation-links.csv`: one row for each step, one column for each server or link of Series.',
  '',
  '## report.html',
  '',
  'The same for people: one file that loads nothing. Rates in it are rounded to four figures, shares to thousandths.',
  '',
  '## runs.json',
  '',
  '`--runs N` repeats the scenario under seeds that follow each other. For each number of Summary: `mean`, `deviation` between',
  'runs, `low` and `high` (the 95 % confidence interval of the mean, by Student’s t), `min`, `max`, and `runs`, in how many it',
  'was measured. `bottlenecks` and `losingIsps` say what came out worst, and in how many runs. `summaries` has all of them.',
];

function typeSection({ doc, fields }: DocumentedType, known: ReadonlySet<string>): string[] {
  return [
    ...(doc === '' ? [] : [doc, '']),
    '| field | type | unit | meaning |',
    '| --- | --- | --- | --- |',
    ...fields.map(
      ({ path, type, doc }) =>
        `| \`${path}\` | ${typeText(type, known)} | ${unitOf(path, type)} | ${doc.replaceAll('|', String.raw`\|`)} |`,
    ),
    '',
  ];
}

function typeText(type: string, known: ReadonlySet<string>): string {
  const [, bare, list] = /^(\w+)((?:\[\])*)$/.exec(type) ?? [];
  if (bare !== undefined && known.has(bare)) return `${list === '' ? '' : 'list of '}[${bare}](#${bare.toLowerCase()})`;
  return `\`${type.replaceAll('|', String.raw`\|`)}\``;
}

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/UsdMonth$/, 'US$ a month'],
  [/PerSecond$/, '1/s'],
  [/Bps$|bps$/, 'bit/s'],
  [/Bytes$|^bytes$/, 'bytes'],
  [/Ms$/, 'ms'],
  [/Seconds$/, 's'],
  [/(?:Ratio|Share|Offload|[uU]tilisation)$|^offload$/, '0 to 1'],
  [/^(?:latitude|longitude)$/, 'degrees'],
];

/** The last word of a name is its unit. */
function unitOf(path: string, type: string): string {
  const name = path.split('.').at(-1)!;
  return /number/.test(type) ? (UNITS.find(([pattern]) => pattern.test(name))?.[1] ?? '') : '';
}

/**
 * The exported interfaces of a source, in its order, with their comments.
 * @throws Error naming the line, for a form that this does not understand
 */
export function documentedTypes(source: string): DocumentedType[] {
  const types: DocumentedType[] = [];
  const open: string[] = [];
  let type: DocumentedType | null = null;
  let doc = '';
  const lines = source.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.trim();
    if (line === '' || line.startsWith('import ')) continue;
    if (line.startsWith('/**')) {
      const last = lines.findIndex((text, index) => index >= at && text.includes('*/'));
      if (last < 0) throw new Error(`line ${at + 1}: a comment does not end`);
      doc = commentText(lines.slice(at, last + 1));
      at = last;
      continue;
    }
    const begins = /^export interface (\w+) \{$/.exec(line);
    const opens = /^(\w+)(\??): \{$/.exec(line);
    const field = /^(\w+)(\??): (.+);$/.exec(line);
    if (begins && type === null) {
      type = { name: begins[1]!, doc, fields: [] };
    } else if (/^\}(?:\[\])?;?$/.test(line) && type !== null) {
      if (open.pop() !== undefined) continue;
      types.push(type);
      type = null;
    } else if (opens && type !== null) {
      type.fields.push({ path: [...open, opens[1]!].join('.'), type: 'object', doc });
      open.push(opens[1]!);
    } else if (field && type !== null) {
      const [, name, optional, text] = field;
      type.fields.push({
        path: [...open, name!].join('.'),
        type: optional === '' ? text! : `${text!} | undefined`,
        doc,
      });
    } else {
      throw new Error(`line ${at + 1}: "${line}" is not a form that the reference understands`);
    }
    doc = '';
  }
  return types;
}

function commentText(lines: readonly string[]): string {
  return lines
    .map((line) => line.replace(/^\s*\/?\*+\/?\s?/, '').replace(/\s*\*\/\s*$/, ''))
    .join(' ')
    .trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(RESULT_REFERENCE_FILE, resultReference());
