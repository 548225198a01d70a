import type { Adaptation } from './adaptation.ts';
import { Fetcher } from './fetcher.ts';
import type { Ladder } from './ladder.ts';
import { Lane, type MediaLane } from './lane.ts';
import type { StartAt } from './live-position.ts';
import { DEFAULT_PLAYER_CONFIG, type PlayerConfig } from './player-config.ts';
import type { FailureCause, PlayerPhase, PlayerReport } from './player-report.ts';
import { CONTROL_MS, IS_PAUSED, IS_WATCHING, LANES, LEFT_MS, LIFE, PlayerRows, STARTED_MS } from './player-rows.ts';
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

const IDLE = 0;
const ON = 1;
const LEFT = 2;

/**
 * Viewers' players as machines: each asks steering for servers, learns the event, starts near the live edge by the
 * segment template, adapts, fails over, and goes on playing. Each method is one event; `nowMs` is monotonic, `wallMs`
 * Unix time. After each call the driver asks `nextWakeMs` anew and calls `wake` then.
 * Every fetch has a deadline and every wait an end: there is always a next event, until all of the event is buffered or
 * the viewer has left.
 *
 * Each player's numbers are a row; `focus` says which player is meant from then on.
 */
export class Players {
  readonly rows: PlayerRows;
  readonly #fetcher: Fetcher;
  readonly #watchingOn: Watching;
  readonly #steering: Lane;
  readonly #document: Lane;
  /** by player */
  readonly #adaptations: Adaptation[] = [];
  readonly #configs: PlayerConfig[] = [];
  readonly #startsAt: StartAt[] = [];

  constructor(sink: PlayerSink, rows = new PlayerRows()) {
    this.rows = rows;
    this.#fetcher = new Fetcher(rows, sink);
    this.#watchingOn = new Watching(rows, this.#fetcher);
    this.#steering = new Lane(rows, LANES.steering);
    this.#document = new Lane(rows, LANES.document);
  }

  /** A new player in the place of whoever was there; it is on now. */
  make(player: number, options: Omit<PlayerOptions, 'sink'>): void {
    const { id, seed, adaptation, config = DEFAULT_PLAYER_CONFIG, startAt = 'live' } = options;
    this.rows.clear(player);
    const { numbers, at } = this.rows;
    this.#fetcher.reset(id, seed);
    this.#adaptations[player] = adaptation;
    this.#configs[player] = config;
    this.#startsAt[player] = startAt;
    this.#steering.reset();
    this.#document.reset();
    // when steering or the document want something; most events concern neither. -Infinity: not known
    numbers[at + CONTROL_MS] = -Infinity;
    numbers[at + STARTED_MS] = -1;
  }

  /** @returns this, with that player on */
  focus(player: number): this {
    this.rows.focus(player);
    return this;
  }

  get id(): number {
    return this.#fetcher.playerId;
  }

  get phase(): PlayerPhase {
    const life = this.rows.numbers[this.rows.at + LIFE];
    if (life !== ON) return life === IDLE ? 'idle' : 'left';
    return this.#watching()?.playback.phase ?? 'joining';
  }

  /** While it plays: as `bufferMs`, gaps included, and below 0 if the playhead had overtaken what has come, which is never. */
  get aheadMs(): number {
    return this.phase === 'playing' ? this.#watching()!.playback.aheadMs() : 0;
  }

  /** Playable media ahead in every medium. */
  get bufferMs(): number {
    return this.#watching()?.playback.leastBufferMs() ?? 0;
  }

