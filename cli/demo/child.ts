import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
/** Starting fifteen processes on two cores takes a few seconds; one that needs longer has hung. */
const READY_BOUND_MS = 20_000;
const STOP_BOUND_MS = 6000;

/** A process of the demo that ended by itself, with the last thing it said. */
export class ChildEnded extends Error {
  readonly code = 'CHILD_ENDED';
}

/**
 * One sub-command in a process of its own. Its own process group, so that Ctrl-C reaches the demo alone, which then ends
 * everything in order; its standard input is a pipe from us, so that it ends when we are gone, however we went.
 */
export class Child {
  readonly name: string;
  readonly #args: readonly string[];
  readonly #logFile: string;
  readonly #onLine: (line: Record<string, unknown>) => void;
  readonly #onUnexpectedEnd: (name: string, said: string) => void;
  readonly #readyBoundMs: number;
  #process: ChildProcess | null = null;
  /** what is wanted of it; between a kill and the end there is still a process, which holds its ports */
  #wanted: 'up' | 'down' = 'down';
  /** the process that was told to end */
  #dismissed: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  #said = '';

  constructor(
    name: string,
    args: readonly string[],
    logFile: string,
    handlers: {
      onLine?: (line: Record<string, unknown>) => void;
      onUnexpectedEnd: (name: string, said: string) => void;
      readyBoundMs?: number;
    },
  ) {
    this.name = name;
    this.#args = args;
    this.#logFile = logFile;
    this.#onLine = handlers.onLine ?? (() => {});
    this.#onUnexpectedEnd = handlers.onUnexpectedEnd;
    this.#readyBoundMs = handlers.readyBoundMs ?? READY_BOUND_MS;
  }

  /** It is up, or on its way. */
  get running(): boolean {
    return this.#wanted === 'up';
  }

  /** Resolves with its first line, when it is ready. @throws ChildEnded when it ends before that */
  async start(): Promise<Record<string, unknown>> {
    this.#wanted = 'up';
    await this.#ended;
    if (this.#wanted !== 'up') throw new ChildEnded(`${this.name}: stopped before it was started`);
    return this.#spawn();
  }

  #spawn(): Promise<Record<string, unknown>> {
    this.#said = '';
    const child = spawn(process.execPath, [MAIN, ...this.#args], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, UNDERCARD_PARENT: 'pipe' },
    });
    this.#process = child;
    const ended = Promise.withResolvers<void>();
    this.#ended = ended.promise;
    child.on('error', (error) => {
      this.#said += `\nundercard: cannot be started: ${error.message}`;
    });
    child.stdin.on('error', () => {});
    const log = createWriteStream(this.#logFile, { flags: 'a' });
    // A full disk, or a folder that somebody tidied away, costs the log and nothing else.
    log.on('error', () => {});
    child.stderr.on('data', (chunk: Buffer) => {
      log.write(chunk);
      this.#said = (this.#said + chunk.toString('utf8')).slice(-2000);
    });
    return new Promise((resolve, reject) => {
      const bound = setTimeout(() => {
        child.kill('SIGKILL');
        reject(
          new ChildEnded(`${this.name} was not ready within ${this.#readyBoundMs / 1000} s; see ${this.#logFile}`),
        );
      }, this.#readyBoundMs);
      let ready = false;
      createInterface({ input: child.stdout }).on('line', (text) => {
        const line = parseLine(text);
        if (line === null) return;
        if (!ready) {
          ready = true;
          clearTimeout(bound);
          resolve(line);
        }
        this.#onLine(line);
      });
      child.on('close', (_code, signal) => {
        clearTimeout(bound);
        log.end();
        const lastWord = signal === null ? this.#lastWord() : `killed by ${signal}`;
        const unexpected = this.#dismissed !== child;
        this.#process = null;
        if (unexpected) this.#wanted = 'down';
        ended.resolve();
        if (!ready) reject(new ChildEnded(`${this.name}: ${lastWord}`));
        else if (unexpected) this.#onUnexpectedEnd(this.name, lastWord);
      });
    });
  }

  /** As a power cut would. */
  kill(): void {
    this.#dismiss();
    this.#process?.kill('SIGKILL');
  }

  say(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }

  /** Asks it to end, and sees to it. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#dismiss();
    const child = this.#process;
    const bound = setTimeout(() => child?.kill('SIGKILL'), STOP_BOUND_MS);
    child?.kill('SIGTERM');
    await this.#ended;
    clearTimeout(bound);
  }

  #dismiss(): void {
    this.#wanted = 'down';
    this.#dismissed = this.#process;
  }

  /** The line that explains an end: our own error line if there is one, else the last. */
  #lastWord(): string {
    const lines = this.#said.trim().split('\n');
    const own = lines.findLast((line) => line.startsWith('undercard: '));
    return own?.slice('undercard: '.length) ?? lines.at(-1) ?? 'ended without a word';
  }
}

function parseLine(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
