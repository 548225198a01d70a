import type { Log } from './log.ts';

/** A service that is up: where it listens, and the two ways down. */
export interface RunningService {
  /** by purpose: listen, admin, … */
  urls: Record<string, string>;
  /** stop being chosen: readiness fails, new work is still served */
  drain(): Promise<void>;
  /** finish what is in flight, bounded, then let go of every socket and timer */
  close(): Promise<void>;
}

export interface RunOptions {
  log: Log;
  /** print the first line for machines on standard output */
  json?: boolean;
  /** called once the service is closed, before the process ends */
  onClosed?: () => void;
}

/** A close that takes longer has hung: better to say so and go. */
const CLOSE_BOUND_MS = 10_000;

/** A terminal signals its whole process group, and npm passes the signal on: that is one wish, heard twice. */
const SAME_SIGNAL_MS = 500;

/**
 * Announces the service, waits until it is asked to stop, drains and closes. Losing the parent's pipe (when started with
 * UNDERCARD_PARENT=pipe) counts as a wish to stop: no orphan stays behind.
 */
export async function runUntilSignal(service: RunningService, options: RunOptions): Promise<void> {
  const { log, json = false } = options;
  if (json) process.stdout.write(`${JSON.stringify({ ready: true, urls: service.urls })}\n`);
  log.info({ urls: service.urls }, 'ready');
  const cause = await stopAsked();
  log.info({ cause }, 'closing');
  const bound = setTimeout(() => {
    log.error(`did not close within ${CLOSE_BOUND_MS} ms`);
    process.exit(1);
  }, CLOSE_BOUND_MS);
  bound.unref();
  await service.drain();
  await service.close();
  options.onClosed?.();
  log.info('closed');
  process.exit(process.exitCode ?? 0);
}

/**
 * Resolves with the cause at the first request to stop: SIGINT, SIGTERM, the terminal closed, nobody left to read
 * standard output, or the parent gone. A second SIGINT or SIGTERM ends the process at once.
 */
export function stopAsked(): Promise<string> {
  return new Promise((resolve) => {
    let askedMs: number | null = null;
    const ask = (cause: string) => {
      askedMs ??= performance.now();
      resolve(cause);
    };
    const insist = (signal: NodeJS.Signals) => {
      if (askedMs !== null && performance.now() - askedMs > SAME_SIGNAL_MS) process.exit(130);
      ask(signal);
    };
    process.on('SIGINT', insist);
    process.on('SIGTERM', insist);
    process.on('SIGHUP', ask);
    process.stdout.on('error', () => ask('nobody reads standard output'));
    if (process.env.UNDERCARD_PARENT === 'pipe') {
      process.stdin.on('error', () => ask('parent gone'));
      process.stdin.on('close', () => ask('parent gone'));
      process.stdin.resume();
    }
  });
}
