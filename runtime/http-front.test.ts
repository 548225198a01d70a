import test, { type ExecutionContext } from 'ava';
import { countResponses, rawExchange } from '../test/support/raw-socket.ts';
import { BadHeader, HeaderBlock } from './header-block.ts';
import { extraFields, type HttpExchange } from './http-exchange.ts';
import { HttpFront } from './http-front.ts';

async function openFront(
  t: ExecutionContext,
  raw: (exchange: HttpExchange) => void,
  routes: (front: HttpFront) => void = () => {},
) {
  const errors: string[] = [];
  const front = new HttpFront({
    address: { host: '127.0.0.1', port: 0 },
    raw,
    onError: (error, where) => errors.push(`${where}: ${(error as Error).message}`),
  });
  routes(front);
  const { port } = await front.open();
  t.teardown(() => front.close(0));
  return { front, port, errors };
}

const answer = (exchange: HttpExchange) => exchange.respond(200, null, '', `${exchange.method} ${exchange.url}`);
const whole = (text: string) => text.includes('\r\n\r\n') && !text.endsWith('\r\n\r\n');

test('the raw route takes every path that no named route takes, exactly as written on the wire', async (t) => {
  const up = await openFront(t, answer, (front) =>
    front.server.get('/named', (_request, response) => void response.send('named')),
  );
  const odd = await rawExchange(up.port, "GET /a/../b'%2F?x=%20&y HTTP/1.1\r\nHost: x\r\n\r\n", whole);
  t.true(odd.received.endsWith("GET /a/../b'%2F?x=%20&y"));
  const emptyQuery = await rawExchange(up.port, 'GET /a? HTTP/1.1\r\nHost: x\r\n\r\n', whole);
  t.true(emptyQuery.received.endsWith('GET /a?'));
  const named = await rawExchange(up.port, 'GET /named HTTP/1.1\r\nHost: x\r\n\r\n', whole);
  t.true(named.received.endsWith('named'));
});

test('a route parameter of one letter comes as undefined, which is why ours have longer names', async (t) => {
  const up = await openFront(t, answer, ({ server }) => {
    server.get('/one/:x', (request, response) => void response.send(`x is ${request.path_parameters.x}`));
    server.get('/two/:name', (request, response) => void response.send(`name is ${request.path_parameters.name}`));
  });
  const one = await rawExchange(up.port, 'GET /one/a HTTP/1.1\r\nHost: x\r\n\r\n', whole);
  t.true(one.received.endsWith('x is undefined'), 'mended upstream: the README row can go');
  const two = await rawExchange(up.port, 'GET /two/a HTTP/1.1\r\nHost: x\r\n\r\n', whole);
  t.true(two.received.endsWith('name is a'));
});

