import test from 'ava';
import { digestDefect, reprDigest, sha256Of } from './repr-digest.ts';

const digest = sha256Of(Buffer.from('bytes'));

test('a digest that fits is no defect, alone or among others', (t) => {
  t.is(digestDefect(reprDigest(digest), digest), null);
  t.is(digestDefect(`sha-512=:AAAA:, ${reprDigest(digest)}`, digest), null);
});

test('without a digest that we speak there is nothing to compare', (t) => {
  t.is(digestDefect(undefined, digest), null);
  t.is(digestDefect('sha-512=:AAAA:', digest), null);
});

test('a digest that does not fit is a mismatch, one that does not parse is bad', (t) => {
  t.is(digestDefect(reprDigest(sha256Of(Buffer.from('other'))), digest), 'digest-mismatch');
  t.is(digestDefect('sha-256=:AAAA:', digest), 'digest-mismatch');
  for (const field of ['sha-256', 'sha-256=abc', 'sha-256=?1', '=', 'sha-256=:###:']) {
    t.is(digestDefect(field, digest), 'bad-digest-field', field);
  }
});
