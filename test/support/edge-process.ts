import { spawn } from 'node:child_process';
import http from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import pino from 'pino';
import type { z } from 'zod';
import { edgeConfigSchema } from '../../edge/service/edge-config.ts';
import { startEdge } from '../../edge/service/edge.ts';

const UNDERCARD = fileURLToPath(new URL('../../cli/undercard.mjs', import.meta.url));

// ——— an edge ———

export type EdgeUnderTest = Awaited<ReturnType<typeof openEdge>>;

/** An edge in this process, on free ports. At the test's end nothing may be left in it, and nothing may have thrown. */
export async function openEdge(t: ExecutionContext, config: z.input<typeof edgeConfigSchema>) {
  const errors: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void errors.push(line) });
  const defaults = { listen: '127.0.0.1:0', admin: '127.0.0.1:0' };
  const edge = await startEdge(edgeConfigSchema.parse({ ...defaults, ...config }), log);
  const { machine } = edge.node;
  t.teardown(async () => {
    try {
      const left = () => ({ open: machine.open, fills: machine.fillsInFlight, arrivingBytes: machine.arrivingBytes });
      await until(
        () => Object.values(left()).every((count) => count === 0),
        () => `nothing to be left in the edge, but ${JSON.stringify(left())}`,
      );
      if (errors.length > 0) throw new Error(`the edge reported: ${errors.join('')}`);
    } finally {
      await edge.close();
    }
  });
  return { ...edge, url: edge.urls.listen!, admin: edge.urls.admin!, machine };
}

/** `undercard edge` as a process of its own; it is killed when the test ends. */
export class EdgeProcess {
  /** the URLs of its first line with --json; fails when the process ends before */
  readonly ready: Promise<Record<string, string>>;
  readonly ended: Promise<{ code: number | null; stdout: string[]; stderr: string[] }>;
  readonly stderr: string[] = [];
  readonly #process;

  constructor(t: ExecutionContext, args: readonly string[]) {
    const child = spawn(process.execPath, [UNDERCARD, 'edge', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    const stdout: string[] = [];
    const first = Promise.withResolvers<Record<string, string>>();
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout.push(line);
      first.resolve((JSON.parse(line) as { urls: Record<string, string> }).urls);
    });
    createInterface({ input: child.stderr }).on('line', (line) => this.stderr.push(line));
    this.ready = first.promise;
    this.ready.catch(() => {});
    this.ended = new Promise((resolve) => {
      child.on('close', (code) => {
        first.reject(new Error(`the edge ended with ${code}: ${this.stderr.join('\n')}`));
        resolve({ code, stdout, stderr: this.stderr });
      });
    });
    t.teardown(async () => {
      child.kill('SIGKILL');
      await this.ended;
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}

let addresses = 0;

/** An address that no other test listens on: the loopback network has one for every process. */
export function freeAddress(): string {
  const { pid } = process;
  return `127.${64 + ((pid >> 16) & 63)}.${(pid >> 8) & 255}.${pid & 255}:${20_000 + addresses++}`;
}

// ——— whoever asks it ———

export interface Answer {
  status: number;
  fields: http.IncomingHttpHeaders;
  body: Buffer;
  /** the body ended where its framing says so */
  whole: boolean;
}

interface Question {
  method?: string;
  fields?: http.OutgoingHttpHeaders;
  body?: Buffer | string;
}

/** A request under way on a connection of its own. */
export class Asked {
  readonly head: Promise<http.IncomingMessage>;
  readonly #outgoing: http.ClientRequest;
  readonly #chunks: Buffer[] = [];
  receivedBytes = 0;

  /** @param target path and query, sent as they are */
  constructor(baseUrl: string, target: string, { method = 'GET', fields = {}, body }: Question = {}) {
    const { hostname, port } = new URL(baseUrl);
    const outgoing = http.request({ host: hostname, port, path: target, method, headers: fields, agent: false });
    this.#outgoing = outgoing;
    this.head = new Promise((resolve, reject) => {
      outgoing.on('response', resolve);
      outgoing.on('error', reject);
    });
    this.head.catch(() => {});
    outgoing.end(body);
  }

  /** Reads as much as comes, to the end. Until it is called nothing of the body is read. */
  async answer(): Promise<Answer> {
    const response = await this.head;
    await new Promise<void>((resolve) => {
      response.on('data', (chunk: Buffer) => {
        this.#chunks.push(chunk);
        this.receivedBytes += chunk.byteLength;
      });
      response.on('error', () => {});
      response.on('close', resolve);
    });
    const { statusCode, headers, complete } = response;
    return { status: statusCode!, fields: headers, body: Buffer.concat(this.#chunks), whole: complete };
  }

  leave(): void {
    this.#outgoing.on('error', () => {});
    this.#outgoing.destroy();
  }
}

export function ask(baseUrl: string, target: string, question?: Question): Promise<Answer> {
  return new Asked(baseUrl, target, question).answer();
}

/** The counters of the edge, as it tells them on its admin listener. */
export async function stateOf({ admin }: { admin: string }) {
  const { body } = await ask(admin, '/state');
  return JSON.parse(body.toString()) as Record<string, number> & {
    fillFailures: Record<string, number>;
    refusals: Record<string, number>;
    answersCut: Record<string, number>;
    egressBytes: Record<string, number>;
  };
}

/** Waits for what must come to pass, and fails in words when it does not. */
export async function until(holds: () => boolean, what: string | (() => string), boundMs = 8000): Promise<void> {
  const endMs = performance.now() + boundMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