test('HEAD is no part of a named GET: it goes to the raw route unless it has a route of its own', async (t) => {
  const up = await openFront(t, answer, ({ server }) => {
    server.get('/named', (_request, response) => void response.send('named'));
    server.get('/both', (_request, response) => void response.send('both'));
    server.head('/both', (_request, response) => void response.header('X-Own', 'yes').send('both'));
  });
  const head = (path: string) =>
    rawExchange(up.port, `HEAD ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, (text) => text.endsWith('\r\n\r\n'));
  // The raw route's answer to it: "HEAD /named" has eleven letters.
  t.regex((await head('/named')).received, /^Content-Length: 11\r$/im);
  t.regex((await head('/both')).received, /^X-Own: yes\r$/im);
});

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
const framings: [title: string, fields: string, body: string][] = [
  ['a second, different Content-Length', `Content-Length: ${SMUGGLED.length}\r\nContent-Length: 0`, SMUGGLED],
  ['a second, equal Content-Length', 'Content-Length: 0\r\nContent-Length: 0', SMUGGLED],
  ['an empty Content-Length before another', `Content-Length: \r\nContent-Length: ${SMUGGLED.length}`, SMUGGLED],
  ['a list in Content-Length', `Content-Length: 0, ${SMUGGLED.length}`, SMUGGLED],
  ['a signed Content-Length', 'Content-Length: +0', SMUGGLED],
  ['Transfer-Encoding xchunked', 'Transfer-Encoding: xchunked', `0\r\n\r\n${SMUGGLED}`],
  ['Transfer-Encoding gzip, chunked', 'Transfer-Encoding: gzip, chunked', `0\r\n\r\n${SMUGGLED}`],
  ['Content-Length with Transfer-Encoding', `Content-Length: 5\r\nTransfer-Encoding: chunked`, `0\r\n\r\n${SMUGGLED}`],
  ['an obsolete line folding', 'X-Folded: a\r\n b', SMUGGLED],
  ['a second Host', 'Host: y', SMUGGLED],
];
for (const [title, fields, body] of framings) {
  for (const path of ['/raw', '/named']) {
    test(`${title} is refused on ${path} and nothing behind it is taken for a request`, async (t) => {
      const up = await openFront(t, answer, (front) =>
        front.server.post('/named', (_request, response) => void response.send('named')),
      );
      const { received, closed } = await rawExchange(
        up.port,
        `POST ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n${body}`,
      );
      t.true(closed, 'the connection is closed');
      t.false(received.includes('smuggled'));
      t.true(countResponses(received) <= 1);
      t.regex(received, /^(?:HTTP\/1\.1 400 |$)/);
    });
  }
}

test('a request without Host is refused', async (t) => {
  const up = await openFront(t, answer);
  const { received, closed } = await rawExchange(up.port, 'GET / HTTP/1.1\r\n\r\n');
  t.true(closed);
  t.regex(received, /^HTTP\/1\.1 400 /);
});

test('HTTP/1.0 and absolute-form get 505, as documented', async (t) => {
  const up = await openFront(t, answer);
  t.regex((await rawExchange(up.port, 'GET / HTTP/1.0\r\nHost: x\r\n\r\n')).received, /^HTTP\/1\.1 505 /);
  t.regex((await rawExchange(up.port, 'GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n')).received, /^HTTP\/1\.1 505 /);
});

test('a header block of 20 KiB passes, one of 40 KiB gets 431', async (t) => {
  const up = await openFront(t, answer);
  const request = (size: number) => `GET /big HTTP/1.1\r\nHost: x\r\nCookie: ${'c'.repeat(size)}\r\n\r\n`;
  t.regex((await rawExchange(up.port, request(20 * 1024), whole)).received, /^HTTP\/1\.1 200 /);
  t.regex((await rawExchange(up.port, request(40 * 1024))).received, /^HTTP\/1\.1 431 /);
});

test('a throw in a raw handler ends one request with 500 and is reported; the process serves on', async (t) => {
  const up = await openFront(t, (exchange) => {
    if (exchange.path === '/throw') throw new Error('on purpose');
    if (exchange.path === '/throw-late') {
      exchange.begin(200, null, '', 10);
      exchange.write(Buffer.from('12345'));
      throw new Error('in the middle');
    }
    answer(exchange);
  });
  t.regex((await rawExchange(up.port, 'GET /throw HTTP/1.1\r\nHost: x\r\n\r\n', whole)).received, /^HTTP\/1\.1 500 /);
  const late = await rawExchange(up.port, 'GET /throw-late HTTP/1.1\r\nHost: x\r\n\r\n');
  t.true(late.closed, 'a begun answer is cut, not ended');
  t.regex((await rawExchange(up.port, 'GET /after HTTP/1.1\r\nHost: x\r\n\r\n', whole)).received, /GET \/after$/);
  t.deepEqual(up.errors, ['GET /throw: on purpose', 'GET /throw-late: in the middle']);
});

test('header fields with CR, LF or NUL, or above U+00FF, are refused where blocks are made', (t) => {
  for (const value of ['a\r\nX: b', 'a\nb', 'a\rb', 'a\0b', 'snow \u2603']) {
    t.throws(() => new HeaderBlock([['X-Value', value]]), { instanceOf: BadHeader }, JSON.stringify(value));
  }
  t.throws(() => new HeaderBlock([['X Name', 'v']]), { instanceOf: BadHeader });
  t.throws(() => new HeaderBlock([['X:Name', 'v']]), { instanceOf: BadHeader });
  t.throws(() => extraFields([['Age', '1\r\nX: 2']]));
});

test('bytes of header values arrive as they were, and all fields of a block arrive', async (t) => {
  const block = new HeaderBlock([
    ['Content-Type', 'text/plain'],
    ['X-Latin', 'caf\u00e9 \u00ff'],
    ['X-Tab', 'a\tb'],
  ]);
  const up = await openFront(t, (exchange) => exchange.respond(200, block, 'Age: 1\r\nX-More: 2', 'body'));
  const { received } = await rawExchange(up.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', whole);
  for (const line of ['Content-Type: text/plain', 'X-Latin: caf\u00e9 \u00ff', 'X-Tab: a\tb', 'Age: 1', 'X-More: 2']) {
    t.true(received.includes(`${line}\r\n`), line);
  }
});

test('one Date, from the server itself', async (t) => {
  const up = await openFront(t, answer);
  const { received } = await rawExchange(up.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', whole);
  t.is(received.match(/^Date: /gim)?.length, 1);
});

test('304, 204 and HEAD carry no body and the connection goes on', async (t) => {
  const up = await openFront(t, (exchange) => {
    if (exchange.path === '/304') exchange.respond(304, null, 'ETag: "a"', null);
    else if (exchange.path === '/204') exchange.respond(204, null, '', null);
    else if (exchange.path === '/empty') exchange.respond(404, null, '', null);
    else exchange.respond(200, null, '', 'twelve bytes');
  });
  const host = 'HTTP/1.1\r\nHost: x\r\n\r\n';
  const { received } = await rawExchange(
    up.port,
    `GET /304 ${host}GET /204 ${host}GET /empty ${host}HEAD /h ${host}GET /last ${host}`,
    (text) => text.endsWith('twelve bytes'),
  );
  const parts = received.split(/(?=HTTP\/1\.1 )/);
  t.deepEqual(
    parts.map((part) => part.slice(9, 12)),
    ['304', '204', '404', '200', '200'],
  );
  t.notRegex(parts[0]!, /content-length: [1-9]/i);
  t.regex(parts[2]!, /content-length: 0/i);
  t.regex(parts[3]!, /content-length: 12/i);
  t.true(parts[3]!.endsWith('\r\n\r\n'));
});

test('a streamed body of known length arrives whole, across slow reading, with its Content-Length', async (t) => {
  const body = Buffer.alloc(6_000_000, 'abcdefghij');
  let stalled = 0;
  const up = await openFront(t, (exchange) => {
    exchange.hold(() => {});
    exchange.begin(200, null, '', body.length);
    let offset = 0;
    const pump = () => {
      while (offset < body.length) {
        const chunk = body.subarray(offset, offset + 500_000);
        offset += chunk.length;
        if (!exchange.write(chunk)) {
          stalled++;
          return;
        }
      }
    };
    exchange.onDrained(pump);
    pump();
  });
  const { received } = await rawExchange(
    up.port,
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    (text) => text.length >= body.length + text.indexOf('\r\n\r\n') + 4,
    8000,
  );
  const split = received.indexOf('\r\n\r\n');
  t.regex(received.slice(0, split), /content-length: 6000000/i);
  t.true(received.slice(split + 4) === body.toString('latin1'));
  t.true(stalled > 0, 'the client was slower than the server at least once');
});

test('a streamed body of unknown length is chunked and ends with the last chunk', async (t) => {
  const up = await openFront(t, (exchange) => {
    exchange.hold(() => {});
    exchange.begin(200, null, '', -1);
    exchange.write(Buffer.from('hello '));
    setImmediate(() => {
      exchange.write(Buffer.from('world'));
      exchange.end();
    });
  });
  const { received } = await rawExchange(up.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', (text) =>
    text.endsWith('0\r\n\r\n'),
  );
  t.regex(received, /transfer-encoding: chunked/i);
  t.true(received.endsWith('6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n'));
});

test('a body that turns out short is cut: the connection closes before its length is reached', async (t) => {
  const up = await openFront(t, (exchange) => {
    exchange.hold(() => {});
    exchange.begin(200, null, '', 100);
    exchange.write(Buffer.alloc(40));
    setImmediate(() => exchange.end());
  });
  const { received, closed } = await rawExchange(up.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  t.true(closed);
  t.is(received.slice(received.indexOf('\r\n\r\n') + 4).length, 40);
});

test('a client that goes is noticed once, and writing to it afterwards does nothing', async (t) => {
  const gone = Promise.withResolvers<HttpExchange>();
  let times = 0;
  const up = await openFront(t, (exchange) =>
    exchange.hold(() => {
      times++;
      gone.resolve(exchange);
    }),
  );
  await rawExchange(up.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', undefined, 50);
  const exchange = await gone.promise;
  exchange.respond(200, null, '', 'late');
  exchange.begin(200, null, '', 4);
  exchange.write(Buffer.from('late'));
  exchange.end();
  exchange.destroy();
  t.is(times, 1);
  t.is(up.front.inFlight, 0);
});

test('a request body arrives whole, chunked or not, and over the limit arrives as null', async (t) => {
  const up = await openFront(t, (exchange) => {
    exchange.hold(() => {});
    exchange.readBody(10, (body) =>
      exchange.respond(body ? 200 : 413, null, '', body ? `got ${body.length}` : 'too large'),
    );
  });
  const plain = await rawExchange(up.port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello', whole);
  t.true(plain.received.endsWith('got 5'));
  const chunked = await rawExchange(
    up.port,
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n',
    whole,
  );
  t.true(chunked.received.endsWith('got 7'));
  const large = await rawExchange(
    up.port,
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n${'x'.repeat(11)}`,
    whole,
  );
  t.regex(large.received, /^HTTP\/1\.1 413 /);
});

