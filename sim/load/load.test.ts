import test, { type ExecutionContext } from 'ava';
import { type LoadResult, startLoad } from './load.ts';
import { byCodeUnit } from '../../topology/model/ring.ts';
import type { ReceivedBytes } from './server-book.ts';
import { shortSegments, SmallEdge, SmallSteering, until } from './small-cdn.fixture.ts';

const VIEWERS = 5;
const OPTIONS = { eventId: 'demo', viewers: VIEWERS, seed: 1, arrivalSpreadMs: 200 };

/** More than any body of this fixture has. */
const BODY_MAX_BYTES = 50_000;

/** Players on a busy machine give up what comes too late: then a server has sent what nobody took, at most a body each. */
function bytesAgree(t: ExecutionContext, received: ReceivedBytes, sentBytes: number): void {
  const { wholeBytes, partialBytes, partialRemainingBytes, partialUnknownLength, headlessTransfers } = received;
  const untaken = sentBytes - wholeBytes - partialBytes - partialRemainingBytes;
  t.is(partialUnknownLength, 0);
  t.true(
    untaken >= 0 && untaken <= headlessTransfers * BODY_MAX_BYTES,
    `${untaken} bytes, ${headlessTransfers} transfers`,
  );
}

test('viewers play, and the bytes they received are the bytes that were sent', async (t) => {
  const event = shortSegments();
  const first = await new SmallEdge(event).listen();
  const second = await new SmallEdge(event).listen();
  const steering = await new SmallSteering([first.baseUrl, second.baseUrl]).listen();
  const load = startLoad({ ...OPTIONS, steeringUrl: steering.url });
  await until(() => load.snapshot().playing === VIEWERS, 'all play');
  await until(() => first.requests > 20 * VIEWERS, 'some segments');
  const result = await load.finish();
  const { final } = result;
  t.is(final.arrived, VIEWERS);
  t.is(final.neverPlayed, 0);
  t.is(final.wrongBodies, 0);
  t.is(final.unverifiedBodies, 0);
  t.is(final.serverSwitches, 0);
  t.true(final.startupMs.p50! > 0 && final.latencyMs.p50! > 500 && final.meanBitrateBps! >= 400_000);
  bytesAgree(t, final.received, first.sentBytes);
  t.is(second.sentBytes, 0, 'the ranking is by rank, not by order');
  t.is(bytesOfViewers(result), final.receivedBytes);
  t.true(result.reports.every(({ phase, startupMs }) => phase === 'left' && startupMs !== null));
  closeAll(first, second, steering);
});

test('corrupt bodies are counted, each of them, and had again from another server', async (t) => {
  const event = shortSegments();
  const corrupt = await new SmallEdge(event, (path) => (/[05]\.m4s$/.test(path) ? 'corrupt' : 'none')).listen();
  const sound = await new SmallEdge(event).listen();
  const steering = await new SmallSteering([corrupt.baseUrl, sound.baseUrl]).listen();
  const load = startLoad({ ...OPTIONS, steeringUrl: steering.url });
  await until(() => load.snapshot().serverSwitches >= VIEWERS, 'every viewer has moved');
  await until(() => load.snapshot().playing === VIEWERS, 'all play');
  const result = await load.finish();
  const { final } = result;
  t.is(final.wrongBodies, corrupt.corruptBodies);
  t.true(final.wrongBodies >= VIEWERS);
  t.is(final.gaps, 0);
  bytesAgree(t, final.received, corrupt.sentBytes + sound.sentBytes);
  t.is(bytesOfViewers(result), final.receivedBytes);
  closeAll(corrupt, sound, steering);
});

test('an empty body is a failure, whatever its status: nothing plays from it', async (t) => {
  const event = shortSegments();
  const empty = await new SmallEdge(event, (path) => (path.endsWith('.m4s') ? 'empty' : 'none')).listen();
  const sound = await new SmallEdge(event).listen();
  const steering = await new SmallSteering([empty.baseUrl, sound.baseUrl]).listen();
  const load = startLoad({ ...OPTIONS, steeringUrl: steering.url });
  await until(() => load.snapshot().playing === VIEWERS, 'all play');
  const { final } = await load.finish();
  t.true(final.failures.invalid >= VIEWERS);
  t.true(final.serverSwitches >= VIEWERS);
  closeAll(empty, sound, steering);
});

