import test from 'ava';
import fc from 'fast-check';
import { keyOf, parseVary, variantKeyOf } from './key.ts';

test('a key is the target as on the wire, an empty query included', (t) => {
  t.is(keyOf('/a/../b%20c', undefined), '/a/../b%20c');
  t.is(keyOf('/a', ''), '/a?');
  t.is(keyOf('/a', 'b=1&a=2&b=1'), '/a?b=1&a=2&b=1');
});

test('CMCD splits no cache entry, wherever it stands in the query', (t) => {
  const parameter = fc.stringMatching(/^[a-z]{1,3}=[A-Za-z0-9%]{0,5}$/);
  fc.assert(
    fc.property(fc.array(parameter, { minLength: 1, maxLength: 4 }), fc.nat(), (parameters, at) => {
      const withCmcd = parameters.toSpliced(at % (parameters.length + 1), 0, 'CMCD=br%3D3200%2Csid%3D%22x%22');
      return keyOf('/s', withCmcd.join('&')) === keyOf('/s', parameters.join('&'));
    }),
  );
  t.is(keyOf('/s', 'CMCD=br%3D1'), '/s');
  t.is(keyOf('/s', 'XCMCD=1'), '/s?XCMCD=1');
});

test('Vary: names in any case and order are one list; a star never matches', (t) => {
  t.deepEqual(parseVary('Accept-Language, accept-encoding,,ACCEPT-LANGUAGE'), ['accept-encoding', 'accept-language']);
  t.deepEqual(parseVary(''), []);
  t.is(parseVary('Accept, *'), null);
});

test('variants differ by what the named fields say, not by white space or by other fields', (t) => {
  const keyFor = (fields: Record<string, string>) => variantKeyOf('/a', ['accept', 'x'], (name) => fields[name]);
  t.is(keyFor({ accept: 'a, b' }), keyFor({ accept: 'a ,b', other: '1' }));
  const texts = [
    keyFor({}),
    keyFor({ accept: '' }),
    keyFor({ accept: 'a' }),
    keyFor({ x: 'a' }),
    keyFor({ accept: '-' }),
  ];
  t.is(new Set(texts).size, texts.length);
});

test('no combination of field values makes two variants one key', (t) => {
  // A field value holds no line feed (RFC 9110 §5.5), which is what separates fields in a key.
  const value = fc.option(fc.stringMatching(/^[-=:a-z]{0,4}$/), { nil: undefined });
  fc.assert(
    fc.property(value, value, value, value, (a1, b1, a2, b2) => {
      const key = (a: string | undefined, b: string | undefined) =>
        variantKeyOf('/t', ['a', 'b'], (name) => (name === 'a' ? a : b));
      return (key(a1, b1) === key(a2, b2)) === (a1 === a2 && b1 === b2);
    }),
  );
  t.pass();
});
