// `npm run check`: the compiler (whole tree, then policy alone without Node's types), the linter, the formatter.
import { spawnSync } from 'node:child_process';

const steps = [
  ['tsc', '-p', 'tsconfig.json'],
  ['tsc', '-p', 'tsconfig.policy.json'],
  ['oxlint', '--type-aware', '--deny-warnings', '.'],
  ['prettier', '--check', '--log-level', 'warn', '.'],
];
let failed = 0;
for (const [command, ...args] of steps) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${command} ${args.join(' ')}`);
  if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
