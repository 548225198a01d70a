import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import {
  BODY_BYTES,
  bodyOf,
  FEW,
  HALF_BYTES,
  HERD,
  ParityWorld,
  PATHS,
  Recording,
  type RecordedEvent,
  type RecordedOrder,
} from '../../test/support/parity-world.ts';
import type { ReplayResult } from '../policy/recording.ts';

/**
 * Parity: an edge that lived through real trouble on real sockets wrote its life down, and a fresh process that has only
 * the file comes to the same decisions, byte for byte. Everything happens in the one recording that `before` makes.
 */

const UNDERCARD = fileURLToPath(new URL('../../cli/undercard.mjs', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'undercard-parity-'));
const recordingFile = join(folder, 'edge-a.recording');
let world: ParityWorld;
let recording: Recording;

test.before('an edge lives through all of it', async () => {
  world = await ParityWorld.start(recordingFile);
  try {
    await world.herd();
    await world.resetWithValidator();
    await world.resetWithoutValidator();
    await world.leaderGoes();
    await world.silence();
    await world.lostOwner();
  } finally {
    await world.close();
  }
  recording = new Recording(readFileSync(recordingFile, 'utf8'));
});

test.after.always(() => rmSync(folder, { recursive: true, force: true }));

// ——— that it really happened ———

test('200 clients at once on a cold key are one fill, and the next is a hit', (t) => {
  const fill = onlyOne(t, recording.fillsOf(PATHS.herd));
  t.is(world.origin.count(PATHS.herd), 1);
  areWhole(t, PATHS.herd, HERD + 1);
  const head = onlyOne(t, recording.told(fill, 'fillHead'));
  const how = head.orders.map((order) => order.at(-1));
  t.is(how.filter((outcome) => outcome === 'miss').length, 1);
  t.is(how.filter((outcome) => outcome === 'collapsed').length, HERD - 1);
  t.is(recording.bytesTold(fill), BODY_BYTES);
  t.is(hitOnHerd().name, 'request');
});

test('a body that was reset half-way is continued, and everybody has the whole of it', (t) => {
  const [first, second, ...more] = recording.fillsOf(PATHS.resumed);
  t.is(more.length, 0);
  t.is(onlyOne(t, recording.told(first!, 'fillFailed')).args[1], 'short');
  t.is(recording.bytesTold(first!), HALF_BYTES);
  t.is(second!.resumes, first!.id);
  t.is(recording.bytesTold(second!), BODY_BYTES);
  t.is(recording.orders('stream', 2, first!.id).length, FEW);
  t.is(recording.orders('stream', 2, second!.id).length, 0, 'nobody is begun anew');
  t.is(recording.orders('store', 1, second!.id).length, 1);
  areWhole(t, PATHS.resumed, FEW);
});

test('without a validator everybody is cut, and nothing is stored', (t) => {
  const [first, second, ...more] = recording.fillsOf(PATHS.broken);
  t.is(more.length, 0);
  const failed = onlyOne(t, recording.told(first!, 'fillFailed'));
  t.is(failed.args[1], 'short');
  t.is(failed.orders.filter(([name]) => name === 'cut').length, FEW);
  t.is(recording.orders('store', 1, first!.id).length, 0);
  const cut = world.answers.get(PATHS.broken)!.slice(0, FEW);
  const again = world.answers.get(PATHS.broken)![FEW]!;
  t.is(cut.length, FEW);
  for (const { status, whole, body } of cut) {
    t.deepEqual([status, whole], [200, false]);
    t.true(body.equals(bodyOf(PATHS.broken).subarray(0, HALF_BYTES)), 'what came was right');
  }
  t.is(second!.resumes, -1);
  t.true(again.whole && again.body.equals(bodyOf(PATHS.broken)), 'who asks after that gets it anew');
});

