import { appendFile, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { FileWatch, signatureOf } from './file-watch.ts';

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

async function watched(t: ExecutionContext, file: string, everyMs = 5) {
  const seen = { changes: 0, gone: 0, running: 0, mostRunning: 0 };
  let hold: Promise<void> = Promise.resolve();
  const watch = new FileWatch(
    {
      file,
      everyMs,
      onChanged: async () => {
        seen.mostRunning = Math.max(seen.mostRunning, ++seen.running);
        await hold;
        seen.running--;
        seen.changes++;
      },
      onGone: () => {
        seen.gone++;
      },
    },
    await signatureOf(file),
  );
  t.teardown(() => watch.close());
  return { seen, watch, holdUntil: (until: Promise<void>) => void (hold = until) };
}

/** Waits on the condition, however slow the machine is. */
async function until(t: ExecutionContext, holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`${t.title}: it never came about`);
    await sleep(5);
  }
}

test('a file that is written anew is seen, and one that is replaced by another of its size', async (t) => {
  const folder = await folderOf(t);
  const file = join(folder, 'a');
  await writeFile(file, 'one');
  const { seen } = await watched(t, file);
  await appendFile(file, ' more');
  await until(t, () => seen.changes === 1);
  await writeFile(join(folder, 'b'), 'one moro');
  await rename(join(folder, 'b'), file);
  await until(t, () => seen.changes === 2);
  t.is(seen.gone, 0);
});

test('a link that leads elsewhere is seen, as Kubernetes changes its files', async (t) => {
  const folder = await folderOf(t);
  for (const name of ['v1', 'v2']) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'a'), 'same');
  }
  await symlink('v1', join(folder, 'current'));
  const { seen } = await watched(t, join(folder, 'current', 'a'));
  await symlink('v2', join(folder, 'next'));
  await rename(join(folder, 'next'), join(folder, 'current'));
  await until(t, () => seen.changes === 1);
  t.is(seen.gone, 0);
});

test('a file that is gone is told once, and seen again when it is back', async (t) => {
  const folder = await folderOf(t);
  const file = join(folder, 'a');
  await writeFile(file, 'one');
  const { seen } = await watched(t, file);
  await unlink(file);
  await until(t, () => seen.gone === 1);
  await writeFile(file, 'two');
  await until(t, () => seen.changes === 1);
  t.is(seen.gone, 1);
});

test('one change is taken in at a time; what changes meanwhile is seen afterwards', async (t) => {
  const folder = await folderOf(t);
  const file = join(folder, 'a');
  await writeFile(file, '');
  const { seen, holdUntil } = await watched(t, file);
  let release = () => {};
  holdUntil(new Promise((resolve) => (release = resolve)));
  await appendFile(file, 'x');
  await until(t, () => seen.running === 1);
  await appendFile(file, 'y');
  release();
  await until(t, () => seen.changes === 2);
  t.is(seen.mostRunning, 1);
});

test('a file that goes on growing is left alone until it rests', async (t) => {
  const file = join(await folderOf(t), 'a');
  const everyMs = 50;
  for (;;) {
    await writeFile(file, '');
    const { seen, watch } = await watched(t, file, everyMs);
    const startMs = performance.now();
    let lastMs = startMs;
    let longestPauseMs = 0;
    while (lastMs - startMs < 6 * everyMs) {
      await appendFile(file, 'x');
      const nowMs = performance.now();
      longestPauseMs = Math.max(longestPauseMs, nowMs - lastMs);
      lastMs = nowMs;
    }
    const changesWhileWritten = seen.changes;
    if (longestPauseMs < everyMs) {
      t.is(changesWhileWritten, 0, 'no two looks can have seen the same');
      await until(t, () => seen.changes === 1);
      return;
    }
    // The machine paused: it may have looked like rest.
    watch.close();
  }
});

test('closed, it looks no more', async (t) => {
  const folder = await folderOf(t);
  const file = join(folder, 'a');
  await writeFile(file, '');
  const [first, second] = [await watched(t, file), await watched(t, file)];
  first.watch.close();
  await appendFile(file, 'x');
  await until(t, () => second.seen.changes === 1);
  t.is(first.seen.changes, 0);
});

test('what is not there and what is no file has no signature', async (t) => {
  const folder = await folderOf(t);
  t.is(await signatureOf(join(folder, 'none')), null);
  t.is(await signatureOf(folder), null);
});
