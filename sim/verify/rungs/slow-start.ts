import { slowStartDelayMs } from '../../network/slow-start.ts';
import { Random } from '../../engine/random.ts';
import { exactly, type Rung, within } from '../rung.ts';

const INITIAL_BYTES = 14_600;

export const slowStart: Rung = {
  id: 'slow-start',
  title: 'What slow start costs a transfer',
  source: 'Cardwell, Savage, Anderson 2000; RFC 6928; window by window',
  run({ seed, quick }) {
    const random = new Random(seed, 'slow start');
    let worstMs = 0;
    for (let trial = 0; trial < (quick ? 200 : 5000); trial++) {
      const sizeBytes = random.between(1, 4e6);
      const rttMs = random.between(1, 300);
      const rateBps = random.between(1e6, 3e8);
      const expected = timeByWindowsMs(sizeBytes, rttMs, rateBps);
      const got = (sizeBytes * 8000) / rateBps + slowStartDelayMs(sizeBytes, rttMs, rateBps, INITIAL_BYTES);
      worstMs = Math.max(worstMs, Math.abs(got - expected));
    }
    // By hand: at 80 Mbit/s and 100 ms the pipe holds 1 MB. Windows of 14.6, 29.2, 58.4 … 934.4 KB are sent, seven of them.
    const byHand = 7 * 100 - (127 * INITIAL_BYTES * 8000) / 80e6;
    return [
      within(
        'worst difference to sending it window by window, in ms',
        0,
        worstMs,
        1e-6,
        'rounding of floating-point sums',
      ),
      within(
        '4 MB at 80 Mbit/s over 100 ms, in ms',
        byHand,
        slowStartDelayMs(4e6, 100, 80e6, INITIAL_BYTES),
        1e-9,
        'rounding',
      ),
      exactly(
        'what fits into the first window costs nothing',
        0,
        slowStartDelayMs(INITIAL_BYTES, 100, 80e6, INITIAL_BYTES),
      ),
      exactly('a pipe that the first window fills costs nothing', 0, slowStartDelayMs(4e6, 1, 80e6, INITIAL_BYTES)),
    ];
  },
};

/** A sender with a window that doubles each round trip: a window leaves at the line's rate, then it waits for acknowledgement. */
function timeByWindowsMs(sizeBytes: number, rttMs: number, rateBps: number): number {
  let [windowBytes, leftBytes, atMs] = [INITIAL_BYTES, sizeBytes, 0];
  for (;;) {
    const sendMs = (Math.min(windowBytes, leftBytes) * 8000) / rateBps;
    const fills = (windowBytes * 8000) / rateBps >= rttMs;
    if (fills) return atMs + (leftBytes * 8000) / rateBps;
    if (leftBytes <= windowBytes) return atMs + sendMs;
    leftBytes -= windowBytes;
    atMs += rttMs;
    windowBytes *= 2;
  }
}