test('when a server dies, its viewers move to the next and play on', async (t) => {
  const event = shortSegments();
  const dying = await new SmallEdge(event).listen();
  const next = await new SmallEdge(event).listen();
  const steering = await new SmallSteering([dying.baseUrl, next.baseUrl]).listen();
  const load = startLoad({ ...OPTIONS, steeringUrl: steering.url });
  await until(() => load.snapshot().playing === VIEWERS, 'all play');
  dying.close();
  await until(() => load.snapshot().serverSwitches === VIEWERS, 'every viewer has moved');
  await until(() => next.requests > 10 * VIEWERS && load.snapshot().playing === VIEWERS, 'they play on');
  const result = await load.finish();
  const { final } = result;
  t.is(final.serverSwitches, VIEWERS);
  t.true(final.failures.network + final.failures.truncated >= VIEWERS);
  t.is(final.wrongBodies, 0);
  const fromNext = final.servers.find(({ baseUrl }) => baseUrl === next.baseUrl)!;
  bytesAgree(t, fromNext, next.sentBytes);
  t.is(bytesOfViewers(result), final.receivedBytes);
  closeAll(next, steering);
});

test('when steering dies, playback goes on', async (t) => {
  const edge = await new SmallEdge(shortSegments()).listen();
  const steering = await new SmallSteering([edge.baseUrl]).listen();
  const load = startLoad({ ...OPTIONS, steeringUrl: steering.url });
  await until(() => load.snapshot().playing === VIEWERS, 'all play');
  steering.close();
  const { requests } = edge;
  await until(() => edge.requests > requests + 10 * VIEWERS && load.snapshot().playing === VIEWERS, 'they play on');
  t.is((await load.finish()).final.neverPlayed, 0);
  edge.close();
});

test('one server without steering is enough, and bodies without a digest are counted', async (t) => {
  const edge = await new SmallEdge(shortSegments(), () => 'no-digest').listen();
  const load = startLoad({ ...OPTIONS, viewers: 1, serverUrl: edge.baseUrl });
  await until(() => load.snapshot().playing === 1, 'it plays');
  const { final } = await load.finish();
  t.true(final.unverifiedBodies > 0);
  t.is(final.wrongBodies, 0);
  t.is(final.receivedBytes, edge.sentBytes);
  edge.close();
});

test('steering is told an address only where the load has one', async (t) => {
  const edge = await new SmallEdge(shortSegments()).listen();
  for (const [ipFor, expected] of [
    [(viewer: number) => `192.0.2.${viewer}`, ['192.0.2.0', '192.0.2.1']],
    [undefined, [null, null]],
  ] as const) {
    const steering = await new SmallSteering([edge.baseUrl]).listen();
    const load = startLoad({
      ...OPTIONS,
      viewers: 2,
      steeringUrl: steering.url,
      ...(ipFor === undefined ? {} : { ipFor }),
    });
    await until(() => load.snapshot().playing === 2, 'both play');
    await load.finish();
    t.deepEqual(
      steering.addresses.toSorted((a, b) => byCodeUnit(a ?? '', b ?? '')),
      [...expected],
    );
    steering.close();
  }
  edge.close();
});

test('a load with nobody to answer ends all the same', async (t) => {
  const edge = await new SmallEdge(shortSegments()).listen();
  const url = edge.baseUrl;
  edge.close();
  const load = startLoad({ ...OPTIONS, arrivalSpreadMs: 0, serverUrl: url });
  await until(() => load.snapshot().failures.network >= VIEWERS, 'refused');
  const [once, twice] = await Promise.all([load.finish(), load.finish()]);
  t.is(once, twice);
  t.is(once.final.receivedBytes, 0);
  t.is(once.final.startupMs.p50, null);
  t.is(once.final.neverPlayed, 0, 'they did not wait for ten seconds');
});

function bytesOfViewers({ reports }: LoadResult): number {
  return reports
    .flatMap(({ receivedBytesByServer }) => [...receivedBytesByServer.values()])
    .reduce((total, bytes) => total + bytes, 0);
}

function closeAll(...services: { close(): void }[]): void {
  for (const service of services) service.close();
}

test('viewers adapt and start as they are told to: from the beginning, by BOLA', async (t) => {
  const edge = await new SmallEdge(shortSegments()).listen();
  const load = startLoad({
    ...OPTIONS,
    serverUrl: `${edge.baseUrl}/live/demo/`,
    adaptation: 'bola',
    startAt: 'start-over',
  });
  await until(() => load.snapshot().playing === VIEWERS, 'all play');
  // The event began a minute ago.
  t.true(load.snapshot().latencyMs.p50! > 55_000);
  const { final } = await load.finish();
  t.is(final.jumps, 0);
  edge.close();
});
