import { timingSafeEqual } from 'node:crypto';
import type { Registry } from 'prom-client';
import { formatAddress, isLoopback, type Address } from './address.ts';
import { BadInput } from './bad-input.ts';
import { extraFields, type HttpExchange } from './http-exchange.ts';
import { HttpFront } from './http-front.ts';

/** What a service adds to its admin listener. */
export interface AdminRoute {
  path: string;
  /** without it GET and, as with every GET here, HEAD */
  method?: 'GET' | 'POST';
  /** answers without the token, too: for what holds nothing of this node */
  open?: boolean;
  handle(exchange: HttpExchange): void;
}

export interface AdminOptions {
  address: Address;
  /** needed on any address but loopback: `Authorization: Bearer …` */
  token?: string | undefined;
  registry: Registry;
  /** null when ready, else why not */
  readiness: () => string | null;
  /** POST /drain: stop being chosen, go on serving */
  onDrain?: () => void;
  /** POST /purge?path=… : forget what is stored under a path (all when it is empty); returns how many objects */
  onPurge?: (path: string) => number;
  /** GET /state and the like: JSON snapshots by path */
  snapshots?: Record<string, () => unknown>;
  routes?: readonly AdminRoute[];
  /** a throw in a handler; the request has been answered with 500 */
  onError?: (error: unknown, where: string) => void;
}

export interface Admin {
  url: string;
  close(): Promise<void>;
}

/**
 * The admin listener: /healthz, /readyz, /metrics (Prometheus), POST /drain, POST /purge. Apart from the data plane on
 * purpose: what may stop a node must not be reachable where viewers are.
 * @throws BadInput when it would be open to the network without a token, or cannot listen
 */
export async function openAdmin(options: AdminOptions): Promise<Admin> {
  const { address, token, onError } = options;
  if (!isLoopback(address.host) && !token) {
    throw new BadInput(`--admin ${formatAddress(address)} is not loopback: set --admin-token, or listen on 127.0.0.1`);
  }
  if (token === '') throw new BadInput('--admin-token is empty: leave it out, or give a token');
  const routes = new Map(routesOf(options).map((route) => [`${route.method ?? 'GET'} ${route.path}`, route]));
  const front = new HttpFront({
    address,
    raw: (exchange) => {
      const { method, path } = exchange;
      const route = routes.get(`${method === 'HEAD' ? 'GET' : method} ${path}`);
      if (route === undefined) return respondText(exchange, 404, 'not found');
      if (route.open !== true) {
        if (isOtherPages(exchange, token === undefined)) return respondText(exchange, 403, 'not for pages of others');
        if (token !== undefined && !bearerIs(exchange.head.get('authorization'), token)) {
          return respondText(exchange, 401, 'unauthorized', ['WWW-Authenticate', 'Bearer']);
        }
      }
      route.handle(exchange);
    },
    ...(onError === undefined ? {} : { onError }),
  });
  const bound = await front.open();
  return { url: `http://${formatAddress(bound)}`, close: () => front.close(0) };
}

function routesOf({ registry, readiness, onDrain, onPurge, snapshots = {}, routes = [] }: AdminOptions): AdminRoute[] {
  const all: AdminRoute[] = [
    { path: '/healthz', open: true, handle: (exchange) => respondText(exchange, 200, 'ok') },
    {
      path: '/readyz',
      open: true,
      handle: (exchange) => {
        const reason = readiness();
        respondText(exchange, reason === null ? 200 : 503, reason ?? 'ready');
      },
    },
    { path: '/metrics', handle: (exchange) => respondMetrics(exchange, registry) },
    ...Object.entries(snapshots).map(([path, snapshot]) => ({
      path,
      handle: (exchange: HttpExchange) => respondJson(exchange, snapshot()),
    })),
    ...routes,
  ];
  if (onDrain !== undefined) {
    all.push({
      path: '/drain',
      method: 'POST',
      handle: (exchange) => {
        onDrain();
        respondText(exchange, 202, 'draining');
      },
    });
  }
  if (onPurge !== undefined) {
    all.push({
      path: '/purge',
      method: 'POST',
      handle: (exchange) => {
        const purged = onPurge(new URLSearchParams(exchange.query).get('path') ?? '');
        respondJson(exchange, { purged });
      },
    });
  }
  return all;
}

function respondText(exchange: HttpExchange, status: number, text: string, ...more: [string, string][]): void {
  exchange.respond(status, null, extraFields([['Content-Type', 'text/plain'], ...more]), `${text}\n`);
}

function respondJson(exchange: HttpExchange, value: unknown): void {
  exchange.respond(200, null, 'Content-Type: application/json', JSON.stringify(value));
}

function respondMetrics(exchange: HttpExchange, registry: Registry): void {
  exchange.hold(() => {});
  registry.metrics().then(
    (text) => exchange.respond(200, null, `Content-Type: ${registry.contentType}`, text),
    () => respondText(exchange, 500, 'internal error'),
  );
}

/**
 * Whether a page that is not ours has the browser ask: any page may send a POST here, and one whose name was made to
 * point to this address may read, too (its name is the Host). Where a token is asked for, the latter does not have it.
 */
function isOtherPages({ head }: HttpExchange, withoutToken: boolean): boolean {
  const host = head.get('host') ?? '';
  const origin = head.get('origin');
  if (origin !== undefined && origin.replace(/^https?:\/\//, '') !== host) return true;
  const name = host.replace(/:\d*$/, '');
  return withoutToken && !/^(?:localhost|[\d.]+|\[[\da-f:.]+\])$/i.test(name);
}

function bearerIs(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header?.startsWith('Bearer ') ? header.slice(7) : '');
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
