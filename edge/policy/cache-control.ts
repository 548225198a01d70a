import { parseDictionary } from 'structured-headers';

/** Directives by lower-case name; a directive without an argument maps to an empty string, a repeated one to its first. */
export type Directives = ReadonlyMap<string, string>;

const DIRECTIVE = /\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?\s*(?:,|$)/y;

/**
 * Reads `Cache-Control` (RFC 9111 §5.2): a comma-separated list, arguments as tokens or quoted strings. A part that
 * cannot be read ends the reading of that part only.
 */
export function parseCacheControl(value: string): Directives {
  const directives = new Map<string, string>();
  let at = 0;
  while (at < value.length) {
    DIRECTIVE.lastIndex = at;
    const match = DIRECTIVE.exec(value);
    if (match === null) {
      const comma = value.indexOf(',', at);
      at = comma < 0 ? value.length : comma + 1;
      continue;
    }
    at = DIRECTIVE.lastIndex;
    const name = match[1]!.toLowerCase();
    if (!directives.has(name)) directives.set(name, match[2] ?? match[3] ?? '');
  }
  return directives;
}

/**
 * Reads `CDN-Cache-Control` (RFC 9213 §2.1): a structured dictionary. null when it is empty or does not parse, and then
 * it counts as absent; a member of the wrong type counts as absent too.
 */
export function parseTargetedCacheControl(value: string): Directives | null {
  let dictionary;
  try {
    dictionary = parseDictionary(value);
  } catch {
    return null;
  }
  const directives = new Map<string, string>();
  for (const [name, [member]] of dictionary) {
    if (member === true) directives.set(name, '');
    else if (typeof member === 'number' && Number.isInteger(member)) directives.set(name, String(member));
  }
  return dictionary.size === 0 ? null : directives;
}

/** A delta-seconds argument in milliseconds; null when absent, 0 when it is there but unreadable (RFC 9111 §4.2.1). */
export function deltaMs(directives: Directives, name: string): number | null {
  const value = directives.get(name);
  if (value === undefined) return null;
  // Beyond 2^31 seconds means "forever" (RFC 9111 §1.2.2).
  return /^\d+$/.test(value) ? Math.min(Number(value), 2 ** 31) * 1000 : 0;
}
