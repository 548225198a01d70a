import type { ReportFields } from '../record/decision-record.ts';

interface Change {
  atMs: number;
  server: number;
  beforeBps: number;
  afterBps: number;
}

/**
 * What servers would have reported, had sessions been placed otherwise: what they did report, moved by the difference of the
 * sessions placed on them, as far as reports show of sessions what they may take. A session shows in reports half the settling time after it comes or goes, as it does on average.
 */
export class PlacedLoad {
  /** nominal bits per second of sessions placed there, as recorded and as replayed, by server of the record */
  readonly beforeBps: Float64Array;
  readonly afterBps: Float64Array;
  /** the same as far as reports show it */
  readonly #shownBeforeBps: Float64Array;
  readonly #shownAfterBps: Float64Array;
  readonly #delayMs: number;
  /** in the order in which they will show */
  #changes: Change[] = [];
  #next = 0;
  #egressBps = 0;
  #reservedBps = 0;
  /** the latest report of each server, as recorded, and their sum; −1: it has sent none */
  readonly #heardBps: Float64Array;
  #allHeardBps = 0;
  /** what was placed on those that have reported, as recorded */
  #allShownBps = 0;

  constructor(servers: number, settleMs: number) {
    this.beforeBps = new Float64Array(servers);
    this.afterBps = new Float64Array(servers);
    this.#shownBeforeBps = new Float64Array(servers);
    this.#shownAfterBps = new Float64Array(servers);
    this.#heardBps = new Float64Array(servers).fill(-1);
    this.#delayMs = settleMs / 2;
  }

  /** The server reported that much. */
  heard(server: number, reservedBps: number): void {
    const before = this.#heardBps[server]!;
    if (before < 0) this.#allShownBps += this.#shownBeforeBps[server]!;
    this.#allHeardBps += reservedBps - Math.max(0, before);
    this.#heardBps[server] = reservedBps;
  }

  /**
   * What sessions show in reports of what they may take at most: players that choose lower renditions reserve less. Taken
   * for the same everywhere, so that a session does not grow by being moved.
   */
  get #takenPart(): number {
    return this.#allShownBps > 0 ? Math.min(1, this.#allHeardBps / this.#allShownBps) : 1;
  }

  /** So much more is placed there, or less. */
  place(server: number, beforeBps: number, afterBps: number, atMs: number): void {
    if (server < 0 || (beforeBps === 0 && afterBps === 0)) return;
    this.beforeBps[server]! += beforeBps;
    this.afterBps[server]! += afterBps;
    this.#changes.push({ atMs: atMs + this.#delayMs, server, beforeBps, afterBps });
  }

  /** Reports from now on show what was placed some time ago. */
  advance(nowMs: number): void {
    const changes = this.#changes;
    for (; this.#next < changes.length && changes[this.#next]!.atMs <= nowMs; this.#next++) {
      const { server, beforeBps, afterBps } = changes[this.#next]!;
      this.#shownBeforeBps[server]! += beforeBps;
      if (this.#heardBps[server]! >= 0) this.#allShownBps += beforeBps;
      this.#shownAfterBps[server]! += afterBps;
    }
    if (this.#next < 4096) return;
    this.#changes = changes.slice(this.#next);
    this.#next = 0;
  }

  /** Reserved bits per second that a report which says `reservedBps` would have said. */
  shifted(server: number, reservedBps: number): number {
    const shiftBps = this.#shownAfterBps[server]! - this.#shownBeforeBps[server]!;
    return Math.max(0, reservedBps + shiftBps * this.#takenPart);
  }

  /** The report that the server would have sent. Errors and delays are as they were. */
  report(fields: ReportFields): ReportFields {
    const { server, egressBps, reservedBps } = fields;
    const reported = reservedBps ?? egressBps;
    this.#egressBps += egressBps;
    this.#reservedBps += reported;
    const shifted = this.shifted(server, reported);
    if (shifted === reported) return fields;
    // What is sent goes with what is reserved, at this server or, where nothing is, at all of them so far.
    const [sent, promised] = reported > 0 ? [egressBps, reported] : [this.#egressBps, this.#reservedBps];
    const sentPart = promised > 0 ? Math.min(1, sent / promised) : 1;
    const egress = Math.max(0, egressBps + (shifted - reported) * sentPart);
    return { ...fields, egressBps: egress, reservedBps: reservedBps === null ? null : shifted };
  }
}
