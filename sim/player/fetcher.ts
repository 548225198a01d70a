import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { Lane } from './lane.ts';
import { type FailureCause, type FailureCounts, noFailures } from './player-report.ts';
import { LAST_BYTES, LAST_SERVER, type PlayerRows, REQUESTS } from './player-rows.ts';
import type { PlayerSink } from './player-sink.ts';
import { ServerChoice } from './server-choice.ts';

/** Failing over to a server that has not failed yet waits only this long at most: enough that a site's viewers do not move as one. */
export const FAILOVER_SPREAD_MS = 100;
/** hls.js 1.7.4, src/config.ts, fragLoadPolicy: maxRetryDelayMs, retryDelayMs and maxNumRetry of errorRetry. */
export const LONGEST_BACKOFF_MS = 8_000;
const FIRST_BACKOFF_MS = 1_000;
const MAX_RETRIES = 6;

/** What all fetches of a player share: numbering, the choice of server, backing off, and what is counted. */
export class Fetcher {
  readonly sink: PlayerSink;
  readonly servers: ServerChoice;
  readonly #rows: PlayerRows;
  /** by player */
  readonly #ids: number[] = [];
  readonly #failures: FailureCounts[] = [];
  readonly #receivedBytes: Map<number, number>[] = [];
  readonly #randoms: RandomGenerator[] = [];

  constructor(rows: PlayerRows, sink: PlayerSink) {
    this.#rows = rows;
    this.sink = sink;
    this.servers = new ServerChoice(rows);
  }

  /** Of a player that has just been made. @param playerId what the sink knows it by */
  reset(playerId: number, seed: number): void {
    const { numbers, at, player } = this.#rows;
    this.servers.reset();
    this.#ids[player] = playerId;
    this.#failures[player] = noFailures();
    this.#receivedBytes[player] = new Map();
    this.#randoms[player] = xoroshiro128plus(seed);
    numbers[at + REQUESTS] = 0;
    // what has come from the server asked last, not yet in the map
    numbers[at + LAST_SERVER] = -1;
    numbers[at + LAST_BYTES] = 0;
  }

  get playerId(): number {
    return this.#ids[this.#rows.player]!;
  }

  get failures(): FailureCounts {
    return this.#failures[this.#rows.player]!;
  }

  get requests(): number {
    return this.#rows.numbers[this.#rows.at + REQUESTS]!;
  }

  get maxRetries(): number {
    return this.servers.ranking?.maxRetries ?? MAX_RETRIES;
  }

  /** The server that the lane may ask now, or -1: then the lane waits, because that server asked to be left alone. */
  serverFor(lane: Lane, nowMs: number): number {
    const server = this.servers.pick(nowMs);
    const waitMs = this.servers.askedWaitMs(server, nowMs);
    if (waitMs <= 0) return server;
    lane.notBeforeMs = nowMs + Math.max(1, waitMs);
    return -1;
  }

  /** Puts a fetch into the lane. @returns its id */
  begin(lane: Lane, server: number, nowMs: number, timeoutMs: number): number {
    const fetchId = ++this.#rows.numbers[this.#rows.at + REQUESTS]!;
    lane.begin(fetchId, server, nowMs, timeoutMs);
    return fetchId;
  }

  /** Gives up what the lane has in flight. @returns the bytes that had come */
  cancel(lane: Lane): number {
    const sizeBytes = this.sink.cancel(this.playerId, lane.fetchId);
    lane.settle();
    return sizeBytes;
  }

  received(server: number, sizeBytes: number): void {
    const { numbers, at } = this.#rows;
    if (server !== numbers[at + LAST_SERVER] && sizeBytes > 0) {
      this.#bookReceived();
      numbers[at + LAST_SERVER] = server;
    }
    numbers[at + LAST_BYTES]! += sizeBytes;
  }

  receivedBytesByServer(): ReadonlyMap<number, number> {
    this.#bookReceived();
    return this.#receivedBytes[this.#rows.player]!;
  }

  #bookReceived(): void {
    const { numbers, at, player } = this.#rows;
    const bytes = numbers[at + LAST_BYTES]!;
    if (bytes === 0) return;
    const server = numbers[at + LAST_SERVER]!;
    const received = this.#receivedBytes[player]!;
    received.set(server, (received.get(server) ?? 0) + bytes);
    numbers[at + LAST_BYTES] = 0;
  }

  /**
   * Holds a failure against the server and says when the lane tries again: almost at once where another server has not
   * failed; otherwise later each time, and not before a Retry-After.
   */
  failOver(lane: Lane, cause: FailureCause, retryAfterMs: number, nowMs: number): void {
    this.failures[cause]++;
    lane.failures++;
    this.servers.failed(lane.server, nowMs, retryAfterMs);
    const next = this.servers.pick(nowMs);
    const delayMs = this.servers.isClean(next, nowMs)
      ? FAILOVER_SPREAD_MS * this.uniform()
      : Math.max(this.backoffMs(lane), this.servers.askedWaitMs(next, nowMs));
    lane.notBeforeMs = nowMs + Math.max(1, delayMs);
  }

  /** Doubles with each failure in a row, to a bound; half of it to one and a half, by chance. */
  backoffMs(lane: Lane): number {
    const firstMs = this.servers.ranking?.retryAfterMs ?? FIRST_BACKOFF_MS;
    const grownMs = firstMs * 2 ** Math.min(lane.failures - 1, 16);
    return Math.min(LONGEST_BACKOFF_MS, grownMs) * (0.5 + this.uniform());
  }

  /** From 0 to just below 1. */
  uniform(): number {
    return uniformFloat32(this.#randoms[this.#rows.player]!);
  }
}
