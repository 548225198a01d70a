import test from 'ava';
import { canonicalAddress } from './ip-address.ts';

test('one address has one text', (t) => {
  t.is(canonicalAddress('127.0.0.1'), '127.0.0.1');
  t.is(canonicalAddress('::ffff:127.0.0.1'), '127.0.0.1');
  t.is(canonicalAddress('0000:0000:0000:0000:0000:FFFF:7f00:0001'), '127.0.0.1');
  t.is(canonicalAddress('2001:DB8:0:0:0:0:0:1'), '2001:db8::1');
  t.is(canonicalAddress('fe80::1%eth0'), 'fe80::1');
  t.is(canonicalAddress('::'), '::');
});

test('what is no address gives null', (t) => {
  for (const text of ['', 'localhost', '1.2.3', '256.1.1.1', '::1]', '[::1]', '1.2.3.4:80', ':::']) {
    t.is(canonicalAddress(text), null, text);
  }
});