test('a leader that goes takes nothing from those who wait', (t) => {
  const fill = onlyOne(t, recording.fillsOf(PATHS.leader));
  const gone = recording.events.find(({ name, args }) => name === 'requestGone' && args[0] === fill.leader)!;
  const head = onlyOne(t, recording.told(fill, 'fillHead'));
  t.true(gone.line > fill.cause.line && gone.line < head.line);
  t.deepEqual(
    head.orders.map(([name, , , how]) => [name, how]),
    Array.from({ length: FEW - 1 }, () => ['stream', 'collapsed']),
  );
  areWhole(t, PATHS.leader, FEW - 1);
});

test('an origin that never answers is 504 for all who wait', (t) => {
  const [first, second, ...more] = recording.fillsOf(PATHS.silent);
  t.is(more.length, 0);
  t.deepEqual([first!.cause.name, second!.cause.name], ['request', 'wake'], 'the second attempt follows the time-out');
  const refusals = recording.events.filter(({ orders }) => orders.some(([, , status]) => status === 504));
  t.deepEqual(new Set(refusals.map(({ name }) => name)), new Set(['wake']));
  const reasons = refusals.flatMap(({ orders }) => orders.filter(([name]) => name === 'refuse').map(refusalReason));
  t.deepEqual(reasons, [...Array.from({ length: FEW }, () => 'wait-bound'), 'upstream-timeout']);
  t.deepEqual(
    world.answers.get(PATHS.silent)!.map(({ status, fields }) => [status, fields['cache-status']]),
    reasons.map((reason) => [504, `edge-a;detail=${reason}`]),
  );
});

test('a lost owner is noticed once, and then the way is straight up', (t) => {
  const [fromOwner] = recording.fillsOf(PATHS.fromOwner);
  const [failing, handedOver] = recording.fillsOf(PATHS.handedOver);
  const straightUp = onlyOne(t, recording.fillsOf(PATHS.straightUp));
  t.is(world.edge.machine.sources.neighbour(fromOwner!.source), 'edge-b');
  t.is(failing!.source, fromOwner!.source);
  t.is(onlyOne(t, recording.told(failing!, 'fillFailed')).args[1], 'refused');
  t.is(world.edge.machine.sources.neighbour(handedOver!.source), null);
  t.is(straightUp.source, handedOver!.source);
  const loops = [PATHS.fromOwner, PATHS.handedOver, PATHS.straightUp].map(
    (path) => onlyOne(t, world.origin.asked(path)).fields['cdn-loop'],
  );
  t.deepEqual(loops, ['edge-a, edge-b', 'edge-a', 'edge-a']);
  for (const path of [PATHS.fromOwner, PATHS.handedOver, PATHS.straightUp]) areWhole(t, path, 1);
});

test('the counters say the same', (t) => {
  t.deepEqual(world.edge.machine.stats, {
    requests: HERD + 1 + FEW + (FEW + 1) + FEW + (FEW + 1) + 3,
    hits: 1,
    staleHits: 0,
    revalidated: 0,
    collapsed: HERD - 1 + (FEW - 1) * 3,
    // the herd's, the resumed, the broken and the one after it, and three of the neighbour's keys; a leader has gone
    misses: 7,
    passes: 0,
    refused: FEW + 1,
    fills: 1 + 2 + 2 + 1 + 2 + 1 + 2 + 1,
    fillsFailed: 1 + 1 + 2 + 1,
    leadersReplaced: 1 + 1 + 1,
    resumed: 1,
    stored: 7,
    evicted: 0,
  });
  t.deepEqual(Object.fromEntries(world.edge.machine.failures), { short: 2, timeout: 2, refused: 1 });
});

// ——— the replay ———

test.serial('a fresh process comes to the same decisions from the file alone', async (t) => {
  const { exitCode, stdout, stderr } = await undercard('replay', recordingFile, '--json');
  t.is(stderr, '');
  t.deepEqual(JSON.parse(stdout), { same: true, events: recording.events.length });
  t.is(exitCode, 0);
});

test.serial('without --json it says so in words', async (t) => {
  const { exitCode, stdout } = await undercard('replay', recordingFile);
  t.is(stdout, `${recording.events.length} events replayed: every decision is the same\n`);
  t.is(exitCode, 0);
});

