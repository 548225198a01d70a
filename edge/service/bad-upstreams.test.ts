import { createServer, type AddressInfo, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { ask, Asked, openEdge, stateOf, until, type Answer } from '../../test/support/edge-process.ts';
import { bytesOf, Gate, give, inTurn, OriginServer, type Behaviour } from '../../test/support/origin-server.ts';

const FRESH = { 'Cache-Control': 'max-age=60' };

/** A listener that says exactly these bytes to whoever asks it, then closes. */
async function sayingOnly(t: ExecutionContext, bytes: string): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => socket.end(bytes, 'latin1'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A port that was free a moment ago. */
async function nobody(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.9', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.9:${port}`;
}

const upstreams: [title: string, open: (t: ExecutionContext) => Promise<string>, cause: string][] = [
  ['does not resolve', async () => 'http://nowhere.invalid', 'unresolved'],
  ['refuses the connection', nobody, 'refused'],
  ['closes without a word', (t) => sayingOnly(t, ''), 'reset'],
  ['speaks another protocol', (t) => sayingOnly(t, '220 mail.example ESMTP\r\n'), 'garbage'],
  ['breaks off in its header', (t) => sayingOnly(t, 'HTTP/1.1 200 OK\r\nCache-Con'), 'reset'],
  [
    'tells two lengths',
    (t) => sayingOnly(t, 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
    'garbage',
  ],
  ['has a header without end', (t) => sayingOnly(t, `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`), 'garbage'],
  ['says 304 to a request without conditions', (t) => sayingOnly(t, 'HTTP/1.1 304 Not Modified\r\n\r\n'), 'garbage'],
];
for (const [title, open, cause] of upstreams) {
  test(`an upstream that ${title}: 502, counted as ${cause}, for all who wait`, async (t) => {
    const edge = await openEdge(t, { upstreams: [await open(t)] });
    const answers = await Promise.all([ask(edge.url, '/a'), ask(edge.url, '/a'), ask(edge.url, '/b')]);
    for (const answer of answers) {
      t.is(answer.status, 502);
      t.is(String(answer.fields['cache-status']), 'edge-1;detail=upstream-failed');
      t.is(answer.fields['cache-control'], 'no-store');
    }
    const { fillFailures, refusals, storedObjects } = await stateOf(edge);
    t.deepEqual(Object.keys(fillFailures), [cause]);
    t.is(refusals['upstream-failed'], 3);
    t.is(storedObjects, 0);
  });
}

test('what passes by the cache is told of a bad upstream like everybody else', async (t) => {
  const edge = await openEdge(t, { upstreams: [await nobody()] });
  const answer = await ask(edge.url, '/a', { method: 'POST', body: 'news' });
  t.is(answer.status, 502);
  t.is((await stateOf(edge)).refusals['upstream-failed'], 1);
});

test('where one upstream fails the next one answers, and is asked first for a while', async (t) => {
  const good = await OriginServer.open(t, give('good', FRESH));
  const bad = await OriginServer.open(t, (_request, response) => response.socket!.destroy());
  const edge = await openEdge(t, { upstreams: [bad.url, good.url], policy: { sourceDownMs: 60_000 } });
  for (const target of ['/a', '/b']) t.is((await ask(edge.url, target)).body.toString(), 'good');
  t.deepEqual([bad.seen.length, good.seen.length], [1, 2]);
});

/** Half the body, and when the gate opens the connection is cut. */
const cut =
  (body: Buffer, fields: Record<string, string | number>, gate: Gate): Behaviour =>
  async (_request, response) => {
    response.writeHead(200, { ...FRESH, ...fields });
    response.write(body.subarray(0, body.byteLength / 2));
    await gate.passed;
    response.socket!.destroy();
  };

/** What a client gets whose upstream is cut as soon as the client has half. */
async function askAndCut(url: string, target: string, gate: Gate): Promise<Answer> {
  const asked = new Asked(url, target);
  const answer = asked.answer();
  await until(() => asked.receivedBytes >= BODY.byteLength / 2, 'half the body');
  gate.open();
  return answer;
}

const BODY = bytesOf(100_000);
/** Whoever continues it can tell that it is the same. */
const PROVABLE = { ETag: '"v1"', 'Content-Length': BODY.byteLength };

for (const [title, fields] of [
  ['with a length', { 'Content-Length': BODY.byteLength }],
  ['chunked', {}],
] as const) {
  test(`a body that breaks off, ${title}: nobody takes it for whole, and it is not stored`, async (t) => {
    const gate = new Gate();
    const origin = await OriginServer.open(t, inTurn(cut(BODY, fields, gate), give(BODY, FRESH)));
    const edge = await openEdge(t, { upstreams: [origin.url] });
    const broken = await askAndCut(edge.url, '/a', gate);
    t.is(broken.status, 200);
    t.false(broken.whole);
    t.true(broken.body.equals(BODY.subarray(0, BODY.byteLength / 2)));
    const state = await stateOf(edge);
    t.deepEqual(state.fillFailures, { short: 1 });
    t.is(state.storedObjects, 0);
    t.is(state.answersCut.viewer, 1);
    const again = await ask(edge.url, '/a');
    t.true(again.whole && again.body.equals(BODY));
  });
}

test('a body that breaks off and can be proven the same is continued: the client sees nothing of it', async (t) => {
  const gate = new Gate();
  const again = give(BODY, { ...FRESH, ETag: '"v1"' });
  const origin = await OriginServer.open(t, inTurn(cut(BODY, PROVABLE, gate), again));
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const answer = await askAndCut(edge.url, '/a', gate);
  t.true(answer.whole && answer.body.equals(BODY));
  t.is((await stateOf(edge)).resumed, 1);
  const hit = await ask(edge.url, '/a');
  t.true(hit.body.equals(BODY));
  t.is(origin.count('/a'), 2);
});

test('a body that breaks off and has become another one is cut, and the new one is what is stored', async (t) => {
  const gate = new Gate();
  const newer = bytesOf(100_000, 2);
  const another = give(newer, { ...FRESH, ETag: '"v2"' });
  const origin = await OriginServer.open(t, inTurn(cut(BODY, PROVABLE, gate), another));
  const edge = await openEdge(t, { upstreams: [origin.url] });
  t.false((await askAndCut(edge.url, '/a', gate)).whole);
  const answer = await ask(edge.url, '/a');
  t.true(answer.whole && answer.body.equals(newer));
});

/** Never answers, or never goes on. */
const silent: Behaviour = () => {};
const stalling: Behaviour = (_request, response) => {
  response.writeHead(200, { ...FRESH, 'Content-Length': BODY.byteLength });
  response.write(BODY.subarray(0, 1000));
};

/** Others that go on being served, miss and hit, for as long as the promise is pending. */
async function othersAreServed(t: ExecutionContext, url: string, meanwhile: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  void meanwhile.finally(() => over.abort());
  let answered = 0;
  while (!over.signal.aborted) {
    const [miss, hit] = [await ask(url, `/other/${answered}`), await ask(url, `/other/${answered}`)];
    if (miss.status !== 200 || hit.status !== 200 || !String(hit.fields['cache-status']).includes(';hit'))
      t.fail(`${miss.status} ${hit.status} ${String(hit.fields['cache-status'])}`);
    answered++;
  }
  t.true(answered > 0);
}

test('an upstream that never answers: 504 after its attempts, counted, and others are served meanwhile', async (t) => {
  const origin = await OriginServer.open(t, (request, response) =>
    (request.target === '/silent' ? silent : give('other', FRESH))(request, response),
  );
  const edge = await openEdge(t, { upstreams: [origin.url], policy: { headTimeoutMs: 1500 } });
  const asked = ask(edge.url, '/silent');
  await othersAreServed(t, edge.url, asked);
  const answer = await asked;
  t.is(answer.status, 504);
  t.is(String(answer.fields['cache-status']), 'edge-1;detail=upstream-timeout');
  const { fillFailures, refusals } = await stateOf(edge);
  t.deepEqual(Object.keys(fillFailures), ['timeout']);
  t.is(refusals['upstream-timeout'], 1);
  t.is(origin.count('/silent'), 2);
});

test('nobody waits longer than the bound, however many attempts there still might be', async (t) => {
  const origin = await OriginServer.open(t, silent);
  const edge = await openEdge(t, { upstreams: [origin.url], policy: { headTimeoutMs: 1000, waitMs: 200 } });
  const startMs = performance.now();
  const answer = await ask(edge.url, '/a');
  t.true(performance.now() - startMs >= 200);
  t.is(answer.status, 504);
  t.is(String(answer.fields['cache-status']), 'edge-1;detail=wait-bound');
  t.is(edge.machine.waiting, 0);
});

test('an upstream that stalls in its body: the client is cut, and others are served meanwhile', async (t) => {
  const origin = await OriginServer.open(t, (request, response) =>
    (request.target === '/stalling' ? stalling : give('other', FRESH))(request, response),
  );
  const edge = await openEdge(t, { upstreams: [origin.url], policy: { stallTimeoutMs: 1500 } });
  const asked = ask(edge.url, '/stalling');
  await othersAreServed(t, edge.url, asked);
  const answer = await asked;
  t.false(answer.whole);
  t.is(answer.body.byteLength, 1000);
  t.deepEqual(Object.keys((await stateOf(edge)).fillFailures), ['timeout']);
});

test('an upstream that comes and goes: each answer is right or refused, and nothing stays behind', async (t) => {
  const atOnce = new Gate();
  atOnce.open();
  let turn = 0;
  const ways: Behaviour[] = [
    give(BODY, FRESH),
    (_request, response) => void response.socket!.destroy(),
    cut(BODY, { 'Content-Length': BODY.byteLength }, atOnce),
    cut(BODY, PROVABLE, atOnce),
    give(BODY, { 'Cache-Control': 'no-store' }),
    give('broken', {}, 500),
  ];
  const origin = await OriginServer.open(t, (request, response) => ways[turn++ % ways.length]!(request, response));
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const answers: Answer[] = [];
  await Promise.all(
    Array.from({ length: 40 }, async (_, id) => {
      const target = `/${id % 7}`;
      if (id % 5 === 4) {
        const asked = new Asked(edge.url, target);
        await until(() => edge.machine.stats.requests > id / 2, 'some to be asked');
        asked.leave();
      } else {
        answers.push(await ask(edge.url, target));
      }
    }),
  );
  for (const { status, body, whole } of answers) {
    if (status === 200 && whole) t.true(body.equals(BODY));
    else if (status === 200) t.true(body.equals(BODY.subarray(0, body.byteLength)));
    else t.true(status === 500 || status === 502);
  }
});

test('what a slow upstream is asked for by a client that goes is still kept for the next', async (t) => {
  const released = new Gate();
  const origin = await OriginServer.open(t, async (request, response) => {
    await released.passed;
    give(BODY, FRESH)(request, response);
  });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const asked = new Asked(edge.url, '/a');
  await until(() => edge.machine.waiting === 1, 'the request to wait');
  asked.leave();
  await until(() => edge.machine.waiting === 0, 'the client to be gone');
  released.open();
  await until(() => edge.machine.storedCount === 1, 'the answer to be stored');
  t.true((await ask(edge.url, '/a')).body.equals(BODY));
  t.is(origin.count('/a'), 1);
});
