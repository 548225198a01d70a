import test from 'ava';
import * as fc from 'fast-check';
import type { LiveEvent } from '../../topology/model/event.ts';
import { ADAPTATIONS, type AdaptationKind } from './adaptation-kinds.ts';
import { ladderOf } from './ladder.ts';
import {
  liveEvent,
  STARTED_WALL_MS,
  steadyNetwork,
  type VirtualAnswer,
  type VirtualRequest,
  VirtualWorld,
} from './virtual-world.fixture.ts';

/** Every rule in a whole player: what holds for all of them. */

const FIRST_BYTE_MS = 10;
/** What each rule leaves unused: hls.js goes up with 70 %, dash.js's rules take 90 %. */
const SAFETY: Record<AdaptationKind, number> = { hls: 0.7, throughput: 0.9, bola: 0.9, dynamic: 0.9 };

const STEP_MS = 120_000;
/**
 * How fast each rule follows steps of 8, 1.6 and 8 Mbit/s. All means weigh by the time that transfers took: after a rise
 * a segment takes a quarter of a second, and it takes many of them to outweigh the slow past. Only hls.js drops a
 * segment half-way; a segment of 4 Mbit/s that meets the fall takes up to 5 s, the buffer holds 4.
 */
const FOLLOWS: Record<AdaptationKind, { fall: number; rise: number; stalls: number }> = {
  hls: { fall: 3, rise: 45, stalls: 1 },
  throughput: { fall: 3, rise: 20, stalls: 2 },
  bola: { fall: 5, rise: 20, stalls: 2 },
  dynamic: { fall: 5, rise: 20, stalls: 2 },
};

const ladders = fc
  .uniqueArray(fc.integer({ min: 2, max: 100 }), { minLength: 2, maxLength: 7 })
  .map((hundreds) => hundreds.sort((a, b) => a - b).map((hundred) => hundred * 100_000));

/** Video only, so that what a rule compares is what is fetched. */
function videoEvent(ladderBps: readonly number[]): LiveEvent {
  const renditions = ladderBps.map((bandwidth, index) => ({
    id: `v${index}`,
    kind: 'video' as const,
    codecs: 'avc1.640028',
    bandwidth,
    height: 180 * (index + 1),
  }));
  return liveEvent({ renditions });
}

const levelOf = (rendition: string) => Number(rendition.slice(1));

/** The highest choice that so much carries, else the lowest. */
function carriedBy(ladderBps: readonly number[], bps: number): number {
  return Math.max(
    0,
    ladderBps.findLastIndex((bitrate) => bitrate <= bps),
  );
}

