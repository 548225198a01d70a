import { connect, type Socket } from 'node:net';
import test from 'ava';
import { EdgeProcess, openEdge, until, type EdgeUnderTest } from '../../test/support/edge-process.ts';
import { bytesOf, Gate, OriginServer } from '../../test/support/origin-server.ts';

const CLIENTS = 1000;
/** Connections opened at one time; a listener's backlog has an end. */
const BATCH = 100;
const ORIGIN_MS = 200;

const request = (target: string) => `GET ${target} HTTP/1.1\r\nHost: edge\r\n\r\n`;

async function connections({ url }: { url: string }, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(BATCH, count - sockets.length) }, () =>
      connect(Number(port), hostname),
    );
    await Promise.all(batch.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    sockets.push(...batch);
  }
  return sockets;
}

interface RawAnswer {
  head: string;
  body: Buffer;
}

/** What the connection brings until the length that the answer tells is there, or the connection ends. */
function answerOn(socket: Socket): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    let split = -1;
    let neededBytes = Infinity;
    const finish = () => {
      socket.destroy();
      resolve({ head: received.toString('latin1', 0, split), body: received.subarray(split + 4) });
    };
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (split < 0) {
        split = received.indexOf('\r\n\r\n');
        const lengthBytes = Number(/content-length: (\d+)/i.exec(received.toString('latin1', 0, split))?.[1]);
        if (split >= 0) neededBytes = split + 4 + lengthBytes;
      }
      if (received.byteLength >= neededBytes) finish();
    });
    socket.on('end', finish);
    socket.on('error', finish);
  });
}

/** Whether the answer is the whole object, byte for byte, and not one byte more. */
function isWhole({ head, body }: RawAnswer, object: Buffer): boolean {
  return head.startsWith('HTTP/1.1 200 ') && body.equals(object);
}

const outcomeOf = ({ head }: RawAnswer) => /cache-status: (.*)/i.exec(head)?.[1]?.replace(/;ttl=\d+/, '') ?? head;

function outcomes(answers: readonly RawAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[outcomeOf(answer)] = (counts[outcomeOf(answer)] ?? 0) + 1;
  return counts;
}

const allWait = ({ machine }: EdgeUnderTest, count: number) =>
  until(() => machine.waiting === count, `${count} requests that wait in the edge`);

test.serial(
  'a thousand connections ask at once for a cold object: one upstream request, every answer whole',
  async (t) => {
    const object = bytesOf(64 * 1024);
    const herdIsIn = new Gate();
    const origin = await OriginServer.open(t, {
      '/cold': async (_request, response) => {
        await Promise.all([herdIsIn.passed, new Promise((resolve) => setTimeout(resolve, ORIGIN_MS))]);
        response.writeHead(200, { 'Cache-Control': 'max-age=60', 'Content-Length': object.byteLength }).end(object);
      },
    });
    const edge = await openEdge(t, { upstreams: [origin.url] });
    const sockets = await connections(edge, CLIENTS);
    const answering = sockets.map(answerOn);
    for (const socket of sockets) socket.write(request('/cold'));
    // The herd is a herd only when nobody is early or late enough for a plain hit.
    await allWait(edge, CLIENTS);
    herdIsIn.open();
    const answers = await Promise.all(answering);
    t.is(answers.filter((answer) => isWhole(answer, object)).length, CLIENTS);
    t.is(origin.count('/cold'), 1);
    t.deepEqual(outcomes(answers), {
      'edge-1;fwd=uri-miss;fwd-status=200;stored': 1,
      'edge-1;fwd=uri-miss;fwd-status=200;stored;collapsed': CLIENTS - 1,
    });
    const [late] = await connections(edge, 1);
    late!.write(request('/cold'));
    t.is(outcomeOf(await answerOn(late!)), 'edge-1;hit');
    t.is(origin.count('/cold'), 1);
  },
);

test.serial('the same against an edge in a process of its own, with nothing but the clock at the origin', async (t) => {
  const object = bytesOf(64 * 1024, 2);
  const origin = await OriginServer.open(t, {
    '/cold': (_request, response) =>
      setTimeout(() => {
        response.writeHead(200, { 'Cache-Control': 'max-age=60', 'Content-Length': object.byteLength }).end(object);
      }, ORIGIN_MS),
  });
  const edge = new EdgeProcess(t, ['--listen', '127.0.0.1:0', '--upstream', origin.url, '--json']);
  const sockets = await connections({ url: (await edge.ready).listen! }, CLIENTS);
  const answering = sockets.map(answerOn);
  for (const socket of sockets) socket.write(request('/cold'));
  const answers = await Promise.all(answering);
  t.is(answers.filter((answer) => isWhole(answer, object)).length, CLIENTS);
  t.is(origin.count('/cold'), 1);
});

test.serial(
  'the one who caused the fill goes away: the others get theirs, from the same upstream request',
  async (t) => {
    const object = bytesOf(64 * 1024);
    const leaderHasGone = new Gate();
    const origin = await OriginServer.open(t, {
      '/cold': async (_request, response) => {
        await leaderHasGone.passed;
        response.writeHead(200, { 'Cache-Control': 'max-age=60', 'Content-Length': object.byteLength }).end(object);
      },
    });
    const edge = await openEdge(t, { upstreams: [origin.url] });
    const [leader, ...others] = await connections(edge, 100);
    leader!.write(request('/cold'));
    await allWait(edge, 1);
    for (const socket of others) socket.write(request('/cold'));
    await allWait(edge, 100);
    leader!.destroy();
    await allWait(edge, 99);
    const answering = others.map(answerOn);
    leaderHasGone.open();
    const answers = await Promise.all(answering);
    t.is(answers.filter((answer) => isWhole(answer, object)).length, 99);
    t.is(origin.count('/cold'), 1);
  },
);
