import { HeaderBlock, isSafeField } from '../../runtime/header-block.ts';

export type FieldList = readonly (readonly [name: string, value: string])[];

/** RFC 9110 §7.6.1, and what this node makes itself: lengths, dates, ages, and lifetimes meant for this tier only. */
const NOT_FORWARDED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'date',
  'age',
  'cdn-cache-control',
]);

/** Players run in pages of other origins, and need to see these (reference: standards §1). */
const CORS: FieldList = [
  ['Access-Control-Allow-Origin', '*'],
  [
    'Access-Control-Expose-Headers',
    'Age, Date, Retry-After, Cache-Status, CMSD-Static, CMSD-Dynamic, Repr-Digest, Content-Length, Content-Range',
  ],
  ['Timing-Allow-Origin', '*'],
];

export const PREFLIGHT: FieldList = [
  ...CORS,
  ['Access-Control-Allow-Methods', 'GET, HEAD, OPTIONS'],
  ['Access-Control-Allow-Headers', 'Range, If-None-Match, CMCD-Request, CMCD-Object, CMCD-Status, CMCD-Session'],
  ['Access-Control-Max-Age', '86400'],
];

/** Whether the path is media that players of any page may fetch. */
export function isMediaPath(path: string): boolean {
  return path.startsWith('/live/') || path.startsWith('/vod/');
}

/** The end-to-end fields of an upstream response, as they are to be sent on; unsafe ones are left out. */
export function forwardedFields(rawHeaders: readonly string[], path: string): FieldList {
  const dropped = connectionOptions(rawHeaders);
  const fields: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name, value] = [rawHeaders[at]!, rawHeaders[at + 1]!];
    const lower = name.toLowerCase();
    if (!NOT_FORWARDED.has(lower) && !dropped.has(lower) && isSafeField(name, value)) fields.push([name, value]);
  }
  return isMediaPath(path) ? withCors(fields) : fields;
}

/** CORS fields unless the origin has its own opinion. */
export function withCors(fields: FieldList): FieldList {
  const own = fields.some(([name]) => name.toLowerCase() === 'access-control-allow-origin');
  return own ? fields : [...fields, ...CORS];
}

/** A block, or null when there is nothing to write. */
export function blockOf(fields: FieldList): HeaderBlock | null {
  return fields.length === 0 ? null : new HeaderBlock(fields);
}

/** By lower-case name, several lines joined (RFC 9110 §5.3). */
export function fieldMap(rawHeaders: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    const before = fields.get(name);
    fields.set(name, before === undefined ? rawHeaders[at + 1]! : `${before}, ${rawHeaders[at + 1]!}`);
  }
  return fields;
}

/** RFC 9111 §3.2: the fields of a 304 replace those stored, all lines of a name together. */
export function mergeFields(stored: FieldList, update: FieldList): FieldList {
  const replaced = new Set(update.map(([name]) => name.toLowerCase()));
  return [...stored.filter(([name]) => !replaced.has(name.toLowerCase())), ...update];
}

/** Names that `Connection` declares hop-by-hop. */
export function connectionOptions(rawHeaders: readonly string[]): Set<string> {
  const names = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]!.toLowerCase() !== 'connection') continue;
    for (const name of rawHeaders[at + 1]!.split(',')) names.add(name.trim().toLowerCase());
  }
  return names;
}
