import test from 'ava';
import * as fc from 'fast-check';
import HlsJs from 'hls.js';
import { HlsAdaptation } from './hls-adaptation.ts';

const LADDER_BPS = [900_000, 2_100_000, 4_100_000];
const state = (currentIndex: number) => ({ currentIndex, bufferMs: 4000, segmentDurationMs: 2000 });

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
        index = adaptation.choose(ladderBps, { currentIndex: index, bufferMs, segmentDurationMs: 2000 });
        t.is(index, reference.choose(bufferMs));
      }
    }),
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
    const ignore = () => {};
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
      media: { playbackRate: 1 },
      mainForwardBufferInfo: { len: 0 },
    };
    const Controller = HlsJs.DefaultConfig.abrController as unknown as new (hls: unknown) => {
      nextAutoLevel: number;
      onFragLoaded(event: string, data: unknown): void;
      onFragBuffered(event: string, data: unknown): void;
      fragCurrent: unknown;
    };
    this.#abr = new Controller(this.#hls);
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
