import { createHash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { availableAtMs } from '../../topology/model/live-window.ts';
import { boxesIn } from './boxes.ts';
import { loadLoop, segmentBytes, testStreamEvent } from './loop.ts';
import { HeldClock, Ingest, until, type Put } from './test-stream.fixture.ts';
import { startTestStream } from './test-stream.ts';

const loop = loadLoop();
const START_MS = 1_700_000_000_000;
const event = testStreamEvent({ eventId: 'match', startMs: START_MS, dvrWindowMs: 600_000 });
const RENDITIONS = event.renditions.length;

const dueMs = (number: number) => availableAtMs(event, number);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64');
const wanted = (renditionId: string, number: number) =>
  segmentBytes(
    loop.renditions.find(({ id }) => id === renditionId)!,
    event,
    number,
  );

/** A stream as it begins. A second before the event is too early for the announcement's bound to look like segment 1's time. */
async function streamFor(t: ExecutionContext, answer?: Ingest['answer'], wallMs = START_MS - 1000) {
  const clock = new HeldClock(wallMs);
  const ingest = new Ingest(clock);
  if (answer) ingest.answer = answer;
  const lines: { level: number; msg: string; lost?: number; cause?: string }[] = [];
  const log = pino({}, { write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const origin = await ingest.listen();
  const stream = startTestStream({ origin, pipeline: 'a', event, log, clock });
  t.teardown(async () => {
    await stream.close();
    ingest.close();
  });
  /** Moves the clock to where the segment is complete, once the stream waits for that, and has done with `before` segments. */
  const goTo = async (number: number, before = number - 1) => {
    const counted = () => Object.values(stream.counts).reduce((sum, count) => sum + count);
    await until(() => counted() === before * RENDITIONS && clock.hasSleeperUntil(dueMs(number)));
    clock.moveTo(dueMs(number));
  };
  return { clock, ingest, stream, lines, goTo };
}

function partsOf({ path }: Put): { renditionId: string; number: number } {
  const [, renditionId, number] = /^\/ingest\/a\/match\/(\w+)\/(\d+)\.m4s$/.exec(path)!;
  return { renditionId: renditionId!, number: Number(number) };
}

test('the event and its init segments come first, then each segment at the moment it is complete', async (t) => {
  const { ingest, stream, goTo } = await streamFor(t);
  for (let number = 1; number <= 9; number++) {
    await goTo(number);
    await until(() => stream.counts.published === number * RENDITIONS);
  }
  t.is(ingest.puts[0]!.path, '/ingest/a/match/event.json');
  t.deepEqual(JSON.parse(ingest.puts[0]!.body.toString()), event);
  t.is(ingest.puts[0]!.headers['content-type'], 'application/json');
  const inits = ingest.puts.slice(1, 1 + RENDITIONS);
  t.deepEqual(
    new Map(inits.map(({ path, body }) => [path, body])),
    new Map(loop.renditions.map(({ id, init }) => [`/ingest/a/match/${id}/init.mp4`, init])),
  );
  t.is(ingest.puts.length, 1 + RENDITIONS + 9 * RENDITIONS);
  for (const put of ingest.segments) {
    const { renditionId, number } = partsOf(put);
    t.is(put.wallMs, dueMs(number));
    t.true(put.body.equals(wanted(renditionId, number)), put.path);
    t.is(put.headers['content-type'], renditionId === 'a64' ? 'audio/mp4' : 'video/mp4');
    t.is(put.headers['repr-digest'], `sha-256=:${sha256(put.body)}:`);
  }
  t.is(new Set(ingest.paths()).size, ingest.puts.length, 'nothing is sent twice');
});

test('a pipeline that joins late sends the segments from then on, none of those before', async (t) => {
  const { ingest, stream, goTo } = await streamFor(t, undefined, dueMs(5) + 500);
  await goTo(6, 0);
  await until(() => stream.counts.published === RENDITIONS);
  t.is(ingest.segments.length, RENDITIONS);
  for (const put of ingest.segments) t.true(put.body.equals(wanted(partsOf(put).renditionId, 6)), put.path);
});

test('fault corrupt: the body differs from its digest, its boxes are sound, and the origin’s refusal is counted', async (t) => {
  const { ingest, stream, goTo, lines } = await streamFor(t, (path) => (path.endsWith('/1.m4s') ? 400 : 201));
  stream.setFault('corrupt');
  await goTo(1);
  await until(() => stream.counts.refused === RENDITIONS);
  for (const put of ingest.segments) {
    const right = wanted(partsOf(put).renditionId, 1);
    t.is(put.headers['repr-digest'], `sha-256=:${sha256(right)}:`);
    t.not(sha256(put.body), sha256(right));
    t.deepEqual(boxesIn(put.body), boxesIn(right));
    t.is(put.body.compare(right, 0, right.indexOf('mdat'), 0, right.indexOf('mdat')), 0);
  }
  stream.setFault(null);
  await goTo(2);
  await until(() => stream.counts.published === RENDITIONS);
  t.true(ingest.segments.at(-1)!.body.equals(wanted(partsOf(ingest.segments.at(-1)!).renditionId, 2)));
  t.is(lines.filter(({ level }) => level >= 40).length, 1);
});

test('fault missing: segments are left out and counted', async (t) => {
  const { ingest, stream, goTo } = await streamFor(t);
  stream.setFault('missing');
  await goTo(1);
  await goTo(2);
  await until(() => stream.counts.withheld === 2 * RENDITIONS);
  stream.setFault(null);
  await goTo(3);
  await until(() => stream.counts.published === RENDITIONS);
  t.deepEqual([...new Set(ingest.segments.map((put) => partsOf(put).number))], [3]);
});

test('fault stall: half of the body comes, and the connection is cut when the segment’s time is over', async (t) => {
  const { ingest, stream, goTo } = await streamFor(t);
  stream.setFault('stall');
  await goTo(1);
  const half = loop.renditions.reduce((sum, { id }) => sum + Math.floor(wanted(id, 1).length / 2), 0);
  await until(() => ingest.openBytes === half);
  stream.setFault(null);
  t.is(stream.counts.lost, 0);
  await goTo(2, 0);
  await until(() => stream.counts.lost === RENDITIONS && stream.counts.published === RENDITIONS);
  await until(() => ingest.puts.filter(({ complete }) => !complete).length === RENDITIONS);
  for (const put of ingest.puts.filter(({ complete }) => !complete)) {
    t.is(partsOf(put).number, 1);
    t.is(Number(put.headers['content-length']), wanted(partsOf(put).renditionId, 1).length);
  }
});

test('an origin that is away costs the segments of that time; one warning, and its return is noted', async (t) => {
  const { clock, ingest, stream, goTo, lines } = await streamFor(t, () => 0);
  await goTo(1);
  await until(() => clock.hasSleeperUntil(dueMs(1) + 100));
  await goTo(2, 0);
  await until(() => clock.hasSleeperUntil(dueMs(2) + 100));
  ingest.answer = () => 201;
  // Segment 2 has an attempt left, which is not made: the clock goes past all of its time.
  await goTo(3, 1);
  await until(() => stream.counts.published === RENDITIONS);
  t.is(stream.counts.lost, 2 * RENDITIONS);
  t.deepEqual(
    lines.map(({ level, msg, lost }) => [level, msg, lost]),
    [
      [40, 'segments are not taken', undefined],
      [30, 'segments are taken again', 2 * RENDITIONS],
    ],
  );
});

test('an origin restarted between two segments loses none: the event is announced again', async (t) => {
  const { clock, ingest, stream, goTo } = await streamFor(t);
  await goTo(1);
  await until(() => stream.counts.published === RENDITIONS);
  let known = false;
  ingest.answer = (path) => {
    known ||= path.endsWith('/event.json');
    return known ? 201 : 404;
  };
  await goTo(2);
  await until(() => clock.hasSleeperUntil(dueMs(2) + 100));
  clock.moveTo(dueMs(2) + 100);
  await until(() => stream.counts.published === 2 * RENDITIONS);
  t.is(stream.counts.lost, 0);
});

test('after being held up, the process goes on with the newest segment and says how many it passed over', async (t) => {
  const { clock, ingest, stream, goTo } = await streamFor(t);
  await goTo(1);
  await until(() => stream.counts.published === RENDITIONS && clock.hasSleeperUntil(dueMs(2)));
  clock.moveTo(dueMs(50) + 1);
  await until(() => stream.counts.published === 2 * RENDITIONS);
  t.deepEqual([...new Set(ingest.segments.map((put) => partsOf(put).number))], [1, 50]);
  t.is(stream.counts.overslept, 48 * RENDITIONS);
  t.true(clock.hasSleeperUntil(dueMs(51)));
});

test('an origin that refuses the event ends the stream, with its reason', async (t) => {
  const { ingest, stream } = await streamFor(t, () => 409);
  t.is(await stream.ended, '409 as told');
  t.deepEqual(ingest.paths(), ['/ingest/a/match/event.json']);
});

test('closing does not wait for an origin that never answers', async (t) => {
  const { ingest, stream, goTo } = await streamFor(t, (path) => (path.endsWith('.m4s') ? -1 : 201));
  await goTo(1);
  await until(() => ingest.segments.length === RENDITIONS);
  await stream.close();
  t.is(await stream.ended, null);
  t.is(stream.counts.published, 0);
});

test('an event that is not of this loop is refused at the start', (t) => {
  const start = (other: typeof event) => () =>
    startTestStream({ origin: 'http://127.0.0.1:1', pipeline: 'a', event: other, log: pino({ level: 'silent' }) });
  t.throws(start({ ...event, segmentDurationMs: 4000 }), { message: /segments of 4000 ms, the loop of 2000 ms/ });
  t.throws(start({ ...event, renditions: [{ ...event.renditions[0]!, id: 'v2160' }] }), {
    message: /no rendition v2160/,
  });
});
