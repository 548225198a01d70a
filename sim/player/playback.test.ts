import test from 'ava';
import * as fc from 'fast-check';
import { Playback, type PlaybackTiming } from './playback.ts';
import { PlayerRows } from './player-rows.ts';

const TIMING = { segmentDurationMs: 2000, startNumber: 10 };
const WHOLE = { start: 1, resume: 1 };

function newPlayback(timing: PlaybackTiming, media: number, buffer: { start: number; resume: number }, nowMs: number) {
  const playback = new Playback(new PlayerRows());
  playback.begin(timing, media, buffer, nowMs);
  return playback;
}

/** Two media at media time 0, with so many segments of each buffered; it plays from 0 ms on. */
function playing(
  segments: number,
  timing: { segmentDurationMs: number; startNumber: number; endNumber?: number } = TIMING,
) {
  const playback = newPlayback(timing, 2, WHOLE, 0);
  for (let index = 0; index < segments; index++) {
    playback.append(0, 10 + index, 1000, 0);
    playback.append(1, 10 + index, 1000, 0);
  }
  return playback;
}

test('it plays once every medium has the start-up buffer, and not before', (t) => {
  const playback = newPlayback(TIMING, 2, WHOLE, 0);
  playback.append(0, 10, 1000, 0);
  t.is(playback.phase, 'starting');
  playback.advance(300, 6300);
  playback.append(1, 10, 1000, 300);
  t.is(playback.phase, 'playing');
  t.is(playback.firstPlayedMs, 300);
});

test('a stall begins when the buffer runs dry and ends when a segment has come: download − buffer', (t) => {
  const playback = playing(2);
  // 4 s of buffer; the next segment takes 5.5 s in both media
  playback.advance(5500, 11_500);
  t.is(playback.phase, 'stalled');
  playback.append(0, 12, 1000, 5500);
  t.is(playback.phase, 'stalled', 'the other medium is still missing');
  playback.append(1, 12, 1000, 5500);
  t.is(playback.phase, 'playing');
  t.is(playback.stallCount, 1);
  t.is(playback.stallMs(9999), 1500);
  t.is(playback.playedMs, 4000);
});

test('a segment that comes as the buffer runs dry is no stall', (t) => {
  const playback = playing(1);
  playback.advance(2000, 8000);
  playback.append(0, 11, 1000, 2000);
  playback.append(1, 11, 1000, 2000);
  playback.advance(3000, 9000);
  t.is(playback.stallCount, 0);
  t.is(playback.positionMs, 3000);
});

test('playback jumps over a gap, which brings it nearer to live', (t) => {
  const playback = playing(1);
  playback.skip(11, 500);
  playback.append(0, 12, 1000, 600);
  playback.append(1, 12, 1000, 700);
  t.is(playback.gapCount, 1);
  t.is(playback.bufferMs(0), 4000);
  playback.advance(2500, 8500);
  t.is(playback.phase, 'playing');
  t.is(playback.positionMs, 4500, 'segments 10 and 12 follow each other');
  t.is(playback.meanLatencyMs, (6000 * 2000 + 4000 * 500) / 2500);
});

test('a gap where playback waits is jumped over at once', (t) => {
  const playback = playing(1);
  playback.advance(3000, 9000);
  t.is(playback.phase, 'stalled');
  playback.skip(11, 3000);
  t.is(playback.positionMs, 4000);
  t.is(playback.nextNumber(0), 12);
  t.is(playback.nextNumber(1), 12);
  playback.skip(11, 3000);
  t.is(playback.gapCount, 1, 'the other medium says the same');
});

test('the mean bitrate weighs what was played by its time', (t) => {
  const playback = newPlayback(TIMING, 1, WHOLE, 0);
  playback.append(0, 10, 1_000_000, 0);
  playback.append(0, 11, 3_000_000, 0);
  playback.append(0, 12, 3_000_000, 0);
  playback.advance(3000, 9000);
  t.is(playback.meanBitrateBps, (2 * 1e6 + 1 * 3e6) / 3);
});

test('it ends with the last segment, without a stall', (t) => {
  const playback = playing(2, { ...TIMING, endNumber: 11 });
  playback.advance(3999, 0);
  t.is(playback.phase, 'playing');
  playback.advance(60_000, 0);
  t.is(playback.phase, 'ended');
  t.is(playback.stallCount, 0);
  t.is(playback.playedMs, 4000);
});

test('an end that becomes known while it waits for more ends it', (t) => {
  const playback = playing(1);
  playback.advance(2500, 0);
  t.is(playback.phase, 'stalled');
  playback.retime({ ...TIMING, endNumber: 10 }, 2600);
  t.is(playback.phase, 'ended');
  t.is(playback.stallMs(9999), 600);
});

test('moving inside the buffer keeps it, moving out of it forgets it', (t) => {
  const playback = playing(3);
  playback.seek(4500, 0);
  t.is(playback.phase, 'playing');
  t.is(playback.bufferMs(0), 1500);
  playback.seek(20_000, 0);
  t.is(playback.phase, 'stalled');
  t.is(playback.bufferMs(0), 0);
  t.is(playback.nextNumber(1), 20);
});

test('whatever happens, buffers are never negative, time played, stalled and paused adds up, and the playhead never goes back', (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 5000 }) }),
    fc.record({ kind: fc.constant('append' as const), medium: fc.integer({ min: 0, max: 1 }) }),
    fc.record({ kind: fc.constant('skip' as const), medium: fc.integer({ min: 0, max: 1 }) }),
    fc.record({ kind: fc.constant('seek' as const), aheadMs: fc.integer({ min: 0, max: 9000 }) }),
    fc.record({ kind: fc.constant('pause' as const) }),
    fc.record({ kind: fc.constant('resume' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const playback = newPlayback(TIMING, 2, { start: 0.5, resume: 1 }, 0);
      let nowMs = 0;
      let positionMs = 0;
      let pausedBeforeMs = 0;
      for (const action of steps) {
        if (action.kind === 'advance') playback.advance((nowMs += action.ms), nowMs + 6000);
        else if (action.kind === 'append') {
          playback.append(action.medium, playback.nextNumber(action.medium), 1000, nowMs);
        } else if (action.kind === 'pause') playback.pause(nowMs);
        else if (action.kind === 'resume') playback.resume(nowMs);
        else if (action.kind === 'skip') playback.skip(playback.nextNumber(action.medium), nowMs);
        else playback.seek(playback.positionMs + action.aheadMs, nowMs);
        if (playback.firstPlayedMs < 0) pausedBeforeMs = playback.pausedMs(nowMs);
        t.true(playback.bufferMs(0) >= 0 && playback.bufferMs(1) >= 0);
        t.true(playback.positionMs >= positionMs);
        positionMs = playback.positionMs;
      }
      const playingMs = playback.firstPlayedMs < 0 ? 0 : nowMs - playback.firstPlayedMs;
      const pausedMs = playback.pausedMs(nowMs) - pausedBeforeMs;
      t.true(Math.abs(playback.playedMs + playback.stallMs(nowMs) + pausedMs - playingMs) < 1e-6);
    }),
    { numRuns: 500 },
  );
});
