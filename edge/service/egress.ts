import type { HttpExchange } from '../../runtime/http-exchange.ts';
import type { RequestFacts } from './request-facts.ts';

/** Who receives: another of our tiers, the rehearsal's virtual viewers, or anybody else. */
export type Receiver = 'tier' | 'rehearsal' | 'viewer';

/** Body bytes and answers by receiver, counted when each answer has ended: what was sent, whole or not. */
export class EgressCounter {
  readonly bytes: Record<Receiver, number> = { tier: 0, rehearsal: 0, viewer: 0 };
  readonly answers: Record<Receiver, number> = { tier: 0, rehearsal: 0, viewer: 0 };
  /** answers whose client went before the end, or that were cut */
  readonly cut: Record<Receiver, number> = { tier: 0, rehearsal: 0, viewer: 0 };
  /** of what went to players, what their reservations do not count by its nominal bitrate */
  unreservedBytes = 0;
  readonly #countAgent: string | undefined;

  constructor(countAgent: string | undefined) {
    this.#countAgent = countAgent;
  }

  /** One of our tiers has put its name on the request (RFC 8586). */
  isTier({ cdnLoop }: RequestFacts, tiers: ReadonlySet<string>): boolean {
    if (cdnLoop === undefined) return false;
    const last = cdnLoop
      .slice(cdnLoop.lastIndexOf(',') + 1)
      .split(';')[0]!
      .trim();
    return tiers.has(last);
  }

  accountFor(facts: RequestFacts, tiers: ReadonlySet<string>): (exchange: HttpExchange) => void {
    if (facts.cdnLoop !== undefined && this.isTier(facts, tiers)) return this.#accountTier;
    if (this.#countAgent !== undefined && facts.userAgent?.startsWith(this.#countAgent)) return this.#accountRehearsal;
    return this.#accountViewer;
  }

  /** The nominal bitrate of what the player asks for counts as reserved, not what it is sent. */
  reserve(exchange: HttpExchange): void {
    const isRehearsal = exchange.onDone === this.#accountRehearsal;
    exchange.onDone = isRehearsal ? this.#accountReservedRehearsal : this.#accountReservedViewer;
  }

  readonly #accountTier = (exchange: HttpExchange): void => this.#account('tier', exchange);
  readonly #accountReservedRehearsal = (exchange: HttpExchange): void => this.#account('rehearsal', exchange);
  readonly #accountReservedViewer = (exchange: HttpExchange): void => this.#account('viewer', exchange);
  readonly #accountRehearsal = (exchange: HttpExchange): void => this.#accountUnreserved('rehearsal', exchange);
  readonly #accountViewer = (exchange: HttpExchange): void => this.#accountUnreserved('viewer', exchange);

  #accountUnreserved(receiver: Receiver, exchange: HttpExchange): void {
    this.unreservedBytes += exchange.sentBytes;
    this.#account(receiver, exchange);
  }

  #account(receiver: Receiver, exchange: HttpExchange): void {
    this.bytes[receiver] += exchange.sentBytes;
    this.answers[receiver]++;
    if (exchange.gone) this.cut[receiver]++;
  }
}
