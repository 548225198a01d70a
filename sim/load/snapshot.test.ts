import test from 'ava';
import { noFailures, type PlayerReport } from '../player/player-report.ts';
import { parseServer } from './server-book.ts';
import { takeSnapshot } from './snapshot.ts';

const REPORT: PlayerReport = {
  id: 0,
  phase: 'playing',
  startedMs: 1000,
  startupMs: 300,
  playedMs: 10_000,
  stallCount: 0,
  stallMs: 0,
  pausedMs: 0,
  abandoned: 0,
  gaps: 0,
  jumps: 0,
  meanBitrateBps: 1_000_000,
  renditionSwitches: 1,
  serverSwitches: 0,
  latencyMs: 6000,
  meanLatencyMs: 5900,
  requests: 10,
  failures: noFailures(),
  receivedBytesByServer: new Map(),
};

function snapshotOf(...changes: Partial<PlayerReport>[]) {
  const reports = changes.map((change) => ({ ...REPORT, ...change }));
  return takeSnapshot({ reports, servers: [], unverifiedBodies: 0, startAtMs: 0, startedMs: 500, nowMs: 20_500 });
}

test('phases are counted by whether the picture moves', (t) => {
  const snapshot = snapshotOf({}, { phase: 'stalled' }, { phase: 'starting' }, { phase: 'idle', startedMs: null });
  t.like(snapshot, { elapsedMs: 20_000, viewers: 4, arrived: 3, playing: 1, waiting: 2, ended: 0 });
});

test('who had no picture for ten seconds never played; who has only come may yet', (t) => {
  const unplayed = { phase: 'joining', startupMs: null, playedMs: 0, meanBitrateBps: null } as const;
  t.is(snapshotOf(unplayed, { ...unplayed, startedMs: 12_000 }).neverPlayed, 1);
});

test('stalls are a share of the time that should have been played, bitrate is weighed by time', (t) => {
  const snapshot = snapshotOf(
    { stallCount: 2, stallMs: 5000, playedMs: 5000, meanBitrateBps: 4_000_000 },
    { playedMs: 15_000 },
  );
  t.deepEqual(snapshot.stalls, { count: 2, viewers: 1, totalMs: 5000, ratio: 0.2 });
  t.is(snapshot.meanBitrateBps, 1_750_000);
});

test('latency is that of the moment, and of those who have left their mean', (t) => {
  const { latencyMs } = snapshotOf({}, { phase: 'left', latencyMs: null }, { phase: 'starting', latencyMs: null });
  t.deepEqual(latencyMs, { p50: 5900, p95: 6000 });
});

test('nothing gives nulls, not numbers', (t) => {
  const snapshot = snapshotOf();
  t.like(snapshot, { startupMs: { p50: null, p95: null }, meanBitrateBps: null, receivedBytes: 0 });
});

test('what was received adds up over servers', (t) => {
  const servers = ['http://127.0.0.1:1', 'http://127.0.0.1:2'].map(parseServer);
  servers[0]!.received.wholeBytes = 100;
  servers[1]!.received.partialBytes = 20;
  const snapshot = takeSnapshot({ reports: [], servers, unverifiedBodies: 0, startAtMs: 0, startedMs: 0, nowMs: 0 });
  t.is(snapshot.receivedBytes, 120);
  t.is(snapshot.servers[1]!.partialBytes, 20);
});
