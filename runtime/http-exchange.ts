import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import type { HeaderBlock } from './header-block.ts';
import type { RequestHead } from './request-head.ts';
import { statusText } from './status-text.ts';

/** Larger bodies than this are handed to the socket piece by piece. */
const WHOLE_MAX_BYTES = 128 * 1024;

const BYTE = /^[\x20-\x7e]*$/;

/**
 * One request on the raw route and the answer to it. The request's fields are copied out at once, because the server
 * takes them back when the handler returns; an answer may come later, and then costs a cork.
 *
 * An answer is one of: `respond` (whole), or `begin`, then `write`s, then `end`; `destroy` cuts the connection so that
 * a short body cannot be taken for a whole one. After the client has gone every one of them does nothing.
 */
export class HttpExchange {
  readonly method: string;
  /** exactly as on the wire, without the query */
  readonly path: string;
  readonly query: string | undefined;
  readonly head: RequestHead;
  readonly #res: HttpResponse;
  readonly #onSettled: () => void;
  /** called once, when the answer is complete or the connection is lost; `sentBytes` is final then */
  onDone: ((exchange: HttpExchange) => void) | null = null;
  #state: 'open' | 'begun' | 'done' = 'open';
  #gone = false;
  #held = false;
  #onGone: (() => void) | null = null;
  #totalBytes = -1;
  #sentBytes = 0;
  #unsentHead: { status: number; block: HeaderBlock | null; extra: string } | null = null;
  #closes = false;
  #blocked: Uint8Array | null = null;
  /** the body offset at which `#blocked` begins */
  #blockedAt = 0;
  #onDrained: (() => void) | null = null;

  constructor(res: HttpResponse, req: HttpRequest, head: RequestHead, onSettled: () => void) {
    this.#res = res;
    this.head = head;
    this.method = req.getCaseSensitiveMethod();
    this.path = req.getUrl();
    this.query = req.getQuery();
    this.#onSettled = onSettled;
  }

  get url(): string {
    return this.query === undefined ? this.path : `${this.path}?${this.query}`;
  }

  /** The client has gone, or the connection was destroyed: nothing more will reach anybody. */
  get gone(): boolean {
    return this.#gone;
  }

  get answered(): boolean {
    return this.#state !== 'open';
  }

