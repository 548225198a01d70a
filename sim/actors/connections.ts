import { grown } from '../engine/grown.ts';
import { windowAfterIdleBytes } from '../network/slow-start.ts';

const NOTHING = -1;
/** Servers close idle connections after some time (nginx: 75 s). */
const KEEP_ALIVE_MS = 60_000;
/** Least retransmission time-out (Linux; RFC 6298 has a second). */
const LEAST_TIMEOUT_MS = 200;
const FIRST_SIZE = 1024;

export interface ConnectionOptions {
  tls: boolean;
  initialWindowBytes: number;
  slowStartAfterIdle: boolean;
}

/**
 * The connections of many askers, each with a few lanes: where each leads, how wide its window has grown, when it was used
 * last. `slot` is the asker's first lane and the lane together.
 */
export class Connections {
  /** what the last `open` found: set-up before the request can leave, and the window to begin with */
  setUpMs = 0;
  windowBytes = 0;
  readonly #options: ConnectionOptions;
  #servers = new Int32Array(FIRST_SIZE).fill(NOTHING);
  #windows = new Float64Array(FIRST_SIZE);
  #usedMs = new Float64Array(FIRST_SIZE);

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** So many slots there are. */
  room(slots: number): void {
    const before = this.#servers.length;
    if (slots <= before) return;
    const size = Math.max(slots, before * 2);
    this.#servers = grown(this.#servers, size).fill(NOTHING, before);
    this.#windows = grown(this.#windows, size);
    this.#usedMs = grown(this.#usedMs, size);
  }

  /**
   * A connection of the slot to a server: the one that is there, an idle one of the same asker's, or a new one.
   * @param first of the asker's slots @param end after its last @param busy what each of them has in flight; 0: nothing
   */
  open(
    slot: number,
    first: number,
    end: number,
    busy: Int32Array,
    server: number,
    oneWayMs: number,
    nowMs: number,
  ): void {
    if (this.#isOpen(slot, server, nowMs) || this.#takesOver(slot, first, end, busy, server, nowMs)) {
      this.setUpMs = 0;
      this.windowBytes = this.#windowNow(slot, oneWayMs, nowMs);
    } else {
      this.setUpMs = (this.#options.tls ? 2 : 1) * 2 * oneWayMs;
      this.windowBytes = this.#options.initialWindowBytes;
    }
    this.#servers[slot] = server;
  }

  /** An answer has come over it, whole. */
  used(slot: number, windowBytes: number, nowMs: number): void {
    this.#windows[slot] = windowBytes;
    this.#usedMs[slot] = nowMs;
  }

  close(slot: number): void {
    this.#servers[slot] = NOTHING;
  }

  #isOpen(slot: number, server: number, nowMs: number): boolean {
    return this.#servers[slot] === server && nowMs - this.#usedMs[slot]! < KEEP_ALIVE_MS;
  }

  /** What another lane has left idle serves as well: connections are the asker's, not the lane's. */
  #takesOver(slot: number, first: number, end: number, busy: Int32Array, server: number, nowMs: number): boolean {
    for (let other = first; other < end; other++) {
      if (busy[other] !== 0 || !this.#isOpen(other, server, nowMs)) continue;
      this.#windows[slot] = this.#windows[other]!;
      this.#usedMs[slot] = this.#usedMs[other]!;
      this.#servers[other] = NOTHING;
      return true;
    }
    return false;
  }

  #windowNow(slot: number, oneWayMs: number, nowMs: number): number {
    const windowBytes = this.#windows[slot]!;
    if (!this.#options.slowStartAfterIdle) return windowBytes;
    const idleMs = nowMs - this.#usedMs[slot]!;
    const timeoutMs = Math.max(LEAST_TIMEOUT_MS, 2 * oneWayMs);
    return windowAfterIdleBytes(windowBytes, idleMs, timeoutMs, this.#options.initialWindowBytes);
  }
}
