import { type LiveEvent, defaultTemplates } from '../../topology/model/event.ts';
import { availableAtMs } from '../../topology/model/live-window.ts';
import type { TransferProgress } from './adaptation.ts';
import { type AdaptationKind, newAdaptation } from './adaptation-kinds.ts';
import { ladderOf } from './ladder.ts';
import type { StartAt } from './live-position.ts';
import { DEFAULT_PLAYER_CONFIG, type PlayerConfig } from './player-config.ts';
import type { FailureCause } from './player-report.ts';
import type { PlayerSink } from './player-sink.ts';
import { Player } from './player.ts';
import type { Ranking } from './server-choice.ts';
import { DEFAULT_RESTART_HABITS, type RestartHabits, ViewerBehaviour } from './viewer-behaviour.ts';

export const STARTED_WALL_MS = 1_800_000_000_000;

/** One hour into an event of 2-second segments: video at 800 kbit/s, 2 and 4 Mbit/s, audio at 100 kbit/s. */
export function liveEvent(changes: Partial<LiveEvent> = {}): LiveEvent {
  return {
    id: 'demo',
    state: 'live',
    availabilityStartMs: STARTED_WALL_MS - 3_600_000,
    segmentDurationMs: 2000,
    startNumber: 1,
    dvrWindowMs: 600_000,
    renditions: [
      { id: 'v1', kind: 'video', codecs: 'avc1.64001f', bandwidth: 800_000 },
      { id: 'v2', kind: 'video', codecs: 'avc1.640028', bandwidth: 2_000_000 },
      { id: 'v3', kind: 'video', codecs: 'avc1.640028', bandwidth: 4_000_000 },
      { id: 'a1', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 100_000 },
    ],
    ...defaultTemplates('demo'),
    ...changes,
  };
}

export type VirtualRequest =
  | { kind: 'steering' }
  | { kind: 'event'; server: number }
  | { kind: 'init'; server: number; rendition: number }
  | { kind: 'segment'; server: number; rendition: number; number: number };

export type VirtualAnswer =
  | {
      afterMs: number;
      sizeBytes: number;
      firstByteMs?: number;
      /** bytes of body so long after the request; without it they come evenly after the first */
      receivedBytes?: (elapsedMs: number) => number;
    }
  | { afterMs: number; cause: FailureCause; receivedBytes?: number; retryAfterMs?: number }
  /** nothing ever comes back */
  | 'silence';

export interface VirtualOptions {
  event?: LiveEvent;
  config?: Partial<PlayerConfig>;
  seed?: number;
  adaptation?: AdaptationKind;
  startAt?: StartAt;
  viewer?: RestartHabits;
  ranking?: (askedMs: number) => Partial<Ranking>;
  /** everything but what is named here is answered by `steady()` */
  answer?: (request: VirtualRequest, nowMs: number) => VirtualAnswer | undefined;
  steady?: (request: VirtualRequest, nowMs: number) => VirtualAnswer;
  /** called after each event of the player */
  check?: (world: VirtualWorld) => void;
}

interface Pending {
  askedMs: number;
  answer: Exclude<VirtualAnswer, 'silence'>;
  atMs: number;
  order: number;
  fetchId: number;
  run: () => void;
}

/** One player in virtual time: the fixture answers its fetches as the test says, and keeps a log of all that it asked. */
export class VirtualWorld implements PlayerSink {
  readonly event: LiveEvent;
  /** a new one after each reload */
  player: Player;
  readonly viewer: ViewerBehaviour;
  readonly reloadsMs: number[] = [];
  gaveUpMs = Infinity;
  readonly log: string[] = [];
  readonly inFlight = new Map<number, VirtualRequest>();
  nowMs = 0;
  events = 0;
  readonly #options: VirtualOptions;
  readonly #steady: (request: VirtualRequest, nowMs: number) => VirtualAnswer;
  #pending: Pending[] = [];
  #order = 0;