test('a request that says Connection: close gets its answer whole, and the connection is closed (RFC 9112 §9.6)', async (t) => {
  const body = Buffer.alloc(2_000_000, 'z');
  const up = await openFront(t, (exchange) => {
    if (exchange.path === '/large') exchange.respond(200, null, '', body);
    else answer(exchange);
  });
  const ask = (line: string) => rawExchange(up.port, `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const small = await ask('GET /last');
  t.true(small.closed && small.received.endsWith('GET /last'));
  const large = await ask('GET /large');
  t.true(large.closed && large.received.length > body.length);
  const head = await ask('HEAD /last');
  t.true(head.closed && head.received.endsWith('\r\n\r\n'));
});

test('a port in use is one clear line, not a shared port', async (t) => {
  const up = await openFront(t, answer);
  const second = new HttpFront({ address: { host: '127.0.0.1', port: up.port } });
  await t.throwsAsync(second.open(), {
    code: 'BAD_INPUT',
    message: new RegExp(`cannot listen on 127.0.0.1:${up.port}: the port is in use`),
  });
});

test('closing lets an answer in flight end and refuses new connections', async (t) => {
  const held = Promise.withResolvers<HttpExchange>();
  const up = await openFront(t, (exchange) => {
    exchange.hold(() => {});
    held.resolve(exchange);
  });
  const client = rawExchange(up.port, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  const exchange = await held.promise;
  const closed = up.front.close(2000);
  exchange.respond(200, null, '', 'done');
  await closed;
  const { received } = await client;
  t.is(received.slice(-4), 'done');
  await t.throwsAsync(rawExchange(up.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'), { code: 'ECONNREFUSED' });
});
