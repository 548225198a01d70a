import test from 'ava';
import fc from 'fast-check';
import { select, type Conditions, type Selection } from './preconditions.ts';

const WALL_MS = Date.UTC(2026, 10, 23);
const MODIFIED = 'Sun, 22 Nov 2026 10:00:00 GMT';
const EARLIER = 'Sun, 22 Nov 2026 09:59:59 GMT';
const LATER = 'Sun, 22 Nov 2026 10:00:01 GMT';

const answer = { etag: '"v1"', 'last-modified': MODIFIED };
const whole: Selection = { kind: 'whole' };
const notModified: Selection = { kind: 'not-modified' };
const unsatisfiable: Selection = { kind: 'unsatisfiable' };
const part = (start: number, end: number): Selection => ({ kind: 'part', start, end });

function selected(
  conditions: Partial<Conditions>,
  fields: Record<string, string> = answer,
  lengthBytes = 100,
): Selection {
  const none = { ifNoneMatch: undefined, ifModifiedSince: undefined, ifRange: undefined, range: undefined };
  return select({ ...none, ...conditions }, new Map(Object.entries(fields)), lengthBytes, WALL_MS);
}

const cases: [title: string, conditions: Partial<Conditions>, expected: Selection, fields?: Record<string, string>][] =
  [
    ['no condition', {}, whole],
    ['the same ETag', { ifNoneMatch: '"v1"' }, notModified],
    ['the same ETag, weakly', { ifNoneMatch: 'W/"v1"' }, notModified],
    ['the ETag of a weak answer', { ifNoneMatch: '"v1"' }, notModified, { etag: 'W/"v1"' }],
    ['one of several ETags', { ifNoneMatch: '"v0", "a,b", "v1"' }, notModified],
    ['a star', { ifNoneMatch: '*' }, notModified],
    ['another ETag', { ifNoneMatch: '"v2"' }, whole],
    ['an ETag, and an answer without one', { ifNoneMatch: '"v1"' }, whole, {}],
    ['another ETag, whatever If-Modified-Since says', { ifNoneMatch: '"v2"', ifModifiedSince: LATER }, whole],
    ['not modified since', { ifModifiedSince: MODIFIED }, notModified],
    ['modified since', { ifModifiedSince: EARLIER }, whole],
    ['a date that is none', { ifModifiedSince: 'yesterday' }, whole],
    ['a date, and an answer without one', { ifModifiedSince: LATER }, whole, { etag: '"v1"' }],
    ['the first bytes', { range: 'bytes=0-9' }, part(0, 9)],
    ['the unit in capitals', { range: 'Bytes=0-9' }, part(0, 9)],
    ['from a byte on', { range: 'bytes=90-' }, part(90, 99)],
    ['beyond the end', { range: 'bytes=90-1000' }, part(90, 99)],
    ['the last bytes', { range: 'bytes=-10' }, part(90, 99)],
    ['more last bytes than there are', { range: 'bytes=-1000' }, part(0, 99)],
    ['the last zero bytes', { range: 'bytes=-0' }, unsatisfiable],
    ['from behind the end', { range: 'bytes=100-' }, unsatisfiable],
    ['a number beyond all numbers', { range: `bytes=${'9'.repeat(400)}-` }, unsatisfiable],
    ['an end before its start', { range: 'bytes=9-0' }, whole],
    ['several ranges', { range: 'bytes=0-1,3-4' }, whole],
    ['another unit', { range: 'pieces=0-1' }, whole],
    ['no numbers', { range: 'bytes=-' }, whole],
    ['a range if the ETag is the same', { range: 'bytes=0-9', ifRange: '"v1"' }, part(0, 9)],
    ['a range if the ETag is another', { range: 'bytes=0-9', ifRange: '"v2"' }, whole],
    ['a range if a weak ETag is the same', { range: 'bytes=0-9', ifRange: 'W/"v1"' }, whole, { etag: 'W/"v1"' }],
    ['a range if the date is the same', { range: 'bytes=0-9', ifRange: MODIFIED }, part(0, 9)],
    ['a range if the date is another', { range: 'bytes=0-9', ifRange: LATER }, whole],
    ['a matching ETag before a range', { range: 'bytes=0-9', ifNoneMatch: '"v1"' }, notModified],
  ];
for (const [title, conditions, expected, fields] of cases) {
  test(`${title}: ${JSON.stringify(conditions).slice(0, 60)} → ${expected.kind}`, (t) => {
    t.deepEqual(selected(conditions, fields), expected);
  });
}

test('a range of a body whose length is not known yet is the whole; of an empty one it cannot be satisfied', (t) => {
  t.deepEqual(selected({ range: 'bytes=0-9' }, answer, -1), whole);
  t.deepEqual(selected({ range: 'bytes=0-' }, answer, 0), unsatisfiable);
  t.deepEqual(selected({ range: 'bytes=-5' }, answer, 0), unsatisfiable);
});

test('whatever the range and the length, a part lies inside the body', (t) => {
  const number = fc.oneof(fc.constant(''), fc.nat({ max: 30 }).map(String));
  fc.assert(
    fc.property(number, number, fc.nat({ max: 25 }), (from, to, lengthBytes) => {
      const got = selected({ range: `bytes=${from}-${to}` }, answer, lengthBytes);
      return got.kind !== 'part' || (0 <= got.start && got.start <= got.end && got.end < lengthBytes);
    }),
  );
  t.pass();
});
