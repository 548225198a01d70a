import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const UNDERCARD = fileURLToPath(new URL('../undercard.mjs', import.meta.url));

const refusals: [title: string, args: string[], says: RegExp][] = [
  [
    'a flag of own servers',
    ['--cdns', 'x.yaml', '--sites', 'y.yaml'],
    /^undercard: --sites does not go with --cdns, .*leave it out$/,
  ],
  [
    'a ledger without CDNs',
    ['--ledger', 'x.json'],
    /^undercard: --ledger goes with --cdns: add that, or leave it out$/,
  ],
  ['a token of no admin listener', ['--admin-token', 'x'], /^undercard: --admin-token goes with --admin <address>: /],
  ['neither sites nor CDNs', [], /^undercard: steering needs --sites <file>, or --cdns <file> /],
];

for (const [title, args, says] of refusals) {
  test(`undercard steering with ${title}: one line, exit 2`, (t) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [UNDERCARD, 'steering', ...args], {
      encoding: 'utf8',
    });
    t.is(status, 2, stderr);
    t.is(stdout, '');
    t.regex(stderr.trimEnd(), says);
  });
}
