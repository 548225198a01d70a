import test from 'ava';
import * as fc from 'fast-check';
import HlsJs from 'hls.js';
import type { TransferUnderWay } from './adaptation.ts';
import { HlsAdaptation } from './hls-adaptation.ts';

const LADDER_BPS = [900_000, 2_100_000, 4_100_000];
const state = (currentIndex: number, bufferMs = 4000) => ({
  currentIndex,
  bufferMs,
  bufferTargetMs: 4000,
  segmentDurationMs: 2000,
});

test('the first choice is what 500 kbit/s would carry, else the lowest', (t) => {
  t.is(new HlsAdaptation().choose(LADDER_BPS, state(-1)), 0);
  t.is(new HlsAdaptation().choose([100_000, 500_000, 600_000], state(-1)), 1);
});

test('it goes up when 70 % of the estimate carry the level, and down when 95 % do not', (t) => {
  const adaptation = adaptedTo(3_000_000);
  t.is(adaptation.choose([1_000_000, 2_090_000], state(0)), 1);
  t.is(adaptation.choose([1_000_000, 2_110_000], state(0)), 0);
  t.is(adaptation.choose([1_000_000, 2_840_000], state(1)), 1);
  t.is(adaptation.choose([1_000_000, 2_860_000], state(1)), 0);
});

test('a drop is believed at once, a rise only slowly', (t) => {
  const adaptation = adaptedTo(4_000_000);
  sample(adaptation, 1_000_000, 4);
  const low = adaptation.estimateBps;
  t.true(low < 2_500_000, String(low));
  sample(adaptation, 4_000_000, 1);
  t.true(adaptation.estimateBps < 3_000_000, String(adaptation.estimateBps));
});

test('at a constant rate the estimate is that rate', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 50_000, max: 100_000_000 }), (rateBps) => {
      const { estimateBps } = adaptedTo(rateBps);
      t.true(Math.abs(estimateBps / rateBps - 1) < 1e-6, `${estimateBps} for ${rateBps}`);
    }),
  );
});

test('on any sequence of transfers it chooses as hls.js itself does', (t) => {
  const transfer = fc.record({
    sizeBytes: fc.integer({ min: 1, max: 3_000_000 }),
    firstByteMs: fc.integer({ min: 0, max: 1500 }),
    streamingMs: fc.integer({ min: 0, max: 6000 }),
    bufferMs: fc.integer({ min: 0, max: 12_000 }),
  });
  const ladder = fc.uniqueArray(fc.integer({ min: 100_000, max: 12_000_000 }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(ladder, fc.array(transfer, { minLength: 1, maxLength: 30 }), (bandwidths, transfers) => {
      const ladderBps = bandwidths.sort((a, b) => a - b);
      const reference = new ReferenceController(ladderBps);
      const adaptation = new HlsAdaptation();
      let index = adaptation.choose(ladderBps, state(-1));
      t.is(index, reference.choose(4000), 'first choice');
      for (const { sizeBytes, firstByteMs, streamingMs, bufferMs } of transfers) {
        adaptation.onTransfer(sizeBytes, firstByteMs + streamingMs, firstByteMs);
        reference.onTransfer(index, sizeBytes, firstByteMs + streamingMs, firstByteMs);
        index = adaptation.choose(ladderBps, state(index, bufferMs));
        t.is(index, reference.choose(bufferMs));
      }
    }),
  );
});

test('the first estimate is the first variant listed, from 500 kbit/s to 5 Mbit/s', (t) => {
  for (const [firstBps, estimateBps] of [
    [340_000, 500_000],
    [900_000, 900_000],
    [8_000_000, 5_000_000],
  ] as const) {
    const adaptation = new HlsAdaptation();
    adaptation.begin(firstBps);
    t.is(adaptation.estimateBps, estimateBps);
  }
});

/** A fetch of level 2 that began a second and a half ago, with as much of it as is said. */
const underWay = (changes: Partial<TransferUnderWay>): TransferUnderWay => ({
  index: 2,
  elapsedMs: 1500,
  receivedBytes: 100_000,
  totalBytes: 1_000_000,
  firstByteMs: 100,
  lookAgainMs: NaN,
  ...changes,
});

test('a fetch that will not come in time is dropped for one that will', (t) => {
  // 400 kB in 1.4 s are 2.286 Mbit/s: the rest takes 3.5 s, level 1 and two times to first byte of 5 ms 1.85 s.
  const slow = { receivedBytes: 400_000, totalBytes: 1_400_000 };
  t.is(adaptedTo(4_000_000).abandon(LADDER_BPS, state(2, 3400), underWay(slow)), 1);
  t.is(adaptedTo(4_000_000).abandon(LADDER_BPS, state(2, 3600), underWay(slow)), -1, 'it comes in time');
  // The rest takes 5.6 s, more than twice as long: the lowest.
  t.is(adaptedTo(4_000_000).abandon(LADDER_BPS, state(2, 3500), underWay({ ...slow, totalBytes: 2_000_000 })), 0);
  // 100 kB in 1.4 s: level 1 would take 7.5 s, longer than it plays.
  t.is(adaptedTo(4_000_000).abandon(LADDER_BPS, state(2, 4000), underWay({})), 0);
  t.is(adaptedTo(4_000_000).abandon(LADDER_BPS, state(1, 0), underWay({ index: 1 })), -1, 'never from level 1 to 0');
});

test('until it wants to look again, nothing that can happen would have changed its mind', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1001, max: 3000 }),
      fc.integer({ min: 1, max: 999_999 }),
      fc.integer({ min: 0, max: 1000 }),
      fc.integer({ min: 0, max: 10_000 }),
      (elapsedMs, receivedBytes, firstByteMs, bufferMs) => {
        const transfer = underWay({ elapsedMs, receivedBytes, firstByteMs });
        if (adaptedTo(4_000_000).abandon(LADDER_BPS, state(2, bufferMs), transfer) >= 0) return;
        t.true(transfer.lookAgainMs > elapsedMs && transfer.lookAgainMs % 100 === 0);
        // The worst case: not a byte more comes, and the buffer is played.
        const lastMs = Math.ceil(transfer.lookAgainMs / 100) * 100 - 100;
        for (let laterMs = Math.ceil((elapsedMs + 1) / 100) * 100; laterMs <= lastMs; laterMs += 100) {
          const later = underWay({ elapsedMs: laterMs, receivedBytes, firstByteMs });
          const bufferThenMs = bufferMs - (laterMs - elapsedMs);
          t.is(adaptedTo(4_000_000).abandon(LADDER_BPS, state(2, bufferThenMs), later), -1, `at ${laterMs} ms`);
        }
      },
    ),
  );
});

