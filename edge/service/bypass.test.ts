import { connect, type Socket } from 'node:net';
import test from 'ava';
import { ask, openEdge, until, type Answer } from '../../test/support/edge-process.ts';
import { bytesOf, Gate, give, inTurn, OriginServer, type Behaviour } from '../../test/support/origin-server.ts';
import { rawExchange } from '../../test/support/raw-socket.ts';

const FRESH = { 'Cache-Control': 'max-age=60' };

const textOf = ({ body }: Answer) => body.toString();
const statusOf = ({ fields }: Answer) => String(fields['cache-status']);

test('bodies go up byte for byte, with a length and chunked, and answers come down with all their fields', async (t) => {
  const body = bytesOf(300_000);
  const down = { Location: '/made', 'Set-Cookie': ['a=1', 'b=2'] };
  const origin = await OriginServer.open(t, { '/page': give(bytesOf(200_000, 2), down, 201) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const fields = { 'Content-Type': 'application/x-own', Cookie: 'c=3', 'Content-Length': body.byteLength };
  const made = await ask(edge.url, '/page?x=1', { method: 'POST', fields, body });
  t.like(made, { status: 201, whole: true, fields: { location: '/made' } });
  t.deepEqual(made.fields['set-cookie'], ['a=1', 'b=2']);
  t.true(made.body.equals(bytesOf(200_000, 2)));
  await ask(edge.url, '/page', { method: 'PUT', fields: { 'Transfer-Encoding': 'chunked' }, body });
  await ask(edge.url, '/page', { method: 'DELETE' });
  const [post, put, del] = origin.seen;
  t.like(post, { method: 'POST', target: '/page?x=1', fields: { 'content-type': 'application/x-own', cookie: 'c=3' } });
  t.is(put!.method, 'PUT');
  for (const request of [post, put]) t.true(request!.body.equals(body));
  t.is(del!.method, 'DELETE');
  t.is(del!.fields['content-length'], undefined);
});

test('an answer without a length comes down chunked, one that breaks off is cut', async (t) => {
  const origin = await OriginServer.open(t, {
    '/chunked': (_request, response) => response.writeHead(200).end('whole'),
    '/cut': (_request, response) => {
      response.writeHead(200, { 'Content-Length': 100 }).write('half');
      setImmediate(() => response.destroy());
    },
    '/empty': (_request, response) => response.writeHead(204).end(),
  });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const post = (path: string) => ask(edge.url, path, { method: 'POST', body: 'x' });
  t.like(await post('/chunked'), { status: 200, whole: true, body: Buffer.from('whole') });
  const cut = await post('/cut').catch(() => ({ whole: false }));
  t.false(cut.whole);
  t.like(await post('/empty'), { status: 204, whole: true });
});

test('what is on its way while a POST changes it is not kept', async (t) => {
  const gate = new Gate();
  const first: Behaviour = async (request, response) => {
    await gate.passed;
    give('before', FRESH)(request, response);
  };
  const origin = await OriginServer.open(t, { '/page': inTurn(first, give('changed'), give('after', FRESH)) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const before = ask(edge.url, '/page');
  await until(() => origin.count('/page') === 1, 'the fill');
  t.is(textOf(await ask(edge.url, '/page', { method: 'POST', body: 'change' })), 'changed');
  t.is(textOf(await ask(edge.url, '/page')), 'after', 'nobody joins what was asked for before');
  gate.open();
  t.is(textOf(await before), 'before');
  const later = await ask(edge.url, '/page');
  t.is(textOf(later), 'after');
  t.regex(statusOf(later), /hit/);
});

test('a request body beyond the bound gets 413, and the origin is spared', async (t) => {
  const origin = await OriginServer.open(t, { '/page': give('page', FRESH) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  // Not a byte more than it takes to be refused: what a server closes on unread resets the connection, answer and all.
  const tooMuch = 'x'.repeat(16 * 2 ** 20 + 1);
  const head = `POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: ${17 * 2 ** 20}\r\n\r\n`;
  const { received } = await rawExchange(Number(new URL(edge.url).port), head + tooMuch, (text) =>
    text.includes('\n\r\n'),
  );
  t.regex(received, /^HTTP\/1\.1 413 /);
  t.is(origin.seen.length, 0);
  t.is((await ask(edge.url, '/page')).status, 200, 'the edge serves on');
});

test('a client that goes before its body is whole is not passed on', async (t) => {
  const origin = await OriginServer.open(t, { '/page': give('page', FRESH) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const head = 'POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n';
  await rawExchange(Number(new URL(edge.url).port), `${head}half`, () => false, 100);
  t.is((await ask(edge.url, '/page')).status, 200);
  t.deepEqual(
    origin.seen.map(({ method }) => method),
    ['GET'],
  );
});

test('TRACE is not implemented', async (t) => {
  const origin = await OriginServer.open(t, {});
  const edge = await openEdge(t, { upstreams: [origin.url] });
  t.is((await ask(edge.url, '/page', { method: 'TRACE' })).status, 501);
  t.is(origin.seen.length, 0);
});

test('bodies that never end do not fill the memory: beyond 128 MiB together 503, and the place is given back', async (t) => {
  const origin = await OriginServer.open(t, { '/page': give('taken') });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const { hostname, port } = new URL(edge.url);
  const piece = Buffer.alloc(15 * 1024 * 1024);
  const sockets: Socket[] = [];
  t.teardown(() => sockets.forEach((socket) => socket.destroy()));
  let refusals = 0;
  for (let sender = 0; sender < 10; sender++) {
    const socket = connect(Number(port), hostname);
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      if (chunk.toString('latin1').startsWith('HTTP/1.1 503')) refusals++;
    });
    socket.write(`POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: ${piece.byteLength + 1}\r\n\r\n`);
    socket.write(piece);
  }
  // Eight times 15 MiB fit, ten do not.
  await until(() => refusals === 2, 'two refusals');
  t.is(origin.count('/page'), 0);
  for (const socket of sockets) socket.destroy();
  let status = 0;
  // The edge hears of each going in its own time.
  for (let attempt = 0; status !== 200 && attempt < 200; attempt++) {
    ({ status } = await ask(edge.url, '/page', { method: 'POST', body: piece }));
  }
  t.is(status, 200, 'there is room again');
});