  /** Neither answered in full nor held: the state in which a handler must not return. */
  get unattended(): boolean {
    return !this.#held && !this.#gone && this.#state !== 'done';
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  remoteAddress(): string {
    return Buffer.from(this.#res.getRemoteAddressAsText()).toString('latin1');
  }

  /**
   * Must be called before the handler returns unless the answer is complete by then.
   * @param onGone called once when the client goes before the answer is complete
   */
  hold(onGone: () => void): void {
    this.#onGone = onGone;
    this.#held = true;
    this.#res.onAborted(() => this.#lost());
  }

  /** The whole answer at once. `extra` are values made here (numbers, our own names), never input. */
  respond(status: number, block: HeaderBlock | null, extra: string, body: Uint8Array | string | null): void {
    if (this.#gone || this.#state !== 'open') return;
    if (body instanceof Uint8Array && body.byteLength > WHOLE_MAX_BYTES && this.method !== 'HEAD') {
      // The server would copy what the socket does not take at once; kept here it costs no memory (reference: 245 → 220 µs).
      if (!this.#held) this.hold(() => {});
      this.begin(status, block, extra, body.byteLength);
      this.write(body);
      return;
    }
    this.#state = 'done';
    const res = this.#res;
    res.cork(() => {
      this.#writeHead(status, block, extra);
      if (body === null || this.method === 'HEAD' || isBodiless(status)) {
        this.#endHead(status, body === null ? 0 : byteLength(body));
      } else {
        this.#sentBytes = byteLength(body);
        res.end(body, this.#closes);
      }
    });
    this.#settle();
  }

  /** A HEAD answer that tells a length it does not send; −1 when the length is unknown. */
  respondHeadOnly(status: number, block: HeaderBlock | null, extra: string, lengthBytes: number): void {
    if (this.#gone || this.#state !== 'open') return;
    this.#state = 'done';
    this.#res.cork(() => {
      this.#writeHead(status, block, extra);
      this.#endHead(status, lengthBytes);
    });
    this.#settle();
  }

  /**
   * Starts a streamed answer. Its header goes out together with the first bytes, or by itself when none come in this turn.
   * @param totalBytes the body's length, or −1 when unknown (chunked then)
   */
  begin(status: number, block: HeaderBlock | null, extra: string, totalBytes: number): void {
    if (this.#gone || this.#state !== 'open') return;
    this.#totalBytes = totalBytes;
    if (this.method === 'HEAD' || totalBytes === 0 || isBodiless(status)) {
      this.respondHeadOnly(status, block, extra, totalBytes);
      return;
    }
    this.#state = 'begun';
    this.#unsentHead = { status, block, extra };
    // A turn later than what is handed on at the end of this one, so that head and first bytes go out as one.
    setImmediate(() => setImmediate(() => this.#sendLoneHead()));
  }

  /**
   * @returns true when more may be written at once; false when the client is slower than that: wait for `onDrained`.
   * With a known length nothing is buffered beyond this chunk, which must not change until then.
   */
  write(chunk: Uint8Array): boolean {
    if (this.#gone || this.#state !== 'begun') return true;
    const res = this.#res;
    let drained = true;
    if (this.#totalBytes < 0) {
      res.cork(() => {
        this.#flushHead();
        drained = res.write(chunk);
      });
      this.#sentBytes += chunk.byteLength;
      if (!drained) this.#awaitWritable();
      return drained;
    }
    let done = false;
    res.cork(() => {
      this.#flushHead();
      [drained, done] = res.tryEnd(chunk, this.#totalBytes);
    });
    if (done) {
      this.#complete();
      return true;
    }
    if (drained) {
      this.#sentBytes += chunk.byteLength;
      return true;
    }
    this.#blocked = chunk;
    this.#blockedAt = this.#sentBytes;
    this.#sentBytes = res.getWriteOffset();
    this.#awaitWritable();
    return false;
  }

  /** The body is complete. With a known length `write` has noticed already. */
  end(): void {
    if (this.#gone || this.#state !== 'begun') return;
    if (this.#totalBytes >= 0) {
      this.destroy();
      return;
    }
    this.#res.cork(() => {
      this.#flushHead();
      this.#res.end('');
    });
    this.#complete();
  }

  onDrained(handler: () => void): void {
    this.#onDrained = handler;
  }

  /** Cuts the connection: the only honest end of a body that turned out short. */
  destroy(): void {
    if (this.#gone || this.#state === 'done') return;
    this.#gone = true;
    this.#onGone = null;
    this.#res.close();
    this.#settle();
  }

  /** This answer is the connection's last. */
  closeAfter(): void {
    this.#closes = true;
  }

  /**
   * Reads the request's body, which must be asked for before the handler returns.
   * @param limitBytes beyond it `onBody(null)` is called and the rest is dropped
   * @param mayTake asked before each piece is kept; false ends it the same way
   */
  readBody(
    limitBytes: number,
    onBody: (body: Uint8Array | null) => void,
    mayTake: (bytes: number) => boolean = () => true,
  ): void {
    const chunks: Buffer[] = [];
    let size = 0;
    let over = false;
    this.#res.onData((chunk, isLast) => {
      if (over) return;
      size += chunk.byteLength;
      if (size > limitBytes || !mayTake(chunk.byteLength)) {
        over = true;
        chunks.length = 0;
        onBody(null);
        return;
      }
      // The server takes the chunk's memory back when this returns.
      chunks.push(Buffer.from(new Uint8Array(chunk)));
      if (isLast) onBody(Buffer.concat(chunks));
    });
  }

  /** Never with an argument: with one the server waits for that many bytes, and ends the process when none come. */
  #endHead(status: number, lengthBytes: number): void {
    if (lengthBytes >= 0 && !isBodiless(status)) this.#res.writeHeader('Content-Length', String(lengthBytes));
    if (this.#closes) this.#res.writeHeader('Connection', 'close');
    this.#res.endWithoutBody();
  }

  #sendLoneHead(): void {
    if (this.#gone || this.#state !== 'begun' || this.#unsentHead === null) return;
    this.#res.cork(() => {
      this.#flushHead();
      // The server ends a header only with what follows it: with a length, that may be no byte at all.
      if (this.#totalBytes >= 0) this.#res.tryEnd('', this.#totalBytes);
    });
  }

  #flushHead(): void {
    const head = this.#unsentHead;
    if (head === null) return;
    this.#unsentHead = null;
    this.#writeHead(head.status, head.block, head.extra);
    if (this.#closes) this.#res.writeHeader('Connection', 'close');
  }

  #writeHead(status: number, block: HeaderBlock | null, extra: string): void {
    const res = this.#res;
    if (status !== 200) res.writeStatus(statusText(status));
    if (block !== null) block.write(res);
    if (extra !== '') this.#writeExtra(extra);
  }

  /** `extra` is `name: value` lines of our own making, so one call suffices; anything but printable ASCII is a bug. */
  #writeExtra(extra: string): void {
    const colon = extra.indexOf(': ');
    this.#res.writeHeader(extra.slice(0, colon), extra.slice(colon + 2));
  }

  #awaitWritable(): void {
    this.#res.onWritable((offset) => this.#writable(offset));
  }

  #writable(offset: number): boolean {
    if (this.#gone) return true;
    const blocked = this.#blocked;
    if (blocked !== null) {
      const [ok, done] = this.#res.tryEnd(blocked.subarray(offset - this.#blockedAt), this.#totalBytes);
      if (done) {
        this.#complete();
      } else if (!ok) {
        this.#sentBytes = this.#res.getWriteOffset();
        return false;
      }
      this.#sentBytes = this.#blockedAt + blocked.byteLength;
      this.#blocked = null;
    }
    this.#onDrained?.();
    return true;
  }

  #settle(): void {
    this.#onSettled();
    this.onDone?.(this);
  }

  #complete(): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    if (this.#totalBytes >= 0) this.#sentBytes = this.#totalBytes;
    this.#onGone = null;
    this.#settle();
  }

  #lost(): void {
    if (this.#gone || this.#state === 'done') return;
    this.#gone = true;
    const onGone = this.#onGone;
    this.#onGone = null;
    this.#settle();
    onGone?.();
  }
}

/** RFC 9110 §8.6: no body, and no Content-Length either (a 304's would have to be the 200's). */
function isBodiless(status: number): boolean {
  return status === 204 || status === 304;
}

function byteLength(body: Uint8Array | string): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
}

/** Joins fields made by ourselves into what `respond` and `begin` take as `extra`. */
export function extraFields(fields: readonly (readonly [string, string])[]): string {
  const text = fields.map(([name, value]) => `${name}: ${value}`).join('\r\n');
  if (!fields.every(([, value]) => BYTE.test(value))) throw new Error(`extra field out of ASCII: ${text}`);
  return text;
}