  get nextWakeMs(): number {
    if (!this.#isOn()) return Infinity;
    const controlMs = this.rows.numbers[this.rows.at + CONTROL_MS]!;
    const watching = this.#watching();
    return watching === null ? controlMs : Math.min(controlMs, watching.nextWakeMs);
  }

  /**
   * Monotonic: since when the viewer has been waiting for a picture that moves, or from when on if nothing more comes;
   * Infinity where there is nothing to wait for. What a viewer's patience is counted from.
   */
  get stillSinceMs(): number {
    if (!this.#isOn()) return Infinity;
    const watching = this.#watching();
    const startedMs = this.rows.numbers[this.rows.at + STARTED_MS]!;
    if (watching === null) return startedMs;
    return Math.max(watching.playback.stillSinceMs(), startedMs, watching.heldUntilMs);
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
    const { numbers, at } = this.rows;
    if (numbers[at + LIFE] !== IDLE) return;
    numbers[at + LIFE] = ON;
    numbers[at + STARTED_MS] = nowMs;
    this.#steering.notBeforeMs = nowMs;
    this.#pump(nowMs, wallMs);
  }

  /** Steering answered. */
  ranked(fetchId: number, ranking: Ranking, nowMs: number, wallMs: number): void {
    const lane = this.#steering;
    if (fetchId !== lane.fetchId || fetchId === 0) return;
    if (ranking.servers.length === 0) return this.failed(fetchId, 'invalid', 0, -1, nowMs, wallMs);
    lane.settle();
    if (!this.#isOn()) return;
    this.#advance(nowMs, wallMs);
    this.rows.numbers[this.rows.at + CONTROL_MS] = -Infinity;
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
    if (!this.#isOn()) return;
    this.#advance(nowMs, wallMs);
    this.rows.numbers[this.rows.at + CONTROL_MS] = -Infinity;
    this.#fetcher.servers.succeeded(lane.server, lane.startedMs);
    lane.failures = 0;
    lane.notBeforeMs = Infinity;
    const watching = this.#watching();
    if (watching === null) {
      const { numbers, at, player } = this.rows;
      numbers[at + IS_WATCHING] = 1;
      const config = this.#configs[player]!;
      this.#watchingOn.begin(this.#adaptations[player]!, config, ladder, this.#startsAt[player]!, nowMs, wallMs);
      if (numbers[at + IS_PAUSED] === 1) this.#watchingOn.pause(nowMs);
    } else watching.relearn(ladder, nowMs);
    this.#pump(nowMs, wallMs);
  }

  /** A segment or init segment came, whole and right. @param firstByteMs since the request, negative when unknown */
  fetched(fetchId: number, sizeBytes: number, firstByteMs: number, nowMs: number, wallMs: number): void {
    const lane = this.#mediaLane(fetchId);
    const watching = this.#watching();
    if (lane === null || watching === null) return;
    this.#settle(lane, sizeBytes);
    if (!this.#isOn()) return;
    this.#advance(nowMs, wallMs);
    watching.fetched(lane, sizeBytes, firstByteMs, nowMs, wallMs);
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
    if (!this.#isOn()) return;
    this.#advance(nowMs, wallMs);
    this.#fail(lane, cause, receivedBytes, retryAfterMs, nowMs, wallMs);
    this.#pump(nowMs, wallMs);
  }

  wake(nowMs: number, wallMs: number): void {
    if (!this.#isOn()) return;
    this.#advance(nowMs, wallMs);
    if (nowMs >= this.rows.numbers[this.rows.at + CONTROL_MS]!) {
      this.#timeOut(this.#steering, nowMs, wallMs);
      this.#timeOut(this.#document, nowMs, wallMs);
    }
    const watching = this.#watching();
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
    const { numbers, at } = this.rows;
    if (!this.#isOn() || numbers[at + IS_PAUSED] === 1) return;
    numbers[at + IS_PAUSED] = 1;
    this.#advance(nowMs, wallMs);
    this.#watching()?.pause(nowMs);
  }

  /** Goes on where it stood; where that has left the DVR window, from the live edge. */
  resume(nowMs: number, wallMs: number): void {
    const { numbers, at } = this.rows;
    if (!this.#isOn() || numbers[at + IS_PAUSED] === 0) return;
    numbers[at + IS_PAUSED] = 0;
    this.#advance(nowMs, wallMs);
    this.#watching()?.resume(nowMs);
    this.#pump(nowMs, wallMs);
  }

  /** Asks for nothing more. What is in flight may still be reported, and counts as received. */
  leave(nowMs: number, wallMs: number): void {
    const { numbers, at } = this.rows;
    if (numbers[at + LIFE] === LEFT) return;
    if (this.#isOn()) this.#advance(nowMs, wallMs);
    numbers[at + LIFE] = LEFT;
    numbers[at + LEFT_MS] = nowMs;
  }

  report(nowMs: number, wallMs: number): PlayerReport {
    if (this.#isOn()) this.#advance(nowMs, wallMs);
    const { numbers, at } = this.rows;
    const startedMs = numbers[at + STARTED_MS]!;
    const untilMs = numbers[at + LIFE] === LEFT ? numbers[at + LEFT_MS]! : nowMs;
    const watching = this.#watching();
    const { requests, failures, servers } = this.#fetcher;
    const playback = watching?.playback;
    const hasPlayed = playback !== undefined && playback.firstPlayedMs >= 0;
    const onScreen = hasPlayed && (this.phase === 'playing' || this.phase === 'stalled');
    return {
      id: this.id,
      phase: this.phase,
      startedMs: startedMs < 0 ? null : startedMs,
      startupMs: hasPlayed ? playback.firstPlayedMs - Math.max(startedMs, watching!.heldUntilMs) : null,
      playedMs: playback?.playedMs ?? 0,
      stallCount: playback?.stallCount ?? 0,
      stallMs: playback?.stallMs(untilMs) ?? 0,
      gaps: playback?.gapCount ?? 0,
      pausedMs: playback?.pausedMs(untilMs) ?? 0,
      jumps: watching?.jumps ?? 0,
      meanBitrateBps: playback?.meanBitrateBps ?? null,
      renditionSwitches: watching?.renditionSwitches ?? 0,
      abandoned: watching?.abandoned ?? 0,
      serverSwitches: servers.switches,
      latencyMs: onScreen ? watching!.latencyMs(wallMs) : null,
      meanLatencyMs: playback?.meanLatencyMs ?? null,
      requests,
      failures: { ...failures },
      receivedBytesByServer: this.#fetcher.receivedBytesByServer(),
    };
  }

  #pump(nowMs: number, wallMs: number): void {
    const watching = this.#watching();
    if (
      nowMs >= this.rows.numbers[this.rows.at + CONTROL_MS]! ||
      watching?.doubtsEvent ||
      watching?.playback.isComplete()
    )
      this.#pumpControl(nowMs);
    watching?.pump(nowMs, wallMs);
  }

  #pumpControl(nowMs: number): void {
    const watching = this.#watching();
    if (watching?.doubtsEvent && this.#document.fetchId === 0) {
      watching.doubtsEvent = false;
      this.#document.notBeforeMs = nowMs;
    }
    if (watching?.playback.isComplete()) this.#steering.notBeforeMs = Infinity;
    if (this.#isDue(this.#steering, nowMs)) {
      const fetchId = this.#fetcher.begin(
        this.#steering,
        -1,
        nowMs,
        this.#configs[this.rows.player]!.steeringTimeoutMs,
      );
      this.#fetcher.sink.askServers(this.id, fetchId);
    }
    if (this.#isDue(this.#document, nowMs)) this.#fetchEvent(nowMs);
    this.rows.numbers[this.rows.at + CONTROL_MS] = Math.min(this.#steering.nextWakeMs, this.#document.nextWakeMs);
  }

  #fetchEvent(nowMs: number): void {
    const server = this.#fetcher.serverFor(this.#document, nowMs);
    if (server < 0) return;
    const fetchId = this.#fetcher.begin(
      this.#document,
      server,
      nowMs,
      this.#configs[this.rows.player]!.transferTimeoutMs,
    );
    this.#fetcher.sink.fetchEvent(this.id, fetchId, server);
  }

  #isDue(lane: Lane, nowMs: number): boolean {
    return lane.fetchId === 0 && nowMs >= lane.notBeforeMs;
  }

  #advance(nowMs: number, wallMs: number): void {
    this.#watching()?.advance(nowMs, wallMs);
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
    if (lane === this.#steering || lane === this.#document) this.rows.numbers[this.rows.at + CONTROL_MS] = -Infinity;
    if (lane === this.#steering) this.#steeringFailed(cause, nowMs);
    else if (lane === this.#document) this.#fetcher.failOver(lane, cause, retryAfterMs, nowMs);
    else this.#watching()!.failed(lane as MediaLane, cause, sizeBytes, retryAfterMs, nowMs, wallMs);
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
    const watching = this.#watching();
    if (fetchId === 0 || watching === null) return null;
    for (const lane of watching.lanes) if (lane.fetchId === fetchId) return lane;
    return null;
  }

  #anyLane(fetchId: number): Lane | null {
    if (fetchId === 0) return null;
    if (this.#steering.fetchId === fetchId) return this.#steering;
    if (this.#document.fetchId === fetchId) return this.#document;
    return this.#mediaLane(fetchId);
  }

  #isOn(): boolean {
    return this.rows.numbers[this.rows.at + LIFE] === ON;
  }

  /** null until it knows the event */
  #watching(): Watching | null {
    return this.rows.numbers[this.rows.at + IS_WATCHING] === 1 ? this.#watchingOn : null;
  }
}

/** One player by itself. */
export class Player extends Players {
  constructor(options: PlayerOptions) {
    super(options.sink);
    this.make(0, options);
  }
}
