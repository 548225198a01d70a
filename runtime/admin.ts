import { timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'hyper-express';
import type { Registry } from 'prom-client';
import { formatAddress, isLoopback, type Address } from './address.ts';
import { BadInput } from './bad-input.ts';
import { HttpFront } from './http-front.ts';

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
  const { address, token, registry } = options;
  if (!isLoopback(address.host) && !token) {
    throw new BadInput(`--admin ${formatAddress(address)} is not loopback: set --admin-token, or listen on 127.0.0.1`);
  }
  if (token === '') throw new BadInput('--admin-token is empty: leave it out, or give a token');
  const front = new HttpFront({ address });
  const guarded =
    (work: (request: Request, response: Response) => unknown) => (request: Request, response: Response) => {
      if (token && !bearerIs(request.headers.authorization, token)) {
        return response.status(401).header('WWW-Authenticate', 'Bearer').send('unauthorized\n');
      }
      // A promise goes back to the router, which answers 500 when it is rejected.
      return work(request, response);
    };
  const { server } = front;
  server.get('/healthz', (_request: Request, response: Response) => void response.type('text/plain').send('ok\n'));
  server.get('/readyz', (_request: Request, response: Response) => {
    const reason = options.readiness();
    response
      .status(reason === null ? 200 : 503)
      .type('text/plain')
      .send(`${reason ?? 'ready'}\n`);
  });
  server.get(
    '/metrics',
    guarded(async (_request, response) => {
      response.header('Content-Type', registry.contentType).send(await registry.metrics());
    }),
  );
  for (const [path, snapshot] of Object.entries(options.snapshots ?? {})) {
    server.get(
      path,
      guarded((_request, response) => void response.json(snapshot())),
    );
  }
  if (options.onDrain) {
    server.post(
      '/drain',
      guarded((_request, response) => {
        options.onDrain!();
        response.status(202).type('text/plain').send('draining\n');
      }),
    );
  }
  if (options.onPurge) {
    server.post(
      '/purge',
      guarded((request, response) => {
        const purged = options.onPurge!(request.query_parameters.path ?? '');
        response.json({ purged });
      }),
    );
  }
  const bound = await front.open();
  return { url: `http://${formatAddress(bound)}`, close: () => front.close(0) };
}

function bearerIs(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header?.startsWith('Bearer ') ? header.slice(7) : '');
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
