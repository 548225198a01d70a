import test from 'ava';
import { ask, Asked, openEdge, until } from '../../test/support/edge-process.ts';
import { bytesOf, Gate, give, giveInHalves, OriginServer } from '../../test/support/origin-server.ts';
import { rawExchange } from '../../test/support/raw-socket.ts';

const FRESH = { 'Cache-Control': 'max-age=60' };
const OBJECT = bytesOf(100_000);

const ranges: [range: string, status: number, contentRange: string | undefined, from: number, to: number][] = [
  ['bytes=0-9', 206, 'bytes 0-9/100000', 0, 10],
  ['bytes=60000-69999', 206, 'bytes 60000-69999/100000', 60_000, 70_000],
  ['bytes=49990-50010', 206, 'bytes 49990-50010/100000', 49_990, 50_011],
  ['bytes=99990-', 206, 'bytes 99990-99999/100000', 99_990, 100_000],
  ['bytes=-10', 206, 'bytes 99990-99999/100000', 99_990, 100_000],
  ['bytes=99990-200000', 206, 'bytes 99990-99999/100000', 99_990, 100_000],
  ['bytes=-200000', 206, 'bytes 0-99999/100000', 0, 100_000],
  ['bytes=0-1,5-6', 200, undefined, 0, 100_000],
  ['bytes=9-1', 200, undefined, 0, 100_000],
  ['lines=0-9', 200, undefined, 0, 100_000],
];
const beyond = ['bytes=100000-', 'bytes=-0'];

