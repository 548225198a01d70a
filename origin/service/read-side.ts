import { parseLivePath, type LiveEvent } from '../../topology/model/event.ts';
import { availableAtMs, newestNumber } from '../../topology/model/live-window.ts';
import { mpdOf, MPD_TYPE, type ClockSource } from '../../topology/model/mpd.ts';
import { extraFields, type HttpExchange } from '../../runtime/http-exchange.ts';
import type { ReadRefusal } from '../policy/contract.ts';
import { INIT } from '../policy/segment-slot.ts';
import { CORS_FIELDS, lifetimeFields, textFields } from './answer-fields.ts';
import type { OriginDriver } from './origin-driver.ts';
import type { OriginMetrics } from './origin-metrics.ts';
import { masterPlaylist, mediaPlaylist, PLAYLIST_TYPE } from './playlists.ts';
import { noneMatchHits, type StoredBody } from './stored-body.ts';

const TEXT_TYPE = 'text/plain; charset=utf-8';
/** Documents of an event: short enough for a change of state to be seen in time, long enough to be collapsed. */
const DOCUMENT_LIFETIME_MS = 2000;
const LEAST_PLAYLIST_LIFETIME_MS = 100;
const MPD_NAME = 'manifest.mpd';
/** The query by which a player that plays already gets the MPD again. */
const MPD_UPDATE = 'update';
/**
 * The `Date` of whoever answers for the MPD: an edge has the MPD at hand and its own clock, where a time never cached would
 * bring each player's start to the origin. It counts in seconds and is never fast: nothing is asked for too early.
 */
const MPD_CLOCK: ClockSource = { scheme: 'http-head', value: MPD_NAME };
const UNKNOWN_LIFETIME_MS = 1000;

type Kind = 'segment' | 'init' | 'playlist' | 'event' | 'other';

interface Read {
  exchange: HttpExchange;
  kind: Kind;
  /** monotonic; set when the read began to wait */
  heldSinceMs: number | null;
}

/** The reading side: documents and playlists at once, segments when and as the machine says. */
export class ReadSide {
  readonly #driver: OriginDriver;
  readonly #metrics: OriginMetrics;
  readonly #bodies: Map<number, StoredBody>;
  readonly #reads = new Map<number, Read>();
  #lastId = 0;

  constructor(driver: OriginDriver, metrics: OriginMetrics, bodies: Map<number, StoredBody>) {
    this.#driver = driver;
    this.#metrics = metrics;
    this.#bodies = bodies;
  }