  constructor(options: VirtualOptions = {}) {
    this.#options = options;
    this.event = options.event ?? liveEvent();
    this.#steady = options.steady ?? steadyNetwork(this.event, { rateBps: 20_000_000 });
    this.player = this.#newPlayer();
    const { viewer = { ...DEFAULT_RESTART_HABITS, kind: 'none' }, seed = 1 } = options;
    this.viewer = new ViewerBehaviour(viewer, seed);
  }

  get wallMs(): number {
    return STARTED_WALL_MS + this.nowMs;
  }

  report() {
    return this.player.report(this.nowMs, this.wallMs);
  }

  /** Goes on to the given moment of virtual time. */
  run(untilMs: number): this {
    if (this.player.phase === 'idle') this.#begin();
    for (;;) {
      const next = this.#pending[0];
      const wakeMs = this.player.nextWakeMs;
      const atMs = Math.min(next?.atMs ?? Infinity, wakeMs, this.viewer.nextWakeMs);
      if (!(atMs <= untilMs)) break;
      this.nowMs = Math.max(this.nowMs, atMs);
      if (this.viewer.nextWakeMs <= atMs) this.#viewerWakes();
      else if (next !== undefined && next.atMs <= wakeMs) {
        this.#pending.shift();
        this.inFlight.delete(next.fetchId);
        this.#step(next.run);
      } else this.#step(() => this.player.wake(this.nowMs, this.wallMs));
    }
    this.nowMs = untilMs;
    return this;
  }

  askServers(playerId: number, fetchId: number): void {
    const ranking: Ranking = {
      servers: [1, 2, 3],
      ttlMs: 20_000,
      maxRetries: 3,
      retryAfterMs: 1000,
      ...this.#options.ranking?.(this.nowMs),
    };
    this.#ask(playerId, fetchId, { kind: 'steering' }, () =>
      this.player.ranked(fetchId, ranking, this.nowMs, this.wallMs),
    );
  }

  fetchEvent(playerId: number, fetchId: number, server: number): void {
    this.#ask(playerId, fetchId, { kind: 'event', server }, (sizeBytes) =>
      this.player.learned(fetchId, ladderOf(this.event), sizeBytes, this.nowMs, this.wallMs),
    );
  }

  fetchInit(playerId: number, fetchId: number, server: number, rendition: number): void {
    this.#ask(playerId, fetchId, { kind: 'init', server, rendition }, (sizeBytes, firstByteMs) =>
      this.player.fetched(fetchId, sizeBytes, firstByteMs, this.nowMs, this.wallMs),
    );
  }

  fetchSegment(playerId: number, fetchId: number, server: number, rendition: number, number: number): void {
    this.#ask(playerId, fetchId, { kind: 'segment', server, rendition, number }, (sizeBytes, firstByteMs) =>
      this.player.fetched(fetchId, sizeBytes, firstByteMs, this.nowMs, this.wallMs),
    );
  }

  cancel(_playerId: number, fetchId: number): number {
    this.log.push(`${this.nowMs} cancel ${fetchId}`);
    const receivedBytes = this.#receivedBytes(fetchId);
    this.#pending = this.#pending.filter((pending) => pending.fetchId !== fetchId);
    this.inFlight.delete(fetchId);
    return receivedBytes;
  }

  progress(_playerId: number, fetchId: number, progress: TransferProgress): void {
    const pending = this.#pending.find((candidate) => candidate.fetchId === fetchId);
    if (pending === undefined || 'cause' in pending.answer) return;
    const { firstByteMs = 0, sizeBytes } = pending.answer;
    if (this.nowMs - pending.askedMs < firstByteMs) return;
    progress.firstByteMs = firstByteMs;
    progress.totalBytes = sizeBytes;
    progress.receivedBytes = this.#receivedBytes(fetchId);
  }

  #receivedBytes(fetchId: number): number {
    const pending = this.#pending.find((candidate) => candidate.fetchId === fetchId);
    if (pending === undefined || 'cause' in pending.answer) return 0;
    const { afterMs, firstByteMs = 0, sizeBytes, receivedBytes } = pending.answer;
    const elapsedMs = this.nowMs - pending.askedMs;
    if (receivedBytes !== undefined) return receivedBytes(elapsedMs);
    return Math.floor(sizeBytes * Math.min(1, Math.max(0, elapsedMs - firstByteMs) / (afterMs - firstByteMs)));
  }

  /** Segment requests so far, in order. */
  segments(medium: string): { atMs: number; server: number; rendition: string; number: number }[] {
    return this.log.flatMap((line) => {
      const match = /^(\S+) \d+ segment (\d+) (\S+) (\d+)$/.exec(line);
      if (match === null || !match[3]!.startsWith(medium[0]!)) return [];
      return [{ atMs: Number(match[1]), server: Number(match[2]), rendition: match[3]!, number: Number(match[4]) }];
    });
  }

  #ask(
    _playerId: number,
    fetchId: number,
    request: VirtualRequest,
    done: (sizeBytes: number, firstByteMs: number) => void,
  ): void {
    this.log.push(`${this.nowMs} ${fetchId} ${describe(request, this.event)}`);
    this.inFlight.set(fetchId, request);
    const answer = this.#options.answer?.(request, this.nowMs) ?? this.#steady(request, this.nowMs);
    if (answer === 'silence') return;
    const run =
      'cause' in answer
        ? () => {
            const { cause, receivedBytes = 0, retryAfterMs = -1 } = answer;
            this.player.failed(fetchId, cause, receivedBytes, retryAfterMs, this.nowMs, this.wallMs);
          }
        : () => done(answer.sizeBytes, answer.firstByteMs ?? 0);
    const atMs = this.nowMs + answer.afterMs;
    this.#pending.push({ askedMs: this.nowMs, answer, atMs, order: this.#order++, fetchId, run });
    this.#pending.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
  }

  #newPlayer(): Player {
    const { seed = 1, adaptation = 'hls', startAt = 'live', config } = this.#options;
    return new Player({
      id: 7,
      seed: seed + this.reloadsMs.length,
      sink: this,
      adaptation: newAdaptation(adaptation),
      startAt,
      config: { ...DEFAULT_PLAYER_CONFIG, ...config },
    });
  }

  #begin(): void {
    this.viewer.started(this.nowMs);
    this.#step(() => this.player.start(this.nowMs, this.wallMs));
  }

  #viewerWakes(): void {
    const act = this.viewer.wake(this.nowMs, this.player.stillSinceMs, this.player.ranking);
    if (act === 'wait') return;
    this.player.leave(this.nowMs, this.wallMs);
    this.#pending = [];
    this.inFlight.clear();
    if (act === 'give-up') {
      this.gaveUpMs = this.nowMs;
      return;
    }
    this.reloadsMs.push(this.nowMs);
    this.log.push(`${this.nowMs} reload`);
    this.player = this.#newPlayer();
    this.#begin();
  }

  #step(run: () => void): void {
    run();
    this.events++;
    this.#options.check?.(this);
  }
}

