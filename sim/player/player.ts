import type { Adaptation } from './adaptation.ts';
import { Fetcher } from './fetcher.ts';
import type { Ladder } from './ladder.ts';
import { Lane, type MediaLane } from './lane.ts';
import type { StartAt } from './live-position.ts';
import { DEFAULT_PLAYER_CONFIG, type PlayerConfig } from './player-config.ts';
import type { FailureCause, PlayerPhase, PlayerReport } from './player-report.ts';
import type { PlayerSink } from './player-sink.ts';
import type { Ranking } from './server-choice.ts';
import { Watching } from './watching.ts';

export interface PlayerOptions {
  id: number;
  /** players with different seeds spread out; the same seed and the same events give the same calls */
  seed: number;
  sink: PlayerSink;
  adaptation: Adaptation;
  config?: PlayerConfig;
  /** default: live */
  startAt?: StartAt;
}

/**
 * One viewer's player as a machine: it asks steering for servers, learns the event, starts near the live edge by the
 * segment template, adapts, fails over, and goes on playing. Each method is one event; `nowMs` is monotonic, `wallMs`
 * Unix time. After each call the driver asks `nextWakeMs` anew and calls `wake` then.
 * Every fetch has a deadline and every wait an end: there is always a next event, until all of the event is buffered or
 * the viewer has left.
 */
export class Player {
  readonly id: number;
  readonly #fetcher: Fetcher;
  readonly #adaptation: Adaptation;
  readonly #config: PlayerConfig;
  readonly #steering = new Lane();
  readonly #document = new Lane();
  readonly #startAt: StartAt;
  #watching: Watching | null = null;
  /** when steering or the document want something; most events concern neither. -Infinity: not known */
  #controlMs = -Infinity;
  #isPaused = false;
  #life: 'idle' | 'on' | 'left' = 'idle';
  #startedMs = -1;
  #leftMs = 0;

  constructor({ id, seed, sink, adaptation, config = DEFAULT_PLAYER_CONFIG, startAt = 'live' }: PlayerOptions) {
    this.id = id;
    this.#fetcher = new Fetcher(id, seed, sink);
    this.#adaptation = adaptation;
    this.#config = config;
    this.#startAt = startAt;
  }

