import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Relay, type RelayOptions } from './relay.ts';

async function openLink(
  t: ExecutionContext,
  options: Pick<RelayOptions, 'rttMs' | 'rateBps' | 'rttMsFrom'>,
  serve: (socket: Socket) => void,
) {
  const server = createServer({ allowHalfOpen: true }, serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const relay = new Relay({ listen: { host: '127.0.0.1', port: 0 }, to: { host: '127.0.0.1', port }, ...options });
  const near = await relay.open();
  t.teardown(async () => {
    await relay.close();
    server.close();
  });
  return { relay, server, near };
}

function collect(
  port: number,
  message: Buffer | string,
  localAddress = '127.0.0.1',
): Promise<{ body: Buffer; elapsedMs: number }> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () => socket.end(message));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => resolve({ body: Buffer.concat(chunks), elapsedMs: performance.now() - startMs }));
    socket.on('error', reject);
  });
}

test('bytes arrive whole and in order, both ways, across many connections at once', async (t) => {
  const { near } = await openLink(t, { rttMs: 10, rateBps: 1e9 }, (socket) => socket.pipe(socket));
  const messages = Array.from({ length: 20 }, (_, index) => Buffer.alloc(300_000, `message ${index} `));
  const answers = await Promise.all(messages.map((message) => collect(near.port, message)));
  for (const [index, { body }] of answers.entries()) t.true(body.equals(messages[index]!), `message ${index}`);
});

test('an exchange takes at least the set-up and one round trip, and a body at least its length over the rate', async (t) => {
  const body = Buffer.alloc(500_000);
  const { near } = await openLink(t, { rttMs: 60, rateBps: 40e6 }, (socket) => {
    socket.on('data', () => {});
    socket.on('end', () => socket.end(body));
  });
  const { elapsedMs, body: received } = await collect(near.port, 'x');
  t.is(received.byteLength, body.byteLength);
  // Set-up 60, there 30, back 30, 500 kB at 40 Mbit/s 100: never less, whatever the machine is doing.
  t.true(elapsedMs >= 60 + 30 + 30 + 99, `${elapsedMs}`);
});

test('the rate is shared: two bodies take as long as their sum', async (t) => {
  const body = Buffer.alloc(250_000);
  const { near } = await openLink(t, { rttMs: 0, rateBps: 20e6 }, (socket) => {
    socket.on('data', () => {});
    socket.on('end', () => socket.end(body));
  });
  const both = await Promise.all([collect(near.port, 'x'), collect(near.port, 'x')]);
  t.true(Math.max(...both.map(({ elapsedMs }) => elapsedMs)) >= 199);
});

test('a reader that does not read pauses the sender instead of filling memory', async (t) => {
  let sent = 0;
  const { near, relay } = await openLink(t, { rttMs: 2, rateBps: 1e9 }, (socket) => {
    const more = () => {
      while (sent < 500_000_000) {
        const chunk = Buffer.alloc(100_000);
        sent += chunk.byteLength;
        if (!socket.write(chunk)) return void socket.once('drain', more);
      }
    };
    socket.on('error', () => {});
    more();
  });
  const socket = connect(near.port, '127.0.0.1').pause();
  // Until the sender stands still: nothing more is sent between two looks.
  const looks: number[] = [];
  while (looks.length < 2 || looks.at(-1) === 0 || looks.at(-1) !== looks.at(-2)) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    looks.push(sent);
  }
  t.true(sent < 100_000_000, `${sent} bytes went into a socket nobody reads`);
  t.true(relay.stats.bytesDown < 50_000_000);
  socket.destroy();
});

test('a server that is not there, and one that resets, end the connection at the near end', async (t) => {
  const { near, server } = await openLink(t, { rttMs: 4, rateBps: 1e9 }, (socket) => socket.resetAndDestroy());
  const closed = () =>
    new Promise<void>((resolve) => {
      const socket = connect(near.port, '127.0.0.1', () => socket.write('x'));
      socket.on('error', () => {});
      socket.on('close', () => resolve());
    });
  await closed();
  await new Promise((resolve) => server.close(resolve));
  await closed();
  t.pass();
});

test('near ends in several places have each its own round trip', async (t) => {
  const { near } = await openLink(t, { rttMs: 4, rateBps: 1e9, rttMsFrom: { '127.1.0.2': 120 } }, (socket) => {
    socket.on('data', () => {});
    socket.on('end', () => socket.end('x'));
  });
  const [here, there] = await Promise.all([collect(near.port, 'x'), collect(near.port, 'x', '127.1.0.2')]);
  t.true(there.elapsedMs >= 240, `set-up and one round trip of 120 ms: ${there.elapsedMs}`);
  t.true(here.elapsedMs < there.elapsedMs, `${here.elapsedMs}`);
});

test('connections take turns: a small body does not wait for all of a large one', async (t) => {
  const { near } = await openLink(t, { rttMs: 0, rateBps: 20e6 }, (socket) => {
    socket.once('data', (message: Buffer) =>
      socket.end(Buffer.alloc(message.toString() === 'large' ? 400_000 : 20_000)),
    );
  });
  const order: string[] = [];
  const of = async (what: string) => {
    const { elapsedMs } = await collect(near.port, what);
    order.push(what);
    return elapsedMs;
  };
  const large = of('large');
  await new Promise((resolve) => setTimeout(resolve, 30));
  await Promise.all([large, of('small')]);
  t.deepEqual(order, ['small', 'large']);
});

test('a body comes bit by bit, at the rate', async (t) => {
  const { near } = await openLink(t, { rttMs: 0, rateBps: 8e6 }, (socket) => {
    socket.once('data', () => socket.end(Buffer.alloc(500_000)));
  });
  const times = await new Promise<number[]>((resolve, reject) => {
    const moments: number[] = [];
    const socket = connect(near.port, '127.0.0.1', () => socket.write('x'));
    socket.on('data', () => moments.push(performance.now()));
    socket.on('end', () => resolve(moments));
    socket.on('error', reject);
  });
  t.true(times.length > 1);
  t.true(times.at(-1)! - times[0]! >= 250, `500 ms of body came within ${times.at(-1)! - times[0]!} ms`);
});

test('that nobody listens at the far end is known after the round trip of the set-up, as a reset', async (t) => {
  const { near, server } = await openLink(t, { rttMs: 80, rateBps: 1e9 }, (socket) => socket.end());
  await new Promise((resolve) => server.close(resolve));
  const startMs = performance.now();
  const code = await new Promise((resolve) => {
    const socket = connect(near.port, '127.0.0.1', () => socket.write('x'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  t.is(code, 'ECONNRESET');
  t.true(performance.now() - startMs >= 79);
});
