import { request } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { openWatchServer } from './watch-server.ts';

async function openPage(t: ExecutionContext) {
  const acts: string[] = [];
  const front = await openWatchServer(
    { host: '127.0.0.1', port: 0 },
    { status: () => ({ fine: true }), act: (kind, name) => (acts.push(`${kind} ${name}`), null) },
  );
  t.teardown(() => front.close(0));
  const { port } = front.server;
  const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; type: string; body: string }>((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode!, type: response.headers['content-type'] ?? '', body }),
        );
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  return { acts, ask, port };
}

test('the page, its script, its style and hls.js are there', async (t) => {
  const { ask } = await openPage(t);
  for (const [path, type] of [
    ['/', 'text/html'],
    ['/watch.js', 'text/javascript'],
    ['/watch.css', 'text/css'],
    ['/hls.js', 'text/javascript'],
    ['/status.json', 'application/json'],
  ] as const) {
    const { status, type: given, body } = await ask('GET', path);
    t.is(status, 200, path);
    t.true(given.startsWith(type), path);
    t.not(body.length, 0, path);
  }
  t.is((await ask('GET', '/../package.json')).status, 404);
});

test('orders are taken from the page alone', async (t) => {
  const { acts, ask } = await openPage(t);
  t.is((await ask('POST', '/kill?name=edge-1')).status, 400, 'a form of another page');
  t.is((await ask('POST', '/kill?name=edge-1', { 'undercard-demo': '1', host: 'evil.example' })).status, 400);
  t.is((await ask('GET', '/kill?name=edge-1', { 'undercard-demo': '1' })).status, 404);
  t.deepEqual(acts, []);
  t.is((await ask('POST', '/kill?name=edge-1', { 'undercard-demo': '1' })).status, 200);
  t.deepEqual(acts, ['kill edge-1']);
});
