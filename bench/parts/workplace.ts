import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as after } from 'node:timers/promises';
import { BenchFailure, Interrupted } from './bench-failure.ts';

/** A thousand connections, both ends of some, and whatever a server has open besides. */
const OPEN_FILES = 8192;
/** A server that has not ended by itself by then is killed. */
const END_BOUND_MS = 3000;
/** A client notices its server's end before the server's parent does. */
const LOSS_NOTICED_MS = 200;
/** Servers live here even if a login shell's path does not say so. */
const SYSTEM_PATH = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

const RAM_DISK = '/dev/shm';

/** Which core each side is pinned to, so that none slows the other and each has exactly one. */
export interface Cores {
  server: number;
  load: number;
  origin: number;
}

/** A process the bench has started. */
export interface Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly pid: number;
  /** resolves when it has ended, with what to say about it */
  readonly ended: Promise<string>;
}

/** Temporary directories and processes of one run. Whatever happens, `close` leaves none of either. */
export class Workplace {
  readonly dir: string;
  readonly cores: Cores;
  /** for a server's cache: in memory (tmpfs) where the machine has it */
  readonly cacheDir: string;
  readonly cacheMedium: 'tmpfs' | 'disk';
  readonly #dirs: string[] = [];
  readonly #children = new Set<Child>();
  /** what to say of servers that have ended although they should serve until the end */
  readonly #lost: string[] = [];
  readonly #tellLost: (failure: BenchFailure) => void;
  /** rejects when one of the servers ends */
  readonly serverLost: Promise<never>;
  #closed = false;