/** Every transfer alone at one rate, after one round trip; segments are held until they are there. */
export function steadyNetwork(
  event: LiveEvent,
  { rateBps, firstByteMs = 10 }: { rateBps: number; firstByteMs?: number },
) {
  return (request: VirtualRequest, nowMs: number): VirtualAnswer => {
    if (request.kind === 'steering') return { afterMs: firstByteMs, sizeBytes: 500 };
    if (request.kind !== 'segment') return transfer(1000, 0);
    const heldMs = Math.max(0, availableAtMs(event, request.number) - STARTED_WALL_MS - nowMs);
    return transfer((event.renditions[request.rendition]!.bandwidth * event.segmentDurationMs) / 8000, heldMs);
  };

  function transfer(sizeBytes: number, heldMs: number): VirtualAnswer {
    const headMs = heldMs + firstByteMs;
    return { afterMs: headMs + (sizeBytes * 8000) / rateBps, sizeBytes, firstByteMs: headMs };
  }
}

function describe(request: VirtualRequest, event: LiveEvent): string {
  if (request.kind === 'steering') return 'steering';
  if (request.kind === 'event') return `event ${request.server}`;
  const rendition = event.renditions[request.rendition]!.id;
  if (request.kind === 'init') return `init ${request.server} ${rendition}`;
  return `segment ${request.server} ${rendition} ${request.number}`;
}
