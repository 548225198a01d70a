import { createServer, type RequestListener, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { createLog } from '../../../runtime/log.ts';
import { ask, type HttpAnswer } from '../steering.fixture.ts';
import { startCdnSteering, type CdnSteeringConfig } from './cdn-steering.ts';

let hosts = 0;

/** An HTTP server at a loopback address of its own, for players tell CDNs apart by host. */
export class TestCdn {
  readonly seen: string[] = [];
  readonly #host: string;
  readonly #behave: RequestListener;
  #server: Server | null = null;
  #port = 0;

  private constructor(behave: RequestListener) {
    const { pid } = process;
    this.#host = `127.${200 + (hosts++ % 50)}.${(pid >> 8) & 255}.${pid & 255 || 1}`;
    this.#behave = behave;
  }

  /** @param behave by path without the query, or for all; what is not named is 404 */
  static async open(
    t: ExecutionContext,
    behave: RequestListener | Record<string, RequestListener | string> = {},
  ): Promise<TestCdn> {
    const byPath: RequestListener = (request, response) => {
      const found = (behave as Record<string, RequestListener | string>)[request.url!.split('?', 1)[0]!];
      if (typeof found === 'string') response.end(found);
      else if (found === undefined) response.writeHead(404).end();
      else found(request, response);
    };
    const cdn = new TestCdn(typeof behave === 'function' ? behave : byPath);
    await cdn.start();
    t.teardown(() => cdn.stop());
    return cdn;
  }

  get url(): string {
    return `http://${this.#host}:${this.#port}`;
  }

  get host(): string {
    return this.#host;
  }

  /** Of what was asked for, without the probes. */
  count(path: string): number {
    return this.seen.filter((url) => url.split('?', 1)[0] === path).length;
  }

  /** Again at the same place. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.seen.push(request.url!);
      this.#behave(request, response);
    });
    await new Promise<void>((resolve) => server.listen(this.#port, this.#host, resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

interface TestCdnState {
  id: string;
  standing: string;
  probeFailure: string | null;
  bps: number;
  monthBytes: number;
}

export interface TestCdnSteering {
  url: string;
  admin: string;
  get(path: string): Promise<HttpAnswer>;
  /** ids in the order in which a session is sent to them */
  order(session: string, more?: string): Promise<string[]>;
  state(): Promise<{ cdns: TestCdnState[]; sessions: number }>;
  close(): Promise<void>;
}

/** Probes are quick and forgiving, so that no test waits long or fails on a busy machine. */
const PROBES = { everySeconds: 0.1, againSeconds: 0.1, timeoutSeconds: 5, rampSeconds: 0 };

export async function openCdnSteering(
  t: ExecutionContext,
  file: object,
  changes: Partial<CdnSteeringConfig> = {},
): Promise<TestCdnSteering> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const cdnsFile = join(folder, 'cdns.yaml');
  await writeFile(cdnsFile, stringify({ probes: PROBES, ...file }));
  const service = await startCdnSteering({
    id: 'steering',
    listen: { host: '127.0.0.1', port: 0 },
    admin: { address: { host: '127.0.0.1', port: 0 } },
    cdnsFile,
    trustedProxies: [],
    allowIpParameter: true,
    log: createLog('steering', 'silent'),
    ...changes,
  });
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await service.close();
  };
  t.teardown(close);
  const url = service.urls.listen!;
  const admin = service.urls.admin!;
  return {
    url,
    admin,
    get: (path) => ask(`${url}${path}`),
    order: async (session, more = '') => {
      const { body } = await ask(`${url}/v1/steer/hls?session=${session}${more}`);
      return (JSON.parse(body) as { 'PATHWAY-PRIORITY': string[] })['PATHWAY-PRIORITY'];
    },
    state: async () => JSON.parse((await ask(`${admin}/state`)).body),
    close,
  };
}

/** Waits for what must come to pass, and fails in words when it does not. */
export async function until(holds: () => Promise<boolean>, what: string, boundMs = 30_000): Promise<void> {
  const endMs = performance.now() + boundMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
