import type { HttpExchange } from '../../runtime/http-exchange.ts';
import type { Log } from '../../runtime/log.ts';
import { SeldomLog } from '../../runtime/seldom-log.ts';
import { parseAddress, type AddressWords } from '../../topology/model/ip-address.ts';
import { mix32 } from '../../topology/model/stable-hash.ts';
import { accessNetworkOf } from '../policy/location/access-network.ts';
import { CmcdEvents, type CmcdEvent, type Tell } from '../policy/health/cmcd-events.ts';
import { HashedBuckets } from '../policy/health/hashed-buckets.ts';
import type { ServerHosts } from '../policy/health/server-hosts.ts';
import { respondJson, respondNothing } from './answer.ts';
import type { ClientAddressReader } from './client-address.ts';
import type { Locator } from './client-location.ts';
import { readCmcdBody } from './cmcd-body.ts';
import type { CmcdMetrics } from './cmcd-metrics.ts';

export interface CmcdDeskOptions {
  hosts: ServerHosts;
  tell: Tell;
  /** of each event that can be read */
  onEvent?: ((event: CmcdEvent) => void) | undefined;
  locator: Locator;
  addresses: ClientAddressReader;
  metrics: CmcdMetrics;
  log: Log;
  /** monotonic */
  nowMs: () => number;
}

type Refusal = 'bad-type' | 'too-large' | 'bad-address' | 'empty';
/** Nothing is wrong with it, and nothing is made of it: players must not be told, for they would send it again. */
type Dropped = 'address-limit' | 'busy';

const MOST_BODY_BYTES = 64 * 1024;
/** Bodies that have begun and not ended. */
const MOST_OPEN = 1000;
/** What one address may send: some hundred events at once, as after a lost connection, and a few dozen a second. */
const ADDRESS_BYTES_PER_SECOND = 16 * 1024;
const ADDRESS_BURST_BYTES = 128 * 1024;
/** Of each second, for reading what players tell: answering them comes first. */
const READING_MS_PER_SECOND = 200;

const TYPE = /^\s*(?:application|text)\/cmcd\s*(?:;|$)/i;

const STATUS: Record<Refusal, number> = { 'bad-type': 415, 'too-large': 413, 'bad-address': 400, empty: 400 };

/**
 * Takes in what players tell, `POST /v1/cmcd`, in event mode of CMCD version 2. Whatever can be read gets 204 at once.
 * It never says 429 or 5xx: players keep what was answered so, and send it again with all that has come since.
 */
export class CmcdDesk {
  readonly #options: CmcdDeskOptions;
  readonly #events: CmcdEvents;
  readonly #log: SeldomLog;
  readonly #bytes = new HashedBuckets(ADDRESS_BYTES_PER_SECOND, ADDRESS_BURST_BYTES);
  #open = 0;
  #second = 0;
  #spentMs = 0;

  constructor(options: CmcdDeskOptions) {
    this.#options = options;
    this.#events = new CmcdEvents(options.hosts, options.tell);
    this.#log = new SeldomLog(options.log, options.nowMs);
  }

  take(exchange: HttpExchange): void {
    const { addresses } = this.#options;
    if (!TYPE.test(exchange.head.get('content-type') ?? '')) {
      return this.#refuse(exchange, 'bad-type', 'Content-Type: application/cmcd or text/cmcd');
    }
    const named = addresses.read(exchange, new URLSearchParams(exchange.query));
    if (named.kind === 'refused') return this.#refuse(exchange, 'bad-address', named.reason);
    if (this.#open >= MOST_OPEN) return this.#drop(exchange, 'busy');
    this.#open++;
    let isOpen = true;
    const ended = () => {
      if (isOpen) this.#open--;
      isOpen = false;
    };
    exchange.hold(ended);
    exchange.readBody(MOST_BODY_BYTES, (body) => {
      ended();
      this.#read(exchange, named.address, body);
    });
  }

  #read(exchange: HttpExchange, address: string, body: Uint8Array | null): void {
    const { nowMs, locator, metrics } = this.#options;
    if (body === null) return this.#refuse(exchange, 'too-large', `at most ${MOST_BODY_BYTES} bytes`);
    if (body.byteLength === 0) return this.#refuse(exchange, 'empty', 'one event a line');
    const beganMs = nowMs();
    const parsed = parseAddress(address);
    const words = parsed.kind === 'address' ? parsed.words : [];
    const client = clientOf(words);
    if (this.#bytes.take(client, body.byteLength, beganMs) < body.byteLength)
      return this.#drop(exchange, 'address-limit');
    if (this.#isSpent(beganMs)) return this.#drop(exchange, 'busy');
    const network = accessNetworkOf(locator.locate(address), words);
    for (const line of readCmcdBody(Buffer.from(body).toString('utf8'))) {
      if (line.kind === 'event') this.#options.onEvent?.(line.event);
      const outcome = line.kind === 'bad' ? line.reason : this.#events.take(line.event, network, client, beganMs);
      metrics.events.inc({ outcome });
    }
    this.#spentMs += nowMs() - beganMs;
    metrics.bodies.inc({ outcome: 'accepted' });
    respondNothing(exchange);
  }

  #isSpent(atMs: number): boolean {
    const second = Math.floor(atMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#spentMs = 0;
    }
    return this.#spentMs > READING_MS_PER_SECOND;
  }

  #drop(exchange: HttpExchange, outcome: Dropped): void {
    this.#options.metrics.bodies.inc({ outcome });
    respondNothing(exchange);
  }

  #refuse(exchange: HttpExchange, reason: Refusal, detail: string): void {
    this.#options.metrics.bodies.inc({ outcome: reason });
    this.#log.warn({ reason, detail }, 'what a player tells was refused');
    respondJson(exchange, STATUS[reason], { error: reason, detail });
  }
}

/** One voice: an IPv4 address, or the block of IPv6 addresses that one subscriber has (RFC 6177: 56 bits). */
function clientOf(words: AddressWords): number {
  const [first = 0, second = 0] = words;
  return words.length > 1 ? mix32(mix32(first) ^ (second & 0xffffff00)) : mix32(first);
}
