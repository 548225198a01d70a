import { isMediaPath, blockOf, withCors } from './answer-fields.ts';
import { tierField, type CacheStatus } from './cache-status.ts';
import type { Exchange } from './exchange.ts';

const PLAIN = [['Content-Type', 'text/plain']] as const;
/** How long whoever was turned away for load should stay away, in seconds; a cached lifetime, so that others hear it too. */
const RETRY_AFTER_SECONDS = 1;

/** Answers that this node gives by itself, with the lifetime of their truth. */
export class Refusals {
  readonly byReason = new Map<string, number>();
  /** answers of ours with a 5xx status */
  errors = 0;
  readonly #status: CacheStatus;
  readonly #plain = blockOf(PLAIN)!;
  readonly #plainWithCors = blockOf(withCors(PLAIN))!;

  constructor(status: CacheStatus) {
    this.#status = status;
  }

  /** @param toTier the asker is one of our own tiers and may be told milliseconds */
  answer(exchange: Exchange, path: string, status: number, reason: string, ttlMs: number, toTier: boolean): void {
    this.byReason.set(reason, (this.byReason.get(reason) ?? 0) + 1);
    if (status >= 500) this.errors++;
    const overload = status === 503;
    const lifetimeMs = overload ? RETRY_AFTER_SECONDS * 1000 : ttlMs;
    const seconds = Math.floor(lifetimeMs / 1000);
    let extra = this.#status.refused(reason);
    // A 404 that ends in half a second must not be cached for a whole one.
    extra += `\r\nCache-Control: ${seconds > 0 ? `max-age=${seconds}` : 'no-store'}`;
    if (overload) extra += `\r\nRetry-After: ${RETRY_AFTER_SECONDS}`;
    if (toTier && lifetimeMs > 0) extra += tierField(lifetimeMs);
    exchange.respond(status, isMediaPath(path) ? this.#plainWithCors : this.#plain, extra, `${reason}\n`);
  }
}
