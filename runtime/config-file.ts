import { readFileSync, statSync } from 'node:fs';
import { LineCounter, parseDocument, type Node } from 'yaml';
import type { z } from 'zod';
import { BadInput } from './bad-input.ts';

/** Beyond this a file is not a configuration, and is not read. */
const SIZE_MAX_BYTES = 8 * 1024 * 1024;

/**
 * Reads a YAML (or JSON) file of fields and checks it against the schema; fields may be missing, as flags may bring them.
 * @returns the fields as written, without the schema's defaults, which would count as said
 * @throws BadInput with file, line, what is wrong and how to mend it
 */
export function readConfigFile<Shape extends z.core.$ZodLooseShape>(
  path: string,
  schema: z.ZodObject<Shape>,
): Record<string, unknown> {
  const { document, lines } = parseYaml(readText(path), path);
  const fields = (document.toJS() ?? {}) as Record<string, unknown>;
  const result = schema.partial().safeParse(fields);
  if (result.success) return fields;
  const issue = result.error.issues[0]!;
  const node = deepestNode(document, issue.path);
  const line = node?.range ? lines.linePos(node.range[0]).line : 1;
  throw new BadInput(`${path}:${line}: ${describeIssue(issue)}`);
}

/** Checks values that came from flags. @throws BadInput naming the field */
export function checkConfig<Schema extends z.ZodType>(value: unknown, where: string, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BadInput(`${where}: ${describeIssue(result.error.issues[0]!)}`);
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const field = issue.path.map(String).join('.');
  return field === '' ? issue.message : `${field}: ${issue.message}`;
}

function readText(path: string): string {
  try {
    const stats = statSync(path);
    // A device may have no end.
    if (!stats.isFile() && !stats.isFIFO()) throw new BadInput(`${path}: is not a file`);
    const { size } = stats;
    if (size > SIZE_MAX_BYTES) throw new BadInput(`${path}: ${size} bytes is too large for a configuration file`);
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof BadInput) throw cause;
    throw new BadInput(
      `${path}: cannot be read (${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message})`,
      { cause },
    );
  }
}

function parseYaml(text: string, path: string) {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const error = document.errors[0];
  if (error) throw new BadInput(`${path}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  return { document, lines };
}

/** The node an issue speaks of, or the nearest one above it that exists. */
function deepestNode(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): Node | null {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth) as unknown[], true);
    if (node !== undefined && node !== null && typeof node === 'object') return node as Node;
  }
  return null;
}
