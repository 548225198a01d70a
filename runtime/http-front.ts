import './http-environment.ts';
import HyperExpress from 'hyper-express';
import uws from 'uWebSockets.js';
import type { HttpRequest, HttpResponse, ListenSocket, RouteHandler, TemplatedApp } from 'uWebSockets.js';
import { formatAddress, type Address } from './address.ts';
import { BadInput } from './bad-input.ts';
import { HttpExchange } from './http-exchange.ts';
import { readHead, RequestHead } from './request-head.ts';
import { statusText } from './status-text.ts';

export type RawHandler = (exchange: HttpExchange) => void;

export interface HttpFrontOptions {
  address: Address;
  /** request bodies on hyper-express routes beyond this get 413 */
  maxBodyBytes?: number;
  /** takes every request that no named route takes, straight from the server below (DESIGN §6) */
  raw?: RawHandler;
  /** a throw in a handler; the request itself has been answered with 500 or cut */
  onError?: (error: unknown, where: string) => void;
}

const ROUTE_METHODS = ['get', 'post', 'options', 'del', 'patch', 'put', 'head', 'connect', 'trace', 'any'] as const;

/**
 * The listener of every service: hyper-express for the routes that may cost a little, a raw route for the one that may
 * not. It masters what the two leave open (README, "Traps"): framing is judged before any route, a throw ends one
 * request and not the process, a port in use is an error, closing waits for what is in flight.
 */
export class HttpFront {
  /** add named routes before `open` */
  readonly server: HyperExpress.Server;
  readonly #app: TemplatedApp;
  readonly #options: HttpFrontOptions;
  readonly #registerRaw: TemplatedApp['any'];
  #inFlight = 0;
  #closing = false;
  #whenIdle: (() => void) | null = null;

  constructor(options: HttpFrontOptions) {
    this.#options = options;
    this.server = new HyperExpress.Server({
      auto_close: false,
      max_body_length: options.maxBodyBytes ?? 64 * 1024,
      fast_abort: true,
    });
    this.#app = this.server.uws_instance;
    this.#registerRaw = this.#app.any.bind(this.#app);
    this.#guardRoutes();
    this.server.set_error_handler((_request, response, error) => {
      this.#report(error, 'route');
      if (!response.completed) response.status(500).send('internal error\n');
    });
    this.server.set_not_found_handler((_request, response) => {
      response.status(404).type('text/plain').send('not found\n');
    });
  }

  /** Binds. @returns the address with the port it got. @throws BadInput when it cannot be bound */
  async open(): Promise<Address> {
    const { host, port } = this.#options.address;
    let socket: ListenSocket;
    try {
      socket = await this.server.listen(port, host === 'localhost' ? '127.0.0.1' : host);
    } catch (cause) {
      const where = formatAddress(this.#options.address);
      throw new BadInput(
        `cannot listen on ${where}: the port is in use, or the address is not this machine's; choose another`,
        {
          cause,
        },
      );
    }
    // Only now: listening registers hyper-express's own 404 on the same pattern, which would shadow ours.
    if (this.#options.raw) this.#registerRaw('/*', (res, req) => this.#handleRaw(res, req));
    return { host, port: uws.us_socket_local_port(socket) };
  }

  /** Requests on the raw route that are not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Takes no new connection, lets what is in flight end (bounded), then drops every connection. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.server.close();
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        const bound = setTimeout(resolve, graceMs);
        this.#whenIdle = () => {
          clearTimeout(bound);
          resolve();
        };
      });
    }
    // What was answered in this very turn may still lie in the server's cork buffer.
    await new Promise((resolve) => setImmediate(resolve));
    this.#app.close();
  }

  #handleRaw(res: HttpResponse, req: HttpRequest): void {
    const head = new RequestHead();
    const defect = readHead(req, head);
    if (defect !== null) {
      refuse(res, 400, defect);
      return;
    }
    const exchange = new HttpExchange(res, req, head, this.#settled);
    if (this.#closing) exchange.closeAfter();
    this.#inFlight++;
    try {
      this.#options.raw!(exchange);
      if (exchange.unattended)
        throw new Error('the handler returned without an answer and without holding the request');
    } catch (error) {
      this.#report(error, `${exchange.method} ${exchange.url}`);
      abandon(exchange);
    }
  }

  readonly #settled = (): void => {
    if (--this.#inFlight === 0) this.#whenIdle?.();
  };

  /** Every route that hyper-express registers passes the same guard, and its listener takes the port for itself alone. */
  #guardRoutes(): void {
    const app = this.#app as unknown as Record<string, (pattern: string, handler: RouteHandler) => TemplatedApp>;
    for (const method of ROUTE_METHODS) {
      const register = app[method]!.bind(this.#app);
      app[method] = (pattern, handler) =>
        register(pattern, (res, req) => {
          const defect = readHead(req, new RequestHead());
          if (defect === null) handler(res, req);
          else refuse(res, 400, defect);
        });
    }
    const listen = this.#app.listen.bind(this.#app);
    // Left to itself it sets SO_REUSEPORT, and a second process on the same port silently takes half the connections.
    this.#app.listen = ((host: string, port: number, done: (socket: ListenSocket | false) => void) =>
      listen(host, port, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, done)) as TemplatedApp['listen'];
  }

  #report(error: unknown, where: string): void {
    this.#options.onError?.(error, where);
  }
}

/** What is left of a request whose handler failed. The server ends the process when nobody attends to a request. */
function abandon(exchange: HttpExchange): void {
  if (exchange.unattended) exchange.hold(() => {});
  if (exchange.answered) exchange.destroy();
  else exchange.respond(500, null, 'Content-Type: text/plain', 'internal error\n');
}

/**
 * Answers and closes: after a message whose framing is in doubt nothing on the connection can be trusted. Not in this
 * turn: an answer given at once leaves the server free to read on, and it takes what follows for the next request even
 * on a connection that is to be closed; while an answer is pending, it drops the connection instead.
 */
function refuse(res: HttpResponse, status: number, reason: string): void {
  let gone = false;
  res.onAborted(() => {
    gone = true;
  });
  setImmediate(() => {
    if (gone) return;
    res.cork(() => {
      res.writeStatus(statusText(status)).writeHeader('Content-Type', 'text/plain');
      res.end(`${reason}\n`, true);
    });
  });
}