  handle(exchange: HttpExchange): void {
    if (exchange.method === 'OPTIONS') {
      preflight(exchange);
      return;
    }
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
      exchange.respond(405, null, 'Allow: GET, HEAD, OPTIONS', 'read with GET or HEAD\n');
      return;
    }
    const path = parseLivePath(exchange.path);
    if (path === null) {
      this.#refuse(exchange, 'other', 404, 'not-found', UNKNOWN_LIFETIME_MS);
    } else if (path.kind === 'segment' || path.kind === 'init') {
      this.#readMedia(exchange, path.eventId, path.renditionId, path.kind === 'init' ? INIT : path.number);
    } else {
      const event = this.#driver.machine.event(path.eventId);
      if (event === undefined) this.#refuse(exchange, path.kind, 404, 'unknown-event', UNKNOWN_LIFETIME_MS);
      else if (path.kind === 'event')
        this.#document(exchange, 'event', 'application/json', `${JSON.stringify(event)}\n`);
      else if (path.name === 'master.m3u8') this.#document(exchange, 'playlist', PLAYLIST_TYPE, masterPlaylist(event));
      else if (path.name === MPD_NAME) this.#mpd(exchange, event);
      else this.#mediaPlaylist(exchange, event, path.name);
    }
  }

  serve(readId: number, bodyId: number, lifetimeMs: number): void {
    const read = this.#reads.get(readId)!;
    const body = this.#bodies.get(bodyId)!;
    const { exchange } = read;
    const lifetime = extraFields(lifetimeFields(lifetimeMs));
    this.#observeHold(read);
    if (noneMatchHits(exchange.head.get('if-none-match'), body.etag)) {
      exchange.respond(304, body.block, lifetime, null);
      this.#finish(readId, read, 'not-modified');
      return;
    }
    exchange.begin(200, body.block, lifetime, body.bytes.byteLength);
    if (exchange.method === 'HEAD' || exchange.write(body.bytes)) this.#finish(readId, read, 'served');
    else exchange.onDrained(() => this.#finish(readId, read, 'served'));
  }

  wait(readId: number): void {
    this.#reads.get(readId)!.heldSinceMs = performance.now();
  }

  refuse(readId: number, refusal: ReadRefusal): void {
    const read = this.#reads.get(readId)!;
    this.#observeHold(read);
    this.#reads.delete(readId);
    this.#refuse(read.exchange, read.kind, refusal.status, refusal.reason, refusal.lifetimeMs, refusal.detail);
  }

  /** The origin closes: who waits is sent elsewhere at once. */
  dismissAll(): void {
    for (const [readId, read] of this.#reads) {
      if (read.exchange.answered) continue;
      this.#reads.delete(readId);
      this.#driver.machine.release(readId);
      this.#refuse(read.exchange, read.kind, 503, 'closing', 0);
    }
  }

  #readMedia(exchange: HttpExchange, eventId: string, renditionId: string, number: number): void {
    const readId = ++this.#lastId;
    const read: Read = { exchange, kind: number === INIT ? 'init' : 'segment', heldSinceMs: null };
    this.#reads.set(readId, read);
    exchange.hold(() => this.#finish(readId, read, 'client-gone'));
    this.#driver.call((machine, at) => machine.read(readId, eventId, renditionId, number, at));
  }

  #finish(readId: number, read: Read, outcome: string): void {
    if (!this.#reads.delete(readId)) return;
    this.#driver.machine.release(readId);
    this.#metrics.reads.inc({ kind: read.kind, outcome });
    this.#metrics.sentBytes.inc(read.exchange.sentBytes);
  }

  #observeHold({ heldSinceMs }: Read): void {
    if (heldSinceMs !== null) this.#metrics.heldSeconds.observe((performance.now() - heldSinceMs) / 1000);
  }

  #mediaPlaylist(exchange: HttpExchange, event: LiveEvent, name: string): void {
    const [renditionId, file] = name.split('/');
    if (file !== 'index.m3u8' || !event.renditions.some(({ id }) => id === renditionId)) {
      this.#refuse(exchange, 'playlist', 404, 'unknown-rendition', UNKNOWN_LIFETIME_MS);
      return;
    }
    const at = this.#driver.now();
    const listing = this.#driver.machine.listing(event.id, renditionId!, at);
    if (listing === null) {
      const nextDueMs = availableAtMs(event, newestNumber(event, at.wallMs) + 1);
      const lifetimeMs = Math.max(LEAST_PLAYLIST_LIFETIME_MS, nextDueMs - at.wallMs);
      this.#refuse(exchange, 'playlist', 404, 'not-yet', lifetimeMs, 'nothing is published');
      return;
    }
    const lifetimeMs = Math.max(LEAST_PLAYLIST_LIFETIME_MS, listing.lifetimeMs);
    this.#document(exchange, 'playlist', PLAYLIST_TYPE, mediaPlaylist(event, listing), lifetimeMs);
  }

  #mpd(exchange: HttpExchange, event: LiveEvent): void {
    const mpd = mpdOf({
      event,
      wallMs: this.#driver.now().wallMs,
      location: `${MPD_NAME}?${MPD_UPDATE}`,
      isUpdate: exchange.query === MPD_UPDATE,
      updatePeriodMs: DOCUMENT_LIFETIME_MS,
      clocks: [MPD_CLOCK],
    });
    if (mpd.kind === 'mpd') this.#document(exchange, 'playlist', MPD_TYPE, mpd.text);
    else if (mpd.kind === 'gone') this.#refuse(exchange, 'playlist', 410, 'gone', UNKNOWN_LIFETIME_MS);
    else this.#refuse(exchange, 'playlist', 500, 'unfit', UNKNOWN_LIFETIME_MS, mpd.reason);
  }

  #document(
    exchange: HttpExchange,
    kind: Kind,
    contentType: string,
    text: string,
    lifetimeMs = DOCUMENT_LIFETIME_MS,
  ): void {
    exchange.respond(200, null, textFields(contentType, lifetimeMs), text);
    this.#metrics.reads.inc({ kind, outcome: 'served' });
    this.#metrics.sentBytes.inc(exchange.sentBytes);
  }

  #refuse(exchange: HttpExchange, kind: Kind, status: number, reason: string, lifetimeMs: number, detail = ''): void {
    const retryAfter = status === 503 ? [['Retry-After', String(Math.ceil(lifetimeMs / 1000))] as const] : [];
    const line = detail === '' ? reason : `${reason}: ${detail}`;
    exchange.respond(status, null, textFields(TEXT_TYPE, lifetimeMs, retryAfter), `${line}\n`);
    this.#metrics.reads.inc({ kind, outcome: reason });
  }
}

function preflight(exchange: HttpExchange): void {
  const fields = [
    ...CORS_FIELDS,
    ['Access-Control-Allow-Methods', 'GET, HEAD, OPTIONS'],
    ['Access-Control-Allow-Headers', '*'],
    ['Access-Control-Max-Age', '86400'],
  ] as const;
  exchange.respond(204, null, extraFields(fields), null);
}
