import test, { type ExecutionContext } from 'ava';
import { rawExchange } from '../test/support/raw-socket.ts';
import { openAdmin, type AdminOptions } from './admin.ts';
import { createRegistry, Counter } from './metrics.ts';

async function open(t: ExecutionContext, options: Partial<AdminOptions> = {}) {
  const registry = createRegistry('edge', 'edge-1');
  new Counter({ name: 'undercard_tests_total', help: 'Tests', registers: [registry] }).inc(3);
  const done: string[] = [];
  const admin = await openAdmin({
    address: { host: '127.0.0.1', port: 0 },
    registry,
    readiness: () => null,
    onDrain: () => done.push('drain'),
    onPurge: (path) => done.push(`purge ${path}`),
    snapshots: { '/state': () => ({ well: true }) },
    ...options,
  });
  t.teardown(() => admin.close());
  const port = Number(new URL(admin.url).port);
  const ask = async (line: string, fields: Record<string, string> = {}) => {
    const lines = Object.entries({ Host: `127.0.0.1:${port}`, ...fields }).map(([name, value]) => `${name}: ${value}`);
    const message = `${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`;
    const { received } = await rawExchange(port, message, (text) => isWhole(text, line.startsWith('HEAD')));
    const [head, body] = [received.slice(0, received.indexOf('\r\n\r\n')), received.split('\r\n\r\n')[1] ?? ''];
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
    return { status: Number(head.slice(9, 12)), field, body };
  };
  return { ask, done };
}

function isWhole(text: string, headOnly: boolean): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = Number(/^content-length: (\d+)/im.exec(text.slice(0, end))?.[1] ?? 0);
  return headOnly || text.length >= end + 4 + length;
}

test('HEAD tells of each GET its status, type and length, and sends no body', async (t) => {
  const { ask } = await open(t, { readiness: () => 'draining' });
  for (const path of ['/healthz', '/readyz', '/state']) {
    const [get, head] = [await ask(`GET ${path}`), await ask(`HEAD ${path}`)];
    t.is(get.status, path === '/readyz' ? 503 : 200);
    t.is(head.status, get.status, path);
    t.is(head.field('content-type'), get.field('content-type'), path);
    t.is(head.field('content-length'), String(get.body.length), path);
    t.is(head.body, '');
  }
  const metrics = await ask('HEAD /metrics');
  t.is(metrics.status, 200);
  t.regex(metrics.field('content-type')!, /^text\/plain; version=/);
  t.true(Number(metrics.field('content-length')) > 100);
  t.is(metrics.body, '');
  t.regex((await ask('GET /metrics')).body, /undercard_tests_total\{role="edge",id="edge-1"\} 3/);
});

test('what acts is asked for by POST alone', async (t) => {
  const { ask, done } = await open(t);
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
    for (const path of ['/drain', '/purge?path=/a']) t.is((await ask(`${method} ${path}`)).status, 404);
  }
  t.deepEqual(done, []);
  t.is((await ask('POST /drain')).status, 202);
  t.is((await ask('POST /purge?path=/a')).status, 200);
  t.deepEqual(done, ['drain', 'purge /a']);
  t.is((await ask('GET /nothing')).status, 404);
});

test('a page of somebody else has the browser drain nothing and reads nothing', async (t) => {
  const { ask, done } = await open(t);
  t.is((await ask('POST /drain', { Origin: 'http://elsewhere.example' })).status, 403);
  t.is((await ask('POST /drain', { Origin: 'null' })).status, 403);
  t.is((await ask('POST /drain', { Host: 'rebound.example:8081' })).status, 403);
  t.is((await ask('GET /state', { Host: 'rebound.example:8081' })).status, 403);
  t.deepEqual(done, []);
  t.is((await ask('GET /state', { Host: 'localhost:1234' })).status, 200, 'a tunnel ends here');
  t.is((await ask('GET /state', { Host: '[::1]:1234' })).status, 200);
  t.is((await ask('POST /drain', { Host: 'localhost:1', Origin: 'http://localhost:1' })).status, 202);
  t.is((await ask('GET /healthz', { Host: 'edge-1.example' })).status, 200, 'which tells nothing');
});

test('with a token only what is open answers without it, by any name', async (t) => {
  const routes = [
    { path: '/page', open: true, handle: (exchange) => exchange.respond(200, null, '', 'page') },
    { path: '/data', handle: (exchange) => exchange.respond(200, null, '', 'data') },
  ] satisfies AdminOptions['routes'];
  const { ask } = await open(t, { token: 'long-enough-token', routes });
  const Authorization = 'Bearer long-enough-token';
  t.is((await ask('GET /page', { Host: 'steering.example' })).body, 'page');
  t.is((await ask('HEAD /page')).field('content-length'), '4');
  const refused = await ask('GET /data');
  t.is(refused.status, 401);
  t.is(refused.field('www-authenticate'), 'Bearer');
  t.is((await ask('GET /data', { Authorization: 'Bearer long-enough-tokeN' })).status, 401);
  t.is((await ask('GET /data', { Authorization, Host: 'steering.example' })).body, 'data');
  t.is((await ask('GET /data', { Authorization, Origin: 'http://elsewhere.example' })).status, 403);
});

test('a handler that fails answers 500 and is told of', async (t) => {
  const errors: string[] = [];
  const { ask } = await open(t, {
    snapshots: {
      '/state': () => {
        throw new Error('no state');
      },
    },
    onError: (error, where) => errors.push(`${where}: ${(error as Error).message}`),
  });
  t.is((await ask('GET /state')).status, 500);
  t.deepEqual(errors, ['GET /state: no state']);
});
