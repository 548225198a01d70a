// The origin of the benches: invents the objects that paths name (parts/test-object.ts) and counts who asks for them.
// Prints its URL when it listens.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monotonicMs } from '../parts/statistics.ts';
import { bodyOf, parsePath, pathOf, type TestObject } from '../parts/test-object.ts';

const LAST_MODIFIED = new Date(Date.now() - 86_400_000).toUTCString();

const requestsByPath = new Map<string, number>();
/** when the body of each was last given, on the machine's monotonic clock, which all processes share */
const givenAtMs = new Map<string, number>();
let requests = 0;

const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
  const url = new URL(request.url ?? '/', 'http://origin');
  const object = parsePath(url.pathname);
  if (object !== null) giveObject(object, response);
  else if (url.pathname === '/requests') giveCount(url.searchParams.get('path') ?? '', response);
  else if (url.pathname === '/given') response.end(String(givenAtMs.get(url.searchParams.get('path') ?? '') ?? ''));
  else response.writeHead(404).end();
});

function giveObject(object: TestObject, response: ServerResponse): void {
  const path = pathOf(object);
  requests++;
  requestsByPath.set(path, (requestsByPath.get(path) ?? 0) + 1);
  const give = () => {
    givenAtMs.set(path, monotonicMs());
    response.end(body);
  };
  // The delay runs while the body is made.
  if (object.delayMs > 0) setTimeout(give, object.delayMs);
  const body = bodyOf(object);
  response.writeHead(200, {
    'Content-Type': 'video/mp4',
    'Content-Length': body.byteLength,
    'Cache-Control': 'max-age=3600',
    ETag: `"${body.toString('hex', 0, 8)}"`,
    'Last-Modified': LAST_MODIFIED,
  });
  if (object.delayMs === 0) give();
}

function giveCount(path: string, response: ServerResponse): void {
  response.setHeader('Content-Type', 'text/plain');
  response.end(String(path === '' ? requests : (requestsByPath.get(path) ?? 0)));
}

server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
