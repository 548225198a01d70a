import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { ask, EdgeProcess } from '../../test/support/edge-process.ts';
import { give, OriginServer } from '../../test/support/origin-server.ts';
import { rawExchange } from '../../test/support/raw-socket.ts';

const HEAD_TIMEOUT_MS = 300;

/** Whether the edge answers it or refuses it, and goes on serving others what it asked for. */
async function survives(t: ExecutionContext, request: string): Promise<void> {
  const origin = await OriginServer.open(t, give('page', { 'Cache-Control': 'no-store' }));
  const folder = await mkdtemp(path.join(tmpdir(), 'undercard-edge-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'edge.yaml');
  await writeFile(file, `policy: {headTimeoutMs: ${HEAD_TIMEOUT_MS}}\n`);
  const args = ['--listen', '127.0.0.1:0', '--upstream', origin.url, '--config', file, '--json'];
  const edge = new EdgeProcess(t, args);
  const url = (await edge.ready).listen!;
  const isAnswered = (received: string) => received.includes('\r\n\r\n');
  const { received } = await rawExchange(Number(new URL(url).port), `${request}\r\n\r\n`, isAnswered);
  t.regex(received, /^HTTP\/1\.1 (?:200|400) /);
  // What it left behind may come up only when its time has run out.
  await delay(2 * HEAD_TIMEOUT_MS);
  t.is((await ask(url, '/a')).status, 200);
}

/** `日` in UTF-8, as browsers send it in cookies. */
const BEYOND_LATIN_1 = '\u00e6\u0097\u00a5';

const fine: [title: string, request: string][] = [
  ['a GET whose path is not ASCII', 'GET /caf\u00e9 HTTP/1.1\r\nHost: x'],
  ['a control character in a field', 'GET /a HTTP/1.1\r\nHost: x\r\nX-Own: a\u0001b'],
  ['a field without a name', 'GET /a HTTP/1.1\r\nHost: x\r\n: nameless'],
  ['an Upgrade', 'GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x'],
  ['a GET with a body', 'GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody'],
];
for (const [title, request] of fine) test(`${title} does no harm`, (t) => survives(t, request));

const onceFatal: [title: string, request: string][] = [
  ['a POST whose path is not ASCII', 'POST /caf\u00e9 HTTP/1.1\r\nHost: x\r\nContent-Length: 0'],
  ['an OPTIONS whose query is not ASCII', 'OPTIONS /a?b=\u00e9 HTTP/1.1\r\nHost: x'],
  ['a GET with a field beyond Latin-1', `GET /a HTTP/1.1\r\nHost: x\r\nCookie: a=${BEYOND_LATIN_1}; b=c`],
  ['a POST with a field beyond Latin-1', `POST /a HTTP/1.1\r\nHost: x\r\nCookie: a=${BEYOND_LATIN_1}; b=c`],
  ['a GET with a field that is not UTF-8', 'GET /a HTTP/1.1\r\nHost: x\r\nX-Own: a\u00e9b'],
  ['a DEL in a field', 'POST /a HTTP/1.1\r\nHost: x\r\nX-Own: \u007f\r\nContent-Length: 0'],
];
for (const [title, request] of onceFatal) test(`${title} does no harm`, (t) => survives(t, request));
