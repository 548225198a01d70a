import test from 'ava';
import { judge, type Judgement, type ResponseToJudge } from './freshness.ts';

const WALL_MS = Date.UTC(2026, 10, 23, 12);
const at = (offsetSeconds: number) => new Date(WALL_MS + offsetSeconds * 1000).toUTCString();

type Changes = Partial<Omit<ResponseToJudge, 'fields'>>;

function judged(fields: Record<string, string>, changes: Changes = {}): Judgement {
  const lower = new Map(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
  return judge({ status: 200, authorized: false, wallMs: WALL_MS, delayMs: 0, ...changes, fields: lower });
}

/** Cache-Control (or all fields) → lifetime in seconds, or why it may not be shared. */
const cases: [
  title: string,
  fields: string | Record<string, string>,
  expected: number | Judgement['reason'],
  changes?: Changes,
][] = [
  ['max-age', 'max-age=60', 60],
  ['s-maxage before max-age', 'max-age=60, s-maxage=10', 10],
  ['max-age before Expires', { 'Cache-Control': 'max-age=60', Expires: at(10), Date: at(0) }, 60],
  ['Expires after Date', { Expires: at(60), Date: at(0) }, 60],
  ['Expires without Date', { Expires: at(60) }, 60],
  ['Expires in the past', { Expires: at(-60), Date: at(0) }, 'stale'],
  ['Expires that is no date', { Expires: '0', 'Last-Modified': at(-1000) }, 'stale'],
  ['max-age zero', 'max-age=0', 'stale'],
  ['max-age that is no number', 'max-age=soon', 'stale'],
  ['max-age less Age', { 'Cache-Control': 'max-age=60', Age: '50' }, 10],
  ['Age beyond max-age', { 'Cache-Control': 'max-age=60', Age: '60' }, 'stale'],
  ['max-age less the apparent age', { 'Cache-Control': 'max-age=60', Date: at(-30) }, 30],
  ['a second of apparent age is the clocks', { 'Cache-Control': 'max-age=60', Date: at(-1) }, 60],
  ['Date in the future is no age', { 'Cache-Control': 'max-age=60', Date: at(100) }, 60],
  ['the time the answer took counts as age', { 'Cache-Control': 'max-age=60', Age: '10' }, 45, { delayMs: 5000 }],
  ['a tenth of the time since the last change', { 'Last-Modified': at(-1000), Date: at(0) }, 100],
  ['of that, at most a day', { 'Last-Modified': at(-100 * 86_400), Date: at(0) }, 86_400],
  ['no lifetime and no last change', {}, 'stale'],
  ['a 404 without a lifetime', {}, 1, { status: 404 }],
  ['a 404 with one', 'max-age=30', 30, { status: 404 }],
  ['a 500 without a lifetime', {}, 'status', { status: 500 }],
  ['a 503 with one', 'max-age=5', 5, { status: 503 }],
  ['a 302 without a lifetime', { 'Last-Modified': at(-1000) }, 'status', { status: 302 }],
  ['a 302 with one', 'max-age=5', 5, { status: 302 }],
  ['a 301 that changed long ago', { 'Last-Modified': at(-1000), Date: at(0) }, 100, { status: 301 }],
  ['a part', 'max-age=60', 'status', { status: 206 }],
  ['a 304', 'max-age=60', 'status', { status: 304 }],
  ['no-store', 'no-store, max-age=60', 'no-store'],
  ['private', 'private, max-age=60', 'private'],
  ['private for one field', 'private="x", max-age=60', 'private'],
  ['no-cache', 'no-cache, max-age=60', 'no-cache'],
  ['Pragma alone', { Pragma: 'no-cache', Expires: at(60), Date: at(0) }, 'no-cache'],
  ['Pragma beside Cache-Control', { Pragma: 'no-cache', 'Cache-Control': 'max-age=60' }, 60],
  ['Vary: *', { 'Cache-Control': 'max-age=60', Vary: '*' }, 'vary'],
  ['Set-Cookie', { 'Cache-Control': 'max-age=60', 'Set-Cookie': 'a=1' }, 'set-cookie'],
  ['Set-Cookie for all', { 'Cache-Control': 'public, max-age=60', 'Set-Cookie': 'a=1' }, 60],
  ['an answer to Authorization', 'max-age=60', 'authorization', { authorized: true }],
  ['the same, public', 'public, max-age=60', 60, { authorized: true }],
  ['the same, with s-maxage', 's-maxage=60', 60, { authorized: true }],
  ['the same, must-revalidate', 'must-revalidate, max-age=60', 60, { authorized: true }],
  ['CDN-Cache-Control before Cache-Control', { 'CDN-Cache-Control': 'max-age=5', 'Cache-Control': 'no-store' }, 5],
  ['CDN-Cache-Control with s-maxage', { 'CDN-Cache-Control': 's-maxage=7, max-age=5' }, 7],
  ['CDN-Cache-Control before Expires', { 'CDN-Cache-Control': 'public', Expires: at(60), Date: at(0) }, 'stale'],
  ['CDN-Cache-Control: no-store', { 'CDN-Cache-Control': 'no-store', 'Cache-Control': 'max-age=60' }, 'no-store'],
  ['CDN-Cache-Control that does not parse', { 'CDN-Cache-Control': 'max-age=5,', 'Cache-Control': 'max-age=60' }, 60],
  ['a lifetime of a string', { 'CDN-Cache-Control': 'max-age="5", public', 'Cache-Control': 'max-age=60' }, 'stale'],
  ['milliseconds from our own tiers', { 'CDN-Cache-Control': 'max-age=1, undercard-ttl-ms=1234', Age: '40' }, 1.234],
  ['no milliseconds left', { 'CDN-Cache-Control': 'max-age=1, undercard-ttl-ms=0' }, 'stale'],
];
for (const [title, fields, expected, changes] of cases) {
  test(`${title}: ${typeof expected === 'number' ? `fresh for ${expected} s` : `not shared (${expected})`}`, (t) => {
    const judgement = judged(typeof fields === 'string' ? { 'Cache-Control': fields } : fields, changes);
    if (typeof expected === 'number') t.is(judgement.ttlMs, expected * 1000);
    t.is(judgement.reason, typeof expected === 'number' ? 'fresh' : expected);
    t.is(judgement.shareable, typeof expected === 'number');
  });
}

test('Age is the larger of what was told and what the clocks say, and the time the answer took', (t) => {
  t.is(judged({ Age: '10' }).ageMs, 10_000);
  t.is(judged({ Age: '10', Date: at(-30) }).ageMs, 30_000);
  t.is(judged({ Age: '40', Date: at(-30) }, { delayMs: 700 }).ageMs, 40_700);
  t.is(judged({ Age: 'old' }, { delayMs: 700 }).ageMs, 700);
  t.is(judged({ Age: '10, 20' }).ageMs, 10_000, 'the first of several');
});

test('stale answers: as long as told, and never where a directive forbids it', (t) => {
  const stale = (cacheControl: string) => {
    const { staleWhileRevalidateMs, staleIfErrorMs } = judged({ 'Cache-Control': cacheControl });
    return [staleWhileRevalidateMs, staleIfErrorMs];
  };
  t.deepEqual(stale('max-age=1, stale-while-revalidate=2, stale-if-error=3'), [2000, 3000]);
  t.deepEqual(stale('max-age=1'), [0, 0]);
  for (const forbids of ['must-revalidate', 'proxy-revalidate', 's-maxage=5', 'no-cache'])
    t.deepEqual(stale(`max-age=1, stale-while-revalidate=2, stale-if-error=3, ${forbids}`), [0, 0], forbids);
});

test('a strong ETag proves a body the same, else its digest, a weak ETag never', (t) => {
  t.is(judged({ ETag: '"a"', 'Repr-Digest': 'sha-256=:x:' }).validator, '"a"');
  t.is(judged({ ETag: 'W/"a"', 'Repr-Digest': 'sha-256=:x:' }).validator, 'sha-256=:x:');
  t.is(judged({ ETag: 'W/"a"' }).validator, '');
  t.is(judged({ ETag: 'a' }).validator, '');
});
