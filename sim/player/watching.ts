import { availableAtMs, newestNumber, oldestNumber } from '../../topology/model/live-window.ts';
import { type Adaptation, type AdaptationState, FIRST_LOOK_SEGMENTS, type TransferUnderWay } from './adaptation.ts';
import type { Fetcher } from './fetcher.ts';
import { cappedLadder, type Ladder } from './ladder.ts';
import { INIT, MediaLane } from './lane.ts';
import { livePositionMs, mediaClockMs, type StartAt, startPositionMs } from './live-position.ts';
import { Playback } from './playback.ts';
import type { PlayerConfig } from './player-config.ts';
import type { FailureCause } from './player-report.ts';

/** A segment that the clock says is there, but the CDN does not have, is given up this long after it was due. */
const MISSING_PATIENCE_SEGMENTS = 3;
/** So many segments missing in a row: perhaps the event is over. */
const GAPS_UNTIL_ASKING = 3;

const MAIN = 0;

/** What a player does once it knows the event: fetches each medium in order, and plays. */
export class Watching {
  readonly lanes: readonly MediaLane[];
  readonly playback: Playback;
  jumps = 0;
  renditionSwitches = 0;
  abandoned = 0;
  /** set when the event's document should be read again */
  doubtsEvent = false;
  /** monotonic: an event that has only begun is left to grow to the delay; -Infinity where that is past */
  readonly heldUntilMs: number;

  #ladder: Ladder;
  readonly #fetcher: Fetcher;
  readonly #adaptation: Adaptation;
  readonly #config: PlayerConfig;
  /** after a segment became available, until this player asks for it */
  readonly #askAfterMs: number;
  readonly #timeoutMs: number;
  readonly #state: AdaptationState;
  /** index into the ladder's choices that is being fetched */
  #choice = -1;
  /** what an abandoned segment is to be fetched in, else -1 */
  #forcedChoice = -1;
  /** plays at the live edge, and so comes back to it; not after it was asked to play from further behind, or paused */
  #followsLive: boolean;
  #gapsInRow = 0;

  constructor(
    fetcher: Fetcher,
    adaptation: Adaptation,
    config: PlayerConfig,
    ladder: Ladder,
    startAt: StartAt,
    nowMs: number,
    wallMs: number,
  ) {
    const { event } = ladder;
    this.#fetcher = fetcher;
    this.#adaptation = adaptation;
    this.#config = config;
    this.#ladder = cappedLadder(ladder, config);
    this.#followsLive = startAt === 'live';
    adaptation.begin?.(ladder.firstVariantBps);
    this.#askAfterMs =
      event.segmentDurationMs * (config.askMarginSegments + config.askSpreadSegments * fetcher.uniform());
    this.#timeoutMs = Math.max(config.transferTimeoutMs, 2 * event.segmentDurationMs);
    this.#state = { currentIndex: -1, bufferMs: 0, bufferTargetMs: 0, segmentDurationMs: event.segmentDurationMs };
    this.lanes = ladder.audio < 0 ? [new MediaLane(MAIN)] : [new MediaLane(MAIN), new MediaLane(MAIN + 1)];
    const bufferSegments = { start: config.startBufferSegments, resume: config.resumeBufferSegments };
    this.playback = new Playback(event, this.lanes.length, bufferSegments, nowMs);
    this.playback.seek(startPositionMs(event, wallMs, startAt, config.liveDelaySegments), nowMs);
    const longEnoughMs = event.availabilityStartMs + config.liveDelaySegments * event.segmentDurationMs;
    this.heldUntilMs = longEnoughMs > wallMs ? nowMs + longEnoughMs - wallMs : -Infinity;
    for (const lane of this.lanes) lane.notBeforeMs = Math.max(nowMs, this.heldUntilMs);
  }

  get ladder(): Ladder {
    return this.#ladder;
  }

