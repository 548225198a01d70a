import test from 'ava';
import fc from 'fast-check';
import { parseHttpDate } from './http-date.ts';

const NOW_MS = Date.UTC(2026, 10, 23);
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (value: number) => String(value).padStart(2, '0');

function formsOf(date: Date): { imf: string; rfc850: string; asctime: string } {
  const imf = date.toUTCString();
  const [, day, month, year, time] = imf.split(/[ ,]+/) as [string, string, string, string, string];
  const name = DAYS[date.getUTCDay()]!;
  return {
    imf,
    rfc850: `${name}, ${day}-${month}-${two(Number(year) % 100)} ${time} GMT`,
    asctime: `${name.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`,
  };
}

const anySecond = (fromYear: number, toYear: number) =>
  fc
    .integer({ min: Date.UTC(fromYear, 0, 1) / 1000, max: Date.UTC(toYear, 0, 1) / 1000 - 1 })
    .map((seconds) => new Date(seconds * 1000));

test('the two forms with four digits say what Date says, in all years of a calendar round', (t) => {
  fc.assert(
    fc.property(anySecond(1900, 2500), (date) => {
      const { imf, asctime } = formsOf(date);
      return parseHttpDate(imf, NOW_MS) === date.getTime() && parseHttpDate(asctime, NOW_MS) === date.getTime();
    }),
    { examples: [[new Date('2000-02-29T23:59:59Z')], [new Date('1970-01-01T00:00:00Z')], [new Date('2100-03-01')]] },
  );
  t.pass();
});

test('two digits of a year mean the one within fifty years ahead, or the latest past', (t) => {
  fc.assert(
    fc.property(anySecond(1977, 2076), (date) => parseHttpDate(formsOf(date).rfc850, NOW_MS) === date.getTime()),
  );
  t.is(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', NOW_MS), Date.UTC(1994, 10, 6, 8, 49, 37));
  t.is(parseHttpDate('Sunday, 06-Nov-70 08:49:37 GMT', NOW_MS), Date.UTC(2070, 10, 6, 8, 49, 37));
  t.is(parseHttpDate('Sunday, 06-Nov-99 08:49:37 GMT', NOW_MS), Date.UTC(1999, 10, 6, 8, 49, 37));
});

test('a leap second is a time', (t) => {
  t.is(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', NOW_MS), Date.UTC(2017, 0, 1));
});

for (const text of [
  '',
  '0',
  'now',
  '1994-11-06T08:49:37Z',
  'Sun, 06 Nov 1994 08:49:37',
  'Sun, 06 Nov 1994 08:49:37 CET',
  'Sun, 06 Nov 1994 24:49:37 GMT',
  'Sun, 06 Nov 1994 08:60:37 GMT',
  'Sun, 32 Nov 1994 08:49:37 GMT',
  'Sun, 00 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 94 08:49:37 GMT',
  'Sun, 06 Xyz 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 8:49:37 GMT',
]) {
  test(`"${text}" is no date`, (t) => {
    t.is(parseHttpDate(text, NOW_MS), null);
  });
}
