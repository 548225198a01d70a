import test from 'ava';
import type { Log } from './log.ts';
import { SeldomLog } from './seldom-log.ts';

test('one line a second, and it says how many were left out', (t) => {
  const lines: unknown[] = [];
  const log = { warn: (fields: object, message: string) => lines.push({ ...fields, message }) } as unknown as Log;
  let nowMs = 5;
  const seldom = new SeldomLog(log, () => nowMs);
  for (nowMs of [5, 6, 900, 1004, 1005, 1006, 9000]) seldom.warn({ at: nowMs }, 'refused');
  t.deepEqual(lines, [
    { at: 5, unlogged: 0, message: 'refused' },
    { at: 1005, unlogged: 3, message: 'refused' },
    { at: 9000, unlogged: 1, message: 'refused' },
  ]);
});
