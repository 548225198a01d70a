import { deltaMs, parseCacheControl, parseTargetedCacheControl, type Directives } from './cache-control.ts';
import { parseHttpDate } from './http-date.ts';
import { parseVary } from './key.ts';

/** Header fields by lower-case name, several lines of one name joined with a comma. */
export type Fields = ReadonlyMap<string, string>;

export interface ResponseToJudge {
  status: number;
  fields: Fields;
  /** the request it answers carried Authorization */
  authorized: boolean;
  /** wall clock when the response came */
  wallMs: number;
  /** how long the request took to its header, which counts as age (RFC 9111 §4.2.3) */
  delayMs: number;
}

export interface Judgement {
  /** may be given to others; why not, otherwise */
  shareable: boolean;
  reason: 'fresh' | 'no-store' | 'private' | 'no-cache' | 'authorization' | 'set-cookie' | 'vary' | 'status' | 'stale';
  /** remaining lifetime */
  ttlMs: number;
  ageMs: number;
  staleWhileRevalidateMs: number;
  staleIfErrorMs: number;
  /** a strong validator, or empty */
  validator: string;
  /** field names of Vary, lower case and sorted */
  vary: readonly string[];
}

/** RFC 9110 §15.1: cacheable without being told so. */
const HEURISTIC_STATUS = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** A page that is not there is asked for by everybody at once; a second of memory is what spares the origin. */
const NEGATIVE_TTL_MS = 1000;
const HEURISTIC_SHARE = 0.1;
const HEURISTIC_MAX_MS = 24 * 3_600_000;
/** Date has whole seconds and clocks differ: less than this is no age. */
const APPARENT_AGE_TOLERANCE_MS = 1250;

/**
 * What a shared cache may do with a response (RFC 9111 §3, §4.2; RFC 5861; RFC 9213), worked out once, when it comes.
 * Between our own tiers `undercard-ttl-ms` in CDN-Cache-Control is the remaining lifetime to the millisecond.
 */
export function judge(response: ResponseToJudge): Judgement {
  const { fields } = response;
  const targeted = fields.has('cdn-cache-control') ? parseTargetedCacheControl(fields.get('cdn-cache-control')!) : null;
  const directives = targeted ?? parseCacheControl(fields.get('cache-control') ?? '');
  const ageMs = correctedAgeMs(response);
  const explicitMs = explicitLifetimeMs(directives, targeted !== null, fields, response.wallMs);
  const tierTtlMs = targeted === null ? null : tierLifetimeMs(targeted);
  const ttlMs = tierTtlMs ?? (explicitMs ?? heuristicMs(response)) - ageMs;
  const vary = parseVary(fields.get('vary') ?? '');
  const reason =
    whyNot(response, directives, vary, explicitMs !== null || tierTtlMs !== null) ?? (ttlMs > 0 ? 'fresh' : 'stale');
  const mayBeStale = !['must-revalidate', 'proxy-revalidate', 's-maxage', 'no-cache'].some((name) =>
    directives.has(name),
  );
  return {
    shareable: reason === 'fresh',
    reason,
    ttlMs: Math.max(0, ttlMs),
    ageMs,
    staleWhileRevalidateMs: mayBeStale ? (deltaMs(directives, 'stale-while-revalidate') ?? 0) : 0,
    staleIfErrorMs: mayBeStale ? (deltaMs(directives, 'stale-if-error') ?? 0) : 0,
    validator: validatorOf(fields),
    vary: vary ?? [],
  };
}

function whyNot(
  response: ResponseToJudge,
  directives: Directives,
  vary: string[] | null,
  explicit: boolean,
): Judgement['reason'] | null {
  const { status, fields, authorized } = response;
  if (status < 200 || status === 206 || status === 304 || (!explicit && !HEURISTIC_STATUS.has(status))) return 'status';
  if (directives.has('no-store')) return 'no-store';
  if (directives.has('private')) return 'private';
  if (directives.has('no-cache') || (directives.size === 0 && /\bno-cache\b/i.test(fields.get('pragma') ?? '')))
    return 'no-cache';
  const forAll = directives.has('public') || directives.has('s-maxage');
  if (authorized && !forAll && !directives.has('must-revalidate')) return 'authorization';
  // Not a rule of RFC 9111, but what every shared cache in the field does: a cookie is for one.
  if (fields.has('set-cookie') && !forAll) return 'set-cookie';
  if (vary === null) return 'vary';
  return null;
}

function explicitLifetimeMs(directives: Directives, targeted: boolean, fields: Fields, wallMs: number): number | null {
  const told = deltaMs(directives, 's-maxage') ?? deltaMs(directives, 'max-age');
  if (told !== null || targeted || !fields.has('expires')) return told;
  const expiresMs = parseHttpDate(fields.get('expires')!, wallMs);
  const dateMs = parseHttpDate(fields.get('date') ?? '', wallMs) ?? wallMs;
  return expiresMs === null ? 0 : Math.max(0, expiresMs - dateMs);
}

function tierLifetimeMs(targeted: Directives): number | null {
  const told = targeted.get('undercard-ttl-ms');
  return told !== undefined && /^\d+$/.test(told) ? Number(told) : null;
}

/** RFC 9111 §4.2.2: a tenth of the time since the last change, for at most a day. */
function heuristicMs({ status, fields, wallMs }: ResponseToJudge): number {
  if (!HEURISTIC_STATUS.has(status)) return 0;
  if (status >= 400) return NEGATIVE_TTL_MS;
  const modifiedMs = parseHttpDate(fields.get('last-modified') ?? '', wallMs);
  if (modifiedMs === null) return 0;
  const dateMs = parseHttpDate(fields.get('date') ?? '', wallMs) ?? wallMs;
  return Math.min(HEURISTIC_MAX_MS, Math.max(0, (dateMs - modifiedMs) * HEURISTIC_SHARE));
}

/** RFC 9111 §4.2.3. */
function correctedAgeMs({ fields, wallMs, delayMs }: ResponseToJudge): number {
  const dateMs = parseHttpDate(fields.get('date') ?? '', wallMs);
  const apparentMs = dateMs === null ? 0 : wallMs - dateMs;
  const told = /^\d+/.exec(fields.get('age') ?? '');
  const correctedMs = told === null ? delayMs : Math.min(Number(told[0]), 2 ** 31) * 1000 + delayMs;
  return Math.max(apparentMs > APPARENT_AGE_TOLERANCE_MS ? apparentMs : 0, correctedMs);
}

function validatorOf(fields: Fields): string {
  const etag = fields.get('etag') ?? '';
  if (/^"[^"]*"$/.test(etag)) return etag;
  return fields.get('repr-digest') ?? '';
}
