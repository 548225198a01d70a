import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import test from 'ava';
import { Agents } from './agents.ts';
import { type KnownServer, parseServer } from './server-book.ts';
import { listen, until, urlOf } from './small-cdn.fixture.ts';
import { Transfer, type TransferResult } from './transfer.ts';

const BODY = Buffer.from('two seconds of picture');
const DIGEST = `sha-256=:${createHash('sha256').update(BODY).digest('base64')}:`;

test('a whole body is checked by its digest, among others', async (t) => {
  const { result, server } = await get((_, response) => {
    response.setHeader('Repr-Digest', `sha-512=:AAAA:, ${DIGEST}`);
    response.end(BODY);
  });
  t.like(result, { kind: 'whole', sizeBytes: BODY.length, verified: true, body: BODY.toString() });
  t.is(server.received.wholeBytes, BODY.length);
});

test('a body without a digest is whole, but unverified', async (t) => {
  const { result } = await get((_, response) => response.end(BODY));
  t.like(result, { kind: 'whole', verified: false });
});

test('a body that differs from its digest is wrong', async (t) => {
  const { result, server } = await get((_, response) => {
    response.setHeader('Repr-Digest', DIGEST);
    response.end('two seconds of fiction');
  });
  t.like(result, { kind: 'failed', cause: 'wrong-body', receivedBytes: BODY.length });
  t.is(server.received.wholeBytes, BODY.length, 'it was received all the same');
});

test('a body cut short is truncated, and what was missing is known', async (t) => {
  const { result, server } = await get((_, response) => {
    response.setHeader('Content-Length', 1000);
    response.write(BODY, () => response.destroy());
  });
  t.like(result, { kind: 'failed', cause: 'truncated', receivedBytes: BODY.length });
  t.like(server.received, {
    partialTransfers: 1,
    partialBytes: BODY.length,
    partialRemainingBytes: 1000 - BODY.length,
  });
});

test('a chunked body cut short is truncated too', async (t) => {
  const { result, server } = await get((_, response) => {
    response.write(BODY, () => response.destroy());
  });
  t.like(result, { kind: 'failed', cause: 'truncated' });
  t.like(server.received, { partialTransfers: 1, partialUnknownLength: 1, partialRemainingBytes: 0 });
});

test('statuses become causes, with Retry-After in seconds or as a date', async (t) => {
  for (const [status, cause, retryAfter, retryAfterMs] of [
    [404, 'not-found', undefined, -1],
    [410, 'gone', undefined, -1],
    [503, 'status', '7', 7000],
    [503, 'status', new Date(0).toUTCString(), 0],
    [503, 'status', 'soon', -1],
    [302, 'status', undefined, -1],
  ] as const) {
    const { result } = await get((_, response) => {
      if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter);
      response.statusCode = status;
      response.end('no');
    });
    t.deepEqual(result, { kind: 'failed', cause, receivedBytes: 2, retryAfterMs });
  }
});

test('nobody there is a network failure without a head', async (t) => {
  const http = createServer();
  await listen(http);
  const server = parseServer(urlOf(http));
  await new Promise((resolve) => http.close(resolve));
  const { result } = await getFrom(server, new Agents());
  t.like(result, { kind: 'failed', cause: 'network', receivedBytes: 0 });
  t.like(server.received, { headlessTransfers: 1, partialTransfers: 0 });
});

test('a document beyond a megabyte is not read', async (t) => {
  const { result } = await get((_, response) => response.end(Buffer.alloc(3 << 20)));
  t.like(result, { kind: 'failed', cause: 'invalid' });
});

test('a kept connection that the server has closed is no failure: it is asked again on a new one', async (t) => {
  let requests = 0;
  const { result, again } = await get((request, response) => {
    requests++;
    if (requests === 2) request.socket.destroy();
    else response.end(BODY);
  }, 2);
  t.is(result.kind, 'whole');
  t.is(again[0]!.kind, 'whole');
  t.is(requests, 3);
});

test('a cancelled transfer says what had come, and nothing more', async (t) => {
  const { http, server, agents } = await serving((_, response) => {
    response.setHeader('Content-Length', 1000);
    response.write(BODY);
  });
  let results = 0;
  const transfer = new Transfer(server, '/', 'discard', agents, () => results++);
  await until(() => transfer.receivedBytes > 0, 'the head came');
  t.is(transfer.cancel(), BODY.length);
  t.is(transfer.cancel(), BODY.length, 'twice is once');
  t.is(server.received.partialRemainingBytes, 1000 - BODY.length);
  agents.destroy();
  await new Promise((resolve) => http.close(resolve));
  t.is(results, 0);
  t.is(server.received.partialTransfers, 1);
});

/** So many requests, one after the other, over the same connections. */
async function get(answer: RequestListener, times = 1) {
  const { http, server, agents } = await serving(answer);
  const results: TransferResult[] = [];
  for (let time = 0; time < times; time++) results.push((await getFrom(server, agents)).result);
  agents.destroy();
  http.close();
  http.closeAllConnections();
  return { result: results[0]!, again: results.slice(1), server };
}

async function serving(answer: RequestListener): Promise<{ http: Server; server: KnownServer; agents: Agents }> {
  const http = createServer(answer);
  await listen(http);
  return { http, server: parseServer(urlOf(http)), agents: new Agents() };
}

function getFrom(server: KnownServer, agents: Agents): Promise<{ result: TransferResult }> {
  return new Promise((resolve) => new Transfer(server, '/', 'keep', agents, (result) => resolve({ result })));
}

test('who fetches on at once uses the same connection', async (t) => {
  const sockets = new Set<unknown>();
  const httpServer = createServer((request, response) => {
    sockets.add(request.socket);
    response.end(BODY);
  });
  await listen(httpServer);
  const agents = new Agents();
  const server = parseServer(urlOf(httpServer));
  await new Promise<void>((resolve) => {
    let left = 5;
    const fetchNext = () =>
      new Transfer(server, '/', 'discard', agents, () => (--left === 0 ? resolve() : fetchNext()));
    fetchNext();
  });
  t.is(sockets.size, 1);
  agents.destroy();
  httpServer.close();
});

test('a transfer that is given up just when its end has come says nothing any more', async (t) => {
  const { http, server, agents } = await serving((_request, response) => response.end(BODY));
  let results = 0;
  const transfer: Transfer = new Transfer(server, '/', 'discard', agents, () => results++);
  const ended = new Promise<void>((resolve) => {
    const received = { ...server.received };
    Object.defineProperty(server.received, 'wholeTransfers', {
      get: () => received.wholeTransfers,
      set: (count: number) => {
        received.wholeTransfers = count;
        // The turn after its end, before anybody is told.
        queueMicrotask(() => resolve(void transfer.cancel()));
      },
    });
  });
  await ended;
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.is(results, 0);
  t.is(server.received.wholeTransfers, 1);
  t.is(server.received.partialTransfers, 0, 'it was whole, and is counted once');
  agents.destroy();
  http.close();
});