test('on any fetch under way it abandons as hls.js itself does, to the same level, and chooses alike after it', (t) => {
  const ladder = fc.uniqueArray(fc.integer({ min: 100_000, max: 12_000_000 }), { minLength: 2, maxLength: 6 });
  const sample = fc.record({
    sizeBytes: fc.integer({ min: 1000, max: 3_000_000 }),
    firstByteMs: fc.integer({ min: 0, max: 800 }),
    streamingMs: fc.integer({ min: 1, max: 3000 }),
  });
  const look = fc.record({
    elapsedMs: fc.integer({ min: 900, max: 6000 }),
    firstByteMs: fc.integer({ min: 0, max: 900 }),
    receivedShare: fc.double({ min: 0, max: 0.9, noNaN: true }),
    bufferMs: fc.integer({ min: 0, max: 4000 }),
  });
  let abandoned = 0;
  let toLowest = 0;
  fc.assert(
    fc.property(
      ladder,
      fc.array(sample, { minLength: 1, maxLength: 5 }),
      look,
      sample,
      (bandwidths, before, at, after) => {
        const ladderBps = bandwidths.sort((a, b) => a - b);
        const reference = new ReferenceController(ladderBps);
        const adaptation = new HlsAdaptation();
        let index = adaptation.choose(ladderBps, state(-1));
        t.is(index, reference.choose(4000));
        for (const { sizeBytes, firstByteMs, streamingMs } of before) {
          adaptation.onTransfer(sizeBytes, firstByteMs + streamingMs, firstByteMs);
          reference.onTransfer(index, sizeBytes, firstByteMs + streamingMs, firstByteMs);
          index = adaptation.choose(ladderBps, state(index));
          t.is(index, reference.choose(4000));
        }
        const totalBytes = Math.round(ladderBps[index]! / 4);
        const receivedBytes = Math.floor(totalBytes * at.receivedShare);
        const transfer = underWay({ ...at, index, totalBytes, receivedBytes });
        const lower = adaptation.abandon(ladderBps, state(index, at.bufferMs), transfer);
        t.is(lower, reference.abandon(index, totalBytes, receivedBytes, at));
        if (lower >= 0) {
          abandoned++;
          if (lower === 0) toLowest++;
          t.is(reference.choose(at.bufferMs), lower, 'it is what is fetched next');
        }
        const fetched = Math.max(0, lower < 0 ? index : lower);
        adaptation.onTransfer(after.sizeBytes, after.firstByteMs + after.streamingMs, after.firstByteMs);
        reference.onTransfer(fetched, after.sizeBytes, after.firstByteMs + after.streamingMs, after.firstByteMs);
        t.is(adaptation.choose(ladderBps, state(fetched)), reference.choose(4000));
      },
    ),
    { numRuns: 3000 },
  );
  t.true(
    abandoned > 100 && toLowest > 20 && toLowest < abandoned,
    `${abandoned} abandoned, ${toLowest} of them for the lowest level`,
  );
});

