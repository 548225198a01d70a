/** What steering answered, with servers interned by the driver. */
export interface Ranking {
  /** best first, at least one */
  servers: readonly number[];
  /** ask again after this long; Infinity: never */
  ttlMs: number;
  /** retries of one segment before it is given up */
  maxRetries: number;
  /** the first wait between retries once no server is left that has not failed */
  retryAfterMs: number;
}

interface Penalty {
  failedMs: number;
  untilMs: number;
  /** the server itself asked not to be asked before this */
  notBeforeMs: number;
}

/** hls.js 1.7.4, src/controller/content-steering-controller.ts: PATHWAY_PENALTY_DURATION_MS. */
export const PENALTY_MS = 300_000;
/** Steering misses a dead node's reports within seconds: a ranking asked for this long after a failure knows of it. */
export const FORGIVE_AFTER_MS = 10_000;
/** A Retry-After beyond this is cut: no wait is without bound. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/**
 * Which server a player asks next: the first of the ranking that is not serving a penalty. A server that failed is out
 * for five minutes, as in hls.js, or until a later ranking names it all the same: unlike hls.js's players, ours come
 * back to a node that was restarted, because steering has seen it healthy.
 */
export class ServerChoice {
  switches = 0;
  #ranking: Ranking | null = null;
  /** the best of the ranking, -1 without one */
  #first = -1;
  #lastUsed = -1;
  /** null as long as nothing has failed, which is nearly always */
  #penalties: Map<number, Penalty> | null = null;

  /** What media was asked of last, -1 before that. */
  get lastUsed(): number {
    return this.#lastUsed;
  }

  get ranking(): Ranking | null {
    return this.#ranking;
  }

  /** @param askedMs when steering was asked, not when it answered */
  rerank(ranking: Ranking, askedMs: number): void {
    this.#ranking = ranking;
    this.#first = ranking.servers[0] ?? -1;
    if (this.#penalties === null) return;
    for (const [server, penalty] of this.#penalties) {
      const named = ranking.servers.includes(server);
      const forgiven = askedMs >= Math.max(penalty.failedMs + FORGIVE_AFTER_MS, penalty.notBeforeMs);
      if (!named || forgiven) this.#penalties.delete(server);
    }
  }

  /** The server to ask, or -1 without a ranking. When all have failed: the one whose failure is the longest ago. */
  pick(nowMs: number): number {
    if (this.#penalties === null || this.#ranking === null) return this.#first;
    let oldest = this.#first;
    let oldestMs = Infinity;
    for (const server of this.#ranking.servers) {
      const penalty = this.#penalties.get(server);
      if (penalty === undefined || penalty.untilMs <= nowMs) return server;
      if (penalty.failedMs < oldestMs) {
        oldestMs = penalty.failedMs;
        oldest = server;
      }
    }
    return oldest;
  }

  /** Media is about to be fetched from it. */
  use(server: number): void {
    if (this.#lastUsed >= 0 && this.#lastUsed !== server) this.switches++;
    this.#lastUsed = server;
  }

  /** @param retryAfterMs what the server asked for, negative when it said nothing */
  failed(server: number, nowMs: number, retryAfterMs: number): void {
    const askedMs = Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS);
    const penaltyMs = retryAfterMs < 0 ? PENALTY_MS : Math.max(askedMs, this.#ranking?.retryAfterMs ?? 0, 1);
    this.#penalties ??= new Map();
    this.#penalties.set(server, {
      failedMs: nowMs,
      untilMs: nowMs + penaltyMs,
      notBeforeMs: nowMs + Math.max(0, askedMs),
    });
  }

  /** @param startedMs when the fetch began: one begun before the failure says nothing about the server since */
  succeeded(server: number, startedMs: number): void {
    const penalty = this.#penalties?.get(server);
    if (penalty !== undefined && startedMs > penalty.failedMs) this.#penalties!.delete(server);
  }

  /** Whether the server may be asked as if it had never failed. */
  isClean(server: number, nowMs: number): boolean {
    const penalty = this.#penalties?.get(server);
    return penalty === undefined || penalty.untilMs <= nowMs;
  }

  /** How long the server has asked to be left alone yet. */
  askedWaitMs(server: number, nowMs: number): number {
    const penalty = this.#penalties?.get(server);
    return penalty === undefined ? 0 : Math.max(0, penalty.notBeforeMs - nowMs);
  }
}
