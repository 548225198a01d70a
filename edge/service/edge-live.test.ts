import test, { type ExecutionContext } from 'ava';
import { ask, openEdge, until } from '../../test/support/edge-process.ts';
import { Gate, give, OriginServer, type Behaviour } from '../../test/support/origin-server.ts';
import { defaultTemplates, type LiveEvent } from '../../topology/model/event.ts';

const SECOND_MS = 1000;

/**
 * Half-way through the third of its one-minute segments, so that no test lasts long enough to change anything:
 * 1 has left the window, 2 is published for 50 s more, 3 is next, 4 becomes next in 30 s.
 */
function slowEvent(id: string): LiveEvent {
  return {
    id,
    state: 'live',
    availabilityStartMs: Date.now() - 150 * SECOND_MS,
    segmentDurationMs: 60 * SECOND_MS,
    startNumber: 1,
    dvrWindowMs: 80 * SECOND_MS,
    renditions: [{ id: 'v1', kind: 'video', codecs: 'avc1.64001f', bandwidth: 3_000_000 }],
    ...defaultTemplates(id),
  };
}

const segment = (number: number) => `/live/show/v1/${number}.m4s`;

/** An edge that has learned the event's window. */
async function liveEdge(t: ExecutionContext, segments: Behaviour = give('segment', { 'Cache-Control': 'max-age=1' })) {
  const document = JSON.stringify(slowEvent('show'));
  const first: Record<string, Behaviour> = {
    '/live/show/event.json': give(document, { 'Cache-Control': 'max-age=60' }),
    [segment(9999)]: give('let through as long as nothing is known'),
  };
  const origin = await OriginServer.open(t, (request, response) =>
    (first[request.target] ?? segments)(request, response),
  );
  const edge = await openEdge(t, { upstreams: [origin.url], tiers: ['edge-2'] });
  await ask(edge.url, segment(9999));
  await until(() => edge.machine.events.verdict(0, 2, Date.now(), 0) !== null, 'the event to be learned');
  origin.seen.length = 0;
  return { origin, edge, get: (target: string, fields = {}) => ask(edge.url, target, { fields }) };
}

test('a segment beyond the next: 404 at once, until it becomes next, without asking upstream', async (t) => {
  const { origin, get } = await liveEdge(t);
  const early = await get(segment(4));
  t.is(early.status, 404);
  t.is(early.fields['cache-status'], 'edge-1;detail=too-early');
  const seconds = Number(/^max-age=(\d+)$/.exec(String(early.fields['cache-control']))?.[1]);
  t.true(seconds > 20 && seconds < 30, 'rounded down, and less by what clocks may be wrong');
  t.is(early.fields['access-control-allow-origin'], '*');
  const told = String((await get(segment(4), { 'CDN-Loop': 'edge-2' })).fields['cdn-cache-control']);
  t.regex(told, /undercard-ttl-ms=2\d{4}$/);
  t.is(origin.seen.length, 0);
});

test('a segment that has left the window, or never was: 410, without asking upstream', async (t) => {
  const { origin, get } = await liveEdge(t);
  for (const number of [0, 1]) {
    const gone = await get(segment(number));
    t.is(gone.status, 410);
    t.is(gone.fields['cache-status'], 'edge-1;detail=gone');
    t.is(gone.fields['cache-control'], 'max-age=60');
  }
  t.is(origin.seen.length, 0);
});

test('a published segment is fresh until it leaves the window, whatever its Cache-Control says', async (t) => {
  const { origin, get } = await liveEdge(t);
  await get(segment(2));
  const hit = await get(segment(2));
  const ttl = Number(/hit;ttl=(\d+)/.exec(String(hit.fields['cache-status']))?.[1]);
  t.true(ttl > 40 && ttl <= 50);
  t.is(origin.count(segment(2)), 1);
});

test('the next segment is held upstream, once for all who wait', async (t) => {
  const published = new Gate();
  const { origin, edge, get } = await liveEdge(t, async (request, response) => {
    await published.passed;
    give('just published', { 'Cache-Control': 'max-age=60' })(request, response);
  });
  const answers = Array.from({ length: 5 }, () => get(segment(3)));
  await until(() => edge.machine.waiting === 5, 'five to wait for the next segment');
  published.open();
  for (const answer of await Promise.all(answers)) t.is(answer.body.toString(), 'just published');
  t.is(origin.count(segment(3)), 1);
  t.is(origin.seen[0]!.fields['undercard-priority'], 'live-edge');
});

