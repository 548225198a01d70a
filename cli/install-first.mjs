#!/usr/bin/env node
// Installs when node_modules is missing or does not match the lock file, then runs the command with the project's own
// tools (Node 22 among them) first on the path. Plain JavaScript without dependencies: it runs before anything is there.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [command, ...args] = process.argv.slice(2);

const reason = whyInstall();
if (reason !== null) {
  console.error(`undercard: ${reason}; running npm ci (once, about 400 MB on disk)…`);
  // npm may be running us: its own settings for this run must not leak into the one inside.
  const installed = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (installed.status !== 0) {
    console.error('undercard: npm ci failed; see its message above. A network and about 500 MB of disk are needed.');
    process.exit(1);
  }
}

const child = spawn(command, args, {
  stdio: 'inherit',
  env: { ...process.env, PATH: join(root, 'node_modules/.bin') + delimiter + process.env.PATH },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // A terminal sends SIGINT to the whole group; the child has it already.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('error', (error) => {
  console.error(`undercard: cannot run ${command}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

/** Compares what npm noted down when it installed with what the lock file asks for. */
function whyInstall() {
  const noted = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(noted)) return 'dependencies are not installed';
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(noted, 'utf8')).packages;
  for (const [path, { version, integrity, optional }] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = present[path];
    // Optional packages of other platforms are rightly absent.
    if (found === undefined ? !optional : found.version !== version || found.integrity !== integrity) {
      return `${path.replace('node_modules/', '')} does not match the lock file`;
    }
  }
  for (const path of Object.keys(present)) {
    if (!(path in wanted)) return `${path.replace('node_modules/', '')} is not in the lock file`;
  }
  return null;
}
