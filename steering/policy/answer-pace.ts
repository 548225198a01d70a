import type { Priority } from '../../topology/model/priority.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';

export interface PaceTuning {
  /** between answers to one client: anew drawn from this span each half minute */
  leastTtlSeconds: number;
  mostTtlSeconds: number;
  /** answers a second that one instance should give; above, clients are told to come less often */
  answersPerSecond: number;
}

export interface Backoff {
  maxRetries: number;
  retryAfterSeconds: number;
}

const TTL_BUCKET_MS = 30_000;
const WINDOW_MS = 1000;
/** Longer than this and a player would learn too late that its server has gone. */
const STRETCH_MAX = 4;

/** Who matters more may try more often, and sooner (DESIGN §5: what is shed last comes first). */
const BACKOFF: Record<Priority, Backoff> = {
  'live-edge': { maxRetries: 3, retryAfterSeconds: 1 },
  'live-dvr': { maxRetries: 3, retryAfterSeconds: 1 },
  'catch-up': { maxRetries: 2, retryAfterSeconds: 2 },
  'on-demand': { maxRetries: 2, retryAfterSeconds: 2 },
  prefetch: { maxRetries: 1, retryAfterSeconds: 8 },
  preposition: { maxRetries: 1, retryAfterSeconds: 30 },
};

/**
 * With all servers going or gone: more patience and longer pauses. With all of them full longer pauses alone, for each
 * retry is load.
 */
export function backoffFor(priority: Priority, state: 'serving' | 'full' | 'out'): Backoff {
  const { maxRetries, retryAfterSeconds } = BACKOFF[priority];
  if (state === 'serving') return BACKOFF[priority];
  if (state === 'full') return { maxRetries, retryAfterSeconds: retryAfterSeconds * 4 };
  return { maxRetries: maxRetries * 2, retryAfterSeconds: retryAfterSeconds * 4 };
}

/** When each client should ask again: spread out, so that those who came together do not stay together. */
export class AnswerPace {
  readonly #tuning: PaceTuning;
  #windowStartMs = -Infinity;
  #answers = 0;
  #stretch = 1;

  constructor(tuning: PaceTuning) {
    this.#tuning = tuning;
  }

  /** An answer is given. */
  count(nowMs: number): void {
    const elapsedMs = nowMs - this.#windowStartMs;
    if (elapsedMs >= WINDOW_MS) {
      const perSecond = elapsedMs < 10 * WINDOW_MS ? (this.#answers * 1000) / elapsedMs : 0;
      this.#stretch = Math.min(STRETCH_MAX, Math.max(1, perSecond / this.#tuning.answersPerSecond));
      this.#windowStartMs = nowMs;
      this.#answers = 0;
    }
    this.#answers++;
  }

  /** Whole seconds, for that is what content steering has. The same client gets the same within half a minute. */
  ttlSeconds(client: number, nowMs: number): number {
    const { leastTtlSeconds, mostTtlSeconds } = this.#tuning;
    const span = mostTtlSeconds - leastTtlSeconds + 1;
    const drawn = leastTtlSeconds + (stableHash('ttl', client ^ Math.floor(nowMs / TTL_BUCKET_MS)) % span);
    return Math.round(drawn * this.#stretch);
  }
}