interface Alteration {
  lines: string[];
  /** the line that must be named; by `latest` where decisions need not differ at once */
  line: number;
  latest?: number;
}

const alterations: [title: string, alter: (t: ExecutionContext) => Alteration][] = [
  [
    'one byte fewer of a body with a told length',
    (t) => {
      const [fill] = recording.fillsOf(PATHS.herd);
      const bytes = recording.told(fill!, 'fillBytes')[0]!;
      const end = onlyOne(t, recording.told(fill!, 'fillEnd'));
      t.is(recording.orders('store', 1, fill!.id).length, 1, 'it was whole, and now is not');
      const args = [bytes.args[0], (bytes.args[1] as number) - 1, bytes.args[2]];
      return { lines: withLine({ ...bytes, args }), line: bytes.line, latest: end.line };
    },
  ],
  [
    'a millisecond in the request of a hit, whose age tells it',
    () => {
      const hit = hitOnHerd();
      return { lines: withLine({ ...hit, args: hit.args.with(3, (hit.args[3] as number) + 1) }), line: hit.line };
    },
  ],
  [
    'a millisecond in the first request, which sets the first time-out',
    () => {
      const first = recording.events.find(({ name }) => name === 'request')!;
      return {
        lines: withLine({ ...first, args: first.args.with(3, (first.args[3] as number) + 1) }),
        line: first.line,
      };
    },
  ],
  [
    'a header that never came',
    (t) => {
      const [fill] = recording.fillsOf(PATHS.herd);
      const head = onlyOne(t, recording.told(fill!, 'fillHead'));
      const end = onlyOne(t, recording.told(fill!, 'fillEnd'));
      return { lines: recording.lines.toSpliced(head.line - 1, 1), line: head.line, latest: end.line - 1 };
    },
  ],
  [
    'an end that came twice',
    (t) => {
      const [fill] = recording.fillsOf(PATHS.resumed).slice(-1);
      const end = onlyOne(t, recording.told(fill!, 'fillEnd'));
      return { lines: recording.lines.toSpliced(end.line, 0, recording.lines[end.line - 1]!), line: end.line + 1 };
    },
  ],
  [
    'a decision that was another',
    (t) => {
      const [fill] = recording.fillsOf(PATHS.herd);
      const head = onlyOne(t, recording.told(fill!, 'fillHead'));
      const orders = head.orders.map(
        (order) => order.map((part) => (part === 'miss' ? 'pass' : part)) as RecordedOrder,
      );
      return { lines: withLine({ ...head, orders }), line: head.line };
    },
  ],
  [
    'a decision that was left out',
    (t) => {
      const [first] = recording.fillsOf(PATHS.broken);
      const failed = onlyOne(t, recording.told(first!, 'fillFailed'));
      return { lines: withLine({ ...failed, orders: failed.orders.slice(1) }), line: failed.line };
    },
  ],
  [
    'another time to be woken',
    () => {
      const waits = recording.events.find(({ wakeMs }) => wakeMs !== null)!;
      return { lines: withLine({ ...waits, wakeMs: waits.wakeMs! + 1 }), line: waits.line };
    },
  ],
  ['a line that is no event', () => ({ lines: recording.lines.with(9, 'garbage'), line: 10 })],
];

for (const [number, [title, alter]] of alterations.entries()) {
  test.serial(`an altered recording is told apart at its line: ${title}`, async (t) => {
    const { lines, line, latest = line } = alter(t);
    t.notDeepEqual(lines, recording.lines);
    const { exitCode, stdout, stderr } = await undercard('replay', write(`altered-${number}`, lines), '--json');
    const result = JSON.parse(stdout) as ReplayResult;
    t.is(exitCode, 1, stderr);
    if (result.same) {
      t.fail('it passed for the same');
      return;
    }
    t.true(result.line >= line && result.line <= latest, `line ${result.line} is named, not ${line} … ${latest}`);
    t.is(result.recorded, lines[result.line - 1]!);
    t.not(result.replayed, result.recorded);
  });
}

