import test, { type ExecutionContext } from 'ava';
import { XMLParser } from 'fast-xml-parser';
import { createLog } from '../runtime/log.ts';
import { ORIGIN_DEFAULTS } from '../origin/service/origin-config.ts';
import { startOrigin } from '../origin/service/origin-service.ts';
import { loadLoop, segmentBytes, testStreamEvent } from '../origin/test-stream/loop.ts';
import { newestNumber } from '../topology/model/live-window.ts';
import { openEdge } from './support/edge-process.ts';

/** The test stream's DASH side, from origin to edge: what an MPD names is what a player gets. */

const ANY_PORT = { host: '127.0.0.1', port: 0 };

/** An origin with one segment of the test stream, and an edge in front of it. */
async function openDelivery(t: ExecutionContext) {
  const log = createLog('origin', 'silent');
  const origin = await startOrigin({ ...ORIGIN_DEFAULTS, listen: ANY_PORT, admin: ANY_PORT, log });
  t.teardown(() => origin.close());
  // Half-way through a minute, which is how long a segment may be published here: longer than any machine takes.
  const template = testStreamEvent({ eventId: 'match', startMs: Date.now() - 90_000, dvrWindowMs: 600_000 });
  const event = { ...template, segmentDurationMs: 60_000 };
  const put = async (path: string, body: Uint8Array | string) => {
    const answer = await fetch(`${origin.urls['ingest']}/ingest/a/match/${path}`, { method: 'PUT', body });
    t.true(answer.ok, `${path}: ${answer.status}`);
  };
  await put('event.json', JSON.stringify(event));
  const number = newestNumber(event, Date.now());
  const { renditions } = loadLoop();
  for (const rendition of renditions) {
    await put(`${rendition.id}/init.mp4`, rendition.init);
    await put(`${rendition.id}/${number}.m4s`, segmentBytes(rendition, event, number));
  }
  const edge = await openEdge(t, { upstreams: [origin.urls['listen']!] });
  return { edge, event, number, renditions };
}

test('through an edge the MPD is fresh for its lifetime, and leads to the very bytes that were published', async (t) => {
  const { edge, event, number, renditions } = await openDelivery(t);
  const mpdUrl = `${edge.url}/live/match/manifest.mpd`;
  const first = await fetch(mpdUrl);
  const text = await first.text();
  t.is(first.headers.get('cache-control'), 'public, max-age=2');
  t.regex(first.headers.get('cache-status')!, /fwd=uri-miss.*stored/);
  const { MPD: mpd } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(text);
  t.is(Date.parse(mpd.availabilityStartTime), event.availabilityStartMs);

  const sets = mpd.Period.AdaptationSet as {
    SegmentTemplate: { media: string; initialization: string };
    Representation: { id: string } | { id: string }[];
  }[];
  const listed: string[] = [];
  for (const { SegmentTemplate: template, Representation } of sets) {
    for (const { id } of [Representation].flat()) {
      listed.push(id);
      const fetched = async (path: string) => {
        const url = path.replace('$RepresentationID$', id).replace('$Number$', String(number));
        const answer = await fetch(new URL(url, mpdUrl));
        t.is(answer.status, 200, url);
        t.is(answer.headers.get('access-control-allow-origin'), '*');
        return Buffer.from(await answer.arrayBuffer());
      };
      const media = renditions.find((rendition) => rendition.id === id)!;
      t.deepEqual(await fetched(template.initialization), media.init);
      t.deepEqual(await fetched(template.media), segmentBytes(media, event, number));
    }
  }
  t.deepEqual(listed.sort(), event.renditions.map(({ id }) => id).sort());
});

test('the clock of an MPD is the edge’s own, whatever it has stored', async (t) => {
  const { edge } = await openDelivery(t);
  const mpdUrl = `${edge.url}/live/match/manifest.mpd`;
  const clockOf = async () => {
    const answer = await fetch(mpdUrl, { method: 'HEAD' });
    const dateMs = Date.parse(answer.headers.get('date')!);
    t.is(answer.status, 200);
    t.true(answer.headers.get('access-control-expose-headers')!.split(', ').includes('Date'));
    t.true(dateMs <= Date.now(), 'it may be slow, and never fast');
    return { dateMs, isHit: answer.headers.get('cache-status')!.includes(';hit') };
  };
  const stored = await clockOf();
  // It moves on while what is stored stays. A test that never sees that ends by its time-out.
  for (;;) {
    const { dateMs, isHit } = await clockOf();
    if (isHit && dateMs > stored.dateMs) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  t.pass();
});