  /** @throws BenchFailure on a machine that cannot bear the bench */
  constructor() {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    [this.serverLost, this.#tellLost] = [promise, reject];
    this.cores = coresOf(readFileSync('/proc/self/status', 'latin1'));
    checkOpenFiles(readFileSync('/proc/self/limits', 'latin1'));
    this.dir = this.#makeDir(tmpdir());
    this.cacheMedium = isWritable(RAM_DISK) ? 'tmpfs' : 'disk';
    this.cacheDir = this.#makeDir(this.cacheMedium === 'tmpfs' ? RAM_DISK : tmpdir());
  }

  /** Starts a process that is to run until the end; when it does not, `serverLost` rejects. */
  serve(name: string, core: number, command: string, args: readonly string[], stdio: 'pipe' | 'ipc' = 'pipe'): Child {
    const child = this.#start(name, core, command, args, stdio);
    void child.ended.then((end) => {
      if (this.#closed) return;
      this.#lost.push(end);
      this.#tellLost(new BenchFailure(end));
    });
    return child;
  }

  /** Why work failed: a server that has just ended is the cause of whatever its clients say. */
  async causeOf(failure: unknown): Promise<unknown> {
    if (failure instanceof Interrupted) return failure;
    await after(LOSS_NOTICED_MS);
    return this.#lost[0] === undefined ? failure : new BenchFailure(this.#lost[0]);
  }

  /**
   * Starts a process on one core. The chain of launchers executes in place, so the pid is the command's own; the first
   * ends it when the bench is killed outright.
   */
  #start(name: string, core: number, command: string, args: readonly string[], stdio: 'pipe' | 'ipc'): Child {
    if (this.#closed) throw new Interrupted('closed');
    const log = openSync(join(this.dir, `${name}.log`), 'a');
    const launchers = ['--pdeathsig', 'TERM', 'prlimit', `--nofile=${OPEN_FILES}:`, 'taskset', '-c', String(core)];
    const spawned = spawn('setpriv', [...launchers, command, ...args], {
      cwd: this.dir,
      stdio: stdio === 'ipc' ? ['ignore', 'ignore', log, 'ipc'] : ['ignore', 'pipe', log],
    });
    closeSync(log);
    const child: Child = { name, process: spawned, pid: spawned.pid ?? -1, ended: this.#endOf(name, spawned) };
    this.#children.add(child);
    void child.ended.then(() => this.#children.delete(child));
    return child;
  }

  /** Runs a command to its end. @returns its standard output. @throws BenchFailure when it fails or takes too long */
  async run(name: string, core: number, command: string, args: readonly string[], boundMs: number): Promise<string> {
    const child = this.#start(name, core, command, args, 'pipe');
    let output = '';
    child.process.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text));
    const bound = setTimeout(() => child.process.kill('SIGKILL'), boundMs);
    const end = await child.ended;
    await finished(child.process.stdout!).catch(() => {});
    clearTimeout(bound);
    if (child.process.exitCode !== 0)
      throw new BenchFailure(`${end}${output === '' ? '' : `; it printed: ${output.trim().slice(-300)}`}`);
    return output;
  }

  /** The process's first line on standard output. @throws BenchFailure when none comes */
  firstLine(child: Child, boundMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = '';
      const bound = setTimeout(() => reject(new BenchFailure(`${child.name} not ready in ${boundMs} ms`)), boundMs);
      child.process.stdout!.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (!text.includes('\n')) return;
        clearTimeout(bound);
        resolve(text.slice(0, text.indexOf('\n')));
      });
      void child.ended.then(() => clearTimeout(bound));
    });
  }

  /** Ends every process by its pid, then removes the directories. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#children].map(endChild));
    for (const dir of this.#dirs) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }

  #makeDir(parent: string): string {
    const dir = mkdtempSync(join(parent, 'undercard-bench-'));
    // nginx's workers and Varnish may drop to a user of their own.
    chmodSync(dir, 0o755);
    this.#dirs.push(dir);
    return dir;
  }

  async #endOf(name: string, child: ChildProcess): Promise<string> {
    try {
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
      return `${name} ended (${signal ?? `exit code ${code}`}): ${this.#logTail(name)}`;
    } catch (error) {
      return `${name} cannot be started: ${(error as Error).message}`;
    }
  }

  #logTail(name: string): string {
    try {
      return (
        readFileSync(join(this.dir, `${name}.log`), 'utf8')
          .trim()
          .slice(-500) || 'it logged nothing'
      );
    } catch {
      return 'its log is gone';
    }
  }
}

/** Runs `work` in a workplace that is cleared away after it, also when it fails or somebody presses Ctrl-C. */
export async function inWorkplace<T>(work: (place: Workplace) => Promise<T>): Promise<T> {
  const place = new Workplace();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const interrupted = new Promise<never>((_resolve, reject) => {
    let asked = false;
    for (const signal of signals) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        reject(new Interrupted(signal));
      });
    }
  });
  try {
    return await Promise.race([work(place), interrupted, place.serverLost]);
  } catch (error) {
    throw await place.causeOf(error);
  } finally {
    await place.close();
    for (const signal of signals) process.removeAllListeners(signal);
  }
}

/** @returns the command's path, or null when it is not installed */
export function findCommand(name: string): string | null {
  const dirs = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_PATH].filter((dir) => dir !== '');
  return dirs.map((dir) => join(dir, name)).find((path) => isExecutable(path)) ?? null;
}

/** @param status text of /proc/self/status. @throws BenchFailure on a machine with one core */
export function coresOf(status: string): Cores {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  const cores = list.split(',').flatMap((range) => {
    const [from, to] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: (to ?? from) - from + 1 }, (_, at) => from + at);
  });
  const [server, load, origin] = cores;
  if (server === undefined || load === undefined) {
    throw new BenchFailure(`two cores are needed, one for the server and one for the load; this process has: ${list}`);
  }
  return { server, load, origin: origin ?? load };
}

function checkOpenFiles(limits: string): void {
  const most = /^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1];
  if (most !== undefined && Number(most) < OPEN_FILES) {
    throw new BenchFailure(
      `${OPEN_FILES} open files are needed, the limit is ${most}: raise it with ulimit -Hn as root`,
    );
  }
}

async function endChild(child: Child): Promise<void> {
  child.process.kill('SIGTERM');
  const bound = setTimeout(() => child.process.kill('SIGKILL'), END_BOUND_MS);
  await child.ended;
  clearTimeout(bound);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isWritable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
