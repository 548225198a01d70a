import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createLog } from '../../runtime/log.ts';
import { checkLines, RecordedWorld } from '../policy/record/record.fixture.ts';
import { clients } from '../policy/world.fixture.ts';
import { RecordLog, type RecordLogOptions } from './record-log.ts';

const silent = createLog('record', 'silent');

interface Counted extends RecordLogOptions {
  counts: { written: number; lost: number };
}

function optionsFor(t: ExecutionContext, changes: Partial<RecordLogOptions> = {}): Counted {
  const folder = mkdtempSync(join(tmpdir(), 'undercard-record-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const counts = { written: 0, lost: 0 };
  return {
    path: join(folder, 'steering.log'),
    maxBytes: 1e9,
    keep: 3,
    log: silent,
    counts,
    onLines: (outcome, lines) => {
      counts[outcome] += lines;
    },
    ...changes,
  };
}

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 40_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('not within 40 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function linesOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  if (text !== '' && !text.endsWith('\n')) throw new Error('half a line at the end');
  return text.split('\n').slice(0, -1);
}

function fill(world: RecordedWorld, seconds: number, viewers = 20): void {
  for (let second = 0; second < seconds; second++) {
    world.pass(1);
    for (const client of clients(viewers)) world.rank(client);
  }
}

const newWorld = (log: RecordLog, run = 'one') => new RecordedWorld([2, 1], { exploreShare: 0.05 }, run, log);

test('what was decided is in the file, whole lines, and comes out the same again', async (t) => {
  const options = optionsFor(t);
  const log = await RecordLog.open(options);
  fill(newWorld(log), 50);
  await log.close();
  const outcome = checkLines(linesOf(options.path));
  t.is(outcome.kind === 'same' ? outcome.check.decisions : outcome, 1000);
  t.deepEqual(options.counts, { written: linesOf(options.path).length, lost: 0 });
  t.is(statSync(options.path).mode & 0o777, 0o600);
});

test('a file that is large enough makes room for another, the oldest go, and those that are left fit together', async (t) => {
  const options = optionsFor(t, { maxBytes: 30_000, keep: 3 });
  const log = await RecordLog.open(options);
  const world = newWorld(log);
  for (let minute = 0; minute < 6; minute++) {
    fill(world, 60, 5);
    const { written } = options.counts;
    await until(() => options.counts.written > written);
  }
  await log.close();
  t.is(options.counts.lost, 0);
  const paths = [3, 2, 1].map((number) => `${options.path}.${number}`).concat(options.path);
  t.false(existsSync(`${options.path}.4`));
  for (const path of paths) {
    t.true(statSync(path).size < 40_000, `${path}: ${statSync(path).size}`);
    t.true(linesOf(path)[0]!.startsWith('["h"'));
  }
  const outcome = checkLines(paths.flatMap(linesOf));
  if (outcome.kind !== 'same') return t.fail(JSON.stringify(outcome));
  t.true(outcome.check.decisions + outcome.check.uncompared > 300);
});

test('after a kill the file goes on where its whole lines end', async (t) => {
  const options = optionsFor(t);
  const first = await RecordLog.open(options);
  fill(newWorld(first, 'one'), 5);
  await first.close();
  const whole = linesOf(options.path).length;
  appendFileSync(options.path, '["d",123,0,1,');
  const second = await RecordLog.open(options);
  fill(newWorld(second, 'two'), 5);
  await second.close();
  const lines = linesOf(options.path);
  t.true(lines[whole]!.startsWith('["h"'));
  const outcome = checkLines(lines);
  t.is(outcome.kind === 'same' ? outcome.check.decisions : outcome, 200);
});

test('a header that was cut off is nothing; another file is left as it is', async (t) => {
  const options = optionsFor(t);
  writeFileSync(options.path, `["h",{"record":"undercard-steering","sites":"${'x'.repeat(200_000)}`);
  const log = await RecordLog.open(options);
  fill(newWorld(log), 1);
  await log.close();
  t.is(checkLines(linesOf(options.path)).kind, 'same');
  writeFileSync(options.path, 'somebody’s diary\n');
  await t.throwsAsync(RecordLog.open(options), { code: 'BAD_INPUT', message: /is no record of steering/ });
  t.is(readFileSync(options.path, 'utf8'), 'somebody’s diary\n');
  await t.throwsAsync(RecordLog.open({ ...options, path: join(options.path, 'x') }), {
    message: /a part of its path is a file, not a folder$/,
  });
});

test('a disk that takes nothing costs lines, not memory; when it takes them again the record says how many', async (t) => {
  const options = optionsFor(t, { waitingMax: 500_000 });
  execFileSync('mkfifo', [options.path]);
  const log = await RecordLog.open(options);
  const world = newWorld(log);
  // Nobody reads: a pipe takes 64 KiB, then the writer waits.
  while (options.counts.lost === 0) fill(world, 1, 500);
  const { lost } = options.counts;
  fill(world, 10, 500);
  t.is(options.counts.lost, lost + 10 * (500 + 4));

  const reader = await open(options.path, 'r');
  const reading = new AbortController();
  let text = '';
  const read = (async () => {
    const buffer = Buffer.alloc(1024 * 1024);
    while (!reading.signal.aborted) {
      const { bytesRead } = await reader.read(buffer, 0, buffer.length, null);
      text += buffer.toString('latin1', 0, bytesRead);
    }
  })();
  await until(() => text.length > 400_000);
  await until(() => {
    fill(world, 1, 1);
    return text.includes('\n["g",');
  });
  reading.abort();
  await log.close();
  await read;
  await reader.close();
  const lines = text.split('\n').slice(0, -1);
  t.is(checkLines(lines).kind, 'same');
  const gap = JSON.parse(lines.find((line) => line.startsWith('["g"'))!) as number[];
  t.true(gap[2]! > 5000);
});
