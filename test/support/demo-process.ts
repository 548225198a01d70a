import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const UNDERCARD = fileURLToPath(new URL('../../cli/undercard.mjs', import.meta.url));

export interface DemoUrls {
  watch: string;
  steering: string;
  origin: string;
  edges: Record<string, string>;
  admin: Record<string, string>;
}

interface DemoSummary {
  held: boolean;
  checks: { name: string; holds: boolean | null; detail: string }[];
  happened: string[];
  edges: { requests: number };
  shield: { fills: number };
  predicted: {
    tiers: { edges: { requests: number }; shield: { fills: number } };
    viewers: { arrived: number; meanBitrateBps: number; latencyMs: { p50: number } };
  } | null;
  viewers: {
    arrived: number;
    neverPlayed: number;
    meanBitrateBps: number;
    latencyMs: { p50: number };
    wrongBodies: number;
    serverSwitches: number;
    stalls: { count: number };
  };
}

/** `undercard demo --json` as a process of its own. */
export class DemoProcess {
  readonly ready: Promise<DemoUrls>;
  readonly ended: Promise<{ code: number | null; summary: DemoSummary | null; stderr: string }>;
  readonly #process;

  constructor(args: readonly string[]) {
    const child = spawn(process.execPath, [UNDERCARD, 'demo', '--json', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    let summary: DemoSummary | null = null;
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    const ready = Promise.withResolvers<DemoUrls>();
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as { ready?: boolean; urls?: DemoUrls; summary?: DemoSummary };
      if (line.ready) ready.resolve(line.urls!);
      if (line.summary) summary = line.summary;
    });
    this.ready = ready.promise;
    this.ended = new Promise((resolve) => {
      child.on('close', (code) => {
        ready.reject(new Error(`the demo ended with ${code}: ${stderr}`));
        resolve({ code, summary, stderr });
      });
    });
    this.ready.catch(() => {});
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** As a consumer that goes away. */
  stopReading(): void {
    this.#process.stdout.destroy();
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}

/** A base port that is free on every address the demo uses, as far as one can look. */
export async function freeDemoPort(): Promise<number> {
  const { createServer } = await import('node:net');
  const isFree = (host: string, port: number) =>
    new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
    });
  for (let port = 21_080; port < 21_980; port += 20) {
    const looked = await Promise.all(
      ['127.0.0.1', '127.0.0.11', '127.0.0.31'].flatMap((host) => [isFree(host, port), isFree(host, port + 1)]),
    );
    if (looked.every(Boolean)) return port;
  }
  throw new Error('no free port for a demo');
}
