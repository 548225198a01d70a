import { connect, type Socket } from 'node:net';
import test from 'ava';
import { ask, Asked, openEdge, until } from '../../test/support/edge-process.ts';
import { bytesOf, give, giveInHalves, Gate, OriginServer } from '../../test/support/origin-server.ts';

const FRESH = { 'Cache-Control': 'max-age=60' };
/** More than the kernel takes on behalf of a client that does not read, and the edge keeps for one that lags. */
const LARGE = bytesOf(48 * 2 ** 20);

/** A client that asks, reads the first bytes, and then nothing more. */
function stalledClient(url: string, target: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${target} HTTP/1.1\r\nHost: edge\r\n\r\n`);
  return new Promise((resolve) =>
    socket.once('data', () => {
      socket.pause();
      resolve(socket);
    }),
  );
}

test('a client that stalls in a hit holds nobody up, and a slow one gets every byte', async (t) => {
  const origin = await OriginServer.open(t, give(LARGE, FRESH));
  const edge = await openEdge(t, { upstreams: [origin.url] });
  await ask(edge.url, '/large');
  const stalled = await stalledClient(edge.url, '/large');
  const slow = new Asked(edge.url, '/large');
  await slow.head;
  const quick = await ask(edge.url, '/large');
  t.true(quick.whole && quick.body.equals(LARGE));
  const answer = await slow.answer();
  t.true(answer.whole && answer.body.equals(LARGE));
  stalled.destroy();
});

test('a client that stalls in a fill holds up neither the others nor what is stored', async (t) => {
  const rest = new Gate();
  const origin = await OriginServer.open(t, giveInHalves(LARGE, rest, { 'Content-Length': LARGE.byteLength }));
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const stalled = await stalledClient(edge.url, '/large');
  const quick = ask(edge.url, '/large');
  await until(() => edge.machine.stats.collapsed === 1, 'the second to read from the fill');
  rest.open();
  const answer = await quick;
  t.true(answer.whole && answer.body.equals(LARGE));
  t.true((await ask(edge.url, '/large')).body.equals(LARGE));
  t.is(origin.count('/large'), 1);
  stalled.destroy();
});

for (const [title, length] of [
  ['that tells its length', { 'Content-Length': LARGE.byteLength }],
  ['that does not', {}],
] as const) {
  test(`an answer too large to store, ${title}, waits for its slow client instead of piling up`, async (t) => {
    const rest = new Gate();
    rest.open();
    const origin = await OriginServer.open(t, giveInHalves(LARGE, rest, length));
    const policy = { objectBytesMax: 2 ** 20, stallTimeoutMs: 2000 };
    const edge = await openEdge(t, { upstreams: [origin.url], policy });
    const asked = new Asked(edge.url, '/large');
    await asked.head;
    // Longer than the upstream may be silent by itself: the pause is the client's, and not held against it.
    await new Promise((resolve) => setTimeout(resolve, 1.5 * policy.stallTimeoutMs));
    t.true(edge.node.upstreamBytes < LARGE.byteLength, 'the upstream has been made to wait');
    t.true(edge.machine.arrivingBytes <= policy.objectBytesMax);
    const answer = await asked.answer();
    t.true(answer.whole && answer.body.equals(LARGE));
    t.deepEqual([...edge.machine.failures], []);
  });
}

test('of several on one answer too large to store, the one that stalls is cut and the others get it whole', async (t) => {
  const rest = new Gate();
  const origin = await OriginServer.open(t, giveInHalves(LARGE, rest));
  const edge = await openEdge(t, { upstreams: [origin.url], policy: { objectBytesMax: 40 * 2 ** 20 } });
  const stalled = await stalledClient(edge.url, '/large');
  const quick = ask(edge.url, '/large');
  await until(() => edge.machine.stats.collapsed === 1, 'both to be on the same fill');
  rest.open();
  const answer = await quick;
  t.true(answer.whole && answer.body.equals(LARGE));
  t.is(origin.count('/large'), 1);
  t.is(edge.machine.storedCount, 0);
  await until(() => edge.node.egress.cut.viewer === 1, 'the one that stalls to be cut');
  stalled.destroy();
});
