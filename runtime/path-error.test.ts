import test from 'ava';
import { pathReason } from './path-error.ts';

test('what is wrong with a path is said in words', (t) => {
  t.is(pathReason({ code: 'ENOENT' }, 'read'), 'no such file');
  t.is(pathReason({ code: 'ENOENT' }, 'written'), 'cannot be written: its folder is not there; make that first');
  t.is(pathReason({ code: 'EISDIR' }, 'written'), 'is a directory, not a file');
  t.is(pathReason({ code: 'EACCES' }, 'read'), 'cannot be read: permission denied (EACCES)');
  t.is(pathReason({ code: 'ENOSPC' }, 'written'), 'cannot be written (ENOSPC)');
  t.is(pathReason(new Error('odd'), 'read'), 'cannot be read (odd)');
});
