import test from 'ava';
import { bytes, clock, count, dollars, duration, milliseconds, percent, rate, shortCount } from './format.js';

test('rates and bytes have three figures and the unit that fits', (t) => {
  t.deepEqual([0, 999, 12_345, 999_600, 2.5e9, 4.56e13].map(rate), [
    '0 bit/s',
    '999 bit/s',
    '12.3 kbit/s',
    '1.00 Mbit/s',
    '2.50 Gbit/s',
    '45.6 Tbit/s',
  ]);
  t.is(bytes(1.5e12), '1.50 TB');
  t.is(rate(null), '–');
});

test('a share is 0 % or 100 % only when it is', (t) => {
  t.deepEqual([0, 0.00042, 0.0042, 0.042, 0.5, 0.9996, 1].map(percent), [
    '0 %',
    '0.042 %',
    '0.42 %',
    '4.2 %',
    '50 %',
    '99.9 %',
    '100 %',
  ]);
  t.is(percent(null), '–');
});

test('counts are grouped, and keep decimals only while they are small', (t) => {
  t.deepEqual([1_234_567, 1234.5, 42.83, 4.567, 0].map(count), ['1,234,567', '1,235', '42.8', '4.57', '0']);
  t.is(shortCount(81_204), '81.2 k');
});

test('moments and lengths of time', (t) => {
  t.deepEqual([0, 65, 3725].map(clock), ['0:00', '1:05', '1:02:05']);
  t.deepEqual([45, 120, 125, 3780].map(duration), ['45 s', '2 min', '2 min 5 s', '1 h 3 min']);
  t.deepEqual([640.4, 2310, 125_000].map(milliseconds), ['640 ms', '2.3 s', '125 s']);
  t.deepEqual([12.5, 23_692.2].map(dollars), ['US$ 12.50', 'US$ 23,692']);
});