test('the event’s document comes through the cache that everybody uses', async (t) => {
  const { origin, get } = await liveEdge(t);
  t.regex(String((await get('/live/show/event.json')).fields['cache-status']), /;hit;/);
  t.is(origin.seen.length, 0);
});

for (const [title, document] of [
  ['is not there', give('', {}, 404)],
  ['is no JSON', give('<html>', {})],
  ['is another document', give('{"id":"show"}', {})],
] as const) {
  test(`an event whose document ${title} has no window: nothing is refused`, async (t) => {
    const origin = await OriginServer.open(t, (request, response) =>
      (request.target.endsWith('event.json') ? document : give('segment'))(request, response),
    );
    const edge = await openEdge(t, { upstreams: [origin.url] });
    for (const number of [1, 2, 9999]) t.is((await ask(edge.url, segment(number))).status, 200);
    t.is(origin.count('/live/show/event.json'), 1, 'and it is not asked for with every segment');
  });
}

test('players of any page may ask: preflight is answered at the edge, for media alone', async (t) => {
  const { origin, edge, get } = await liveEdge(t);
  const preflight = await ask(edge.url, segment(2), { method: 'OPTIONS' });
  t.is(preflight.status, 204);
  t.is(preflight.fields['access-control-allow-origin'], '*');
  t.regex(String(preflight.fields['access-control-allow-headers']), /CMCD-Session/);
  t.is(origin.seen.length, 0);
  const media = await get(segment(2));
  t.regex(String(media.fields['access-control-expose-headers']), /Cache-Status/);
  await ask(edge.url, '/page', { method: 'OPTIONS' });
  t.deepEqual(
    origin.seen.map(({ method, target }) => `${method} ${target}`),
    ['GET /live/show/v1/2.m4s', 'OPTIONS /page'],
  );
  t.is((await get('/page')).fields['access-control-allow-origin'], undefined);
});

test('an origin with its own opinion of other pages keeps it', async (t) => {
  const own = { 'Cache-Control': 'max-age=1', 'Access-Control-Allow-Origin': 'https://player.example' };
  const { get } = await liveEdge(t, give('segment', own));
  t.is((await get(segment(2))).fields['access-control-allow-origin'], 'https://player.example');
});

test('reservations count what players ask for by its nominal bitrate, once a request, whoever holds the bytes', async (t) => {
  const { edge, get } = await liveEdge(t);
  /** Bits reserved since the last time, by a clock of the test's own. */
  let nowMs = 0;
  const reservedBits = () =>
    edge.machine.reserved.sampleBps((nowMs += 200_000), 8 * edge.node.egress.unreservedBytes) * 200;
  reservedBits();
  const segmentBits = 3_000_000 * 60;
  await get(segment(2));
  await get(segment(2));
  t.is(Math.round(reservedBits()), 2 * segmentBits, 'a miss and a hit');
  await get(segment(2), { 'CDN-Loop': 'edge-2' });
  await get(segment(2), { Range: 'bytes=0-1' });
  await ask(edge.url, segment(2), { method: 'HEAD' });
  t.is((await get(segment(4))).status, 404);
  const small = reservedBits();
  t.true(small < 10_000, `another tier, a range, a header alone and a refusal, but for their bytes: ${small}`);
});

test('what has no nominal bitrate is reserved by what is sent of it, but not what goes to other tiers', async (t) => {
  const body = 'x'.repeat(10_000);
  const { edge, get } = await liveEdge(t, give(body, { 'Cache-Control': 'max-age=60' }));
  const before = edge.node.egress.unreservedBytes;
  await get('/vod/title/1.m4s');
  await get('/live/show/unlisted/2.m4s');
  await get('/vod/title/1.m4s', { 'CDN-Loop': 'edge-2' });
  await get(segment(2));
  await until(() => edge.node.egress.bytes.viewer >= 3 * body.length, 'three answers to have ended');
  t.is(edge.node.egress.unreservedBytes - before, 2 * body.length);
});
