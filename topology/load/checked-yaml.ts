import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { z } from 'zod';
import { readBoundedText } from './bounded-text.ts';
import { jsonSyntaxError, JsonPlaces } from './json-places.ts';
import { describeIssues } from './schema-issue.ts';

/** Where things stand in a file. */
export interface Places {
  /** Line (from 1) of the value at the path; of what is not there, of the thing it is missing from. */
  lineOf(path: readonly PropertyKey[]): number;
  /** `file:line`, for the beginning of a message */
  at(path: readonly PropertyKey[]): string;
}

export type CheckedOutcome<Value> =
  | { kind: 'good'; value: Value; /** as written, without the schema's defaults */ plain: unknown; places: Places }
  /** one line: file, line, what, how to mend it */
  | { kind: 'bad'; reason: string };

export interface ReadOptions {
  /** larger files are refused unread */
  mostBytes: number;
  /** of YAML alone, which takes some fifty times its size in memory; without it as `mostBytes` */
  mostYamlBytes?: number;
}

export interface CheckOptions {
  /** an empty file counts as an empty map */
  allowEmpty?: boolean;
  /** say the column, too */
  columns?: boolean;
}

/**
 * Reads a YAML or JSON file and checks it against a schema. By its name: `*.json` is read as JSON alone, which is some
 * fifty times faster; everything else as YAML, of which JSON is a part.
 */
export function readChecked<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  options: ReadOptions & CheckOptions,
): CheckedOutcome<z.output<Schema>> {
  const { mostBytes, mostYamlBytes = mostBytes } = options;
  const read = readBoundedText(path, isJson(path) ? mostBytes : mostYamlBytes);
  if (read.kind === 'text') return parseChecked(read.text, path, schema, options);
  const mend = !isJson(path) && mostYamlBytes < mostBytes && read.reason.includes('too large');
  return mend ? { kind: 'bad', reason: `${read.reason} as YAML; JSON may have ${mostBytes}` } : read;
}

/** @param name what to call the text in a reason; one that ends in `.json` makes it JSON */
export function parseChecked<Schema extends z.ZodType>(
  text: string,
  name: string,
  schema: Schema,
  { allowEmpty = false, columns = false }: CheckOptions = {},
): CheckedOutcome<z.output<Schema>> {
  const parsed = isJson(name) ? parseJson(text) : parseYaml(text);
  const said = ({ line, column }: Place) => (columns ? `${name}:${line}:${column}` : `${name}:${line}`);
  if (parsed.kind === 'bad') {
    const where = parsed.place === null ? name : said(parsed.place);
    return { kind: 'bad', reason: `${where}: ${parsed.message.replace(/\s*[\r\n]+\s*/g, ' ')}` };
  }
  const plain = parsed.plain ?? (allowEmpty ? {} : parsed.plain);
  const checked = schema.safeParse(plain);
  if (!checked.success) {
    const { path, key, message } = describeIssues(checked.error.issues, schema, plain);
    return { kind: 'bad', reason: `${said(parsed.find(path, key))}: ${message}` };
  }
  const lineOf = (path: readonly PropertyKey[]) => parsed.find(path).line;
  return { kind: 'good', value: checked.data, plain, places: { lineOf, at: (path) => `${name}:${lineOf(path)}` } };
}

interface Place {
  line: number;
  column: number;
}

type Parsed =
  | { kind: 'parsed'; plain: unknown; find: (path: readonly PropertyKey[], key?: string) => Place }
  | { kind: 'bad'; place: Place | null; message: string };

function isJson(name: string): boolean {
  return name.endsWith('.json');
}

function parseJson(text: string): Parsed {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch (error) {
    const { offset, message } = jsonSyntaxError(text, error as Error);
    return { kind: 'bad', place: placeIn(text, offset), message };
  }
  const places = new JsonPlaces(text);
  if (places.duplicate !== null) {
    const { offset, key } = places.duplicate;
    return { kind: 'bad', place: places.placeOf(offset), message: twice(key) };
  }
  return { kind: 'parsed', plain, find: (path, key) => places.placeOf(places.offsetOf(path, key)) };
}

function parseYaml(text: string): Parsed {
  const lines = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    // Its own search for equal keys takes the square of their number.
    const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: 'error' } as const;
    const document = parseDocument(text, options);
    const [syntaxError] = document.errors;
    if (syntaxError) return { kind: 'bad', place: placeOf(syntaxError.pos[0]), message: plainMessage(syntaxError) };
    const duplicate = duplicateKey(document);
    if (duplicate !== null) return { kind: 'bad', place: placeOf(duplicate.offset), message: twice(duplicate.key) };
    return { kind: 'parsed', plain: document.toJS(), find: (path, key) => placeOf(offsetOf(document, path, key)) };
  } catch (error) {
    // A bomb of aliases, or too deep for the stack: no line of it is more to blame than another.
    return { kind: 'bad', place: { line: 1, column: 1 }, message: plainMessage(error as Error) };
  }
}

/** Some messages of the library are for programmers. */
function plainMessage(error: Error & { code?: string }): string {
  if (error.code === 'MULTIPLE_DOCS') return 'a second document begins here; keep one and remove the other';
  if (error instanceof RangeError || /call stack/i.test(error.message)) return 'is nested too deeply';
  return error.message.replace(/^Excessive alias count.*$/, 'aliases (*name) stand for too much; write it out');
}

function twice(key: string): string {
  return `the key "${key}" is there twice; the first would be forgotten, so remove one`;
}

function duplicateKey(document: Document): { key: string; offset: number } | null {
  let found: { key: string; offset: number } | null = null;
  visit(document, {
    Map(_key, map) {
      const keys = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (keys.has(name)) {
          found = { key: name, offset: key.range?.[0] ?? 0 };
          return visit.BREAK;
        }
        keys.add(name);
      }
      return undefined;
    },
  });
  return found;
}

/** Where the value begins; for a missing one the thing it is missing from, for an unknown key that key. */
function offsetOf(document: Document, path: readonly PropertyKey[], key?: string): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (!isNode(node) || !node.range) continue;
    if (key !== undefined && depth === path.length && isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === key);
      if (isNode(pair?.key) && pair.key.range) return pair.key.range[0];
    }
    return node.range[0];
  }
  return 0;
}

function placeIn(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++;
  return { line, column: offset - lineStart + 1 };
}
