import test from 'ava';
import fc from 'fast-check';
import {
  INITIAL_WINDOW_BYTES,
  SET_UP_ROUND_TRIPS,
  setUpDelayMs,
  slowStartDelayMs,
  windowAfterBytes,
  windowAfterIdleBytes,
} from './slow-start.ts';

/** Round by round: a window is sent at the rate, then its acknowledgements are waited for. */
function transfer(
  sizeBytes: number,
  rttMs: number,
  rateBps: number,
  windowBytes: number,
): { tookMs: number; windowBytes: number } {
  let window = windowBytes;
  let left = sizeBytes;
  let atMs = 0;
  const pipeBytes = (rateBps * rttMs) / 8000;
  for (;;) {
    if (window >= pipeBytes) return { tookMs: atMs + (left * 8000) / rateBps, windowBytes: window };
    const sent = Math.min(left, window);
    left -= sent;
    if (left <= 0) {
      return { tookMs: atMs + (sent * 8000) / rateBps, windowBytes: Math.min(window + sent, pipeBytes) };
    }
    atMs += Math.max(rttMs, (sent * 8000) / rateBps);
    window += sent;
  }
}

test('the closed form is what round after round adds up to', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50_000_000 }),
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 10_000, max: 2_000_000_000 }),
      fc.integer({ min: 1, max: 40 }),
      (size, rttMs, rateBps, tenths) => {
        const window = (INITIAL_WINDOW_BYTES * tenths) / 10;
        const { tookMs, windowBytes } = transfer(size, rttMs, rateBps, window);
        const formMs = (size * 8000) / rateBps + slowStartDelayMs(size, rttMs, rateBps, window);
        t.true(Math.abs(formMs - tookMs) <= 1e-9 * tookMs, `${formMs} instead of ${tookMs} ms`);
        // a last doubling may overshoot the pipe; what counts is that both cover it, or are the same
        const pipeBytes = (rateBps * rttMs) / 8000;
        const after = windowAfterBytes(size, rttMs, rateBps, window);
        t.true(
          windowBytes >= pipeBytes ? after >= pipeBytes * (1 - 1e-12) : Math.abs(after - windowBytes) < 1e-6,
          `${after} instead of ${windowBytes} bytes`,
        );
      },
    ),
    { numRuns: 2000 },
  );
});

test('a segment of 1.25 MB over 100 Mbit/s at 100 ms waits six times', (t) => {
  // windows of 14.6, 29.2, … 467.2 kB send 919.8 kB in six rounds; the seventh has the rest, and pipe is 1250 kB
  const delayMs = slowStartDelayMs(1_250_000, 100, 100e6);
  t.true(Math.abs(delayMs - (600 - (14_600 * 63 * 8000) / 100e6)) < 1e-9);
  t.is(windowAfterBytes(1_250_000, 100, 100e6), 1_250_000);
  t.is(slowStartDelayMs(1_250_000, 100, 100e6, 1_250_000), 0);
});

test('what fits the window, a rate below a window a round trip, and standing still cost nothing', (t) => {
  t.is(slowStartDelayMs(INITIAL_WINDOW_BYTES, 100, 1e9), 0);
  t.true(slowStartDelayMs(INITIAL_WINDOW_BYTES + 1, 100, 1e9) > 99);
  t.is(slowStartDelayMs(1e9, 100, 1e6), 0);
  t.is(slowStartDelayMs(1e9, 0, 1e9), 0);
  t.is(slowStartDelayMs(0, 100, 1e9), 0);
  t.is(slowStartDelayMs(1e9, 100, 0), 0);
});

test('a window grows by what was sent and never shrinks by a transfer', (t) => {
  t.is(windowAfterBytes(5000, 100, 1e9), INITIAL_WINDOW_BYTES + 5000);
  t.is(windowAfterBytes(5000, 100, 1e3), INITIAL_WINDOW_BYTES);
  t.is(windowAfterBytes(1e9, 100, 8e6), 100_000);
});

test('a window halves with each timeout of idleness, down to the initial one', (t) => {
  t.is(windowAfterIdleBytes(160_000, 199, 200), 160_000);
  t.is(windowAfterIdleBytes(160_000, 200, 200), 80_000);
  t.is(windowAfterIdleBytes(160_000, 650, 200), 20_000);
  t.is(windowAfterIdleBytes(160_000, 60_000, 200), INITIAL_WINDOW_BYTES);
  t.is(windowAfterIdleBytes(5000, 60_000, 200), 5000);
});

test('a new connection costs a round trip for TCP and one more for TLS 1.3', (t) => {
  t.deepEqual({ ...SET_UP_ROUND_TRIPS }, { open: 0, tcp: 1, tls: 2, tlsEarlyData: 1 });
  t.is(setUpDelayMs('tls', 30), 60);
  t.is(setUpDelayMs('open', 30), 0);
});
