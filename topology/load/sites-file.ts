import { readFile, stat } from 'node:fs/promises';
import { isMap, isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { sitesSchema, type Sites } from '../model/site.ts';

/** Some 100,000 edges; a larger file is not one of ours. */
const MOST_BYTES = 32 * 1024 * 1024;

export type SitesOutcome = { kind: 'sites'; sites: Sites } | { kind: 'bad'; reason: string };

/** Reads a YAML file of sites. What is wrong with it is one line: file, line, column, what. */
export async function loadSites(path: string): Promise<SitesOutcome> {
  let text: string;
  try {
    const stats = await stat(path);
    // A device may have no end.
    if (!stats.isFile() && !stats.isFIFO()) return { kind: 'bad', reason: `${path}: is not a file` };
    const { size } = stats;
    if (size > MOST_BYTES) return { kind: 'bad', reason: `${path}: ${size} bytes are more than ${MOST_BYTES}` };
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      kind: 'bad',
      reason: `${path}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? (error as Error).message})`}`,
    };
  }
  return parseSites(text, path);
}

/** @param name what to call the text in a reason */
export function parseSites(text: string, name: string): SitesOutcome {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const [syntaxError] = document.errors;
  if (syntaxError) return { kind: 'bad', reason: `${at(syntaxError.pos[0])}: ${syntaxError.message}` };

  let plain: unknown;
  try {
    plain = document.toJS();
  } catch (error) {
    return { kind: 'bad', reason: `${name}: ${(error as Error).message}` };
  }
  const checked = sitesSchema.safeParse(plain);
  if (checked.success) return { kind: 'sites', sites: checked.data };
  const issue = checked.error.issues[0]!;
  return { kind: 'bad', reason: `${at(offsetOf(document, issue))}: ${placeOf(issue)}${messageOf(issue)}` };
}

type Issue = z.core.$ZodIssue;

/** Where the issue's value begins; for a missing one the thing it is missing from, for an unknown key that key. */
function offsetOf(document: Document, issue: Issue): number {
  for (let depth = issue.path.length; depth >= 0; depth--) {
    const node = depth === 0 ? document.contents : document.getIn(issue.path.slice(0, depth), true);
    if (!isNode(node) || !node.range) continue;
    if (issue.code === 'unrecognized_keys' && isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === issue.keys[0]);
      if (isNode(pair?.key) && pair.key.range) return pair.key.range[0];
    }
    return node.range[0];
  }
  return 0;
}

function placeOf(issue: Issue): string {
  return issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
}

function messageOf(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.path.length === 0) return 'must be a map that has "sites"';
  if (issue.code === 'invalid_format') return `must be ${issue.message}`;
  return issue.message;
}
