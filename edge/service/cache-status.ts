import type { ServeOutcome, StreamOutcome } from '../policy/sink.ts';

/** The `Cache-Status` member of this node (RFC 9211), as the line after `Age` in what an exchange takes as extra fields. */
export class CacheStatus {
  readonly #name: string;

  constructor(id: string) {
    this.#name = /^[A-Za-z*][\w!#$%&'*+.^`|~:/-]*$/.test(id) ? id : JSON.stringify(id);
  }

  served(outcome: ServeOutcome, ttlMs: number): string {
    const ttl = Math.floor(ttlMs / 1000);
    if (outcome === 'revalidated') return `\r\nCache-Status: ${this.#name};fwd=stale;fwd-status=304;ttl=${ttl}`;
    if (outcome === 'stale-if-error') return `\r\nCache-Status: ${this.#name};hit;ttl=${ttl};detail=stale-if-error`;
    return `\r\nCache-Status: ${this.#name};hit;ttl=${ttl}`;
  }

  streamed(how: StreamOutcome, status: number): string {
    const what = how === 'pass' ? '' : how === 'collapsed' ? ';stored;collapsed' : ';stored';
    return `\r\nCache-Status: ${this.#name};fwd=uri-miss;fwd-status=${status}${what}`;
  }

  refused(reason: string): string {
    return `Cache-Status: ${this.#name};detail=${reason}`;
  }
}

/** `Age` in whole seconds (RFC 9111 §5.1). */
export function ageField(ageMs: number): string {
  return `Age: ${Math.floor(ageMs / 1000)}`;
}

/** The remaining lifetime for another tier of ours, to the millisecond. */
export function tierField(ttlMs: number): string {
  return `\r\nCDN-Cache-Control: max-age=${Math.floor(ttlMs / 1000)}, undercard-ttl-ms=${Math.floor(ttlMs)}`;
}
