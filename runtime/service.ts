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

/**
 * Announces the service, then waits for SIGINT or SIGTERM, drains and closes. A second signal ends at once.
 * Losing the parent's pipe (when started with UNDERCARD_PARENT=pipe) counts as a signal: no orphan stays behind.
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

/** Resolves with the cause at the first request to stop. */
export function stopAsked(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (cause: string) => {
      if (asked) process.exit(130);
      asked = true;
      resolve(cause);
    };
    process.on('SIGINT', () => ask('SIGINT'));
    process.on('SIGTERM', () => ask('SIGTERM'));
    if (process.env.UNDERCARD_PARENT === 'pipe') {
      process.stdin.on('error', () => ask('parent gone'));
      process.stdin.on('close', () => !asked && ask('parent gone'));
      process.stdin.resume();
    }
  });
}
