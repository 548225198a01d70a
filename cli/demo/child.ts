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
  #process: ChildProcess | null = null;
  #said = '';
  #expectedEnd = false;
  /** how often it was started */
  starts = 0;

  constructor(
    name: string,
    args: readonly string[],
    logFile: string,
    handlers: {
      onLine?: (line: Record<string, unknown>) => void;
      onUnexpectedEnd: (name: string, said: string) => void;
    },
  ) {
    this.name = name;
    this.#args = args;
    this.#logFile = logFile;
    this.#onLine = handlers.onLine ?? (() => {});
    this.#onUnexpectedEnd = handlers.onUnexpectedEnd;
  }

  get running(): boolean {
    return this.#process !== null;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves with its first line, when it is ready. @throws ChildEnded when it ends before that */
  start(): Promise<Record<string, unknown>> {
    this.starts++;
    this.#expectedEnd = false;
    this.#said = '';
    const child = spawn(process.execPath, [MAIN, ...this.#args], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, UNDERCARD_PARENT: 'pipe' },
    });
    this.#process = child;
    child.stdin.on('error', () => {});
    const log = createWriteStream(this.#logFile, { flags: 'a' });
    child.stderr.on('data', (chunk: Buffer) => {
      log.write(chunk);
      this.#said = (this.#said + chunk.toString('utf8')).slice(-2000);
    });
    return new Promise((resolve, reject) => {
      const bound = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new ChildEnded(`${this.name} was not ready within ${READY_BOUND_MS / 1000} s; see ${this.#logFile}`));
      }, READY_BOUND_MS);
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
      child.on('close', () => {
        clearTimeout(bound);
        log.end();
        if (this.#process === child) this.#process = null;
        if (!ready) reject(new ChildEnded(`${this.name}: ${this.#lastWord()}`));
        else if (!this.#expectedEnd) this.#onUnexpectedEnd(this.name, this.#lastWord());
      });
    });
  }

  /** As a power cut would. */
  kill(): void {
    this.#expectedEnd = true;
    this.#process?.kill('SIGKILL');
  }

  say(line: string): void {
    this.#process?.stdin?.write(`${line}\n`);
  }

  /** Asks it to end, and sees to it. Resolves when it is gone. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child === null) return;
    this.#expectedEnd = true;
    await new Promise<void>((resolve) => {
      const bound = setTimeout(() => child.kill('SIGKILL'), STOP_BOUND_MS);
      child.on('close', () => {
        clearTimeout(bound);
        resolve();
      });
      child.kill('SIGTERM');
    });
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
