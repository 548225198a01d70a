import { type LiveEvent, defaultTemplates } from '../../topology/model/event.ts';
import { availableAtMs } from '../../topology/model/live-window.ts';
import { Engine, WALL_START_MS } from '../engine/engine.ts';
import type { TransferProgress } from '../player/adaptation.ts';
import { HlsAdaptation } from '../player/hls-adaptation.ts';
import { ladderOf } from '../player/ladder.ts';
import { DEFAULT_PLAYER_CONFIG, type PlayerConfig } from '../player/player-config.ts';
import { Player } from '../player/player.ts';
import type { PlayerSink } from '../player/player-sink.ts';

/** From a request to the first byte of its answer. */
export const FIRST_BYTE_MS = 10;
const SMALL_BYTES = 1000;

/** A bandwidth from a moment on. */
export interface Step {
  fromMs: number;
  bandwidthBps: number;
}

export interface PlayerWorldOptions {
  /** bits per second of each video rendition, in the order of the manifest; there is no audio */
  videoBps: readonly number[];
  /** the first from 0 on */
  steps: readonly Step[];
  config?: Partial<PlayerConfig>;
  /** how long a segment takes instead of what the bandwidth says; undefined: that */
  transferMsOf?: (number: number) => number | undefined;
}

interface Fetch {
  timer: number;
  askedMs: number;
  headMs: number;
  doneMs: number;
  sizeBytes: number;
  done: () => void;
}

/** One player of a live event at a bandwidth of its own, driven by the engine. Requests for what is not there yet are held. */
export class PlayerWorld implements PlayerSink {
  readonly engine = new Engine();
  readonly player: Player;
  readonly event: LiveEvent;
  /** bits per second of the video segments that have come, in order */
  readonly gotBps: number[] = [];
  readonly #options: PlayerWorldOptions;
  readonly #wake: number;
  readonly #fetchKind: number;
  readonly #fetches = new Map<number, Fetch>();

  constructor(options: PlayerWorldOptions) {
    this.#options = options;
    this.event = {
      id: 'event',
      state: 'live',
      availabilityStartMs: WALL_START_MS - 3_600_000,
      segmentDurationMs: 2000,
      startNumber: 1,
      dvrWindowMs: 600_000,
      renditions: options.videoBps.map((bandwidth, at) => ({
        id: `v${at}`,
        kind: 'video',
        codecs: 'avc1.640028',
        bandwidth,
      })),
      ...defaultTemplates('event'),
    };
    const config = { ...DEFAULT_PLAYER_CONFIG, ...options.config };
    this.player = new Player({ id: 1, seed: 1, sink: this, adaptation: new HlsAdaptation(), config });
    const { timers } = this.engine;
    this.#wake = timers.make(
      timers.kind(() => this.#step(() => this.player.wake(this.engine.nowMs, this.engine.wallMs))),
      0,
    );
    this.#fetchKind = timers.kind((fetchId) => {
      const { done } = this.#take(fetchId);
      this.#step(done);
    });
    this.#step(() => this.player.start(0, this.engine.wallMs));
  }

  run(untilMs: number): this {
    this.engine.run(untilMs);
    return this;
  }

  report() {
    return this.player.report(this.engine.nowMs, this.engine.wallMs);
  }

  askServers(_playerId: number, fetchId: number): void {
    const ranking = { servers: [1], ttlMs: Infinity, maxRetries: 3, retryAfterMs: 1000 };
    const { player, engine } = this;
    this.#ask(fetchId, 0, 0, () => player.ranked(fetchId, ranking, engine.nowMs, engine.wallMs));
  }

  fetchEvent(_playerId: number, fetchId: number): void {
    const { player, engine, event } = this;
    this.#ask(fetchId, 0, 0, () => player.learned(fetchId, ladderOf(event), SMALL_BYTES, engine.nowMs, engine.wallMs));
  }

  fetchInit(_playerId: number, fetchId: number): void {
    const { player, engine } = this;
    this.#ask(fetchId, 0, 0, () => player.fetched(fetchId, SMALL_BYTES, FIRST_BYTE_MS, engine.nowMs, engine.wallMs));
  }

  fetchSegment(_playerId: number, fetchId: number, _server: number, rendition: number, number: number): void {
    const { player, engine, event } = this;
    const { bandwidth } = event.renditions[rendition]!;
    const sizeBytes = (bandwidth * event.segmentDurationMs) / 8000;
    const heldMs = Math.max(0, availableAtMs(event, number) - engine.wallMs);
    this.#ask(
      fetchId,
      heldMs,
      sizeBytes,
      () => {
        this.gotBps.push(bandwidth);
        player.fetched(fetchId, sizeBytes, heldMs + FIRST_BYTE_MS, engine.nowMs, engine.wallMs);
      },
      this.#options.transferMsOf?.(number),
    );
  }

  cancel(_playerId: number, fetchId: number): number {
    const fetch = this.#take(fetchId);
    return this.#receivedBytes(fetch);
  }

  progress(_playerId: number, fetchId: number, progress: TransferProgress): void {
    const fetch = this.#fetches.get(fetchId)!;
    if (this.engine.nowMs < fetch.headMs) return;
    progress.firstByteMs = fetch.headMs - fetch.askedMs;
    progress.totalBytes = fetch.sizeBytes;
    progress.receivedBytes = this.#receivedBytes(fetch);
  }

  /** @param takesMs from the request to the last byte; undefined: as the bandwidth has it */
  #ask(fetchId: number, heldMs: number, sizeBytes: number, done: () => void, takesMs?: number): void {
    const { nowMs, timers } = this.engine;
    const headMs = nowMs + heldMs + FIRST_BYTE_MS;
    const doneMs = takesMs === undefined ? this.#carriedMs(headMs, sizeBytes * 8) : nowMs + takesMs;
    const timer = timers.make(this.#fetchKind, fetchId);
    timers.set(timer, doneMs);
    this.#fetches.set(fetchId, { timer, askedMs: nowMs, headMs, doneMs, sizeBytes, done });
  }

  #take(fetchId: number): Fetch {
    const fetch = this.#fetches.get(fetchId)!;
    this.#fetches.delete(fetchId);
    this.engine.timers.free(fetch.timer);
    return fetch;
  }

  /** When so many bits have been carried that begin to flow at a moment. */
  #carriedMs(fromMs: number, bits: number): number {
    const { steps } = this.#options;
    let atMs = fromMs;
    let left = bits;
    for (const [index, { bandwidthBps }] of steps.entries()) {
      const endMs = steps[index + 1]?.fromMs ?? Infinity;
      if (atMs >= endMs) continue;
      const fits = ((endMs - atMs) * bandwidthBps) / 1000;
      if (left <= fits) return atMs + (left * 1000) / bandwidthBps;
      left -= fits;
      atMs = endMs;
    }
    throw new Error('the last step has no end');
  }

  #receivedBytes({ headMs, sizeBytes }: Fetch): number {
    const { steps } = this.#options;
    let bits = 0;
    for (const [index, { fromMs, bandwidthBps }] of steps.entries()) {
      const endMs = Math.min(steps[index + 1]?.fromMs ?? Infinity, this.engine.nowMs);
      bits += (Math.max(0, endMs - Math.max(fromMs, headMs)) * bandwidthBps) / 1000;
    }
    return Math.min(sizeBytes, Math.floor(bits / 8));
  }

  #step(call: () => void): void {
    call();
    this.engine.timers.set(this.#wake, this.player.nextWakeMs);
  }
}
