import test from 'ava';
import fc from 'fast-check';
import { deltaMs, parseCacheControl, parseTargetedCacheControl } from './cache-control.ts';

const fields: [value: string, directives: Record<string, string>][] = [
  ['', {}],
  ['max-age=60', { 'max-age': '60' }],
  ['Max-Age=60, NO-STORE', { 'max-age': '60', 'no-store': '' }],
  ['max-age="60"', { 'max-age': '60' }],
  ['private="set-cookie, x", max-age=5', { private: 'set-cookie, x', 'max-age': '5' }],
  ['ext="no-store, \\"max-age=9\\"", max-age=5', { ext: 'no-store, \\"max-age=9\\"', 'max-age': '5' }],
  [' ,, max-age=1 ,', { 'max-age': '1' }],
  ['max-age=1, max-age=2', { 'max-age': '1' }],
  ['max-age=1;no-store, public', { public: '' }],
  ['max-age = 1, public', { public: '' }],
  ['max-age=', { 'max-age': '' }],
];
for (const [value, directives] of fields) {
  test(`Cache-Control "${value}" says ${JSON.stringify(directives)}`, (t) => {
    t.deepEqual(Object.fromEntries(parseCacheControl(value)), directives);
  });
}

test('nothing that is written into Cache-Control stops the reading, or hides what stands beside it', (t) => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes('"')),
      (junk) => {
        return (
          parseCacheControl(`no-store, ${junk}`).has('no-store') &&
          parseCacheControl(`${junk}, no-store`).has('no-store')
        );
      },
    ),
  );
  t.pass();
});

test('CDN-Cache-Control is a structured dictionary, or nothing', (t) => {
  const read = (value: string) => {
    const directives = parseTargetedCacheControl(value);
    return directives === null ? null : Object.fromEntries(directives);
  };
  t.deepEqual(read('max-age=60, no-store'), { 'max-age': '60', 'no-store': '' });
  t.deepEqual(read('max-age=60;x=1, undercard-ttl-ms=1234'), { 'max-age': '60', 'undercard-ttl-ms': '1234' });
  t.deepEqual(read('max-age="60", no-store=?0, public'), { public: '' }, 'members of a wrong type are absent');
  t.is(read('max-age=60,'), null);
  t.is(read('Max-Age=60'), null);
  t.is(read(''), null);
});

test('seconds become milliseconds; what is unreadable is stale, what is beyond 2^31 is for ever', (t) => {
  const ms = (value: string) => deltaMs(parseCacheControl(value), 'max-age');
  t.is(ms('max-age=60'), 60_000);
  t.is(ms('max-age=0'), 0);
  t.is(ms('public'), null);
  for (const bad of ['max-age=-1', 'max-age=1.5', 'max-age=abc', 'max-age=', 'max-age']) t.is(ms(bad), 0, bad);
  t.is(ms('max-age=99999999999999999999'), 2 ** 31 * 1000);
});
