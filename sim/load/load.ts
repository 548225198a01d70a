import type { AdaptationKind } from '../player/adaptation-kinds.ts';
import type { StartAt } from '../player/live-position.ts';
import type { PlayerReport } from '../player/player-report.ts';
import { EventReader } from './documents.ts';
import { rosterOf } from './roster.ts';
import { parseServer, ServerBook } from './server-book.ts';
import { type LoadSnapshot, takeSnapshot } from './snapshot.ts';
import { type Audience, Viewer } from './viewer.ts';

/** Where viewers learn their servers: they ask steering, or they are told the only one. Scheme, host and port. */
export type ServerSource = { steeringUrl: string } | { serverUrl: string };

export type LoadOptions = ServerSource & {
  eventId: string;
  viewers: number;
  seed: number;
  /** viewers arrive at random over this long */
  arrivalSpreadMs: number;
  /** default: hls, live */
  adaptation?: AdaptationKind;
  startAt?: StartAt;
  /** Unix: when the load begins; a moment that has passed, or none, is now */
  startAtMs?: number | undefined;
  /** the address that steering is to take for a viewer's; only where steering allows `?ip=` */
  ipFor?: (viewer: number) => string | undefined;
  /** the local address that a viewer connects from */
  fromFor?: (viewer: number) => string | undefined;
};

export interface RunningLoad {
  /** Unix: when it begins */
  readonly startAtMs: number;
  snapshot(): LoadSnapshot;
  /** Viewers ask for nothing more, what is in flight may end within the bound; then everything is let go. */
  finish(): Promise<LoadResult>;
}

export interface LoadResult {
  final: LoadSnapshot;
  reports: PlayerReport[];
}

/** How long requests in flight may take to end when the load is over. */
const FINISH_BOUND_MS = 2_000;

/** Starts viewers that really fetch. Everything random comes from the seed. */
export function startLoad(options: LoadOptions): RunningLoad {
  const { eventId, viewers: viewerCount, seed, arrivalSpreadMs, ipFor, fromFor } = options;
  const servers = new ServerBook();
  const audience: Audience = {
    eventId,
    steering: 'steeringUrl' in options ? parseServer(options.steeringUrl) : null,
    onlyServer: 'serverUrl' in options ? servers.numberOf(new URL(options.serverUrl).origin) : -1,
    adaptation: options.adaptation ?? 'hls',
    startAt: options.startAt ?? 'live',
    servers,
    events: new EventReader(),
    unverifiedBodies: 0,
  };
  const roster = rosterOf(viewerCount, seed, arrivalSpreadMs);
  const viewers = roster.map((one) => new Viewer(audience, one, ipFor?.(one.id), fromFor?.(one.id)));
  const startAtMs = Math.max(options.startAtMs ?? 0, Date.now());
  const startedMs = performance.now() + startAtMs - Date.now();
  const arrivals = viewers.map((viewer, id) =>
    setTimeout(() => viewer.start(), startedMs + roster[id]!.atMs - performance.now()),
  );

  const reports = () => viewers.map((viewer) => viewer.report());
  const snapshotAt = (nowMs: number, of: PlayerReport[]) =>
    takeSnapshot({
      reports: of,
      servers: servers.servers,
      unverifiedBodies: audience.unverifiedBodies,
      startAtMs,
      startedMs,
      nowMs,
    });

  let finished: Promise<LoadResult> | null = null;
  const finish = async (): Promise<LoadResult> => {
    const finishedMs = performance.now();
    for (const arrival of arrivals) clearTimeout(arrival);
    await withinBound(viewers.map((viewer) => viewer.leave()));
    for (const viewer of viewers) viewer.close();
    const last = reports();
    return { final: snapshotAt(finishedMs, last), reports: last };
  };
  return {
    startAtMs,
    snapshot: () => snapshotAt(performance.now(), reports()),
    finish: () => (finished ??= finish()),
  };
}

async function withinBound(leaving: Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, FINISH_BOUND_MS)));
  await Promise.race([Promise.all(leaving), bound]);
  clearTimeout(timer);
}