for (const kind of ADAPTATIONS) {
  for (const startAt of ['live', 'start-over'] as const) {
    test(`${kind}, ${startAt}: at constant bandwidth it settles on the highest rendition that is safe, and stays`, (t) => {
      // A rule of the buffer has settled when that is full: 30 s of it fill by the tenth that is left over.
      const settledMs = startAt === 'start-over' && (kind === 'bola' || kind === 'dynamic') ? 300_000 : 60_000;
      fc.assert(
        fc.property(ladders, fc.integer({ min: 200, max: 15_000 }), (ladderBps, kbps) => {
          const rateBps = kbps * 1000;
          const event = videoEvent(ladderBps);
          const world = new VirtualWorld({
            event,
            adaptation: kind,
            startAt,
            steady: steadyNetwork(event, { rateBps, firstByteMs: FIRST_BYTE_MS }),
          });
          const early = world.run(settledMs).report();
          const late = world.run(settledMs + 60_000).report();
          const settled = world.segments('video').filter(({ atMs }) => atMs >= settledMs);
          const levels = settled.map(({ rendition }) => levelOf(rendition));
          const about = `${ladderBps.join()} at ${rateBps}: ${levels.join()}`;
          // hls.js takes away the usual time to first byte, dash.js all of it: the rate itself is what they measure.
          const safe = carriedBy(ladderBps, rateBps * SAFETY[kind] * (1 + 1e-6));
          const most = carriedBy(ladderBps, rateBps);
          t.is(late.renditionSwitches, early.renditionSwitches, `no switch once settled: ${about}`);
          // A rule of the buffer tries neighbours in turn while the buffer slowly fills; it must not go on with that.
          const bound = settledMs > 60_000 ? 4 * ladderBps.length : ladderBps.length + 2;
          t.true(late.renditionSwitches <= bound, `${late.renditionSwitches} switches: ${about}`);
          // Between what is safe to go up to and what is not too much to stay with, it depends on where one comes from.
          t.true(levels[0]! >= safe && levels[0]! <= most, about);
          if (rateBps >= ladderBps[0]! * 1.5) t.is(late.stallCount, early.stallCount, about);
        }),
        { numRuns: 60 },
      );
    });
  }

  test(`${kind}: it never chooses what the device cannot play, by lines or by bitrate`, (t) => {
    const caps = fc.record({
      maxHeight: fc.oneof(fc.integer({ min: 100, max: 1200 }), fc.constant(Infinity)),
      maxBitrateBps: fc.oneof(fc.integer({ min: 100_000, max: 10_000_000 }), fc.constant(Infinity)),
    });
    fc.assert(
      fc.property(ladders, caps, (ladderBps, { maxHeight, maxBitrateBps }) => {
        const event = videoEvent(ladderBps);
        const world = new VirtualWorld({ event, adaptation: kind, config: { maxHeight, maxBitrateBps } }).run(30_000);
        const levels = world.segments('video').map(({ rendition }) => levelOf(rendition));
        for (const level of levels) {
          t.true(level === 0 || (ladderBps[level]! <= maxBitrateBps && 180 * (level + 1) <= maxHeight));
        }
        const allowed = ladderBps.findLastIndex(
          (bps, level) => level === 0 || (bps <= maxBitrateBps && 180 * (level + 1) <= maxHeight),
        );
        if (ladderBps[allowed]! <= 0.6 * 20_000_000) t.is(levels.at(-1), allowed, 'the best that it can');
      }),
      { numRuns: 60 },
    );
  });

  const { fall, rise, stalls } = FOLLOWS[kind];
  test(`${kind}: bandwidth that falls is followed within ${fall} segments, bandwidth that rises within ${rise}`, (t) => {
    const event = videoEvent([500_000, 1_000_000, 2_000_000, 4_000_000]);
    const world = new VirtualWorld({ event, adaptation: kind, steady: stepping(event, [8e6, 1.6e6, 8e6], STEP_MS) });
    world.run(3 * STEP_MS);
    const levels = world.segments('video').map(({ atMs, rendition }) => ({ atMs, level: levelOf(rendition) }));
    const settled = (fromMs: number, level: number) => {
      const after = levels.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + STEP_MS);
      return after.findLastIndex((segment) => segment.level !== level) + 1;
    };
    const about = levels.map(({ level }) => level).join('');
    t.is(levels.findLast(({ atMs }) => atMs < STEP_MS)!.level, 3, about);
    t.true(settled(STEP_MS, 1) <= fall, `${settled(STEP_MS, 1)} after the fall: ${about}`);
    t.true(settled(2 * STEP_MS, 3) <= rise, `${settled(2 * STEP_MS, 3)} after the rise: ${about}`);
    t.true(world.report().stallCount <= stalls, `${world.report().stallCount} stalls`);
  });
}

test('the first estimate is of the variant listed first, capped or not', (t) => {
  const event = videoEvent([300_000, 900_000, 2_000_000]);
  event.renditions.reverse();
  t.is(ladderOf(event).firstVariantBps, 2_000_000);
  for (const [maxHeight, first] of [
    [Infinity, 'v2'],
    [360, 'v1'],
  ] as const) {
    const world = new VirtualWorld({ event, config: { maxHeight } }).run(2000);
    t.is(world.segments('video')[0]!.rendition, first);
  }
});

/** Rates that follow each other, so long each; transfers alone, each at the rates that it meets. */
function stepping(event: LiveEvent, ratesBps: readonly number[], eachMs: number) {
  const steady = steadyNetwork(event, { rateBps: 1, firstByteMs: FIRST_BYTE_MS });
  return (request: VirtualRequest, nowMs: number): VirtualAnswer => {
    if (request.kind !== 'segment') return { afterMs: FIRST_BYTE_MS, sizeBytes: 1000 };
    const answer = steady(request, nowMs);
    if (answer === 'silence' || 'cause' in answer) return answer;
    const { sizeBytes, firstByteMs = 0 } = answer;
    const rateAt = (atMs: number) => ratesBps[Math.min(ratesBps.length - 1, Math.floor(atMs / eachMs))]!;
    const bytesBy = (untilMs: number) => {
      let bytes = 0;
      for (let atMs = nowMs + firstByteMs; atMs < untilMs; atMs += 5) {
        bytes += (rateAt(atMs) * Math.min(5, untilMs - atMs)) / 8000;
      }
      return bytes;
    };
    let atMs = nowMs + firstByteMs;
    for (let leftBytes = sizeBytes; leftBytes > 0; atMs += 5) leftBytes -= (rateAt(atMs) * 5) / 8000;
    return {
      afterMs: atMs - nowMs,
      sizeBytes,
      firstByteMs,
      receivedBytes: (elapsedMs) => Math.floor(Math.min(sizeBytes, bytesBy(nowMs + elapsedMs))),
    };
  };
}

test('the fixture’s hour is a whole number of segments', (t) => {
  t.is((STARTED_WALL_MS - liveEvent().availabilityStartMs) % liveEvent().segmentDurationMs, 0);
});
