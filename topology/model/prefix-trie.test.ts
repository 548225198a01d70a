import test from 'ava';
import * as fc from 'fast-check';
import { formatAddress, maskOf, parseAddress, parsePrefix, type AddressWords } from './ip-address.ts';
import { PrefixTrie } from './prefix-trie.ts';

interface Stored {
  words: AddressWords;
  length: number;
}

/** What a trie must do, done the slow way. */
function longestMatch(stored: readonly Stored[], address: AddressWords): number {
  let best = -1;
  stored.forEach(({ words, length }, index) => {
    if (words.length !== address.length) return;
    const covers = words.every((word, at) => word === (address[at]! & maskOf(length - 32 * at)) >>> 0);
    // The last of equals replaced those before.
    if (covers && (best < 0 || length >= stored[best]!.length)) best = index;
  });
  return best;
}

// Few different bits, so that prefixes nest, collide and fork.
const word = fc.oneof(
  fc.nat({ max: 0xffffffff }),
  fc.constantFrom(0, 0x80000000, 0xffffffff, 0x0a000000, 0x0a0a0a0a, 1),
);
const ipv4 = fc.tuple(word);
const ipv6 = fc.tuple(fc.constantFrom(0x20010db8, 0xffffffff, 0), word, fc.constantFrom(0, 1), word);
const address: fc.Arbitrary<AddressWords> = fc.oneof(ipv4, ipv6);
const prefix = address.chain((words) =>
  fc.oneof(fc.nat({ max: 32 * words.length }), fc.constantFrom(0, 1, 8, 16, 31, 32)).map((length) => ({
    words: words.map((value, at) => (value & maskOf(length - 32 * at)) >>> 0),
    length,
  })),
);

test('the trie finds what a scan of all prefixes finds', (t) => {
  fc.assert(
    fc.property(fc.array(prefix, { maxLength: 60 }), fc.array(address, { maxLength: 20 }), (stored, others) => {
      const trie = new PrefixTrie();
      stored.forEach(({ words, length }, index) => {
        trie.insert(words, length, index);
      });
      // The first and last address of each prefix are where mistakes show.
      const ends = stored.flatMap(({ words, length }) => [
        words,
        words.map((value, at) => (value | ~maskOf(length - 32 * at)) >>> 0),
      ]);
      for (const one of [...others, ...ends]) {
        const expected = longestMatch(stored, one);
        if (trie.lookup(one) !== expected) return false;
        if ((trie.covering(one).at(-1) ?? -1) !== expected) return false;
      }
      const distinct = new Set(stored.map(({ words, length }) => `${formatAddress(words)}/${length}`));
      return trie.size === distinct.size;
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('a prefix stored again gives its first value back, and an empty trie knows nothing', (t) => {
  const trie = new PrefixTrie();
  t.is(trie.lookup([0]), -1);
  t.is(trie.lookup([0, 0, 0, 0]), -1);
  t.is(trie.insert([0x0a000000], 8, 5), -1);
  t.is(trie.insert([0x0a000000], 8, 6), 5);
  t.is(trie.insert([0], 0, 7), -1);
  t.is(trie.lookup([0x0a010203]), 6);
  t.is(trie.lookup([0x0b000000]), 7);
  t.deepEqual(trie.covering([0x0a010203]), [7, 6]);
  t.is(trie.size, 2);
});

test('a hundred thousand random prefixes are found again', (t) => {
  const trie = new PrefixTrie();
  const texts: string[] = [];
  for (let index = 0; index < 100_000; index++)
    texts.push(`${index & 255}.${(index >>> 8) & 255}.${index >>> 16}.0/24`);
  texts.forEach((text, index) => {
    const parsed = parsePrefix(text);
    if (parsed.kind === 'prefix') trie.insert(parsed.words, parsed.length, index);
  });
  t.is(trie.size, 100_000);
  for (let index = 0; index < 100_000; index += 997) {
    const parsed = parseAddress(texts[index]!.replace('0/24', '77'));
    t.is(parsed.kind === 'address' ? trie.lookup(parsed.words) : -2, index);
  }
});
