import test from 'ava';
import { ask, Asked, openEdge, stateOf, type Answer } from '../../test/support/edge-process.ts';
import { give, OriginServer } from '../../test/support/origin-server.ts';
import { rawExchange } from '../../test/support/raw-socket.ts';

const FRESH = { 'Cache-Control': 'max-age=60' };

const textOf = ({ body }: Answer) => body.toString();

test('the path goes up byte for byte, and each spelling is a key of its own', async (t) => {
  const origin = await OriginServer.open(t, (request, response) => give(request.target, FRESH)(request, response));
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const targets = ['/a/../b', '/b', '/a%2Fb', '/a%2fb', '/a/b', "/it's", '/a?', '/a', '/a??', '//a', '/a;x="1"|\\^`{}'];
  for (let turn = 0; turn < 2; turn++) for (const target of targets) t.is(textOf(await ask(edge.url, target)), target);
  t.deepEqual(
    origin.seen.map(({ target }) => target),
    targets,
    'asked for once each',
  );
});

test('a path that no request line could carry on is refused', async (t) => {
  const origin = await OriginServer.open(t, {});
  const edge = await openEdge(t, { upstreams: [origin.url] });
  for (const method of ['GET', 'POST']) {
    const raw = `${method} /caf\u00e9 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`;
    const { received } = await rawExchange(Number(new URL(edge.url).port), raw, (text) => text.includes('\n\r\n'));
    t.regex(received, /^HTTP\/1\.1 400 /, method);
  }
  t.is(origin.seen.length, 0);
});

test('what only looks like CMCD is a part of the key', async (t) => {
  const origin = await OriginServer.open(t, (request, response) => give(request.target, FRESH)(request, response));
  const edge = await openEdge(t, { upstreams: [origin.url] });
  t.is(textOf(await ask(edge.url, '/s?CMCD=br%3D800')), '/s');
  t.is(textOf(await ask(edge.url, '/s?XCMCD=1')), '/s?XCMCD=1');
  t.is(textOf(await ask(edge.url, '/s?a=1&CMCD=&b=2')), '/s?a=1&b=2');
  t.is(origin.seen.length, 3);
});

test('CDN-Loop refuses whatever way it is written; it and Via are appended to, for every method', async (t) => {
  const origin = await OriginServer.open(t, { '/page': give('page', { 'Cache-Control': 'no-store' }) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  for (const loop of ['edge-1', 'other,edge-1', 'edge-1; from="x", other', ['edge-1', 'other']]) {
    for (const method of ['GET', 'POST']) {
      const answer = await ask(edge.url, '/page', { method, fields: { 'CDN-Loop': loop } });
      t.is(answer.status, 508, String(loop));
    }
  }
  t.is(origin.seen.length, 0);
  for (const method of ['GET', 'POST']) {
    await ask(edge.url, '/page', { method, fields: { 'CDN-Loop': 'other; x=1, edge-10', Via: '1.0 front' } });
    const { fields } = origin.seen.at(-1)!;
    t.is(fields['cdn-loop'], 'other; x=1, edge-10, edge-1');
    t.is(fields.via, '1.0 front, 1.1 edge-1');
  }
  t.is((await stateOf(edge)).refusals.loop, 8);
});

test('no hop-by-hop field passes, in either direction and for any method; all others pass as they are', async (t) => {
  const down = {
    Connection: 'x-internal, close',
    'X-Internal': 'secret',
    'Keep-Alive': 'timeout=9',
    'Proxy-Authenticate': 'Basic',
    'X-Latin': 'caf\u00e9',
    'X-Twice': ['1', '2'],
    Date: 'Tue, 03 Nov 2026 10:00:00 GMT',
    'Content-Type': 'text/own',
  };
  const up = {
    Connection: 'x-secret, close',
    'X-Secret': '1',
    'Keep-Alive': 'timeout=9',
    'Proxy-Authorization': 'Basic x',
    'Proxy-Connection': 'keep-alive',
    TE: 'trailers',
    Upgrade: 'websocket',
    'X-Own': 'passes',
    // In UTF-8, as browsers send it: the listener reads fields so, and trims what is beyond ASCII at a value's ends.
    'X-Utf8': 'caf\u00c3\u00a9s',
    Cookie: 'c=1',
  };
  const origin = await OriginServer.open(t, {
    '/get': give('page', { ...down, 'Cache-Control': 's-maxage=9999999' }),
    '/post': give('ok', down),
  });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  for (const [method, path] of [
    ['GET', '/get'],
    ['GET', '/get'],
    ['POST', '/post'],
  ] as const) {
    const asked = new Asked(edge.url, path, { method, fields: up });
    const { rawHeaders } = await asked.head;
    const { fields } = await asked.answer();
    t.like(fields, { 'x-internal': undefined, 'keep-alive': undefined, 'proxy-authenticate': undefined });
    t.like(fields, { 'x-latin': 'caf\u00e9', 'x-twice': '1, 2', 'content-type': 'text/own' });
    t.is(rawHeaders.filter((name) => name.toLowerCase() === 'date').length, 1);
  }
  t.is(origin.seen.length, 2);
  for (const { fields } of origin.seen) {
    t.like(fields, { 'x-own': 'passes', cookie: 'c=1', 'x-utf8': 'caf\u00c3\u00a9s', host: new URL(origin.url).host });
    const stopped = ['x-secret', 'proxy-authorization', 'proxy-connection', 'te', 'upgrade', 'keep-alive'];
    for (const name of stopped) t.is(fields[name], undefined, name);
    t.notRegex(String(fields.connection), /x-secret/);
  }
});
