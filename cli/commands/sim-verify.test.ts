import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

function verify(...args: string[]): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, [MAIN, 'sim', 'verify', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output, errors })));
}

test('rungs are printed with what was expected, what came and how far it may be off, and counted', async (t) => {
  const { code, output, errors } = await verify('--only', 'player-stalls,live-window', '--quick');
  t.is(code, 0);
  t.is(errors, '', 'without a terminal there is no progress');
  t.regex(output, /expected +got +tolerance/);
  t.regex(output, /^ok {3}live-window: [^\n]*, \d+\.\d s\n/m);
  t.regex(output, /stalled ms +700 +700 +± 0\.001 {2}ok\n/);
  t.regex(output, /2 rungs, 17 checks in [^\n]*: all hold\n$/);
});

test('as JSON it is one document, in the order of the ladder', async (t) => {
  const { code, output } = await verify('--only', 'player-stalls,live-window', '--quick', '--seed', '7', '--json');
  t.is(code, 0);
  const { ok, seed, quick, rungs } = JSON.parse(output);
  t.deepEqual({ ok, seed, quick }, { ok: true, seed: 7, quick: true });
  t.deepEqual(
    rungs.map(({ id }: { id: string }) => id),
    ['live-window', 'player-stalls'],
  );
  t.deepEqual(Object.keys(rungs[1].checks[1]).sort(), ['expected', 'got', 'how', 'ok', 'reason', 'tolerance', 'what']);
});

test('an unknown rung is bad input and names those there are', async (t) => {
  const { code, errors } = await verify('--only', 'ladder');
  t.is(code, 2);
  t.regex(errors, /^undercard: --only: there is no rung "ladder"; there are .*mm1.*\n$/);
  t.is((await verify('--seed', '-1')).code, 2);
});

test('rungs are listed without being run', async (t) => {
  const { code, output } = await verify('--list');
  t.is(code, 0);
  t.regex(output, /^mm1 +M\/M\/1: /m);
});