test('every kind of range is cut from a stored body as RFC 9110 says', async (t) => {
  const origin = await OriginServer.open(t, { '/object': give(OBJECT, FRESH) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  await ask(edge.url, '/object');
  for (const [range, status, contentRange, from, to] of ranges) {
    const answer = await ask(edge.url, '/object', { fields: { Range: range } });
    t.is(answer.status, status, range);
    t.is(answer.fields['content-range'], contentRange, range);
    t.is(Number(answer.fields['content-length']), to - from, range);
    t.true(answer.body.equals(OBJECT.subarray(from, to)), range);
  }
  for (const range of beyond) {
    const answer = await ask(edge.url, '/object', { fields: { Range: range } });
    t.like(answer, { status: 416, fields: { 'content-range': 'bytes */100000', 'content-length': '0' } });
  }
  t.is(origin.count('/object'), 1);
});

test('every kind of range is cut from a body that is still arriving', async (t) => {
  const rest = new Gate();
  const lengths = { 'Content-Length': OBJECT.byteLength };
  const origin = await OriginServer.open(t, { '/object': giveInHalves(OBJECT, rest, lengths) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const early = await ask(edge.url, '/object', { fields: { Range: 'bytes=10-19' } });
  t.is(early.status, 206, 'the first half is enough for it');
  t.true(early.body.equals(OBJECT.subarray(10, 20)));
  const asking = ranges.map(([range]) => ask(edge.url, '/object', { fields: { Range: range } }));
  await until(() => edge.machine.stats.requests === 1 + ranges.length, 'all to have asked');
  rest.open();
  for (const [index, [range, status, contentRange, from, to]] of ranges.entries()) {
    const answer = await asking[index]!;
    t.is(answer.status, status, range);
    t.is(answer.fields['content-range'], contentRange, range);
    t.true(answer.whole && answer.body.equals(OBJECT.subarray(from, to)), range);
  }
  t.is(origin.count('/object'), 1);
  t.is(origin.seen[0]!.fields.range, undefined, 'a shared fill asks for the whole');
});

test('a range beyond the end of a body that is still arriving is told its length', async (t) => {
  const rest = new Gate();
  t.teardown(rest.open);
  const lengths = { 'Content-Length': OBJECT.byteLength };
  const origin = await OriginServer.open(t, { '/object': giveInHalves(OBJECT, rest, lengths) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  for (const range of beyond) {
    const answer = await ask(edge.url, '/object', { fields: { Range: range } });
    t.is(answer.status, 416);
    t.is(answer.fields['content-range'], 'bytes */100000');
  }
});

test('a header reaches the client before the first byte of its body does', async (t) => {
  const rest = new Gate();
  t.teardown(rest.open);
  const lengths = { 'Content-Length': OBJECT.byteLength };
  const origin = await OriginServer.open(t, { '/object': giveInHalves(OBJECT, rest, lengths) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  // Of this range nothing has come yet, but its answer has begun.
  const request = 'GET /object HTTP/1.1\r\nHost: x\r\nRange: bytes=60000-69999\r\n\r\n';
  const isHead = (text: string) => text.includes('\r\n\r\n');
  const { received } = await rawExchange(Number(new URL(edge.url).port), request, isHead, 2000);
  t.true(isHead(received), received);
});

test('bytes reach whoever waits while the rest is still at the origin, with a length and without', async (t) => {
  const rest = new Gate();
  const origin = await OriginServer.open(t, {
    '/chunked': giveInHalves(OBJECT, rest),
    '/length': giveInHalves(OBJECT, rest, { 'Content-Length': OBJECT.byteLength }),
  });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const askings = ['/chunked', '/length'].flatMap((path) => [new Asked(edge.url, path), new Asked(edge.url, path)]);
  const answers = askings.map((asked) => asked.answer());
  for (const asked of askings) await until(() => asked.receivedBytes === 50_000, 'the first half');
  rest.open();
  for (const answer of await Promise.all(answers)) t.true(answer.whole && answer.body.equals(OBJECT));
  t.is(origin.count('/chunked') + origin.count('/length'), 2);
});

test('HEAD says what GET would, also while the body is arriving and where its length is not known', async (t) => {
  const rest = new Gate();
  const origin = await OriginServer.open(t, {
    '/chunked': giveInHalves(OBJECT, rest),
    '/length': giveInHalves(OBJECT, rest, { 'Content-Length': OBJECT.byteLength }),
    '/none': give('none', { 'Cache-Control': 'no-store' }),
  });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const lengthOf = async (path: string) => (await ask(edge.url, path, { method: 'HEAD' })).fields['content-length'];
  for (let turn = 0; turn < 2; turn++) {
    t.is(await lengthOf('/length'), '100000');
    t.is(await lengthOf('/chunked'), undefined);
    t.is(await lengthOf('/none'), '4');
  }
  t.deepEqual([...new Set(origin.seen.map(({ method }) => method))], ['GET']);
  rest.open();
  for (const path of ['/length', '/chunked']) t.true((await ask(edge.url, path)).body.equals(OBJECT));
  t.is(origin.count('/length') + origin.count('/chunked'), 2);
});

test('a range of what is not stored is the origin’s to cut', async (t) => {
  const origin = await OriginServer.open(t, (request, response) => {
    const noStore = { 'Cache-Control': 'no-store' };
    if (request.fields.range === undefined) return give('0123456789', noStore)(request, response);
    return give('34', { ...noStore, 'Content-Range': 'bytes 3-4/10' }, 206)(request, response);
  });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  await ask(edge.url, '/own');
  const answer = await ask(edge.url, '/own', { fields: { Range: 'bytes=3-4' } });
  t.like(answer, { status: 206, fields: { 'content-range': 'bytes 3-4/10', 'content-length': '2' } });
  t.is(answer.body.toString(), '34');
});

test('a connection stays in step through 304, HEAD, 206 and 416', async (t) => {
  const origin = await OriginServer.open(t, { '/page': give('page', { ...FRESH, ETag: '"one"' }) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  await ask(edge.url, '/page');
  const requests = [
    'GET /page HTTP/1.1\r\nHost: x\r\nIf-None-Match: "one"\r\n\r\n',
    'HEAD /page HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /page HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /page HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2\r\n\r\n',
    'GET /page HTTP/1.1\r\nHost: x\r\nRange: bytes=9-\r\n\r\n',
  ];
  const { received } = await rawExchange(Number(new URL(edge.url).port), requests.join(''), (text) =>
    /416 [^]*\r\n\r\n$/.test(text),
  );
  const bodies = received.split(/HTTP\/1\.1 (\d+)[^]*?\r\n\r\n/);
  t.deepEqual(bodies, ['', '304', '', '200', '', '200', 'page', '206', 'ag', '416', '']);
});
