import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import type { LoadSnapshot } from '../../sim/load/snapshot.ts';
import { shortSegments, SmallEdge, SmallSteering } from '../../sim/load/small-cdn.fixture.ts';

/** The sub-command alone, so that this test does not hang on what the others import. */
const PROGRAM = `
  import { Command } from 'commander';
  import { register } from ${JSON.stringify(new URL('load.ts', import.meta.url).href)};
  const program = new Command('undercard').exitOverride();
  register(program);
  await program.parseAsync(process.argv.slice(1), { from: 'user' }).catch((error) => {
    console.error(error.message);
    process.exit(error.code === 'BAD_INPUT' ? 2 : 1);
  });
`;

interface Run {
  child: ChildProcess;
  lines: string[];
  errors: string[];
  exitCode: Promise<number | null>;
  firstLine: Promise<void>;
}

function load(...args: string[]): Run {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, 'load', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  const output = createInterface({ input: child.stdout });
  output.on('line', (line) => lines.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  return {
    child,
    lines,
    errors,
    exitCode: new Promise((resolve) => child.on('close', resolve)),
    firstLine: new Promise((resolve) => output.once('line', () => resolve())),
  };
}

function finalOf({ lines }: Run): LoadSnapshot {
  return (JSON.parse(lines.at(-1)!) as { final: LoadSnapshot }).final;
}

test('a signal ends a load with its final line, and bytes received are bytes sent', async (t) => {
  const edge = await new SmallEdge(shortSegments()).listen();
  const steering = await new SmallSteering([edge.baseUrl]).listen();
  const run = load(steering.url, '--viewers', '3', '--spread', '0s', '--duration', '1h', '--json');
  await run.firstLine;
  run.child.kill('SIGTERM');
  t.is(await run.exitCode, 0, run.errors.join('\n'));
  t.is((JSON.parse(run.lines[0]!) as LoadSnapshot).viewers, 3);
  const final = finalOf(run);
  t.is(final.receivedBytes, edge.sentBytes);
  t.true(final.receivedBytes > 0);
  edge.close();
  steering.close();
});

test('a load begins when it is told to, by the wall clock', async (t) => {
  const edge = await new SmallEdge(shortSegments()).listen();
  // Long enough for a process to be up on a busy machine.
  const startAtMs = Date.now() + 10_000;
  const moment = ['--start-at', String(startAtMs), '--spread', '0s', '--duration', '2s'];
  const run = load(`${edge.baseUrl}/live/demo/`, '--viewers', '2', '--json', ...moment);
  await run.firstLine;
  const first = JSON.parse(run.lines[0]!) as LoadSnapshot;
  t.is(first.startAtMs, startAtMs);
  t.is(first.arrived, 0);
  t.is(await run.exitCode, 0, run.errors.join('\n'));
  t.true(Date.now() >= startAtMs + 2000);
  t.is(finalOf(run).arrived, 2);
  edge.close();
});

test('a wrong body makes it fail', async (t) => {
  const edge = await new SmallEdge(shortSegments(), (at) => (at.includes('/a1/') ? 'corrupt' : 'none')).listen();
  const run = load(`${edge.baseUrl}/live/demo/`, '--viewers', '1', '--spread', '0s', '--duration', '1s');
  t.is(await run.exitCode, 1, run.errors.join('\n'));
  t.true(
    run.lines.some((line) => /bodies +[1-9]\d* wrong/.test(line)),
    run.lines.join('\n'),
  );
  edge.close();
});

test('bad input is one line and exit code 2', async (t) => {
  const file = path.join(tmpdir(), `undercard-load-${process.pid}.json`);
  await writeFile(file, '{"NL": ["nowhere"]}');
  for (const [args, expected] of [
    [['http://127.0.0.1:9', '--viewers', 'many'], /^--viewers: "many"/],
    [['http://127.0.0.1:9', '--duration', '60'], /^--duration: "60"/],
    [['127.0.0.1:9'], /^URL: "127\.0\.0\.1:9"/],
    [['http://127.0.0.1:9/x'], /^URL: .*\/live\/<event>\//],
    [['http://127.0.0.1:9', '--start-at', 'noon'], /^--start-at: "noon"/],
    [['http://127.0.0.1:9', '--event', 'a b'], /^--event: "a b"/],
    [['http://127.0.0.1:9', '--country-addresses', file], /^--country-addresses: .*NL/],
    [['http://127.0.0.1:9', '--country-addresses', `${file}.not`], /^--country-addresses: .*cannot be read/],
  ] as const) {
    const run = load(...args);
    t.is(await run.exitCode, 2);
    t.is(run.errors.length, 1, run.errors.join('\n'));
    t.regex(run.errors[0]!, expected);
  }
});