test.serial('without --json the line that differs is shown with what was recorded and what came of it', async (t) => {
  const hit = hitOnHerd();
  const file = write('in-words', withLine({ ...hit, orders: [] }));
  const { exitCode, stdout } = await undercard('replay', file);
  t.is(exitCode, 1);
  const [named, recorded, replayed] = stdout.split('\n');
  t.is(named, `line ${hit.line} differs`);
  t.is(recorded, `recorded: ${textOf({ ...hit, orders: [] })}`);
  t.is(replayed, `replayed: ${textOf(hit)}`);
});

// ——— files that are less than a recording ———

test.serial('a recording whose last line was cut by a kill is replayed up to there', async (t) => {
  const last = recording.lines.at(-1)!;
  const text = [...recording.lines.slice(0, -1), last.slice(0, last.length / 2)].join('\n');
  const file = join(folder, 'killed');
  writeFileSync(file, text);
  const { exitCode, stdout } = await undercard('replay', file, '--json');
  t.deepEqual(JSON.parse(stdout), { same: true, events: recording.events.length - 1 });
  t.is(exitCode, 0);
});

const unusable: [title: string, content: () => string[], says: RegExp][] = [
  ['prose', () => ['# Not a recording', '', 'at all'], /:1: not a recording; make one with undercard edge --record$/],
  ['other JSON', () => ['{"name":"undercard"}'], /:1: not a recording; make one with undercard edge --record$/],
  ['an empty file', () => [], /:1: not a recording; make one with undercard edge --record$/],
  [
    'a later version',
    () => recording.lines.with(0, JSON.stringify({ ...(JSON.parse(recording.lines[0]!) as object), version: 2 })),
    /:1: version 2 is not known; this program replays version 1$/,
  ],
];

for (const [number, [title, content, says]] of unusable.entries()) {
  test.serial(`what cannot be replayed is one clear line: ${title}`, async (t) => {
    isOneLine(t, await undercard('replay', write(`unusable-${number}`, content()), '--json'), says);
  });
}

test.serial('what cannot be read is one clear line', async (t) => {
  isOneLine(t, await undercard('replay', join(folder, 'nowhere')), /nowhere: cannot be read \(ENOENT\)$/);
});

// ——— helpers ———

/** `undercard …` as a process of its own. */
function undercard(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [UNDERCARD, ...args], (_error, stdout, stderr) => {
      if (child.exitCode === null) reject(new Error(`undercard ${args.join(' ')} did not end by itself: ${stderr}`));
      else resolve({ exitCode: child.exitCode, stdout, stderr });
    });
  });
}

function isOneLine(t: ExecutionContext, run: Awaited<ReturnType<typeof undercard>>, says: RegExp): void {
  t.is(run.exitCode, 2);
  t.is(run.stdout, '');
  t.is(run.stderr.split('\n').length, 2, run.stderr);
  t.regex(run.stderr.trimEnd(), says);
}

function onlyOne<T>(t: ExecutionContext, found: readonly T[]): T {
  t.is(found.length, 1);
  return found[0]!;
}

function areWhole(t: ExecutionContext, path: string, count: number): void {
  const received = world.answers.get(path)!;
  t.is(received.length, count);
  const expected = bodyOf(path);
  for (const { status, whole, body } of received) t.true(status === 200 && whole && body.equals(expected));
}

/** The only answer from storage. */
function hitOnHerd(): RecordedEvent {
  return recording.events.find(({ orders }) => orders.some(([name]) => name === 'serve'))!;
}

function refusalReason(order: RecordedOrder): string {
  return String(order[3]);
}

function textOf({ name, args, orders, wakeMs }: RecordedEvent): string {
  return JSON.stringify([name, args, orders, wakeMs]);
}

function withLine(event: RecordedEvent): string[] {
  return recording.lines.with(event.line - 1, textOf(event));
}

function write(name: string, lines: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}
