import test from 'ava';
import { BadInput } from './bad-input.ts';
import { parseBytes, parseCount, parseDuration, parseRate } from './units.ts';

test('durations, sizes and rates are read in their units', (t) => {
  t.is(parseDuration('250ms', '--x'), 250);
  t.is(parseDuration('1.005s', '--x'), 1005);
  t.is(parseDuration('2 h', '--x'), 7_200_000);
  t.is(parseBytes('512MB', '--x'), 512e6);
  t.is(parseBytes('1.5KiB', '--x'), 1536);
  t.is(parseRate('40Mbit/s', '--x'), 40e6);
});

test('what is no quantity, or lies out of its bounds, is one line that names the flag and what it takes', (t) => {
  const says = (work: () => unknown, text: string) => {
    const error = t.throws(work, { instanceOf: BadInput });
    t.is(error?.message, text);
  };
  says(
    () => parseDuration('-1s', '--x'),
    '--x: "-1s" is not a duration; write a number and ms, s, m, h, for example 60s',
  );
  says(() => parseDuration('501h', '--x'), '--x: "501h" is not a duration from 0ms to 500h');
  says(() => parseDuration('11s', '--x', ['1ms', '10s']), '--x: "11s" is not a duration from 1ms to 10s');
  says(() => parseBytes('0B', '--x'), '--x: "0B" is not a size from 1kB to 1000TB');
  says(() => parseRate('0bit/s', '--x'), '--x: "0bit/s" is not a rate from 1kbit/s to 10Tbit/s');
  says(() => parseCount('1e3', '--x', 0, 5), '--x: "1e3" is not a whole number from 0 to 5');
  says(
    () => parseDuration('1toString', '--x'),
    '--x: "1toString" is not a duration; write a number and ms, s, m, h, for example 60s',
  );
});
