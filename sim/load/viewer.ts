import { initPath, mediaPath } from '../../topology/model/event.ts';
import type { TransferProgress } from '../player/adaptation.ts';
import { type AdaptationKind, newAdaptation } from '../player/adaptation-kinds.ts';
import { cappedLadder, type Ladder } from '../player/ladder.ts';
import type { StartAt } from '../player/live-position.ts';
import type { PlayerReport } from '../player/player-report.ts';
import type { PlayerSink } from '../player/player-sink.ts';
import { Player } from '../player/player.ts';
import { Agents } from './agents.ts';
import { type EventReader, readSteering } from './documents.ts';
import type { RosterViewer } from './roster.ts';
import type { KnownServer, ServerBook } from './server-book.ts';
import { Transfer, type WholeTransfer } from './transfer.ts';

/** What the viewers of a load share. */
export interface Audience {
  eventId: string;
  /** null: `onlyServer` is all there is */
  steering: KnownServer | null;
  onlyServer: number;
  adaptation: AdaptationKind;
  startAt: StartAt;
  servers: ServerBook;
  events: EventReader;
  /** media without a Repr-Digest to check it by */
  unverifiedBodies: number;
}

/** Timers reach no further than this; an early wake costs nothing. */
const LONGEST_TIMER_MS = 60_000;
/** With one server and no steering, what there is to know of backing off is the player's own business. */
const ONLY_SERVER = { ttlMs: Infinity, maxRetries: 6, retryAfterMs: 1000 };

/** One player over real HTTP. */
export class Viewer implements PlayerSink {
  readonly #audience: Audience;
  readonly #player: Player;
  readonly #steeringPath: string;
  readonly #agents: Agents;
  readonly #transfers = new Map<number, Transfer>();
  #ladder: Ladder | null = null;
  /** what steering let it have when all servers were nearly full; else Infinity */
  #grantedBps = Infinity;
  #timer: NodeJS.Timeout | null = null;
  #timerMs = Infinity;
  #onIdle: (() => void) | null = null;

  /**
   * @param address what steering is to take for the viewer's, where it allows that
   * @param from the local address it connects from
   */
  constructor(audience: Audience, { id, seed, session }: RosterViewer, address?: string, from?: string) {
    this.#audience = audience;
    this.#agents = new Agents(from);
    const { adaptation, startAt } = audience;
    this.#player = new Player({ id, seed, sink: this, adaptation: newAdaptation(adaptation), startAt });
    const query = new URLSearchParams({ path: `/live/${audience.eventId}/master.m3u8`, session });
    if (address !== undefined) query.set('ip', address);
    this.#steeringPath = `/v1/servers?${query.toString()}`;
  }

  start(): void {
    this.#tell((nowMs, wallMs) => this.#player.start(nowMs, wallMs));
  }

  report(): PlayerReport {
    return this.#player.report(performance.now(), Date.now());
  }

