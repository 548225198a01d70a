import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { BenchFailure } from './bench-failure.ts';
import { progress } from './progress.ts';
import { findCommand } from './workplace.ts';

const execute = promisify(execFile);

/** By command: the Debian package that brings it. */
const PACKAGES = { nginx: 'nginx-light', wrk: 'wrk' } as const;
export type NeededCommand = keyof typeof PACKAGES;

const UPDATE_BOUND_MS = 2 * 60_000;
const INSTALL_BOUND_MS = 5 * 60_000;

/** Debian asks this file whether a package's service may be started (invoke-rc.d(8)); 101 is no. */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d';

/** Installs what is missing, as root on Debian. @throws BenchFailure with the command to type otherwise */
export async function ensureInstalled(needed: readonly NeededCommand[]): Promise<void> {
  const missing = needed.filter((command) => findCommand(command) === null);
  if (missing.length === 0) return;
  const packages = missing.map((command) => PACKAGES[command]);
  if (process.getuid?.() !== 0 || findCommand('apt-get') === null) {
    throw new BenchFailure(
      `${missing.join(' and ')} not found: install ${packages.join(' ')} first (Debian: sudo apt-get install ${packages.join(' ')})`,
    );
  }
  progress(`installing ${packages.join(', ')} (apt-get)…`);
  await withoutServices(async () => {
    await aptGet(['update', '-qq'], UPDATE_BOUND_MS);
    await aptGet(['install', '-y', '-qq', '--no-install-recommends', ...packages], INSTALL_BOUND_MS);
  });
  // The package has also enabled its service for the next boot; nobody asked for a web server.
  if (missing.includes('nginx')) await execute('update-rc.d', ['nginx', 'disable']).catch(() => {});
  const stillMissing = missing.filter((command) => findCommand(command) === null);
  if (stillMissing.length > 0) throw new BenchFailure(`${stillMissing.join(', ')} not found even after installing`);
}

async function withoutServices(work: () => Promise<void>): Promise<void> {
  // A machine that has its own policy (a container, mostly) keeps it.
  if (existsSync(SERVICE_POLICY)) return work();
  const remove = () => rmSync(SERVICE_POLICY, { force: true });
  process.once('exit', remove);
  writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    remove();
    process.off('exit', remove);
  }
}

async function aptGet(args: readonly string[], boundMs: number): Promise<void> {
  try {
    await execute('apt-get', args, {
      timeout: boundMs,
      maxBuffer: 16 * 2 ** 20,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new BenchFailure(`apt-get ${args.join(' ')} failed: ${(stderr || message).trim().slice(-300)}`, {
      cause: error,
    });
  }
}
