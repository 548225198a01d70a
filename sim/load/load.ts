import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { stableHash } from '../../topology/model/stable-hash.ts';
import type { AdaptationKind } from '../player/adaptation-kinds.ts';
import type { StartAt } from '../player/live-position.ts';
import type { PlayerReport } from '../player/player-report.ts';
import { EventReader } from './documents.ts';
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
  /** the address that steering is to take for a viewer's; only where steering allows `?ip=` */
  ipFor?: (viewer: number) => string | undefined;
};

export interface RunningLoad {
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
  const { eventId, viewers: viewerCount, seed, arrivalSpreadMs, ipFor } = options;
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
  const viewers = Array.from(
    { length: viewerCount },
    (_, id) => new Viewer(audience, id, stableHash(`viewer ${id}`, seed), ipFor?.(id)),
  );
  const startedMs = performance.now();
  const random = xoroshiro128plus(seed);
  const arrivals = viewers.map((viewer) => setTimeout(() => viewer.start(), arrivalSpreadMs * uniformFloat32(random)));

  const reports = () => viewers.map((viewer) => viewer.report());
  const snapshotAt = (nowMs: number, of: PlayerReport[]) =>
    takeSnapshot({
      reports: of,
      servers: servers.servers,
      unverifiedBodies: audience.unverifiedBodies,
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
