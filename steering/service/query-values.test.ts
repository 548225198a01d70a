import test from 'ava';
import * as fc from 'fast-check';
import { queryValues } from './query-values.ts';

const NAMES = ['path', 'session', 'ip', '_HLS_pathway', 'p', ''];

/** Made of what queries are made of, so that most have something in them. */
const piece = fc.oneof(
  fc.constantFrom(
    'path',
    'session',
    'ip',
    '_HLS_pathway',
    'p',
    '=',
    '&',
    '&',
    '=',
    '%2F',
    '%',
    '+',
    '?',
    'a',
    '%zz',
    '%E6%97%A5',
  ),
  fc.string({ maxLength: 3 }),
);
const query = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('').replaceAll('#', ''));

test('any query is read as URLSearchParams reads it', (t) => {
  fc.assert(
    fc.property(query, (text) => {
      const [ours, theirs] = [queryValues(text), new URLSearchParams(text)];
      for (const name of NAMES.slice(0, -1)) t.is(ours.get(name), theirs.get(name), `${name} of ${text}`);
    }),
    { numRuns: 2000 },
  );
});

test('no query has nothing in it', (t) => {
  t.is(queryValues(undefined).get('path'), null);
  t.is(queryValues('').get('path'), null);
});
