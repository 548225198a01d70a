import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../topology/examples/three-sites.yaml', import.meta.url));

function undercard(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'topology', ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : (error.code as unknown as number), out, err });
    });
  });
}

async function changed(t: ExecutionContext, from: string, to: string): Promise<{ file: string; line: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-topology-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'x.yaml');
  const text = await readFile(EXAMPLE, 'utf8');
  t.true(text.includes(from));
  await writeFile(file, text.replace(from, to));
  return { file, line: text.slice(0, text.indexOf(from)).split('\n').length };
}

test('check: nothing wrong, 0', async (t) => {
  const { code, out } = await undercard('check', EXAMPLE);
  t.is(code, 0);
  t.is(out, `${EXAMPLE}: nothing is wrong (3 sites, 8 networks, 26 links)\n`);
});

test('check: errors with their lines, 2', async (t) => {
  const { file, line } = await changed(
    t,
    "to: 'network:longhaul', capacityBps: 6e9",
    "to: 'network:longhual', capacityBps: 6e9",
  );
  const { code, out } = await undercard('check', file);
  t.is(code, 2);
  t.deepEqual(out.split('\n').slice(0, 2), [
    `${file}:${line}: error: there is no network longhual, did you mean longhaul?`,
    `${file}: 1 error, 0 warnings; with errors it cannot be used`,
  ]);
});

test('check: warnings alone are 0, and 1 when they count; as JSON with lines', async (t) => {
  const { file, line } = await changed(t, 'latencyMs: 36', 'latencyMs: 3');
  const [usual, strict] = await Promise.all([undercard('check', file), undercard('check', file, '--strict', '--json')]);
  t.is(usual.code, 0);
  t.true(usual.out.startsWith(`${file}:${line}: warning: bb-ams-ny takes 3 ms`), usual.out);
  t.is(strict.code, 1);
  const { findings, warnings } = JSON.parse(strict.out);
  t.is(warnings, 1);
  t.like(findings[0], { line, severity: 'warning', path: 'links.25.latencyMs' });
});

test('what cannot be read is one line, 2', async (t) => {
  const { file, line } = await changed(t, 'capacityBps: 1e9, latencyMs: 36', 'capacityBps: -1, latencyMs: 36');
  const huge = join(file, '../huge.json');
  await writeFile(huge, '{');
  await truncate(huge, 2_000_000_000);
  const cases: [args: string[], expected: string][] = [
    [['check', file], `${file}:${line}: links.25.capacityBps: Too small: expected number to be >0, got -1`],
    [['show', file], `${file}:${line}: links.25.capacityBps: Too small: expected number to be >0, got -1`],
    [['check', huge], `${huge}: is too large: 2000000000 bytes, at most 268435456 are read`],
    [['show', `${file}.none`], `${file}.none: no such file`],
  ];
  for (const [args, expected] of cases) {
    const { code, out, err } = await undercard(...args);
    t.deepEqual([code, out, err], [2, '', `undercard: ${expected}\n`]);
  }
});

test('show: a summary, and a map beside it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-topology-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const map = join(folder, 'map.svg');
  const { code, out } = await undercard('show', EXAMPLE, '--map', map, '--json');
  t.is(code, 0);
  t.is(JSON.parse(out).subscribers, 8000);
  t.true((await readFile(map, 'utf8')).startsWith('<svg '));
  const nowhere = await undercard('show', EXAMPLE, '--map', join(folder, 'none/map.svg'));
  t.is(nowhere.code, 2);
  t.regex(nowhere.err, /--map: .*cannot be written \(ENOENT\)\n$/);
});
