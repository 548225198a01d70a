import type { Page, Request } from 'playwright-core';
import { DEAD_HOST, DEAD_PATHWAY } from '../../steering/policy/players/test-cases.ts';
import type { DeliveryWorld } from '../support/delivery-world.ts';
import type { PlayerPages } from '../support/player-pages.ts';
import type { Column } from './columns.ts';
import type { AskedFor, Observation, Sample, SteeringAsked } from './observation.ts';

export interface Watch {
  column: Column;
  case: string;
  after: number;
  ttlSeconds: number;
  seconds: number;
}

export const SITES = { near: ['near'], far: ['far'], spare: ['spare'] } as const;
export const STEERING_FLAGS = ['--test-cases'] as const;

const SAMPLE_MS = 1000;
/** Waits from here on are shortened, else a default TTL of five minutes could not be told from never. */
const LONG_MS = 120_000;
const SHORTENED_BY = 20;
/** So much asking is without end; to go on would only take the machine from the others. */
const FLOOD_REQUESTS = 400;
const FLOOD_WATCH_MS = 12_000;

/** Opens a page, plays, and writes down what is asked for, what plays and what the player complains of. */
export async function watchCase(pages: PlayerPages, world: DeliveryWorld, watch: Watch): Promise<Observation> {
  const { column, after, ttlSeconds, seconds } = watch;
  const clock = new WatchClock();
  const steering: SteeringAsked[] = [];
  const segments: AskedFor[] = [];
  const playlists: AskedFor[] = [];
  const uncaught: string[] = [];
  const listOf = ({ pathname }: URL) =>
    /\/\d+\.m4s$/.test(pathname)
      ? segments
      : /\.(?:m3u8|mpd|mp4)$/.test(pathname)
        ? playlists
        : /\/(?:hls|dash)$/.test(pathname)
          ? steering
          : null;
  const url = world.playUrl(column.protocol === 'hls' ? 'm3u8' : 'mpd', {
    session: `${column.name}-${watch.case}-${after}`.replaceAll(/[^a-z0-9-]/gi, ''),
    case: watch.case,
    ttl: String(ttlSeconds),
    // Many play on few cores.
    maxHeight: '240',
    ...(after === 0 ? {} : { after: String(after) }),
  });
  const player = await pages.play(column.player, url, {}, async (page) => {
    noteRequests(page, clock, listOf);
    page.on('pageerror', ({ message }) => void uncaught.push(message));
    await page.addInitScript(PREPARATIONS);
  });
  const samples: Sample[] = [];
  let errors: string[] = [];
  while (clock.nowMs() < seconds * 1000 && !(steering.length > FLOOD_REQUESTS && clock.nowMs() > FLOOD_WATCH_MS)) {
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    const { currentTime, playing, stalls, stalledMs, ...state } = await player.state();
    samples.push({ atMs: clock.nowMs(), currentTime, playing, stalls, stalledMs });
    errors = state.errors;
  }
  const watchedMs = clock.nowMs();
  const clones = player.steering.flatMap(({ answer }) => answer?.['PATHWAY-CLONES'] ?? []);
  const { shortened, blockedMs } = (await player.page.evaluate('window.watched')) as Watched;
  await player.page.close();
  return {
    column: column.name,
    case: watch.case,
    after,
    ttlSeconds,
    watchedMs,
    steering,
    segments,
    playlists,
    pathways: { ...pathwaysOf(world), [DEAD_HOST]: DEAD_PATHWAY },
    cloneHost: clones[0]?.['URI-REPLACEMENT'].HOST.replace(/:\d+$/, '') ?? null,
    shortened: shortened.map(({ firedWallMs, savedMs }) => ({ firedMs: clock.at(firedWallMs), savedMs })),
    blockedMs,
    samples,
    errors,
    uncaught,
  };
}

function pathwaysOf(world: DeliveryWorld): Record<string, string> {
  return Object.fromEntries(Object.values(SITES).flatMap((ids) => ids.map((id) => [world.hostOf(id), id])));
}

/** Begins with the first request, which is for the manifest: how long a browser takes to open a page is not the player's. */
class WatchClock {
  #beganWallMs: number | null = null;

  nowMs(): number {
    return this.at(Date.now());
  }

  at(wallMs: number): number {
    this.#beganWallMs ??= wallMs;
    return wallMs - this.#beganWallMs;
  }
}

/** From outside the page: what the browser sent, whatever the player says of it. */
function noteRequests(page: Page, clock: WatchClock, listOf: (url: URL) => (AskedFor | SteeringAsked)[] | null): void {
  const notes = new Map<Request, AskedFor>();
  page.on('request', (request) => {
    const url = new URL(request.url());
    const list = listOf(url);
    if (list === null || request.redirectedFrom() !== null) return;
    const note = {
      startedMs: clock.nowMs(),
      endedMs: null,
      host: url.hostname,
      authority: url.host,
      status: null,
      says: url.searchParams.get('_HLS_pathway') ?? url.searchParams.get('_DASH_pathway'),
    };
    list.push(note);
    notes.set(request, note);
  });
  const end = (request: Request, status: number) => {
    const note = notes.get(request);
    if (note === undefined) return;
    notes.delete(request);
    note.status = status;
    note.endedMs = clock.nowMs();
    // The browser's own clock knows better when it was sent than we do when we heard of it.
    const { startTime } = request.timing();
    if (startTime > 0) note.startedMs = clock.at(startTime);
  };
  page.on('response', (response) => {
    const note = notes.get(response.request());
    if (note !== undefined) note.status = response.status();
  });
  page.on('requestfinished', (request) => end(request, notes.get(request)?.status ?? 0));
  page.on('requestfailed', (request) => end(request, 0));
}

interface Watched {
  shortened: { firedWallMs: number; savedMs: number }[];
  blockedMs: number;
}

/** Long timers are shortened, a timer of our own sees whether others are late, and the picture is small, for it costs. */
const PREPARATIONS = `
window.watched = { shortened: [], blockedMs: 0 };
{
  const set = window.setTimeout;
  window.setTimeout = (handler, delayMs, ...values) => {
    // Beyond what a timer holds, and for what is no number, the browser shall do as it does.
    if (!(delayMs >= ${LONG_MS} && delayMs < 2 ** 31)) return set(handler, delayMs, ...values);
    const shortMs = delayMs / ${SHORTENED_BY};
    return set((...given) => {
      window.watched.shortened.push({ firedWallMs: Date.now(), savedMs: delayMs - shortMs });
      handler(...given);
    }, shortMs, ...values);
  };
  let last = performance.now();
  setInterval(() => {
    const lateMs = performance.now() - last - 100;
    if (lateMs >= 500) window.watched.blockedMs += lateMs;
    last += lateMs + 100;
  }, 100);
  document.addEventListener('DOMContentLoaded', () => {
    document.head.insertAdjacentHTML('beforeend', '<style>video { width: 32px !important; height: 18px !important }</style>');
  });
}`;
