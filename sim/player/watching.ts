import { availableAtMs, newestNumber, oldestNumber } from '../../topology/model/live-window.ts';
import { type Adaptation, type AdaptationState, FIRST_LOOK_SEGMENTS, type TransferUnderWay } from './adaptation.ts';
import type { Fetcher } from './fetcher.ts';
import { cappedLadder, type Ladder } from './ladder.ts';
import { INIT, MediaLane } from './lane.ts';
import { livePositionMs, mediaClockMs, type StartAt, startPositionMs } from './live-position.ts';
import { Playback } from './playback.ts';
import type { PlayerConfig } from './player-config.ts';
import type { FailureCause } from './player-report.ts';
import {
  ABANDONED,
  ASK_AFTER_MS,
  CHOICE,
  CURRENT_INDEX,
  DOUBTS_EVENT,
  FOLLOWS_LIVE,
  FORCED_CHOICE,
  GAPS_IN_ROW,
  HELD_UNTIL_MS,
  JUMPS,
  LANES,
  MEDIA,
  type PlayerRows,
  RENDITION_SWITCHES,
  TIMEOUT_MS,
  WATCHING_NUMBERS,
} from './player-rows.ts';

/** A segment that the clock says is there, but the CDN does not have, is given up this long after it was due. */
const MISSING_PATIENCE_SEGMENTS = 3;
/** So many segments missing in a row: perhaps the event is over. */
const GAPS_UNTIL_ASKING = 3;

const MAIN = 0;
const NONE = -1;

/** What a player does once it knows the event: fetches each medium in order, and plays. Speaks for the row that is on. */
export class Watching {
  readonly playback: Playback;
  readonly #rows: PlayerRows;
  readonly #fetcher: Fetcher;
  /** with audio beside the video, and without */
  readonly #bothLanes: readonly MediaLane[];
  readonly #oneLane: readonly MediaLane[];
  /** by player */
  readonly #adaptations: Adaptation[] = [];
  readonly #configs: PlayerConfig[] = [];
  readonly #ladders: Ladder[] = [];
  /** valid only during a call */
  readonly #state: AdaptationState = { currentIndex: -1, bufferMs: 0, bufferTargetMs: 0, segmentDurationMs: 0 };

  constructor(rows: PlayerRows, fetcher: Fetcher) {
    this.#rows = rows;
    this.#fetcher = fetcher;
    this.playback = new Playback(rows);
    this.#bothLanes = LANES.media.map((first, medium) => new MediaLane(rows, first, medium));
    this.#oneLane = this.#bothLanes.slice(0, 1);
  }

