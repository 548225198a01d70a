import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defaultTemplates, type LiveEvent, parseLivePath } from '../../topology/model/event.ts';
import { newestNumber } from '../../topology/model/live-window.ts';
import type { ServersAnswer } from '../../topology/model/servers-answer.ts';

/** A minute into an event of 250 ms segments. */
export function shortSegments(): LiveEvent {
  return {
    id: 'demo',
    state: 'live',
    availabilityStartMs: Date.now() - 60_000,
    segmentDurationMs: 250,
    startNumber: 0,
    dvrWindowMs: 120_000,
    renditions: [
      { id: 'v1', kind: 'video', codecs: 'avc1.64001f', bandwidth: 400_000 },
      { id: 'v2', kind: 'video', codecs: 'avc1.64001f', bandwidth: 1_200_000 },
      { id: 'a1', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 64_000 },
    ],
    ...defaultTemplates('demo'),
  };
}

/** What an edge does to one answer. */
export type Mischief = 'none' | 'corrupt' | 'no-digest' | 'cut' | 'empty';

/** An edge of few words: every segment is made up from its path. */
export class SmallEdge {
  /** bodies' bytes handed over whole */
  sentBytes = 0;
  corruptBodies = 0;
  requests = 0;
  readonly #event: LiveEvent;
  readonly #mischief: (path: string) => Mischief;
  readonly #server: Server;

  constructor(event: LiveEvent, mischief: (path: string) => Mischief = () => 'none') {
    this.#event = event;
    this.#mischief = mischief;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  async listen(): Promise<this> {
    await listen(this.#server);
    return this;
  }

  get baseUrl(): string {
    return urlOf(this.#server);
  }

  /** At once, whatever is in flight. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests++;
    const path = request.url ?? '';
    const live = parseLivePath(path);
    if (live?.kind === 'event') return this.#send(response, 200, JSON.stringify(this.#event), {});
    if (live?.kind !== 'segment' && live?.kind !== 'init') return this.#send(response, 404, 'unknown', {});
    if (live.kind === 'segment' && live.number > newestNumber(this.#event, Date.now())) {
      return this.#send(response, 404, 'too early', {});
    }
    const body = bodyOf(this.#event, path, live.renditionId);
    const digest = { 'Repr-Digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:` };
    const mischief = this.#mischief(path);
    if (mischief === 'empty') return this.#send(response, 200, '', {});
    if (mischief === 'no-digest') return this.#send(response, 200, body, {});
    if (mischief === 'corrupt') {
      this.corruptBodies++;
      body[body.length >> 1]! ^= 1;
    }
    if (mischief === 'cut') {
      response.writeHead(200, { ...digest, 'Content-Length': body.length });
      response.write(body.subarray(0, body.length >> 1), () => response.destroy());
      return;
    }
    this.#send(response, 200, body, digest);
  }

  #send(response: ServerResponse, status: number, body: Buffer | string, headers: Record<string, string>): void {
    const bytes = Buffer.from(body);
    response.on('finish', () => (this.sentBytes += bytes.length));
    response.writeHead(status, { ...headers, 'Content-Length': bytes.length });
    response.end(bytes);
  }
}

function bodyOf(event: LiveEvent, path: string, renditionId: string): Buffer {
  const { bandwidth } = event.renditions.find(({ id }) => id === renditionId)!;
  return Buffer.alloc((bandwidth * event.segmentDurationMs) / 8000, path);
}

/** Steering that names the same servers to everybody, and remembers whom it took each for. */
export class SmallSteering {
  readonly addresses: (string | null)[] = [];
  readonly #baseUrls: string[];
  readonly #server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://steering');
    this.addresses.push(searchParams.get('ip'));
    response.end(JSON.stringify(this.#answer()));
  });

  constructor(baseUrls: string[]) {
    this.#baseUrls = baseUrls;
  }

  async listen(): Promise<this> {
    await listen(this.#server);
    return this;
  }

  get url(): string {
    return urlOf(this.#server);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(): ServersAnswer {
    const servers = this.#baseUrls.map((baseUrl, rank) => ({ id: `e${rank}`, site: 's', baseUrl, rank, reasons: [] }));
    return {
      version: 1,
      ttlSeconds: 60,
      // last first: players go by the rank
      servers: servers.toReversed(),
      backoff: { maxRetries: 3, retryAfterSeconds: 1 },
      client: { address: '127.0.0.1' },
    };
  }
}

export function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

export function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Resolves once it holds; the bound only turns a hang into a failure. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 20) {
    if (waitedMs > 30_000) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