function adaptedTo(rateBps: number): HlsAdaptation {
  const adaptation = new HlsAdaptation();
  sample(adaptation, rateBps, 20);
  return adaptation;
}

/** So many transfers of one second. */
function sample(adaptation: HlsAdaptation, rateBps: number, count: number): void {
  for (let index = 0; index < count; index++) adaptation.onTransfer(rateBps / 8, 1000, 0);
}

// What hls.js calls its global; in Node there is none.
Object.assign(globalThis, { self: globalThis });

/** hls.js's own controller, with as little of a player round it as it takes. */
class ReferenceController {
  readonly #hls;
  readonly #abr;

  constructor(ladderBps: number[]) {
    const levels = ladderBps.map((bitrate) => ({
      bitrate,
      maxBitrate: bitrate,
      averageBitrate: bitrate,
      codecSet: 'avc1,mp4a',
      videoRange: 'SDR',
      frameRate: 25,
      loadError: 0,
      fragmentError: 0,
      details: { live: true, averagetargetduration: 2 },
    }));
    const ignore = (): unknown => undefined;
    this.#hls = {
      config: { ...HlsJs.DefaultConfig, useMediaCapabilities: false },
      logger: { log: ignore, info: ignore, warn: ignore, debug: ignore, trace: ignore, error: ignore },
      on: ignore,
      off: ignore,
      levels,
      minAutoLevel: 0,
      maxAutoLevel: levels.length - 1,
      firstLevel: 0,
      loadLevel: -1,
      loadLevelObj: undefined as unknown,
      allAudioTracks: [],
      latestLevelDetails: { live: true },
      media: { playbackRate: 1, paused: false, readyState: 4 },
      mainForwardBufferInfo: { len: 0 },
      autoLevelEnabled: true,
      trigger: ignore,
      nextAutoLevel: -1,
      nextLoadLevel: -1,
    };
    const Controller = HlsJs.DefaultConfig.abrController as unknown as new (hls: unknown) => {
      nextAutoLevel: number;
      onFragLoaded(event: string, data: unknown): void;
      onFragBuffered(event: string, data: unknown): void;
      fragCurrent: unknown;
      _abandonRulesCheck(): void;
      clearTimer(): void;
    };
    const abr = (this.#abr = new Controller(this.#hls));
    const forceLevel = (level: number) => {
      abr.nextAutoLevel = level;
    };
    const levelTo = (level: number) => {
      this.#hls.loadLevel = level;
      this.#hls.loadLevelObj = levels[level];
    };
    Object.defineProperties(this.#hls, {
      nextAutoLevel: { set: forceLevel },
      nextLoadLevel: { set: levelTo },
    });
  }

  /** @returns the level that it switches to in an emergency, or -1 */
  abandon(
    level: number,
    totalBytes: number,
    receivedBytes: number,
    { elapsedMs, firstByteMs, bufferMs }: { elapsedMs: number; firstByteMs: number; bufferMs: number },
  ): number {
    this.#hls.mainForwardBufferInfo.len = bufferMs / 1000;
    // 0 stands for what has not happened there.
    const startedMs = 1000;
    const stats = {
      loaded: receivedBytes,
      total: totalBytes,
      aborted: false,
      loading: { start: startedMs, first: startedMs + firstByteMs, end: 0 },
    };
    const bitrate = (totalBytes * 8) / 2;
    this.#abr.fragCurrent = { type: 'main', sn: 2, level, bitrate, duration: 2, stats, abortRequests: () => {} };
    let didAbandon = false;
    this.#hls.trigger = () => (didAbandon = true);
    const { now } = performance;
    performance.now = () => startedMs + elapsedMs;
    this.#abr._abandonRulesCheck();
    performance.now = now;
    this.#abr.clearTimer();
    return didAbandon ? this.#hls.loadLevel : -1;
  }

  choose(bufferMs: number): number {
    this.#hls.mainForwardBufferInfo.len = bufferMs / 1000;
    const level = this.#abr.nextAutoLevel;
    this.#hls.loadLevel = level;
    this.#hls.loadLevelObj = this.#hls.levels[level];
    return level;
  }

  onTransfer(level: number, sizeBytes: number, totalMs: number, firstByteMs: number): void {
    const stats = {
      loaded: sizeBytes,
      aborted: false,
      loading: { start: 0, first: firstByteMs, end: totalMs },
      parsing: { start: totalMs, end: totalMs },
    };
    const frag = { type: 'main', sn: 1, level, bitrate: 1_000_000, duration: 2, stats };
    this.#abr.fragCurrent = frag;
    this.#abr.onFragLoaded('hlsFragLoaded', { frag, part: null });
    this.#abr.onFragBuffered('hlsFragBuffered', { frag, part: null, stats });
  }
}
