import { isIP } from 'node:net';
import test from 'ava';
import * as fc from 'fast-check';
import { canonicalAddress, formatAddress, parseAddress, parsePrefix } from './ip-address.ts';

const addressReason = (text: string) => {
  const parsed = parseAddress(text);
  return parsed.kind === 'bad' ? parsed.reason : formatAddress(parsed.words);
};
const prefixReason = (text: string) => {
  const parsed = parsePrefix(text);
  return parsed.kind === 'bad' ? parsed.reason : `${formatAddress(parsed.words)}/${parsed.length}`;
};

test('addresses are read, and mapped ones are IPv4', (t) => {
  t.is(addressReason('192.0.2.255'), '192.0.2.255');
  t.is(addressReason('2001:DB8:0:0:1:0:0:1'), '2001:db8::1:0:0:1');
  t.is(
    addressReason('2001:db8:0:1:1:1:1:1'),
    '2001:db8:0:1:1:1:1:1',
    'one group alone is not shortened (RFC 5952 §4.2.2)',
  );
  t.is(addressReason('::'), '::');
  t.is(addressReason('::ffff:192.0.2.1'), '192.0.2.1');
  t.is(addressReason('::FFFF:c000:201'), '192.0.2.1');
  t.is(addressReason('64:ff9b::192.0.2.1'), '64:ff9b::c000:201');
});

test('what is no address says why', (t) => {
  t.regex(addressReason('192.0.2.01'), /leading zero/);
  t.regex(addressReason('192.0.2.256'), /above 255/);
  t.regex(addressReason('192.0.2'), /has 3 numbers/);
  t.regex(addressReason('1.2.3.4.5'), /has 5 numbers/);
  t.regex(addressReason('1.2.3.4 '), /four numbers with dots/);
  t.regex(addressReason('::1::'), /"::" twice/);
  t.regex(addressReason('1:2:3:4:5:6:7'), /has 7 groups/);
  t.regex(addressReason('1:2:3:4:5:6:7::8'), /has 8 groups/);
  t.regex(addressReason('12345::'), /hexadecimal/);
  t.regex(addressReason('::1.2.3.04'), /leading zero/);
  t.regex(addressReason('1.2.3.4::'), /hexadecimal/);
});

test('prefixes are read strictly', (t) => {
  t.is(prefixReason('10.0.0.0/8'), '10.0.0.0/8');
  t.is(prefixReason('0.0.0.0/0'), '0.0.0.0/0');
  t.is(prefixReason('2001:db8::/32'), '2001:db8::/32');
  t.is(prefixReason('::ffff:10.0.0.0/104'), '10.0.0.0/8');
  t.is(prefixReason('::/0'), '::/0');
  t.regex(prefixReason('10.0.0.0'), /no length/);
  t.regex(prefixReason('10.0.0.0/33'), /"33" is not a whole number from 0 to 32/);
  t.regex(prefixReason('10.0.0.0/08'), /"08" is not/);
  t.regex(prefixReason('10.0.0.0/'), /"" is not/);
  t.regex(prefixReason('2001:db8::/129'), /from 0 to 128/);
  t.regex(prefixReason('10.0.0.1/8'), /did you mean 10\.0\.0\.0\/8\?/);
  t.regex(prefixReason('2001:db8::1/64'), /did you mean 2001:db8::\/64\?/);
});

// net.isIP is the other opinion; it, too, refuses leading zeros.
const nearAddress = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc
    .array(fc.constantFrom('0', '1', '9', '255', '256', '01', 'f', 'ffff', '10000', ':', '::', '.', '%'), {
      maxLength: 15,
    })
    .map((parts) => parts.join('')),
  fc.array(fc.constantFrom('0', '1', 'ffff', '1.2.3.4', ''), { maxLength: 9 }).map((parts) => parts.join(':')),
);

test('a text is an address exactly when Node says so', (t) => {
  fc.assert(
    fc.property(
      nearAddress.filter((text) => !text.includes('%')),
      (text) => (parseAddress(text).kind === 'address') === (isIP(text) !== 0),
    ),
    { numRuns: 3000 },
  );
  t.pass();
});

test('the canonical text reads as the same address and is the URL parser’s', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const parsed = parseAddress(text);
      if (parsed.kind === 'bad') return false;
      const canonical = canonicalAddress(text)!;
      if (canonical !== formatAddress(parsed.words)) return false;
      const again = parseAddress(canonical);
      if (again.kind === 'bad' || again.words.join() !== parsed.words.join()) return false;
      return !canonical.includes(':') || new URL(`http://[${text}]/`).hostname === `[${canonical}]`;
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('one address has one canonical text, whatever its zone', (t) => {
  t.is(canonicalAddress('127.0.0.1'), '127.0.0.1');
  t.is(canonicalAddress('::ffff:127.0.0.1'), '127.0.0.1');
  t.is(canonicalAddress('0000:0000:0000:0000:0000:FFFF:7f00:0001'), '127.0.0.1');
  t.is(canonicalAddress('2001:DB8:0:0:0:0:0:1'), '2001:db8::1');
  t.is(canonicalAddress('fe80::1%eth0'), 'fe80::1');
  for (const text of [
    '',
    'localhost',
    '1.2.3',
    '256.1.1.1',
    '::1]',
    '[::1]',
    '1.2.3.4:80',
    ':::',
    '1.2.3.4%x',
    '::1%',
  ]) {
    t.is(canonicalAddress(text), null, text);
  }
});