  /** Stops asking. Resolves when nothing is in flight any more. */
  leave(): Promise<void> {
    this.#tell((nowMs, wallMs) => this.#player.leave(nowMs, wallMs));
    if (this.#transfers.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onIdle = resolve));
  }

  /** Breaks off what is in flight and lets go of every connection; the player must have left. */
  close(): void {
    this.#tell((nowMs, wallMs) => {
      for (const [fetchId, transfer] of this.#transfers) {
        this.#player.failed(fetchId, 'timeout', transfer.cancel(), -1, nowMs, wallMs);
      }
      this.#transfers.clear();
    });
    this.#agents.destroy();
  }

  askServers(_playerId: number, fetchId: number): void {
    const { steering, onlyServer, servers } = this.#audience;
    if (steering === null) {
      const ranking = { servers: [onlyServer], ...ONLY_SERVER };
      setImmediate(() => this.#tell((nowMs, wallMs) => this.#player.ranked(fetchId, ranking, nowMs, wallMs)));
      return;
    }
    this.#get(fetchId, steering, this.#steeringPath + this.#standing(), 'keep', ({ body }, nowMs, wallMs) => {
      const word = readSteering(body, servers);
      if (word === null) return this.#player.failed(fetchId, 'invalid', 0, -1, nowMs, wallMs);
      this.#grantedBps = word.maxBitrateBps;
      const { ranking, refusedForMs } = word;
      if (refusedForMs === null) this.#player.ranked(fetchId, ranking, nowMs, wallMs);
      else this.#player.failed(fetchId, 'status', 0, refusedForMs, nowMs, wallMs);
    });
  }

  /** What steering should know of the session: where it plays, and what it takes at most. */
  #standing(): string {
    const server = this.#player.playingFrom;
    const node = server < 0 ? null : this.#audience.servers.nameOf(server);
    const bps = this.#ladder?.variantBps.at(-1);
    return `${node === null ? '' : `&playing=${node}`}${bps === undefined ? '' : `&bitrate=${bps}`}`;
  }

  fetchEvent(_playerId: number, fetchId: number, server: number): void {
    const { eventId, events, servers } = this.#audience;
    const path = `/live/${eventId}/event.json`;
    this.#get(fetchId, servers.get(server), path, 'keep', ({ body, sizeBytes }, nowMs, wallMs) => {
      const ladder = events.read(body);
      if (ladder === null) {
        this.#player.failed(fetchId, 'invalid', sizeBytes, -1, nowMs, wallMs);
        return;
      }
      this.#ladder ??= ladder;
      const granted = cappedLadder(ladder, { maxHeight: Infinity, maxBitrateBps: this.#grantedBps });
      this.#player.learned(fetchId, granted, sizeBytes, nowMs, wallMs);
    });
  }

  fetchInit(_playerId: number, fetchId: number, server: number, rendition: number): void {
    const { event } = this.#ladder!;
    this.#getMedia(fetchId, server, initPath(event, event.renditions[rendition]!.id));
  }

  fetchSegment(_playerId: number, fetchId: number, server: number, rendition: number, number: number): void {
    const { event } = this.#ladder!;
    this.#getMedia(fetchId, server, mediaPath(event, event.renditions[rendition]!.id, number));
  }

  cancel(_playerId: number, fetchId: number): number {
    const transfer = this.#transfers.get(fetchId);
    this.#transfers.delete(fetchId);
    return transfer?.cancel() ?? 0;
  }

  progress(_playerId: number, fetchId: number, progress: TransferProgress): void {
    const transfer = this.#transfers.get(fetchId);
    if (transfer === undefined) return;
    progress.receivedBytes = transfer.receivedBytes;
    progress.totalBytes = transfer.lengthBytes;
    progress.firstByteMs = transfer.firstByteMs;
  }

  #getMedia(fetchId: number, server: number, path: string): void {
    const { servers } = this.#audience;
    this.#get(fetchId, servers.get(server), path, 'discard', ({ sizeBytes, firstByteMs, verified }, nowMs, wallMs) => {
      if (sizeBytes === 0) {
        // Nothing can be played from nothing, whatever its status says.
        this.#player.failed(fetchId, 'invalid', 0, -1, nowMs, wallMs);
        return;
      }
      if (!verified) this.#audience.unverifiedBodies++;
      this.#player.fetched(fetchId, sizeBytes, firstByteMs, nowMs, wallMs);
    });
  }

  #get(
    fetchId: number,
    server: KnownServer,
    path: string,
    body: 'keep' | 'discard',
    onWhole: (result: WholeTransfer, nowMs: number, wallMs: number) => void,
  ): void {
    const transfer = new Transfer(server, path, body, this.#agents, (result) => {
      this.#transfers.delete(fetchId);
      this.#tell((nowMs, wallMs) => {
        if (result.kind === 'whole') onWhole(result, nowMs, wallMs);
        else this.#player.failed(fetchId, result.cause, result.receivedBytes, result.retryAfterMs, nowMs, wallMs);
      });
      if (this.#transfers.size === 0) this.#onIdle?.();
    });
    this.#transfers.set(fetchId, transfer);
  }

  /** One event of the player, and the timer set to its next. */
  #tell(event: (nowMs: number, wallMs: number) => void): void {
    event(performance.now(), Date.now());
    this.#arm();
  }

  /** A timer that fires too early is left standing: waking for nothing is cheaper than setting it anew each time. */
  #arm(): void {
    const wakeMs = this.#player.nextWakeMs;
    if (this.#timer !== null) {
      if (this.#timerMs <= wakeMs && wakeMs !== Infinity) return;
      clearTimeout(this.#timer);
      this.#timer = null;
    }
    if (wakeMs === Infinity) return;
    const nowMs = performance.now();
    const delayMs = Math.min(LONGEST_TIMER_MS, Math.max(1, wakeMs - nowMs));
    this.#timerMs = nowMs + delayMs;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#tell((atMs, wallMs) => this.#player.wake(atMs, wallMs));
    }, delayMs);
  }
}
