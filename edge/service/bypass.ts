import type { HttpExchange } from '../../runtime/http-exchange.ts';
import type { Upstream, UpstreamCall } from '../../runtime/upstream.ts';
import { blockOf, forwardedFields } from './answer-fields.ts';
import { FillBody } from './fill-body.ts';
import { upstreamFields } from './upstream-fields.ts';

/** A request body beyond this gets 413: the edge holds it while it forwards it. */
const BODY_MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** Requests that no cache may answer (POST, PUT, …): handed up, and the answer down, one to one. */
export class Bypass {
  readonly #id: string;
  readonly #upstream: () => Upstream;

  constructor(id: string, upstream: () => Upstream) {
    this.#id = id;
    this.#upstream = upstream;
  }

  /** @param onAnswered called with the upstream's status, before the answer goes down */
  handle(exchange: HttpExchange, onAnswered: (status: number) => void): void {
    let call: UpstreamCall | null = null;
    const timer = setTimeout(() => {
      call?.abort();
      fail(exchange, 504);
    }, TIMEOUT_MS);
    const stop = () => {
      clearTimeout(timer);
      call?.abort();
    };
    exchange.hold(stop);
    exchange.readBody(BODY_MAX_BYTES, (body) => {
      if (body === null) {
        stop();
        exchange.closeAfter();
        exchange.respond(413, null, 'Content-Type: text/plain', 'request body too large\n');
        return;
      }
      const answer = new FillBody(
        () => call?.pause(),
        () => call?.resume(),
      );
      answer.passOn();
      const hasBody =
        body.byteLength > 0 || exchange.head.has('content-length') || exchange.head.has('transfer-encoding');
      call = this.#upstream().fetch(
        {
          method: exchange.method,
          target: exchange.url,
          headers: upstreamFields(exchange.head, { id: this.#id, alone: true, priority: null }),
          body: hasBody ? body : null,
        },
        {
          head: (status, rawHeaders) => {
            onAnswered(status);
            const length = contentLength(rawHeaders);
            exchange.begin(
              status,
              blockOf(forwardedFields(rawHeaders, exchange.path)),
              '',
              status === 204 ? 0 : length,
            );
            answer.read(exchange, 0, length < 0 ? Infinity : length);
          },
          data: (chunk) => answer.append(chunk),
          end: () => {
            clearTimeout(timer);
            answer.finish();
          },
          failed: () => {
            clearTimeout(timer);
            fail(exchange, 502);
          },
        },
      );
    });
  }
}

function fail(exchange: HttpExchange, status: number): void {
  if (exchange.answered) exchange.destroy();
  else exchange.respond(status, null, 'Content-Type: text/plain', 'upstream failed\n');
}

function contentLength(rawHeaders: readonly string[]): number {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]!.toLowerCase() === 'content-length') return Number(rawHeaders[at + 1]);
  }
  return -1;
}
