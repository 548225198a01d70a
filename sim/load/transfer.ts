import { createHash, type Hash } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import packageJson from '../../package.json' with { type: 'json' };
import type { FailureCause } from '../player/player-report.ts';
import type { Agents } from './agents.ts';
import type { KnownServer } from './server-book.ts';

export interface WholeTransfer {
  kind: 'whole';
  sizeBytes: number;
  firstByteMs: number;
  /** there was a digest, and it was right */
  verified: boolean;
  /** empty where it was not kept */
  body: string;
}
export type TransferResult =
  WholeTransfer | { kind: 'failed'; cause: FailureCause; receivedBytes: number; retryAfterMs: number };

const HEADERS = { 'User-Agent': `undercard-load/${packageJson.version}`, Accept: '*/*' };
/** Documents are kept to be read; segments are only hashed. */
const MAX_KEPT_BYTES = 1 << 20;
/** RFC 9530: the digest of the representation, which for us is the body. */
const SHA_256 = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]+=*):/;

/** One GET. The body is hashed and counted as it comes, and checked against its Repr-Digest where there is one. */
export class Transfer {
  readonly #server: KnownServer;
  readonly #path: string;
  readonly #agents: Agents;
  readonly #done: (result: TransferResult) => void;
  readonly #startedMs = performance.now();
  #request: ClientRequest;
  #hasRetried = false;
  #isOver = false;
  #isCancelled = false;
  #receivedBytes = 0;
  #lengthBytes = -1;
  #firstByteMs = -1;
  #hash: Hash | null = null;
  readonly #kept: Buffer[] | null;

  /** @param done called once, later than the constructor returns, unless the transfer is cancelled */
  constructor(
    server: KnownServer,
    path: string,
    body: 'keep' | 'discard',
    agents: Agents,
    done: (result: TransferResult) => void,
  ) {
    this.#server = server;
    this.#path = path;
    this.#agents = agents;
    this.#done = done;
    this.#kept = body === 'keep' ? [] : null;
    this.#request = this.#send();
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** As the answer said; negative where it has not, or has not come. */
  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** From the request to the head of the answer, negative before. */
  get firstByteMs(): number {
    return this.#firstByteMs;
  }

  /** @returns the bytes received until now */
  cancel(): number {
    this.#isCancelled = true;
    if (!this.#isOver) {
      this.#endPartial();
      this.#request.destroy();
    }
    return this.#receivedBytes;
  }

  #send(): ClientRequest {
    const { isTls, host, port } = this.#server;
    const send = isTls ? httpsRequest : httpRequest;
    const agent = isTls ? this.#agents.https : this.#agents.http;
    const request = send({ host, port, path: this.#path, agent, headers: HEADERS });
    request.on('response', (response) => this.#onResponse(response));
    request.on('error', () => this.#onRequestError(request));
    request.end();
    return request;
  }

  /**
   * A server may close a connection just as it is used again; a client that has had nothing of an answer asks once more
   * on a new one (RFC 9112 §9.3.1), as browsers do.
   */
  #onRequestError(request: ClientRequest): void {
    if (this.#isOver || request !== this.#request) return;
    if (request.reusedSocket && !this.#hasRetried && this.#firstByteMs < 0) {
      this.#hasRetried = true;
      this.#request = this.#send();
      return;
    }
    this.#fail(this.#firstByteMs < 0 ? 'network' : 'truncated');
  }

  #onResponse(response: IncomingMessage): void {
    if (this.#isOver) {
      response.destroy();
      return;
    }
    this.#firstByteMs = performance.now() - this.#startedMs;
    const length = response.headers['content-length'];
    if (length !== undefined) this.#lengthBytes = Number(length);
    if (response.statusCode === 200 && digestOf(response) !== null) this.#hash = createHash('sha256');
    response.on('data', (chunk: Buffer) => this.#onData(chunk));
    response.on('end', () => this.#onEnd(response));
    response.on('error', () => this.#isOver || this.#fail('truncated'));
    response.on('close', () => this.#isOver || this.#fail('truncated'));
  }

  #onData(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#receivedBytes += chunk.length;
    this.#hash?.update(chunk);
    if (this.#kept === null) return;
    this.#kept.push(chunk);
    if (this.#receivedBytes > MAX_KEPT_BYTES) {
      this.#fail('invalid');
      this.#request.destroy();
    }
  }

  #onEnd(response: IncomingMessage): void {
    if (this.#isOver) return;
    if (!response.complete) {
      this.#fail('truncated');
      return;
    }
    this.#isOver = true;
    this.#server.received.wholeTransfers++;
    this.#server.received.wholeBytes += this.#receivedBytes;
    // The connection is free a turn later: who fetches on at once is to use it again, as browsers do, not to open another.
    setImmediate(() => {
      if (!this.#isCancelled) this.#report(response);
    });
  }

  #report(response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    if (status !== 200) this.#finish(failureOf(status), retryAfterMs(response));
    else if (this.#hash !== null && this.#hash.digest('base64') !== digestOf(response)) this.#finish('wrong-body', -1);
    else {
      this.#done({
        kind: 'whole',
        sizeBytes: this.#receivedBytes,
        firstByteMs: this.#firstByteMs,
        verified: this.#hash !== null,
        body: this.#kept === null ? '' : Buffer.concat(this.#kept).toString(),
      });
    }
  }

  #fail(cause: FailureCause): void {
    this.#endPartial();
    this.#finish(cause, -1);
  }

  #finish(cause: FailureCause, retryMs: number): void {
    this.#done({ kind: 'failed', cause, receivedBytes: this.#receivedBytes, retryAfterMs: retryMs });
  }

  #endPartial(): void {
    this.#isOver = true;
    const { received } = this.#server;
    if (this.#firstByteMs < 0) {
      received.headlessTransfers++;
      return;
    }
    received.partialTransfers++;
    received.partialBytes += this.#receivedBytes;
    if (this.#lengthBytes < 0) received.partialUnknownLength++;
    else received.partialRemainingBytes += this.#lengthBytes - this.#receivedBytes;
  }
}

function digestOf(response: IncomingMessage): string | null {
  const field = response.headers['repr-digest'];
  return (typeof field === 'string' && SHA_256.exec(field)?.[1]) || null;
}

function failureOf(status: number): FailureCause {
  if (status === 404) return 'not-found';
  return status === 410 ? 'gone' : 'status';
}

/** RFC 9110 §10.2.3: seconds or a date. @returns negative where it says nothing that can be read */
function retryAfterMs(response: IncomingMessage): number {
  const field = response.headers['retry-after'];
  if (field === undefined) return -1;
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1000;
  const dateMs = Date.parse(field);
  return Number.isNaN(dateMs) ? -1 : Math.max(0, dateMs - Date.now());
}
