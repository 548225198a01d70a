import { createServer, type AddressInfo, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { ask, openEdge, stateOf } from '../../test/support/edge-process.ts';

/** A server that says these bytes to whoever asks for `/odd`, `good` to everybody else, and keeps its connections. */
async function oddServer(t: ExecutionContext, odd: string, closes: boolean) {
  const sockets = new Set<Socket>();
  let asked = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      while (received.includes('\r\n\r\n')) {
        const target = received.split(' ')[1]!;
        received = received.slice(received.indexOf('\r\n\r\n') + 4);
        if (target === '/odd') {
          asked++;
          socket.write(odd, 'latin1');
          if (closes) socket.end();
        } else {
          socket.write('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\ngood');
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

/** What becomes of an odd answer, after which others are served as before, whichever connection they come over. */
async function askOdd(t: ExecutionContext, odd: string, closes = false) {
  const upstream = await oddServer(t, odd, closes);
  const edge = await openEdge(t, { upstreams: [upstream.url], policy: { headTimeoutMs: 2000, stallTimeoutMs: 2000 } });
  // A cut before the first byte leaves a client without even a status.
  const cut = { status: 0, body: Buffer.alloc(0), whole: false, fields: {} };
  const askOnce = () => ask(edge.url, '/odd').catch(() => cut);
  const answer = await askOnce();
  for (let number = 0; number < 3; number++) t.is((await ask(edge.url, `/${number}`)).body.toString(), 'good');
  return { answer, askOnce, edge, upstream };
}

const FRESH = 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n';

const garbage: [title: string, odd: string][] = [
  ['a length and chunks', `${FRESH}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`],
  ['a negative length', `${FRESH}Content-Length: -1\r\n\r\n`],
  ['a length beyond all numbers', `${FRESH}Content-Length: 99999999999999999999999\r\n\r\nabc`],
  ['a status of two digits', 'HTTP/1.1 20 Odd\r\nContent-Length: 1\r\n\r\na'],
  ['a control character in a field', `${FRESH}X-Own: a\u0001b\r\nContent-Length: 1\r\n\r\na`],
  ['a bare CR in a field', `${FRESH}X-Own: a\rSet-Cookie: b\r\nContent-Length: 1\r\n\r\na`],
  ['a space in a field’s name', `${FRESH}X Own: a\r\nContent-Length: 1\r\n\r\na`],
  ['a folded field', `${FRESH}X-Own: a\r\n b\r\nContent-Length: 1\r\n\r\na`],
  ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 1\n\na'],
  ['another version of HTTP', 'HTTP/3.7 200 OK\r\nContent-Length: 1\r\n\r\na'],
];
for (const [title, odd] of garbage) {
  test(`an answer with ${title} is garbage: 502`, async (t) => {
    const { answer, edge } = await askOdd(t, odd);
    t.is(answer.status, 502);
    const { fillFailures, stored } = await stateOf(edge);
    t.deepEqual(Object.keys(fillFailures), ['garbage']);
    t.is(stored, 3);
  });
}

const broken: [title: string, odd: string, closes: boolean][] = [
  ['a chunk without a size', `${FRESH}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\nab\r\n0\r\n\r\n`, false],
  ['a chunk beyond all sizes', `${FRESH}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nffffffffffffffffff\r\nab`, false],
  ['no last chunk', `${FRESH}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n`, true],
  ['less than its length', `${FRESH}Content-Length: 10\r\n\r\nabc`, true],
];
for (const [title, odd, closes] of broken) {
  test(`a body with ${title} is never taken for whole, nor kept`, async (t) => {
    const { answer, askOnce, edge, upstream } = await askOdd(t, odd, closes);
    t.false(answer.whole);
    t.is((await stateOf(edge)).stored, 3);
    const before = upstream.asked();
    t.false((await askOnce()).whole);
    t.true(upstream.asked() > before, 'the next request asks again');
  });
}

const whole: [title: string, odd: string, body: string, closes: boolean][] = [
  [
    'a provisional answer before',
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${FRESH}Content-Length: 1\r\n\r\na`,
    'a',
    false,
  ],
  ['a trailer', `${FRESH}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Own: 1\r\n\r\n`, 'a', false],
  ['an end that is the connection’s', 'HTTP/1.0 200 OK\r\nCache-Control: max-age=60\r\n\r\nabc', 'abc', true],
  ['a status of its own', 'HTTP/1.1 299 Odd\r\nCache-Control: max-age=60\r\nContent-Length: 1\r\n\r\na', 'a', false],
];
for (const [title, odd, body, closes] of whole) {
  test(`an answer with ${title} is served and kept`, async (t) => {
    const { answer, askOnce, upstream } = await askOdd(t, odd, closes);
    for (const each of [answer, await askOnce()]) {
      t.true(each.whole);
      t.is(each.body.toString(), body);
    }
    t.is(upstream.asked(), 1);
  });
}

test('a second answer hidden behind the first is given to nobody', async (t) => {
  const poison = `${FRESH}Content-Length: 6\r\n\r\npoison`;
  const { answer } = await askOdd(t, `${FRESH}Content-Length: 1\r\n\r\na${poison}`);
  t.is(answer.body.toString(), 'a');
});

test('a protocol that nobody asked to switch to is garbage: 502', async (t) => {
  const { answer } = await askOdd(t, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
  t.is(answer.status, 502);
});

test('a status below 100 is garbage: 502', async (t) => {
  const { answer } = await askOdd(t, 'HTTP/1.1 099 Odd\r\nContent-Length: 1\r\n\r\na');
  t.is(answer.status, 502);
});

test('a transfer coding that nobody undoes is garbage: 502', async (t) => {
  const { answer } = await askOdd(t, `${FRESH}Transfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`);
  t.is(answer.status, 502);
});
