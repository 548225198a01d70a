import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { EventDocuments } from './event-documents.ts';
import { ask, demoEvent, openSource, openSteering } from './steering.fixture.ts';

interface Answering {
  asked: number;
  answer: RequestListener;
}

const give =
  (body: string, status = 200): RequestListener =>
  (_request, response) =>
    void response.writeHead(status).end(body);
const DEMO = JSON.stringify(demoEvent());

async function openDocuments(t: ExecutionContext, answer: RequestListener) {
  const source: Answering = { asked: 0, answer };
  const url = await openSource(t, (request, response) => {
    source.asked++;
    source.answer(request, response);
  });
  const clock = { nowMs: 0 };
  const fetched: string[] = [];
  const documents = new EventDocuments({
    source: url,
    nowMs: () => clock.nowMs,
    onFetched: (outcome) => fetched.push(outcome),
  });
  t.teardown(() => documents.close());
  return { source, clock, fetched, documents };
}

/** Until what runs behind an answer has come to its end. */
async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setImmediate(resolve));
}

test('however many ask at once, the source is asked once, and then not again while the answer is fresh', async (t) => {
  const { source, clock, documents } = await openDocuments(t, give(DEMO));
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => documents.get('demo')));
  for (const outcome of outcomes) t.deepEqual(outcome, { kind: 'event', event: demoEvent() });
  clock.nowMs += 1999;
  await documents.get('demo');
  t.is(source.asked, 1);
});

test('an older document is given at once and refreshed behind the answer', async (t) => {
  const { source, clock, fetched, documents } = await openDocuments(t, give(DEMO));
  await documents.get('demo');
  source.answer = give(JSON.stringify(demoEvent({ state: 'ended', endNumber: 9 })));
  clock.nowMs += 2000;
  t.like(await documents.get('demo'), { kind: 'event', event: { state: 'live' } });
  await until(() => fetched.length === 2);
  t.like(await documents.get('demo'), { kind: 'event', event: { state: 'ended' } });
});

test('a source that fails does not take away what is known; one that says it is gone does', async (t) => {
  const { source, clock, fetched, documents } = await openDocuments(t, give(DEMO));
  await documents.get('demo');
  for (const answer of [
    give('', 500),
    give('<html>'),
    (_: unknown, response: { destroy(): void }) => response.destroy(),
  ]) {
    source.answer = answer;
    const before = fetched.length;
    clock.nowMs += 2000;
    await documents.get('demo');
    await until(() => fetched.length > before);
    t.like(await documents.get('demo'), { kind: 'event' });
  }
  t.deepEqual(fetched, ['event', 'bad-answer', 'bad-answer', 'unreachable']);
  source.answer = give('', 404);
  clock.nowMs += 2000;
  await documents.get('demo');
  await until(() => fetched.length === 5);
  t.deepEqual(await documents.get('demo'), { kind: 'unknown' });
});

test('what is no event document is told apart, and asked for again only after a pause', async (t) => {
  const reasonFor = async (body: string, status?: number) => {
    const { source, documents } = await openDocuments(t, give(body, status));
    const outcome = await documents.get('demo');
    await documents.get('demo');
    t.is(source.asked, 1);
    return outcome.kind === 'unavailable' ? `${outcome.cause}: ${outcome.detail}` : outcome.kind;
  };
  t.is(await reasonFor('{'), 'bad-answer: not JSON');
  t.regex(await reasonFor(DEMO.replace('2000', '-1')), /^bad-answer: segmentDurationMs: /);
  t.is(await reasonFor(JSON.stringify(demoEvent({ id: 'other' }))), 'bad-answer: it is the document of event other');
  t.is(await reasonFor('', 302), 'bad-answer: status 302');
  t.is(await reasonFor('', 503), 'bad-answer: status 503');
  t.is(await reasonFor('', 404), 'unknown');
  t.is(await reasonFor(' '.repeat(300 * 1024)), 'bad-answer: more than 262144 bytes');
});

test('a manifest says what stands in its way: a source that refuses, talks nonsense, or is silent', async (t) => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const play = async (eventsFrom: URL) => {
    const { url } = await openSteering(t, { eventsFrom });
    const answer = await ask(`${url}/play/demo.m3u8`);
    t.is(answer.headers['retry-after'], '1');
    t.is(answer.headers['access-control-allow-origin'], '*');
    return `${answer.status} ${answer.body}`;
  };
  t.regex(await play(new URL(`http://127.0.0.1:${port}`)), /^502 [^:]*\(unreachable\): ECONNREFUSED\s*$/);
  t.regex(await play(await openSource(t, give('hello'))), /^502 .*\(bad-answer\): not JSON/);
  t.regex(await play(await openSource(t, () => {})), /^504 .*\(timeout\)/);
  const hostile = demoEvent();
  hostile.renditions[0]!.codecs = 'avc1"\n#EXT';
  t.regex(
    await play(await openSource(t, give(JSON.stringify(hostile)))),
    /^502 rendition v1 of event demo: its codecs/,
  );
});
