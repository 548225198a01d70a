import test from 'ava';
import { EventReader, readSteering } from './documents.ts';
import { ServerBook } from './server-book.ts';
import { shortSegments } from './small-cdn.fixture.ts';

test('an event document is read once for all viewers, and again when it changes', (t) => {
  const reader = new EventReader();
  const event = shortSegments();
  const ladder = reader.read(JSON.stringify(event));
  t.is(reader.read(JSON.stringify(event)), ladder);
  t.is(reader.read(JSON.stringify({ ...event, state: 'ended', endNumber: 9 }))!.event.endNumber, 9);
});

test('what is no event document is refused, also a template that no request line can carry', (t) => {
  const reader = new EventReader();
  const event = shortSegments();
  const mediaTemplate = '/live/demo/{rendition}/{number}.m4s HTTP/1.1\r\nX: y';
  for (const text of ['', '[]', '{"id":"demo"}', JSON.stringify({ ...event, mediaTemplate })]) {
    t.is(reader.read(text), null, text);
  }
});

test('a ranking goes by rank, and names nobody who cannot be reached over HTTP', (t) => {
  const server = (baseUrl: string, rank: number) => ({ id: `e${rank}`, site: 's', baseUrl, rank, reasons: [] });
  const answer = (servers: object[]) =>
    JSON.stringify({
      version: 1,
      ttlSeconds: 20,
      servers,
      backoff: { maxRetries: 3, retryAfterSeconds: 0.5 },
      client: { address: '192.0.2.1' },
    });
  const book = new ServerBook();
  const { ranking } = readSteering(
    answer([server('http://127.0.0.2:80', 2), server('ftp://127.0.0.9', 0), server('http://127.0.0.1:8080', 1)]),
    book,
  )!;
  t.deepEqual(
    ranking.servers.map((number) => book.get(number).baseUrl),
    ['http://127.0.0.1:8080', 'http://127.0.0.2'],
  );
  t.like(ranking, { ttlMs: 20_000, maxRetries: 3, retryAfterMs: 500 });
  t.is(readSteering(answer([]), book), null);
  t.is(readSteering('busy', book), null);
});