  get phase(): PlayerPhase {
    if (this.#life !== 'on') return this.#life;
    return this.#watching?.playback.phase ?? 'joining';
  }

  /** While it plays: as `bufferMs`, gaps included, and below 0 if the playhead had overtaken what has come, which is never. */
  get aheadMs(): number {
    return this.phase === 'playing' ? this.#watching!.playback.aheadMs() : 0;
  }

  /** Playable media ahead in every medium. */
  get bufferMs(): number {
    return this.#watching?.playback.leastBufferMs() ?? 0;
  }

  get nextWakeMs(): number {
    if (this.#life !== 'on') return Infinity;
    return this.#watching === null ? this.#controlMs : Math.min(this.#controlMs, this.#watching.nextWakeMs);
  }

  /**
   * Monotonic: since when the viewer has been waiting for a picture that moves, or from when on if nothing more comes;
   * Infinity where there is nothing to wait for. What a viewer's patience is counted from.
   */
  get stillSinceMs(): number {
    if (this.#life !== 'on') return Infinity;
    if (this.#watching === null) return this.#startedMs;
    return Math.max(this.#watching.playback.stillSinceMs(), this.#startedMs, this.#watching.heldUntilMs);
  }

  /** What steering said last; null before it answered. */
  get ranking(): Ranking | null {
    return this.#fetcher.servers.ranking;
  }

  /** What it plays from, -1 before its first segment: steering is told, and does not count the session twice. */
  get playingFrom(): number {
    return this.#fetcher.servers.lastUsed;
  }

  start(nowMs: number, wallMs: number): void {
    if (this.#life !== 'idle') return;
    this.#life = 'on';
    this.#startedMs = nowMs;
    this.#steering.notBeforeMs = nowMs;
    this.#pump(nowMs, wallMs);
  }

  /** Steering answered. */
  ranked(fetchId: number, ranking: Ranking, nowMs: number, wallMs: number): void {
    const lane = this.#steering;
    if (fetchId !== lane.fetchId || fetchId === 0) return;
    if (ranking.servers.length === 0) return this.failed(fetchId, 'invalid', 0, -1, nowMs, wallMs);
    lane.settle();
    if (this.#life !== 'on') return;
    this.#advance(nowMs, wallMs);
    this.#controlMs = -Infinity;
    lane.failures = 0;
    lane.notBeforeMs = nowMs + ranking.ttlMs;
    const isFirst = this.#fetcher.servers.ranking === null;
    this.#fetcher.servers.rerank(ranking, lane.startedMs);
    if (isFirst) this.#document.notBeforeMs = nowMs;
    this.#pump(nowMs, wallMs);
  }

  /** The event's document came. */
  learned(fetchId: number, ladder: Ladder, sizeBytes: number, nowMs: number, wallMs: number): void {
    const lane = this.#document;
    if (fetchId !== lane.fetchId || fetchId === 0) return;
    this.#settle(lane, sizeBytes);
    if (this.#life !== 'on') return;
    this.#advance(nowMs, wallMs);
    this.#controlMs = -Infinity;
    this.#fetcher.servers.succeeded(lane.server, lane.startedMs);
    lane.failures = 0;
    lane.notBeforeMs = Infinity;
    if (this.#watching === null) {
      this.#watching = new Watching(
        this.#fetcher,
        this.#adaptation,
        this.#config,
        ladder,
        this.#startAt,
        nowMs,
        wallMs,
      );
      if (this.#isPaused) this.#watching.pause(nowMs);
    } else this.#watching.relearn(ladder, nowMs);
    this.#pump(nowMs, wallMs);
  }

  /** A segment or init segment came, whole and right. @param firstByteMs since the request, negative when unknown */
  fetched(fetchId: number, sizeBytes: number, firstByteMs: number, nowMs: number, wallMs: number): void {
    const lane = this.#mediaLane(fetchId);
    if (lane === null || this.#watching === null) return;
    this.#settle(lane, sizeBytes);
    if (this.#life !== 'on') return;
    this.#advance(nowMs, wallMs);
    this.#watching.fetched(lane, sizeBytes, firstByteMs, nowMs, wallMs);
    this.#pump(nowMs, wallMs);
  }

  /** @param retryAfterMs what the answer asked for, negative when it said nothing */
  failed(
    fetchId: number,
    cause: FailureCause,
    receivedBytes: number,
    retryAfterMs: number,
    nowMs: number,
    wallMs: number,
  ): void {
    const lane = this.#anyLane(fetchId);
    if (lane === null) return;
    this.#settle(lane, receivedBytes);
    if (this.#life !== 'on') return;
    this.#advance(nowMs, wallMs);
    this.#fail(lane, cause, receivedBytes, retryAfterMs, nowMs, wallMs);
    this.#pump(nowMs, wallMs);
  }

  wake(nowMs: number, wallMs: number): void {
    if (this.#life !== 'on') return;
    this.#advance(nowMs, wallMs);
    if (nowMs >= this.#controlMs) {
      this.#timeOut(this.#steering, nowMs, wallMs);
      this.#timeOut(this.#document, nowMs, wallMs);
    }
    const watching = this.#watching;
    if (watching !== null) {
      for (const lane of watching.lanes) {
        this.#timeOut(lane, nowMs, wallMs);
        watching.look(lane, nowMs, wallMs);
      }
    }
    this.#pump(nowMs, wallMs);
  }

  /** The picture stands, the buffer fills up; from now on the player does not return to the live edge by itself. */
  pause(nowMs: number, wallMs: number): void {
    if (this.#life !== 'on' || this.#isPaused) return;
    this.#isPaused = true;
    this.#advance(nowMs, wallMs);
    this.#watching?.pause(nowMs);
  }

  /** Goes on where it stood; where that has left the DVR window, from the live edge. */
  resume(nowMs: number, wallMs: number): void {
    if (this.#life !== 'on' || !this.#isPaused) return;
    this.#isPaused = false;
    this.#advance(nowMs, wallMs);
    this.#watching?.resume(nowMs);
    this.#pump(nowMs, wallMs);
  }

  /** Asks for nothing more. What is in flight may still be reported, and counts as received. */
  leave(nowMs: number, wallMs: number): void {
    if (this.#life === 'left') return;
    if (this.#life === 'on') this.#advance(nowMs, wallMs);
    this.#life = 'left';
    this.#leftMs = nowMs;
  }

  report(nowMs: number, wallMs: number): PlayerReport {
    if (this.#life === 'on') this.#advance(nowMs, wallMs);
    const { requests, failures, servers } = this.#fetcher;
    const playback = this.#watching?.playback;
    const hasPlayed = playback !== undefined && playback.firstPlayedMs >= 0;
    const onScreen = hasPlayed && (this.phase === 'playing' || this.phase === 'stalled');
    return {
      id: this.id,
      phase: this.phase,
      startedMs: this.#startedMs < 0 ? null : this.#startedMs,
      startupMs: hasPlayed ? playback.firstPlayedMs - Math.max(this.#startedMs, this.#watching!.heldUntilMs) : null,
      playedMs: playback?.playedMs ?? 0,
      stallCount: playback?.stallCount ?? 0,
      stallMs: playback?.stallMs(this.#life === 'left' ? this.#leftMs : nowMs) ?? 0,
      gaps: playback?.gapCount ?? 0,
      pausedMs: playback?.pausedMs(this.#life === 'left' ? this.#leftMs : nowMs) ?? 0,
      jumps: this.#watching?.jumps ?? 0,
      meanBitrateBps: playback?.meanBitrateBps ?? null,
      renditionSwitches: this.#watching?.renditionSwitches ?? 0,
      abandoned: this.#watching?.abandoned ?? 0,
      serverSwitches: servers.switches,
      latencyMs: onScreen ? this.#watching!.latencyMs(wallMs) : null,
      meanLatencyMs: playback?.meanLatencyMs ?? null,
      requests,
      failures: { ...failures },
      receivedBytesByServer: this.#fetcher.receivedBytesByServer(),
    };
  }

  #pump(nowMs: number, wallMs: number): void {
    const watching = this.#watching;
    if (nowMs >= this.#controlMs || watching?.doubtsEvent || watching?.playback.isComplete()) this.#pumpControl(nowMs);
    watching?.pump(nowMs, wallMs);
  }

  #pumpControl(nowMs: number): void {
    const watching = this.#watching;
    if (watching?.doubtsEvent && this.#document.fetchId === 0) {
      watching.doubtsEvent = false;
      this.#document.notBeforeMs = nowMs;
    }
    if (watching?.playback.isComplete()) this.#steering.notBeforeMs = Infinity;
    if (this.#isDue(this.#steering, nowMs)) {
      const fetchId = this.#fetcher.begin(this.#steering, -1, nowMs, this.#config.steeringTimeoutMs);
      this.#fetcher.sink.askServers(this.id, fetchId);
    }
    if (this.#isDue(this.#document, nowMs)) this.#fetchEvent(nowMs);
    this.#controlMs = Math.min(this.#steering.nextWakeMs, this.#document.nextWakeMs);
  }

  #fetchEvent(nowMs: number): void {
    const server = this.#fetcher.serverFor(this.#document, nowMs);
    if (server < 0) return;
    const fetchId = this.#fetcher.begin(this.#document, server, nowMs, this.#config.transferTimeoutMs);
    this.#fetcher.sink.fetchEvent(this.id, fetchId, server);
  }

  #isDue(lane: Lane, nowMs: number): boolean {
    return lane.fetchId === 0 && nowMs >= lane.notBeforeMs;
  }

  #advance(nowMs: number, wallMs: number): void {
    this.#watching?.advance(nowMs, wallMs);
  }

  #settle(lane: Lane, sizeBytes: number): void {
    if (lane !== this.#steering) this.#fetcher.received(lane.server, sizeBytes);
    lane.settle();
  }

  #timeOut(lane: Lane, nowMs: number, wallMs: number): void {
    if (lane.fetchId === 0 || nowMs < lane.deadlineMs) return;
    const sizeBytes = this.#fetcher.cancel(lane);
    this.#settle(lane, sizeBytes);
    this.#fail(lane, 'timeout', sizeBytes, -1, nowMs, wallMs);
  }

  #fail(lane: Lane, cause: FailureCause, sizeBytes: number, retryAfterMs: number, nowMs: number, wallMs: number): void {
    if (lane === this.#steering || lane === this.#document) this.#controlMs = -Infinity;
    if (lane === this.#steering) this.#steeringFailed(cause, nowMs);
    else if (lane === this.#document) this.#fetcher.failOver(lane, cause, retryAfterMs, nowMs);
    else this.#watching!.failed(lane as MediaLane, cause, sizeBytes, retryAfterMs, nowMs, wallMs);
  }

  /** Playback never depends on steering: the last ranking stands, and its TTL runs once more. */
  #steeringFailed(cause: FailureCause, nowMs: number): void {
    const { failures, servers } = this.#fetcher;
    failures[cause]++;
    this.#steering.failures++;
    const waitMs = Math.max(this.#fetcher.backoffMs(this.#steering), servers.ranking?.ttlMs ?? 0);
    this.#steering.notBeforeMs = nowMs + waitMs;
  }

  #mediaLane(fetchId: number): MediaLane | null {
    if (fetchId === 0 || this.#watching === null) return null;
    for (const lane of this.#watching.lanes) if (lane.fetchId === fetchId) return lane;
    return null;
  }

  #anyLane(fetchId: number): Lane | null {
    if (fetchId === 0) return null;
    if (this.#steering.fetchId === fetchId) return this.#steering;
    if (this.#document.fetchId === fetchId) return this.#document;
    return this.#mediaLane(fetchId);
  }
}
