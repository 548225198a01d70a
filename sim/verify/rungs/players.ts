import { FIRST_BYTE_MS, PlayerWorld, type Step } from '../player-world.ts';
import { atLeast, type Check, exactly, type Rung, within } from '../rung.ts';

const VIDEO_BPS = [400_000, 800_000, 1_500_000, 2_500_000, 4_000_000, 6_000_000];
/** hls.js 1.7.4, src/config.ts: abrBandWidthUpFactor, abrBandWidthFactor. */
const UP_SHARE = 0.7;
const STAY_SHARE = 0.95;
/** Twenty half-lives of hls.js's slower mean (9 s), were it transferring all the time. */
const STEP_MS = 180_000;
const MBPS = 1e6;

/** What the player settles on that shows `currentBps`, at a bandwidth. */
function settledBps(currentBps: number, bandwidthBps: number): number {
  const above = VIDEO_BPS.findLast((bps) => bps > currentBps && bps <= UP_SHARE * bandwidthBps);
  const below = VIDEO_BPS.findLast((bps) => bps <= currentBps && bps <= STAY_SHARE * bandwidthBps);
  return above ?? below ?? VIDEO_BPS[0]!;
}

/** Bits per second; those just round a rendition's bounds are among them. */
const CONSTANT_BPS = [
  0.3 * MBPS,
  1 * MBPS,
  (0.8 / UP_SHARE) * MBPS * 0.99,
  (0.8 / UP_SHARE) * MBPS * 1.01,
  3 * MBPS,
  (2.5 / UP_SHARE) * MBPS * 0.99,
  (2.5 / UP_SHARE) * MBPS * 1.01,
  8 * MBPS,
  50 * MBPS,
];

/** Each from the one before: up, a little down (it stays), further down, and round a bound. */
const STEPPING_BPS = [
  10 * MBPS,
  (6 / STAY_SHARE) * MBPS * 1.01,
  (6 / STAY_SHARE) * MBPS * 0.99,
  2.4 * MBPS,
  (2.5 / UP_SHARE) * MBPS * 0.99,
  (2.5 / UP_SHARE) * MBPS * 1.01,
  (2.5 / STAY_SHARE) * MBPS * 1.01,
  (2.5 / STAY_SHARE) * MBPS * 0.99,
  20 * MBPS,
];
/** So far down that the fetch under way would outlast the buffer: it is dropped for the lowest, and the player climbs. */
const COLLAPSE_BPS = 1 * MBPS;
const OUTLASTS_BUFFER = 'a segment of 6 Mbit/s would take 12 s, and hardly more than 4 are buffered';

export const playerBitrate: Rung = {
  id: 'player-bitrate',
  title: 'The rendition that a player settles on',
  source: 'hls.js 1.7.4: up to what 70 % of the bandwidth carries, down from what 95 % does not',
  run: () => [...CONSTANT_BPS.map(checkConstant), ...checkStepping()],
};

function checkConstant(bandwidthBps: number): Check {
  const world = new PlayerWorld({ videoBps: VIDEO_BPS, steps: [{ fromMs: 0, bandwidthBps }] });
  world.run(STEP_MS);
  const what = `constant ${megabits(bandwidthBps)}: settles on bits/s`;
  return exactly(what, settledBps(0, bandwidthBps), world.gotBps.at(-1)!);
}

function checkStepping(): Check[] {
  const bandwidths = [...STEPPING_BPS, COLLAPSE_BPS];
  const steps: Step[] = bandwidths.map((bandwidthBps, at) => ({ fromMs: at * STEP_MS, bandwidthBps }));
  const world = new PlayerWorld({ videoBps: VIDEO_BPS, steps });
  let currentBps = 0;
  const checks = STEPPING_BPS.map((bandwidthBps, at) => {
    world.run((at + 1) * STEP_MS);
    currentBps = settledBps(currentBps, bandwidthBps);
    return exactly(`step to ${megabits(bandwidthBps)}: settles on bits/s`, currentBps, world.gotBps.at(-1)!);
  });
  const before = world.report().abandoned;
  world.run(bandwidths.length * STEP_MS);
  const what = `collapse to ${megabits(COLLAPSE_BPS)}`;
  return [
    ...checks,
    atLeast(`${what}: fetches abandoned`, 1, world.report().abandoned - before, OUTLASTS_BUFFER),
    exactly(`${what}: settles on bits/s`, settledBps(0, COLLAPSE_BPS), world.gotBps.at(-1)!),
  ];
}

function megabits(bps: number): string {
  return `${(bps / MBPS).toFixed(2)} Mbit/s`;
}

const SEGMENT_MS = 2000;
const ONE_BPS = 1_000_000;
const FAST_BPS = 10 * MBPS;
/** One that becomes available long after the start; its number is 1 + what has gone by in segments of 2 s. */
const SLOW_AT_MS = 60_000;
const SLOW_NUMBER = (3_600_000 + SLOW_AT_MS) / SEGMENT_MS;

/**
 * One rendition, and requests at the very moment a segment is there. The player begins 3 segments behind the clock, when
 * it has learnt the event (after two answers of one first-byte time each); what it shows then stands until init and first
 * segment have come. From then on it is so far behind:
 */
const FIRST_SEGMENT_MS = FIRST_BYTE_MS + (ONE_BPS * SEGMENT_MS) / FAST_BPS;
const LATENCY_MS = 3 * SEGMENT_MS + FIRST_BYTE_MS + FIRST_SEGMENT_MS;
/** A segment that is complete now shows the last two seconds: what is buffered before it is all that is older. */
const BUFFER_MS = LATENCY_MS - SEGMENT_MS;

export const playerStalls: Rung = {
  id: 'player-stalls',
  title: 'How long a player stalls',
  source: 'stall = download − buffer, by hand',
  run: () =>
    [BUFFER_MS - 500, BUFFER_MS - 1, BUFFER_MS + 1, BUFFER_MS + 700, BUFFER_MS + 2000].flatMap((downloadMs) => {
      const world = new PlayerWorld({
        videoBps: [ONE_BPS],
        steps: [{ fromMs: 0, bandwidthBps: FAST_BPS }],
        config: { askMarginSegments: 0, askSpreadSegments: 0 },
        transferMsOf: (number) => (number === SLOW_NUMBER ? downloadMs : undefined),
      });
      world.run(SLOW_AT_MS - 1);
      const before = world.report();
      world.run(SLOW_AT_MS + 30_000);
      const { stallMs, stallCount, latencyMs } = world.report();
      const expectedMs = Math.max(0, downloadMs - BUFFER_MS);
      const label = `download ${downloadMs} ms, buffer ${BUFFER_MS} ms`;
      const rounding = 'rounding of times';
      return [
        exactly(`${label}: stalls`, expectedMs > 0 ? 1 : 0, stallCount - before.stallCount),
        within(`${label}: stalled ms`, expectedMs, stallMs - before.stallMs, 1e-3, rounding),
        within(`${label}: behind live ms`, LATENCY_MS + expectedMs, latencyMs ?? 0, 1e-3, rounding),
      ];
    }),
};
