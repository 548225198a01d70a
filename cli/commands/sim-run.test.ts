import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { SimulationResult } from '../../sim/run/result.ts';

const COMMAND = fileURLToPath(new URL('../undercard.mjs', import.meta.url));
const TOPOLOGY = fileURLToPath(new URL('../../topology/examples/three-sites.yaml', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'undercard-sim-'));
const SCENARIO = join(folder, 'small.yaml');
writeFileSync(
  SCENARIO,
  `name: small\ndurationSeconds: 20\ntopology: { file: ${TOPOLOGY} }\naudience: { viewers: 20, arrival: { kind: steady, rampSeconds: 5 } }\n` +
    'variants: { near: { steering.policy: nearest }, net: { steering.policy: network } }\n',
);

const running = new Set<ChildProcess>();

// A test that ran out of time leaves nothing behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

test.after.always(() => rmSync(folder, { recursive: true }));

function start(...args: string[]) {
  const child = spawn(process.execPath, [COMMAND, 'sim', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  running.add(child);
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, out, err }));
  return { child, ended };
}

const sim = (...args: string[]) => start(...args).ended;
const resultIn = (...path: string[]) =>
  JSON.parse(readFileSync(join(folder, ...path, 'result.json'), 'utf8')) as SimulationResult;

test('a run prints a summary and writes result, tables and page', async (t) => {
  const { code, out } = await sim(
    'run',
    SCENARIO,
    '--variant',
    'net',
    '--out',
    'one',
    '--seed',
    '7',
    '--viewers',
    '12',
  );
  t.is(code, 0);
  t.regex(out, /viewers +12 came/);
  t.regex(out, /checks +all \d+ passed/);
  const result = resultIn('one', 'net');
  t.is(result.schema, 'undercard-result/1');
  t.is(result.seed, 7);
  t.is(result.scenario.audience.viewers, 12);
  for (const file of ['report.html', 'series.csv', 'isps.csv', 'links.csv', 'servers.csv', 'sites.csv'])
    t.true(existsSync(join(folder, 'one', 'net', file)), file);
});

test('the same seed gives the same bytes, in another process', async (t) => {
  for (const out of ['a', 'b']) await sim('run', SCENARIO, '--variant', 'near', '--out', out);
  t.is(
    readFileSync(join(folder, 'a/near/result.json'), 'utf8'),
    readFileSync(join(folder, 'b/near/result.json'), 'utf8'),
  );
});

test('variants run side by side on one seed', async (t) => {
  const { code, out } = await sim('run', SCENARIO, '--out', 'variants');
  t.is(code, 0);
  t.regex(out, /— side by side —/);
  t.is(resultIn('variants', 'near').scenario.steering.policy, 'nearest');
  t.is(resultIn('variants', 'net').scenario.steering.policy, 'network');
  t.is(resultIn('variants', 'near').seed, resultIn('variants', 'net').seed);
});

test('several seeds give means with confidence intervals', async (t) => {
  const { code, out } = await sim('run', SCENARIO, '--variant', 'net', '--runs', '3', '--out', 'runs', '--json');
  t.is(code, 0);
  t.deepEqual(
    (JSON.parse(out) as { runs: { seed: number }[] }).runs.map(({ seed }) => seed),
    [1, 2, 3],
  );
  const { seeds, fields } = JSON.parse(readFileSync(join(folder, 'runs/net/runs.json'), 'utf8')) as {
    seeds: number[];
    fields: { field: string; mean: number; low: number; high: number }[];
  };
  t.deepEqual(seeds, [1, 2, 3]);
  const bitrate = fields.find(({ field }) => field === 'meanBitrateBps')!;
  t.true(bitrate.low <= bitrate.mean && bitrate.mean <= bitrate.high);
});

test('Ctrl-C ends a run with what there is', async (t) => {
  const { child, ended } = start(
    'run',
    SCENARIO,
    '--variant',
    'net',
    '--out',
    'cut',
    '--duration',
    // Never done by itself before it has said how far it is; what is left behind is killed with this process.
    '20h',
    '--set',
    'audience.viewers=200',
  );
  // It has begun when it says how far it is.
  await once(child.stderr, 'data');
  child.kill('SIGINT');
  const { code, out } = await ended;
  t.is(code, 0);
  t.regex(out, /interrupted/);
  const { ended: end, summary } = resultIn('cut', 'net');
  t.is(end.reason, 'interrupted');
  t.true(end.atSeconds > 0 && end.atSeconds < 72_000);
  t.is(summary.arrived, 200);
});

test('a variant that cannot be is told before the first has run', async (t) => {
  const file = join(folder, 'later.yaml');
  const fault = '[{ kind: link-down, link: nowhere, fromSeconds: 1 }]';
  writeFileSync(file, readFileSync(SCENARIO, 'utf8').replace('net: {', `net: { faults: ${fault}, `));
  const { code, err } = await sim('run', file, '--out', 'later');
  t.is(code, 2);
  t.regex(err, /later\.yaml:5: variants\.net\.faults: faults\.0\.link: no link "nowhere"/);
  t.false(existsSync(join(folder, 'later')));
});

test('what cannot be written is told, and leaves nothing unfinished', async (t) => {
  mkdirSync(join(folder, 'taken/near/result.json'), { recursive: true });
  const { code, err } = await sim('run', SCENARIO, '--variant', 'near', '--out', 'taken');
  t.is(code, 2);
  t.regex(err, /result\.json: cannot be written/);
  t.deepEqual(readdirSync(join(folder, 'taken/near')), ['result.json']);
});

test('what comes along is listed', async (t) => {
  const { code, out } = await sim('list');
  t.is(code, 0);
  for (const name of ['first-light', 'fight-night', 'exchange-down', 'retry-storm'])
    t.regex(out, new RegExp(`^${name}: `, 'm'));
});

for (const [args, reason] of [
  [['run', 'nowhere'], /^undercard: scenario "nowhere": there is none of that name/],
  [['run', 'none.yaml'], /^undercard: none\.yaml: no such file$/m],
  [['run', SCENARIO, '--set', 'x'], /^undercard: --set "x": write field=value/],
  [['run', SCENARIO, '--viewers', 'many'], /^undercard: --viewers/],
  [
    ['run', SCENARIO, '--variant', 'far'],
    /^undercard: --variant "far": scenario small has none of that name; known: near, net/,
  ],
  [['run', SCENARIO, '--runs', '0'], /^undercard: --runs/],
  [['run', SCENARIO, '--out', `${SCENARIO}/x`], /^undercard: --out .*small.yaml.x: cannot be used/],
] as const) {
  test(`refused with one line and 2: ${args.slice(1).join(' ').replaceAll(folder, '')}`, async (t) => {
    const { code, err } = await sim(...args);
    t.is(code, 2);
    t.regex(err, reason);
    t.is(err.trim().split('\n').length, 1);
  });
}
