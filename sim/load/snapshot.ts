import { FAILURE_CAUSES, type FailureCounts, noFailures, type PlayerReport } from '../player/player-report.ts';
import { type KnownServer, nothingReceived, type ReceivedBytes } from './server-book.ts';

/** Nearest-rank percentiles; null where there is nothing to rank. */
export interface Percentiles {
  p50: number | null;
  p95: number | null;
}

/** All viewers of a load together. Counts run from the start of the load. */
export interface LoadSnapshot {
  /** Unix: when the load began */
  startAtMs: number;
  elapsedMs: number;
  viewers: number;
  arrived: number;
  playing: number;
  /** arrived, and nothing moves on their screen: starting or stalled */
  waiting: number;
  ended: number;
  /** not one picture, though they waited ten seconds or more */
  neverPlayed: number;
  startupMs: Percentiles;
  stalls: { count: number; viewers: number; totalMs: number; ratio: number };
  /** nominal video bitrate, weighed by the time it was played */
  meanBitrateBps: number | null;
  /** camera to screen: now, or in the end the mean of each viewer */
  latencyMs: Percentiles;
  renditionSwitches: number;
  serverSwitches: number;
  gaps: number;
  jumps: number;
  requests: number;
  failures: FailureCounts;
  wrongBodies: number;
  unverifiedBodies: number;
  /** whole and partial, from all servers */
  receivedBytes: number;
  received: ReceivedBytes;
  servers: ({ baseUrl: string } & ReceivedBytes)[];
}

export interface SnapshotInput {
  reports: readonly PlayerReport[];
  servers: readonly KnownServer[];
  unverifiedBodies: number;
  /** Unix, and the same moment by the monotonic clock */
  startAtMs: number;
  startedMs: number;
  nowMs: number;
}

/** A viewer that left sooner than this without a picture says nothing about the delivery. */
const START_GRACE_MS = 10_000;

export function takeSnapshot({
  reports,
  servers,
  unverifiedBodies,
  startAtMs,
  startedMs,
  nowMs,
}: SnapshotInput): LoadSnapshot {
  const arrived = reports.filter((report) => report.startedMs !== null);
  const inPhase = (...phases: PlayerReport['phase'][]) => count(arrived, ({ phase }) => phases.includes(phase));
  const sum = (of: (report: PlayerReport) => number) => arrived.reduce((total, report) => total + of(report), 0);
  const playedMs = sum((report) => report.playedMs);
  const stallMs = sum((report) => report.stallMs);
  const failures = noFailures();
  for (const cause of FAILURE_CAUSES) failures[cause] = sum((report) => report.failures[cause]);
  const received = addUp(servers);
  return {
    startAtMs,
    elapsedMs: Math.round(nowMs - startedMs),
    viewers: reports.length,
    arrived: arrived.length,
    playing: inPhase('playing'),
    waiting: inPhase('joining', 'starting', 'stalled'),
    ended: inPhase('ended'),
    neverPlayed: count(arrived, (report) => report.startupMs === null && nowMs - report.startedMs! >= START_GRACE_MS),
    startupMs: percentiles(arrived.map((report) => report.startupMs)),
    stalls: {
      count: sum((report) => report.stallCount),
      viewers: count(arrived, (report) => report.stallCount > 0),
      totalMs: Math.round(stallMs),
      ratio: playedMs + stallMs > 0 ? round(stallMs / (playedMs + stallMs), 6) : 0,
    },
    meanBitrateBps:
      playedMs > 0 ? Math.round(sum((report) => (report.meanBitrateBps ?? 0) * report.playedMs) / playedMs) : null,
    latencyMs: percentiles(
      arrived.map((report) =>
        report.phase === 'left' || report.phase === 'ended' ? report.meanLatencyMs : report.latencyMs,
      ),
    ),
    renditionSwitches: sum((report) => report.renditionSwitches),
    serverSwitches: sum((report) => report.serverSwitches),
    gaps: sum((report) => report.gaps),
    jumps: sum((report) => report.jumps),
    requests: sum((report) => report.requests),
    failures,
    wrongBodies: failures['wrong-body'],
    unverifiedBodies,
    receivedBytes: received.wholeBytes + received.partialBytes,
    received,
    servers: servers.map((server) => ({ baseUrl: server.baseUrl, ...server.received })),
  };
}

function addUp(servers: readonly KnownServer[]): ReceivedBytes {
  const total = nothingReceived();
  for (const { received } of servers) {
    for (const key of Object.keys(total) as (keyof ReceivedBytes)[]) total[key] += received[key];
  }
  return total;
}

function percentiles(values: readonly (number | null)[]): Percentiles {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const at = (share: number) =>
    sorted.length === 0 ? null : Math.round(sorted[Math.ceil(share * sorted.length) - 1]!);
  return { p50: at(0.5), p95: at(0.95) };
}

function count(reports: readonly PlayerReport[], holds: (report: PlayerReport) => boolean): number {
  return reports.reduce((total, report) => total + (holds(report) ? 1 : 0), 0);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
