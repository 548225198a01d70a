import type { Fields } from './freshness.ts';
import { parseHttpDate } from './http-date.ts';

/** The conditions of a request (RFC 9110 §13, §14); undefined when the field is absent. */
export interface Conditions {
  ifNoneMatch: string | undefined;
  ifModifiedSince: string | undefined;
  ifRange: string | undefined;
  range: string | undefined;
}

export type Selection =
  | { kind: 'whole' }
  | { kind: 'not-modified' }
  /** bytes `start` to `end`, both included */
  | { kind: 'part'; start: number; end: number }
  | { kind: 'unsatisfiable' };

const WHOLE: Selection = { kind: 'whole' };

/**
 * What of a 200 response the request gets. If-None-Match beats If-Modified-Since; one range is served, several are
 * answered with the whole (allowed by §14.2); a length that is not known yet makes ranges impossible.
 */
export function select(conditions: Conditions, fields: Fields, lengthBytes: number, wallMs: number): Selection {
  const { ifNoneMatch, ifModifiedSince, ifRange, range } = conditions;
  const etag = fields.get('etag');
  if (ifNoneMatch !== undefined) {
    if (matchesWeakly(ifNoneMatch, etag)) return { kind: 'not-modified' };
  } else if (ifModifiedSince !== undefined) {
    const sinceMs = parseHttpDate(ifModifiedSince, wallMs);
    const modifiedMs = parseHttpDate(fields.get('last-modified') ?? '', wallMs);
    if (sinceMs !== null && modifiedMs !== null && modifiedMs <= sinceMs) return { kind: 'not-modified' };
  }
  if (range === undefined || lengthBytes < 0) return WHOLE;
  if (ifRange !== undefined && !matchesStrongly(ifRange, etag, fields.get('last-modified'))) return WHOLE;
  return parseRange(range, lengthBytes);
}

/** One `bytes` range; anything else is ignored (§14.2), one that begins beyond the end is unsatisfiable. */
function parseRange(range: string, lengthBytes: number): Selection {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(range);
  if (!match || (match[1] === '' && match[2] === '')) return WHOLE;
  if (match[1] === '') {
    const suffix = Number(match[2]);
    if (suffix === 0 || lengthBytes === 0) return { kind: 'unsatisfiable' };
    return { kind: 'part', start: Math.max(0, lengthBytes - suffix), end: lengthBytes - 1 };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? lengthBytes - 1 : Math.min(Number(match[2]), lengthBytes - 1);
  if (match[2] !== '' && Number(match[2]) < start) return WHOLE;
  if (start >= lengthBytes) return { kind: 'unsatisfiable' };
  return { kind: 'part', start, end };
}

function matchesWeakly(list: string, etag: string | undefined): boolean {
  if (list.trim() === '*') return true;
  if (etag === undefined) return false;
  const wanted = opaque(etag);
  return (list.match(/(?:W\/)?"[^"]*"/g) ?? []).some((candidate) => opaque(candidate) === wanted);
}

function matchesStrongly(validator: string, etag: string | undefined, lastModified: string | undefined): boolean {
  const text = validator.trim();
  if (text.startsWith('"')) return text === etag;
  if (text.startsWith('W/')) return false;
  return lastModified !== undefined && text === lastModified.trim();
}

function opaque(etag: string): string {
  return etag.trim().replace(/^W\//, '');
}
