import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WallClock } from './wall-clock.ts';

/** A clock that stands still until it is moved. */
export class HeldClock implements WallClock {
  #wallMs: number;
  #sleepers: { wallMs: number; wake: () => void }[] = [];

  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  sleepUntil(wallMs: number, signal: AbortSignal): Promise<void> {
    if (wallMs <= this.#wallMs || signal.aborted) return Promise.resolve();
    return new Promise((wake) => {
      const sleeper = { wallMs, wake };
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        wake();
      });
    });
  }

  moveTo(wallMs: number): void {
    this.#wallMs = wallMs;
    const due = this.#sleepers.filter((sleeper) => sleeper.wallMs <= wallMs).sort((a, b) => a.wallMs - b.wallMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.wallMs > wallMs);
    for (const { wake } of due) wake();
  }

  hasSleeperUntil(wallMs: number): boolean {
    return this.#sleepers.some((sleeper) => sleeper.wallMs === wallMs);
  }
}

export interface Put {
  path: string;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  /** false when the connection was lost before the body's end */
  complete: boolean;
  /** when its head came, by the clock of the test */
  wallMs: number;
}

/** Takes PUTs down, and answers them as told. */
export class Ingest {
  readonly puts: Put[] = [];
  /** bytes of bodies that are still coming */
  openBytes = 0;
  /** status of the answer; 0 cuts the connection, −1 never answers */
  answer: (path: string) => number = () => 201;
  readonly #server: http.Server;
  readonly #clock: WallClock;

  constructor(clock: WallClock) {
    this.#clock = clock;
    this.#server = http.createServer((request, response) => this.#take(request, response));
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Whole PUTs of media segments. */
  get segments(): Put[] {
    return this.puts.filter(({ path, complete }) => complete && path.endsWith('.m4s'));
  }

  paths(): string[] {
    return this.puts.map(({ path }) => path);
  }

  #take(request: http.IncomingMessage, response: http.ServerResponse): void {
    const path = request.url!;
    const wallMs = this.#clock.wallMs();
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      this.openBytes += chunk.length;
    });
    request.on('error', () => {});
    request.on('close', () => {
      this.openBytes -= sizeBytes;
      const { headers, complete } = request;
      this.puts.push({ path, headers, body: Buffer.concat(chunks), complete, wallMs });
      const status = this.answer(path);
      if (!complete || status === 0) request.socket.destroy();
      else if (status > 0) response.writeHead(status).end('as told\n');
    });
  }
}

/** Waits for what is bound to happen; the test's own time-out is the bound. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 2));
}
