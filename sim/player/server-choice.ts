import { FIRST_CHOICE, LAST_USED, PENALTIES, PlayerRows, SWITCHES } from './player-rows.ts';

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
  readonly #rows: PlayerRows;
  /** by player */
  readonly #rankings: (Ranking | null)[] = [];
  readonly #penalties: Map<number, Penalty>[] = [];

  constructor(rows: PlayerRows = new PlayerRows()) {
    this.#rows = rows;
    this.reset();
  }

  /** Of a player that has just been made. */
  reset(): void {
    const { numbers, at, player } = this.#rows;
    // the best of the ranking, -1 without one
    numbers[at + FIRST_CHOICE] = -1;
    numbers[at + LAST_USED] = -1;
    // how many there are: nothing has failed nearly always, and then the map is not looked at
    numbers[at + PENALTIES] = 0;
    numbers[at + SWITCHES] = 0;
    this.#rankings[player] = null;
  }

  get switches(): number {
    return this.#rows.numbers[this.#rows.at + SWITCHES]!;
  }

  /** What media was asked of last, -1 before that. */
  get lastUsed(): number {
    return this.#rows.numbers[this.#rows.at + LAST_USED]!;
  }

  get ranking(): Ranking | null {
    return this.#rankings[this.#rows.player]!;
  }

  /** @param askedMs when steering was asked, not when it answered */
  rerank(ranking: Ranking, askedMs: number): void {
    this.#rankings[this.#rows.player] = ranking;
    this.#rows.numbers[this.#rows.at + FIRST_CHOICE] = ranking.servers[0] ?? -1;
    if (!this.#hasPenalties()) return;
    for (const [server, penalty] of this.#penalties[this.#rows.player]!) {
      const named = ranking.servers.includes(server);
      const forgiven = askedMs >= Math.max(penalty.failedMs + FORGIVE_AFTER_MS, penalty.notBeforeMs);
      if (!named || forgiven) this.#forgive(server);
    }
  }

  /** The server to ask, or -1 without a ranking. When all have failed: the one whose failure is the longest ago. */
  pick(nowMs: number): number {
    const first = this.#rows.numbers[this.#rows.at + FIRST_CHOICE]!;
    const { ranking } = this;
    if (!this.#hasPenalties() || ranking === null) return first;
    let oldest = first;
    let oldestMs = Infinity;
    for (const server of ranking.servers) {
      const penalty = this.#penalty(server);
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
    const { numbers, at } = this.#rows;
    const last = numbers[at + LAST_USED]!;
    if (last === server) return;
    if (last >= 0) numbers[at + SWITCHES]!++;
    numbers[at + LAST_USED] = server;
  }

  /** @param retryAfterMs what the server asked for, negative when it said nothing */
  failed(server: number, nowMs: number, retryAfterMs: number): void {
    const askedMs = Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS);
    const penaltyMs = retryAfterMs < 0 ? PENALTY_MS : Math.max(askedMs, this.ranking?.retryAfterMs ?? 0, 1);
    const { numbers, at, player } = this.#rows;
    if (!this.#hasPenalties()) this.#penalties[player] = new Map();
    const penalties = this.#penalties[player]!;
    penalties.set(server, {
      failedMs: nowMs,
      untilMs: nowMs + penaltyMs,
      notBeforeMs: nowMs + Math.max(0, askedMs),
    });
    numbers[at + PENALTIES] = penalties.size;
  }

  /** @param startedMs when the fetch began: one begun before the failure says nothing about the server since */
  succeeded(server: number, startedMs: number): void {
    const penalty = this.#penalty(server);
    if (penalty !== undefined && startedMs > penalty.failedMs) this.#forgive(server);
  }

  /** Whether the server may be asked as if it had never failed. */
  isClean(server: number, nowMs: number): boolean {
    const penalty = this.#penalty(server);
    return penalty === undefined || penalty.untilMs <= nowMs;
  }

  /** How long the server has asked to be left alone yet. */
  askedWaitMs(server: number, nowMs: number): number {
    const penalty = this.#penalty(server);
    return penalty === undefined ? 0 : Math.max(0, penalty.notBeforeMs - nowMs);
  }

  #hasPenalties(): boolean {
    return this.#rows.numbers[this.#rows.at + PENALTIES]! > 0;
  }

  #penalty(server: number): Penalty | undefined {
    return this.#hasPenalties() ? this.#penalties[this.#rows.player]!.get(server) : undefined;
  }

  #forgive(server: number): void {
    const penalties = this.#penalties[this.#rows.player]!;
    penalties.delete(server);
    this.#rows.numbers[this.#rows.at + PENALTIES] = penalties.size;
  }
}
