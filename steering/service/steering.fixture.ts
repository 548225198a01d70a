import { createServer, request as httpRequest, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { createLog } from '../../runtime/log.ts';
import { defaultTemplates, type LiveEvent } from '../../topology/model/event.ts';
import type { NodeReport } from '../../topology/model/node-report.ts';
import { DEFAULT_STEERING } from '../policy/steering-config.ts';
import { startSteering, type SteeringConfig } from './steering.ts';

export const SITES_YAML = `
sites:
  - id: fra
    country: DE
    latitude: 50.11
    longitude: 8.68
    edges:
      - { id: fra-1, url: 'http://127.0.0.11:8080', capacityBps: 1e9 }
      - { id: fra-2, url: 'http://127.0.0.12:8080', capacityBps: 1e9 }
  - id: nyc
    country: US
    latitude: 40.71
    longitude: -74.01
    edges:
      - { id: nyc-1, url: 'http://127.0.0.13:8080', capacityBps: 1e9 }
      - { id: nyc-2, url: 'http://127.0.0.14:8080', capacityBps: 1e9 }
`;

/** Known to the database that comes along. */
export const GERMAN = '193.99.144.80';
export const AMERICAN = '8.8.8.8';

export function demoEvent(changes: Partial<LiveEvent> = {}): LiveEvent {
  return {
    id: 'demo',
    state: 'live',
    availabilityStartMs: 0,
    segmentDurationMs: 2000,
    startNumber: 0,
    dvrWindowMs: 600_000,
    renditions: [
      { id: 'v1', kind: 'video', codecs: 'avc1.64001f', bandwidth: 800_000, width: 640, height: 360, frameRate: 25 },
      { id: 'a1', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 96_000, language: 'en' },
    ],
    ...defaultTemplates('demo'),
    ...changes,
  };
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** A request as bare as can be: `fetch` would add and forbid fields. */
export function ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** A server in the place of the origin. */
export async function openSource(t: ExecutionContext, listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

export const demoSource: RequestListener = (request, response) => {
  if (request.url === '/live/demo/event.json') response.end(JSON.stringify(demoEvent()));
  else response.writeHead(404).end();
};

export interface TestSteering {
  url: string;
  admin: string;
  clock: { nowMs: number };
  drain: () => Promise<void>;
  report: (id: string, changes?: Partial<NodeReport>, asked?: Asked) => Promise<HttpAnswer>;
  /** seconds in which every node named reports that it is well */
  pass: (seconds: number, ids?: string[]) => Promise<void>;
}

/** The servers of the file are not there, and what is at their addresses on this machine is nobody's business. */
export const UNPROBED: SteeringConfig['tuning'] = {
  ...DEFAULT_STEERING,
  probes: { ...DEFAULT_STEERING.probes, enabled: false },
};

export const NODES = ['fra-1', 'fra-2', 'nyc-1', 'nyc-2'];

export async function sitesFile(t: ExecutionContext, yaml = SITES_YAML): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'sites.yaml');
  await writeFile(file, yaml);
  return file;
}

export async function openSteering(
  t: ExecutionContext,
  { yaml, ...changes }: Partial<SteeringConfig> & { yaml?: string } = {},
): Promise<TestSteering> {
  const clock = { nowMs: 0 };
  const service = await startSteering({
    id: 'steering',
    listen: { host: '127.0.0.1', port: 0 },
    admin: { address: { host: '127.0.0.1', port: 0 } },
    sitesFile: await sitesFile(t, yaml),
    eventsFrom: changes.eventsFrom ?? (await openSource(t, demoSource)),
    trustedProxies: [],
    allowIpParameter: true,
    tuning: UNPROBED,
    log: createLog('steering', 'silent'),
    nowMs: () => clock.nowMs,
    ...changes,
  });
  t.teardown(() => service.close());
  let sequence = 0;
  const url = service.urls.listen!;
  const report: TestSteering['report'] = (id, reported = {}, asked = {}) =>
    ask(`${url}/v1/nodes/${id}/report`, {
      method: 'POST',
      body: JSON.stringify({ ...wellReport(id, ++sequence), ...reported }),
      ...asked,
    });
  const pass: TestSteering['pass'] = async (seconds, ids = NODES) => {
    for (let second = 0; second < seconds; second++) {
      clock.nowMs += 1000;
      for (const id of ids) await report(id);
    }
  };
  return { url, admin: service.urls.admin!, clock, drain: () => service.drain(), report, pass };
}

function wellReport(id: string, sequence: number): NodeReport {
  return {
    id,
    role: 'edge',
    site: id.slice(0, 3),
    url: 'http://127.0.0.11:8080',
    state: 'up',
    sequence,
    egressBps: 0,
    capacityBps: 1e9,
    connections: 0,
    requestsPerSecond: 0,
    errorShare: 0,
    eventLoopDelayMs: 1,
  };
}