  /** The document was read again: only what it says about the event's end is new. */
  relearn(ladder: Ladder, nowMs: number): void {
    const { endNumber, state } = ladder.event;
    const event = { ...this.#ladder.event, state, ...(endNumber === undefined ? {} : { endNumber }) };
    this.#ladder = { ...this.#ladder, event };
    this.playback.retime(event, nowMs);
  }

  advance(nowMs: number, wallMs: number): void {
    this.playback.advance(nowMs, mediaClockMs(this.#ladder.event, wallMs));
  }

  latencyMs(wallMs: number): number {
    return mediaClockMs(this.#ladder.event, wallMs) - this.playback.positionMs;
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
    this.#followsLive = false;
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
    if (this.playback.phase === 'paused' || this.#state.currentIndex < 0) return;
    const transfer: TransferUnderWay = {
      index: this.#choice,
      elapsedMs: nowMs - lane.startedMs,
      lookAgainMs: Infinity,
      receivedBytes: 0,
      totalBytes: -1,
      firstByteMs: -1,
    };
    this.#fetcher.sink.progress(this.#fetcher.playerId, lane.fetchId, transfer);
    this.#describe(wallMs);
    const index = this.#adaptation.abandon!(this.#ladder.variantBps, this.#state, transfer);
    if (index < 0) {
      lane.lookMs = lane.startedMs + transfer.lookAgainMs;
      return;
    }
    this.abandoned++;
    this.#forcedChoice = index;
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
    if (lane.medium === MAIN) this.#adaptation.onTransfer(sizeBytes, nowMs - lane.startedMs, firstByteMs);
    this.#append(lane, nowMs);
    const latestMs = this.#config.maxLatencySegments * this.#ladder.event.segmentDurationMs;
    if (this.#followsLive && this.latencyMs(wallMs) > latestMs && this.playback.phase !== 'ended') {
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
        this.#adaptation.onTransfer(receivedBytes, nowMs - lane.startedMs, -1);
      }
      if (isSegment && lane.retries >= this.#fetcher.maxRetries) this.#giveUp(lane, null, nowMs);
      else lane.retries++;
      this.#fetcher.failOver(lane, cause, retryAfterMs, nowMs);
    }
  }

  /** Starts the lane's next fetch, or says when to look again. */
  #fetchNext(lane: MediaLane, nowMs: number, wallMs: number): void {
    const { event } = this.#ladder;
    if (this.playback.nextNumber(lane.medium) < oldestNumber(event, wallMs)) this.#jumpToLive(nowMs, wallMs);
    const number = this.playback.nextNumber(lane.medium);
    if (event.endNumber !== undefined && number > event.endNumber) {
      lane.notBeforeMs = Infinity;
      return;
    }
    const fullMs = this.playback.bufferMs(lane.medium) - this.#config.maxBufferMs;
    const waitMs = Math.max(availableAtMs(event, number) - wallMs + this.#askAfterMs, fullMs);
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
    const rendition = lane.medium === MAIN ? this.#chooseRendition(wallMs) : this.#ladder.audio;
    const fetchId = this.#fetcher.begin(lane, server, nowMs, this.#timeoutMs);
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
    if (this.#forcedChoice >= 0) this.#choice = this.#forcedChoice;
    else {
      this.#describe(wallMs);
      this.#choice = this.#adaptation.choose(this.#ladder.variantBps, this.#state);
    }
    return this.#ladder.adaptive[this.#choice]!;
  }

  /** What the adaptation may want to know. */
  #describe(wallMs: number): void {
    const { event } = this.#ladder;
    const { segmentDurationMs } = event;
    this.#state.bufferMs = this.playback.bufferMs(MAIN);
    // All before the newest that this player would ask for by now: what it has when it is in time.
    const newest = newestNumber(event, wallMs - this.#askAfterMs);
    const aheadMs = (newest - event.startNumber) * segmentDurationMs - this.playback.positionMs;
    this.#state.bufferTargetMs = Math.max(0, Math.min(this.#config.maxBufferMs, aheadMs));
  }

  #firstLookMs(lane: MediaLane): number {
    const isJudged = lane.medium === MAIN && lane.number !== INIT && this.#choice > 0;
    if (this.#adaptation.abandon === undefined || !isJudged) return Infinity;
    return lane.startedMs + FIRST_LOOK_SEGMENTS * this.#ladder.event.segmentDurationMs;
  }

  #append(lane: MediaLane, nowMs: number): void {
    const { bandwidth } = this.#ladder.event.renditions[lane.rendition]!;
    const buffered = this.playback.append(lane.medium, lane.number, bandwidth, nowMs);
    if (buffered && lane.medium === MAIN) {
      if (this.#state.currentIndex >= 0 && this.#state.currentIndex !== this.#choice) this.renditionSwitches++;
      this.#state.currentIndex = this.#choice;
      this.#forcedChoice = -1;
    }
    this.#gapsInRow = 0;
    lane.clear(nowMs);
  }

  /** 404: not published yet, as far as the CDN knows. */
  #waitFor(lane: MediaLane, retryAfterMs: number, nowMs: number, wallMs: number): void {
    const { event } = this.#ladder;
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
    if (++this.#gapsInRow >= GAPS_UNTIL_ASKING) {
      this.#gapsInRow = 0;
      this.doubtsEvent = true;
    }
  }

  #jumpToLive(nowMs: number, wallMs: number): void {
    const positionMs = livePositionMs(this.#ladder.event, wallMs, this.#config.liveDelaySegments);
    if (positionMs <= this.playback.positionMs) return;
    this.jumps++;
    this.#followsLive = true;
    this.#forcedChoice = -1;
    this.playback.seek(positionMs, nowMs);
    this.#adaptation.moved?.();
    for (const lane of this.lanes) {
      if (lane.fetchId !== 0 && lane.number !== INIT && lane.number !== this.playback.nextNumber(lane.medium)) {
        this.#fetcher.received(lane.server, this.#fetcher.cancel(lane));
      }
      if (lane.fetchId === 0) lane.clear(nowMs);
    }
  }
}