  /** Of a player that has just learned of the event. */
  begin(
    adaptation: Adaptation,
    config: PlayerConfig,
    ladder: Ladder,
    startAt: StartAt,
    nowMs: number,
    wallMs: number,
  ): void {
    const { event } = ladder;
    const { numbers, at, player } = this.#rows;
    this.#adaptations[player] = adaptation;
    this.#configs[player] = config;
    this.#ladders[player] = cappedLadder(ladder, config);
    numbers.fill(0, at + DOUBTS_EVENT, at + DOUBTS_EVENT + WATCHING_NUMBERS);
    numbers[at + FOLLOWS_LIVE] = startAt === 'live' ? 1 : 0;
    adaptation.begin?.(ladder.firstVariantBps);
    numbers[at + ASK_AFTER_MS] =
      event.segmentDurationMs * (config.askMarginSegments + config.askSpreadSegments * this.#fetcher.uniform());
    numbers[at + TIMEOUT_MS] = Math.max(config.transferTimeoutMs, 2 * event.segmentDurationMs);
    numbers[at + CHOICE] = NONE;
    numbers[at + FORCED_CHOICE] = NONE;
    numbers[at + CURRENT_INDEX] = NONE;
    for (const lane of this.#bothLanes) lane.reset();
    const media = ladder.audio < 0 ? 1 : 2;
    const bufferSegments = { start: config.startBufferSegments, resume: config.resumeBufferSegments };
    this.playback.begin(event, media, bufferSegments, nowMs);
    this.playback.seek(startPositionMs(event, wallMs, startAt, config.liveDelaySegments), nowMs);
    const longEnoughMs = event.availabilityStartMs + config.liveDelaySegments * event.segmentDurationMs;
    numbers[at + HELD_UNTIL_MS] = longEnoughMs > wallMs ? nowMs + longEnoughMs - wallMs : -Infinity;
    for (const lane of this.lanes) lane.notBeforeMs = Math.max(nowMs, this.heldUntilMs);
  }

  get lanes(): readonly MediaLane[] {
    return this.#rows.numbers[this.#rows.at + MEDIA] === 2 ? this.#bothLanes : this.#oneLane;
  }

  get jumps(): number {
    return this.#rows.numbers[this.#rows.at + JUMPS]!;
  }

  get renditionSwitches(): number {
    return this.#rows.numbers[this.#rows.at + RENDITION_SWITCHES]!;
  }

  get abandoned(): number {
    return this.#rows.numbers[this.#rows.at + ABANDONED]!;
  }

  /** set when the event's document should be read again */
  get doubtsEvent(): boolean {
    return this.#rows.numbers[this.#rows.at + DOUBTS_EVENT] === 1;
  }

  set doubtsEvent(doubts: boolean) {
    this.#rows.numbers[this.#rows.at + DOUBTS_EVENT] = doubts ? 1 : 0;
  }

  /** monotonic: an event that has only begun is left to grow to the delay; -Infinity where that is past */
  get heldUntilMs(): number {
    return this.#rows.numbers[this.#rows.at + HELD_UNTIL_MS]!;
  }

  get ladder(): Ladder {
    return this.#ladders[this.#rows.player]!;
  }

  /** The document was read again: only what it says about the event's end is new. */
  relearn(ladder: Ladder, nowMs: number): void {
    const { endNumber, state } = ladder.event;
    const event = { ...this.ladder.event, state, ...(endNumber === undefined ? {} : { endNumber }) };
    this.#ladders[this.#rows.player] = { ...this.ladder, event };
    this.playback.retime(event, nowMs);
  }

  advance(nowMs: number, wallMs: number): void {
    this.playback.advance(nowMs, mediaClockMs(this.ladder.event, wallMs));
  }

  latencyMs(wallMs: number): number {
    return mediaClockMs(this.ladder.event, wallMs) - this.playback.positionMs;
  }

  get nextWakeMs(): number {
    let wakeMs = Infinity;
    for (const lane of this.lanes) wakeMs = Math.min(wakeMs, lane.nextWakeMs);
    return wakeMs;
  }

  pump(nowMs: number, wallMs: number): void {
    for (const lane of this.lanes) {
      if (lane.fetchId === 0 && nowMs >= lane.notBeforeMs) this.#fetchNext(lane, nowMs, wallMs);
    }
  }

  pause(nowMs: number): void {
    this.#rows.numbers[this.#rows.at + FOLLOWS_LIVE] = 0;
    this.playback.pause(nowMs);
  }

  resume(nowMs: number): void {
    this.playback.resume(nowMs);
    for (const lane of this.lanes) {
      if (lane.fetchId === 0) lane.notBeforeMs = Math.min(lane.notBeforeMs, nowMs);
      else if (lane.lookMs === Infinity) lane.lookMs = this.#firstLookMs(lane);
    }
  }

  /** Lets the adaptation drop a fetch that takes too long. It comes to nothing while the viewer waits for the first picture. */
  look(lane: MediaLane, nowMs: number, wallMs: number): void {
    if (lane.fetchId === 0 || nowMs < lane.lookMs) return;
    lane.lookMs = Infinity;
    const { numbers, at } = this.#rows;
    if (this.playback.phase === 'paused' || numbers[at + CURRENT_INDEX]! < 0) return;
    const transfer: TransferUnderWay = {
      index: numbers[at + CHOICE]!,
      elapsedMs: nowMs - lane.startedMs,
      lookAgainMs: Infinity,
      receivedBytes: 0,
      totalBytes: -1,
      firstByteMs: -1,
    };
    this.#fetcher.sink.progress(this.#fetcher.playerId, lane.fetchId, transfer);
    this.#describe(wallMs);
    const index = this.#adaptationNow().abandon!(this.ladder.variantBps, this.#state, transfer);
    if (index < 0) {
      lane.lookMs = lane.startedMs + transfer.lookAgainMs;
      return;
    }
    numbers[at + ABANDONED]!++;
    numbers[at + FORCED_CHOICE] = index;
    this.#fetcher.received(lane.server, this.#fetcher.cancel(lane));
    lane.notBeforeMs = nowMs;
  }

  fetched(lane: MediaLane, sizeBytes: number, firstByteMs: number, nowMs: number, wallMs: number): void {
    this.#fetcher.servers.succeeded(lane.server, lane.startedMs);
    lane.failures = 0;
    if (lane.number === INIT) {
      lane.hasInit(lane.rendition);
      lane.notBeforeMs = nowMs;
      return;
    }
    if (lane.medium === MAIN) this.#adaptationNow().onTransfer(sizeBytes, nowMs - lane.startedMs, firstByteMs);
    this.#append(lane, nowMs);
    const latestMs = this.#configs[this.#rows.player]!.maxLatencySegments * this.ladder.event.segmentDurationMs;
    const followsLive = this.#rows.numbers[this.#rows.at + FOLLOWS_LIVE] === 1;
    if (followsLive && this.latencyMs(wallMs) > latestMs && this.playback.phase !== 'ended') {
      this.#jumpToLive(nowMs, wallMs);
    }
  }

  failed(
    lane: MediaLane,
    cause: FailureCause,
    receivedBytes: number,
    retryAfterMs: number,
    nowMs: number,
    wallMs: number,
  ): void {
    const isSegment = lane.number !== INIT;
    if (isSegment && cause === 'gone') this.#giveUp(lane, cause, nowMs);
    else if (isSegment && cause === 'not-found') this.#waitFor(lane, retryAfterMs, nowMs, wallMs);
    else {
      if (isSegment && lane.medium === MAIN && cause === 'timeout') {
        this.#adaptationNow().onTransfer(receivedBytes, nowMs - lane.startedMs, -1);
      }
      if (isSegment && lane.retries >= this.#fetcher.maxRetries) this.#giveUp(lane, null, nowMs);
      else lane.retries++;
      this.#fetcher.failOver(lane, cause, retryAfterMs, nowMs);
    }
  }

  /** Starts the lane's next fetch, or says when to look again. */
  #fetchNext(lane: MediaLane, nowMs: number, wallMs: number): void {
    const { event } = this.ladder;
    if (this.playback.nextNumber(lane.medium) < oldestNumber(event, wallMs)) this.#jumpToLive(nowMs, wallMs);
    const number = this.playback.nextNumber(lane.medium);
    if (event.endNumber !== undefined && number > event.endNumber) {
      lane.notBeforeMs = Infinity;
      return;
    }
    const fullMs = this.playback.bufferMs(lane.medium) - this.#configs[this.#rows.player]!.maxBufferMs;
    const waitMs = Math.max(
      availableAtMs(event, number) - wallMs + this.#rows.numbers[this.#rows.at + ASK_AFTER_MS]!,
      fullMs,
    );
    if (waitMs > 0) {
      // Whole milliseconds, as timers have them: media that are due together are then fetched in one turn.
      const dueMs = Math.ceil(nowMs + Math.max(1, waitMs));
      lane.notBeforeMs = fullMs > 0 && this.playback.phase === 'paused' ? Infinity : dueMs;
      return;
    }
    this.#fetch(lane, number, nowMs, wallMs);
  }

  #fetch(lane: MediaLane, number: number, nowMs: number, wallMs: number): void {
    const { sink, servers, playerId } = this.#fetcher;
    const server = this.#fetcher.serverFor(lane, nowMs);
    if (server < 0) return;
    servers.use(server);
    const rendition = lane.medium === MAIN ? this.#chooseRendition(wallMs) : this.ladder.audio;
    const fetchId = this.#fetcher.begin(lane, server, nowMs, this.#rows.numbers[this.#rows.at + TIMEOUT_MS]!);
    lane.rendition = rendition;
    if (lane.needsInit(rendition)) {
      lane.number = INIT;
      sink.fetchInit(playerId, fetchId, server, rendition);
    } else {
      lane.number = number;
      lane.lookMs = this.#firstLookMs(lane);
      sink.fetchSegment(playerId, fetchId, server, rendition, number);
    }
  }

  #chooseRendition(wallMs: number): number {
    const { numbers, at } = this.#rows;
    const forced = numbers[at + FORCED_CHOICE]!;
    let choice = forced;
    if (forced < 0) {
      this.#describe(wallMs);
      choice = this.#adaptationNow().choose(this.ladder.variantBps, this.#state);
    }
    numbers[at + CHOICE] = choice;
    return this.ladder.adaptive[choice]!;
  }

