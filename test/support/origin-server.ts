import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';

export interface SeenRequest {
  method: string;
  /** path and query exactly as they came on the wire */
  target: string;
  fields: http.IncomingHttpHeaders;
  body: Buffer;
}

export type Behaviour = (request: SeenRequest, response: http.ServerResponse) => unknown;

/** An origin over a real socket that behaves by path, and remembers whatever it was asked. */
export class OriginServer {
  readonly seen: SeenRequest[] = [];
  /** the most requests of one path that were open at a time */
  readonly peaks = new Map<string, number>();
  readonly #open = new Map<string, number>();
  readonly #server: http.Server;

  private constructor(behave: Behaviour) {
    this.#server = http.createServer(async (incoming, response) => {
      const path = pathOf(incoming.url!);
      this.#count(path, 1);
      response.once('close', () => this.#count(path, -1));
      const { method, url, headers } = incoming;
      const request = { method: method!, target: url!, fields: headers, body: await buffer(incoming) };
      this.seen.push(request);
      await behave(request, response);
    });
  }

  /** @param behaviours by path without the query; any other path is not there */
  static async open(t: ExecutionContext, behaviours: Record<string, Behaviour> | Behaviour): Promise<OriginServer> {
    const byPath = (request: SeenRequest, response: http.ServerResponse) => {
      const behave = (behaviours as Record<string, Behaviour>)[pathOf(request.target)];
      return behave ? behave(request, response) : response.writeHead(404, { 'Cache-Control': 'no-store' }).end();
    };
    const origin = new OriginServer(typeof behaviours === 'function' ? behaviours : byPath);
    await new Promise<void>((resolve) => origin.#server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, resolve));
    t.teardown(() => {
      origin.#server.closeAllConnections();
      origin.#server.close();
    });
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many requests have come for a path, whatever their query. */
  count(path: string): number {
    return this.asked(path).length;
  }

  asked(path: string): SeenRequest[] {
    return this.seen.filter(({ target }) => pathOf(target) === path);
  }

  #count(path: string, change: number): void {
    const open = (this.#open.get(path) ?? 0) + change;
    this.#open.set(path, open);
    this.peaks.set(path, Math.max(open, this.peaks.get(path) ?? 0));
  }
}

/** Something that a test holds back until it says otherwise. */
export class Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.passed = promise;
    this.open = resolve;
  }
}

/** Gives this body with these fields, whole and with its length. */
export function give(body: string | Buffer, fields: http.OutgoingHttpHeaders = {}, status = 200): Behaviour {
  // As bytes: beside a string Node would write the fields in UTF-8.
  const bytes = Buffer.from(body);
  return (_request, response) =>
    response.writeHead(status, { 'Content-Length': bytes.byteLength, ...fields }).end(bytes);
}

/** Gives another body each time: whoever shares one can be told. */
export function giveNumbered(fields: http.OutgoingHttpHeaders): Behaviour {
  let number = 0;
  return (request, response) => give(`answer ${++number}`, fields)(request, response);
}

/** Gives the first half of the body at once and the rest when the gate opens. */
export function giveInHalves(body: Buffer, rest: Gate, fields: http.OutgoingHttpHeaders = {}): Behaviour {
  return async (_request, response) => {
    response.writeHead(200, { 'Cache-Control': 'max-age=60', ...fields });
    response.write(body.subarray(0, body.byteLength / 2));
    await rest.passed;
    response.end(body.subarray(body.byteLength / 2));
  };
}

/** Behaves one way after another; the last way stays. */
export function inTurn(...behaviours: Behaviour[]): Behaviour {
  let turn = 0;
  return (request, response) => behaviours[Math.min(turn++, behaviours.length - 1)]!(request, response);
}

/** Bytes in which no two places look alike, so that a body put together wrongly shows. */
export function bytesOf(sizeBytes: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = seed;
  for (let at = 0; at < words.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[at] = state;
  }
  return Buffer.from(words.buffer, 0, sizeBytes);
}

function pathOf(target: string): string {
  return target.split('?', 1)[0]!;
}
