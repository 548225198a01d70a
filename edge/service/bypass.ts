import type { HttpExchange } from '../../runtime/http-exchange.ts';
import type { Upstream, UpstreamCall } from '../../runtime/upstream.ts';
import { blockOf, forwardedFields } from './answer-fields.ts';
import { FillBody } from './fill-body.ts';
import type { Refusals } from './refusals.ts';
import { upstreamFields } from './upstream-fields.ts';

/** A request body beyond this gets 413: the edge holds it while it forwards it. */
const BODY_MAX_BYTES = 16 * 1024 * 1024;
/** All bodies held at one time; beyond it 503. Whoever sends slowly must not fill the memory. */
const BODIES_MAX_BYTES = 128 * 1024 * 1024;
/** How long the upstream may be silent. */
const SILENCE_MAX_MS = 30_000;

/** Requests that no cache may answer (POST, PUT, …): handed up, and the answer down, one to one. */
export class Bypass {
  readonly #id: string;
  readonly #upstream: () => Upstream;
  readonly #refusals: Refusals;
  #heldBytes = 0;

  constructor(id: string, upstream: () => Upstream, refusals: Refusals) {
    this.#id = id;
    this.#upstream = upstream;
    this.#refusals = refusals;
  }

  /** @param onAnswered called with the upstream's status, before the answer goes down */
  handle(exchange: HttpExchange, onAnswered: (status: number) => void): void {
    let call: UpstreamCall | null = null;
    let heldBytes = 0;
    let crowded = false;
    const silence = new Silence(
      () => {
        call?.abort();
        this.#fail(exchange, 504, 'upstream-timeout');
      },
      () => {
        this.#heldBytes -= heldBytes;
        heldBytes = 0;
      },
    );
    exchange.hold(() => {
      silence.end();
      call?.abort();
    });
    const mayTake = (bytes: number) => {
      crowded = this.#heldBytes + bytes > BODIES_MAX_BYTES;
      if (!crowded) {
        heldBytes += bytes;
        this.#heldBytes += bytes;
      }
      return !crowded;
    };
    const onBody = (body: Uint8Array | null) => {
      if (body === null) {
        silence.end();
        exchange.closeAfter();
        const [status, reason] = crowded ? ([503, 'too-many-bodies'] as const) : ([413, 'body-too-large'] as const);
        this.#refusals.answer(exchange, exchange.path, status, reason, 0, false);
        return;
      }
      silence.begin();
      call = this.#forward(exchange, body, silence, onAnswered);
    };
    exchange.readBody(BODY_MAX_BYTES, onBody, mayTake);
  }

  #forward(
    exchange: HttpExchange,
    body: Uint8Array,
    silence: Silence,
    onAnswered: (status: number) => void,
  ): UpstreamCall {
    const { method, head, path, url } = exchange;
    const hasBody = body.byteLength > 0 || head.has('content-length') || head.has('transfer-encoding');
    const headers = upstreamFields(head, { id: this.#id, alone: true, priority: null });
    const answer = new FillBody({
      pause: () => {
        // Its client is slow: the upstream is silent because it was told to be.
        silence.interrupt();
        call.pause();
      },
      resume: () => {
        silence.begin();
        call.resume();
      },
    });
    answer.passOn();
    const call = this.#upstream().fetch(
      { method, target: url, headers, body: hasBody ? body : null },
      {
        head: (status, rawHeaders) => {
          silence.begin();
          onAnswered(status);
          const length = status === 204 || status === 304 ? 0 : contentLength(rawHeaders);
          exchange.begin(status, blockOf(forwardedFields(rawHeaders, path)), '', length);
          answer.read(exchange, 0, length < 0 ? Infinity : length);
        },
        data: (chunk) => {
          silence.begin();
          answer.append(chunk);
        },
        end: () => {
          silence.end();
          answer.finish();
        },
        failed: () => {
          silence.end();
          this.#fail(exchange, 502, 'upstream-failed');
        },
      },
    );
    return call;
  }

  #fail(exchange: HttpExchange, status: number, reason: string): void {
    if (exchange.answered) exchange.destroy();
    else this.#refusals.answer(exchange, exchange.path, status, reason, 0, false);
  }
}

/** How long nothing has been heard. */
class Silence {
  readonly #tooLong: () => void;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  /** @param onEnd called once when it no longer matters, for whatever reason */
  constructor(tooLong: () => void, onEnd: () => void) {
    this.#tooLong = tooLong;
    this.#onEnd = onEnd;
  }

  begin(): void {
    clearTimeout(this.#timer);
    if (this.#over) return;
    this.#timer = setTimeout(() => {
      this.end();
      this.#tooLong();
    }, SILENCE_MAX_MS);
  }

  interrupt(): void {
    clearTimeout(this.#timer);
  }

  /** Whatever begins it again: a client may still be reading when its upstream has said everything. */
  end(): void {
    this.interrupt();
    if (this.#over) return;
    this.#over = true;
    this.#onEnd();
  }
}

function contentLength(rawHeaders: readonly string[]): number {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]!.toLowerCase() === 'content-length') return Number(rawHeaders[at + 1]);
  }
  return -1;
}