  /** What the adaptation may want to know. */
  #describe(wallMs: number): void {
    const { event } = this.ladder;
    const { segmentDurationMs } = event;
    const { numbers, at, player } = this.#rows;
    this.#state.segmentDurationMs = segmentDurationMs;
    this.#state.currentIndex = numbers[at + CURRENT_INDEX]!;
    this.#state.bufferMs = this.playback.bufferMs(MAIN);
    // All before the newest that this player would ask for by now: what it has when it is in time.
    const newest = newestNumber(event, wallMs - numbers[at + ASK_AFTER_MS]!);
    const aheadMs = (newest - event.startNumber) * segmentDurationMs - this.playback.positionMs;
    this.#state.bufferTargetMs = Math.max(0, Math.min(this.#configs[player]!.maxBufferMs, aheadMs));
  }

  #firstLookMs(lane: MediaLane): number {
    const isJudged = lane.medium === MAIN && lane.number !== INIT && this.#rows.numbers[this.#rows.at + CHOICE]! > 0;
    if (this.#adaptationNow().abandon === undefined || !isJudged) return Infinity;
    return lane.startedMs + FIRST_LOOK_SEGMENTS * this.ladder.event.segmentDurationMs;
  }

  #append(lane: MediaLane, nowMs: number): void {
    const { bandwidth } = this.ladder.event.renditions[lane.rendition]!;
    const buffered = this.playback.append(lane.medium, lane.number, bandwidth, nowMs);
    const { numbers, at } = this.#rows;
    if (buffered && lane.medium === MAIN) {
      const before = numbers[at + CURRENT_INDEX]!;
      if (before >= 0 && before !== numbers[at + CHOICE]) numbers[at + RENDITION_SWITCHES]!++;
      numbers[at + CURRENT_INDEX] = numbers[at + CHOICE]!;
      numbers[at + FORCED_CHOICE] = NONE;
    }
    numbers[at + GAPS_IN_ROW] = 0;
    lane.clear(nowMs);
  }

  /** 404: not published yet, as far as the CDN knows. */
  #waitFor(lane: MediaLane, retryAfterMs: number, nowMs: number, wallMs: number): void {
    const { event } = this.ladder;
    const lateMs = wallMs - availableAtMs(event, lane.number);
    if (lateMs > MISSING_PATIENCE_SEGMENTS * event.segmentDurationMs) {
      this.#giveUp(lane, 'not-found', nowMs);
      return;
    }
    this.#fetcher.failures['not-found']++;
    const halfMs = (event.segmentDurationMs / 2) * (0.75 + this.#fetcher.uniform() / 2);
    const asked = Math.min(retryAfterMs, MISSING_PATIENCE_SEGMENTS * event.segmentDurationMs);
    lane.notBeforeMs = nowMs + Math.max(1, halfMs, asked, -lateMs);
  }

  #giveUp(lane: MediaLane, cause: FailureCause | null, nowMs: number): void {
    if (cause !== null) this.#fetcher.failures[cause]++;
    this.playback.skip(lane.number, nowMs);
    lane.clear(nowMs);
    const { numbers, at } = this.#rows;
    if (++numbers[at + GAPS_IN_ROW]! >= GAPS_UNTIL_ASKING) {
      numbers[at + GAPS_IN_ROW] = 0;
      this.doubtsEvent = true;
    }
  }

  #jumpToLive(nowMs: number, wallMs: number): void {
    const positionMs = livePositionMs(this.ladder.event, wallMs, this.#configs[this.#rows.player]!.liveDelaySegments);
    if (positionMs <= this.playback.positionMs) return;
    const { numbers, at } = this.#rows;
    numbers[at + JUMPS]!++;
    numbers[at + FOLLOWS_LIVE] = 1;
    numbers[at + FORCED_CHOICE] = NONE;
    this.playback.seek(positionMs, nowMs);
    this.#adaptationNow().moved?.();
    for (const lane of this.lanes) {
      if (lane.fetchId !== 0 && lane.number !== INIT && lane.number !== this.playback.nextNumber(lane.medium)) {
        this.#fetcher.received(lane.server, this.#fetcher.cancel(lane));
      }
      if (lane.fetchId === 0) lane.clear(nowMs);
    }
  }

  #adaptationNow(): Adaptation {
    return this.#adaptations[this.#rows.player]!;
  }
}
