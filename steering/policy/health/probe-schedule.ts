import type { Site } from '../../../topology/model/site.ts';
import { stableHash } from '../../../topology/model/stable-hash.ts';
import type { ProbeTuning } from './health-config.ts';

/** A server that failed a probe is asked again so soon. */
const AGAIN_MS = 1000;
/** Others of its site that are asked then, too: a site is lost more often than several of its servers by chance. */
const SIBLINGS_MAX = 4;
/** What was missed for longer than a timer is late is not made up for by a burst. */
const LATE_MS = 100;

export interface DueProbe {
  server: number;
  /** it is its turn; not one that follows upon a failure */
  inTurn: boolean;
}

/** Half of the probes are for turns. */
export function roundMsOf(servers: number, { everyMs, perSecondMax }: ProbeTuning): number {
  return Math.max(everyMs, (servers * 2000) / perSecondMax);
}

/**
 * Which server is probed when: evenly over the round, first one of each site, then the second of each, so that where there
 * are too many servers to ask all of them often, each site is at least heard from; and those in doubt soon again, at
 * most as many as the turns. The order is by a hash, different for each instance of steering: nobody is probed by all
 * of them at once.
 */
export class ProbeSchedule {
  /** until each server has had its turn */
  readonly roundMs: number;
  readonly #order: Int32Array;
  readonly #siteOf: Int32Array;
  readonly #firstOf: Int32Array;
  readonly #gapMs: number;
  readonly #doubtGapMs: number;
  #next = 0;
  #turnMs: number;
  #doubtMs: number;
  /** when each server in doubt is due; first in, first due */
  readonly #doubts = new Map<number, number>();

  constructor(sites: readonly Site[], tuning: ProbeTuning, instance: string, nowMs: number) {
    const places = sites.flatMap(({ edges }, site) => edges.map(({ id }, index) => ({ site, index, id })));
    this.#siteOf = Int32Array.from(places, ({ site }) => site);
    this.#firstOf = Int32Array.from(places, ({ index }, server) => server - index);
    const seed = stableHash(instance);
    const order = places.map(({ index, id }, server) => ({ server, index, point: stableHash(id, seed) }));
    order.sort((a, b) => a.index - b.index || a.point - b.point || a.server - b.server);
    this.#order = Int32Array.from(order, ({ server }) => server);
    this.roundMs = roundMsOf(places.length, tuning);
    this.#gapMs = this.roundMs / places.length;
    this.#doubtGapMs = 2000 / tuning.perSecondMax;
    this.#turnMs = nowMs;
    this.#doubtMs = nowMs;
  }

  /** @returns null when nothing is due */
  take(nowMs: number): DueProbe | null {
    const doubted = this.#takeDoubt(nowMs);
    if (doubted >= 0) return { server: doubted, inTurn: false };
    if (nowMs < this.#turnMs) return null;
    const server = this.#order[this.#next]!;
    this.#next = (this.#next + 1) % this.#order.length;
    this.#turnMs = Math.max(this.#turnMs + this.#gapMs, nowMs - LATE_MS);
    return { server, inTurn: true };
  }

  /** When something is due next. */
  nextMs(): number {
    for (const dueMs of this.#doubts.values()) return Math.min(this.#turnMs, Math.max(dueMs, this.#doubtMs));
    return this.#turnMs;
  }

  /** The server failed a probe, or is on its way back. */
  doubt(server: number, nowMs: number): void {
    if (!this.#doubts.has(server)) this.#doubts.set(server, nowMs + AGAIN_MS);
  }

  /** Others of its site are asked soon. */
  doubtSiblings(server: number, nowMs: number): void {
    const site = this.#siteOf[server]!;
    const first = this.#firstOf[server]!;
    for (let at = first, left = SIBLINGS_MAX; left > 0 && this.#siteOf[at] === site; at++) {
      if (at === server) continue;
      this.doubt(at, nowMs);
      left--;
    }
  }

  #takeDoubt(nowMs: number): number {
    if (nowMs < this.#doubtMs) return -1;
    for (const [server, dueMs] of this.#doubts) {
      if (dueMs > nowMs) return -1;
      this.#doubts.delete(server);
      this.#doubtMs = Math.max(this.#doubtMs + this.#doubtGapMs, nowMs - LATE_MS);
      return server;
    }
    return -1;
  }
}
