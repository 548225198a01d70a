import test from 'ava';
import { connect } from 'node:net';
import { once } from 'node:events';
import { BadInput } from '../../runtime/bad-input.ts';
import { rawExchange } from '../../test/support/raw-socket.ts';
import { defaultTemplates } from '../../topology/model/event.ts';
import { digestOf, originFor, slowEvent, someBytes, until } from './origin-service.fixture.ts';

test('two pipelines publish the same event; the first body stays and is served with its digest', async (t) => {
  const origin = await originFor(t);
  const event = slowEvent('match');
  t.is((await origin.announce(event, 'a')).status, 201);
  t.is((await origin.announce(event, 'b')).status, 200);
  const [first, second] = [someBytes(), someBytes()];
  t.is((await origin.put('b/match/v1/3.m4s', first, { 'Repr-Digest': digestOf(first) })).status, 201);
  const spare = await origin.put('a/match/v1/3.m4s', second);
  t.is(spare.status, 200);
  t.is(await spare.text(), 'spare\n');

  const answer = await origin.get('match/v1/3.m4s');
  t.is(answer.status, 200);
  t.deepEqual(Buffer.from(await answer.arrayBuffer()), first);
  t.is(answer.headers.get('repr-digest'), digestOf(first));
  t.is(answer.headers.get('content-type'), 'video/mp4');
  t.is(answer.headers.get('cmsd-static'), 'ot=v,d=60000,br=3000,st=l,n="origin"');
  t.is(answer.headers.get('access-control-allow-origin'), '*');
  // Due in 30 s, readable for 10 minutes after that.
  t.regex(answer.headers.get('cache-control')!, /^public, max-age=6[0-3]\d$/);
  t.regex(answer.headers.get('cdn-cache-control')!, /^max-age=6[0-3]\d, undercard-ttl-ms=6[0-3]\d{4}$/);

  const again = await origin.get('match/v1/3.m4s', { headers: { 'If-None-Match': answer.headers.get('etag')! } });
  t.is(again.status, 304);
  const head = await origin.get('match/v1/3.m4s', { method: 'HEAD' });
  t.is(head.headers.get('content-length'), '2000');
  t.is(await head.text(), '');
});

test('a held read is answered when its segment is published', async (t) => {
  const origin = await originFor(t);
  await origin.announce(slowEvent('match'));
  const held = Array.from({ length: 20 }, () => origin.get('match/v1/3.m4s'));
  await until(async () => /undercard_origin_waiting\{[^}]*\} 20\n/.test(await origin.metrics()));
  const body = someBytes(300_000);
  await origin.put('a/match/v1/3.m4s', body);
  for (const answer of await Promise.all(held)) {
    t.is(answer.status, 200);
    t.true(Buffer.from(await answer.arrayBuffer()).equals(body));
  }
  const metrics = await origin.metrics();
  t.regex(metrics, /undercard_origin_reads_total\{kind="segment",outcome="served",[^}]*\} 20\n/);
  t.regex(metrics, /undercard_origin_sent_bytes_total\{[^}]*\} 6000000\n/);
  t.regex(metrics, /undercard_origin_answering\{[^}]*\} 0\n/);
});

test('a reader that is slow to take a large body gets it whole', async (t) => {
  const origin = await originFor(t);
  await origin.announce(slowEvent('match'));
  const body = someBytes(12_000_000);
  await origin.put('a/match/v1/3.m4s', body);
  const socket = connect(origin.port, '127.0.0.1');
  socket.write('GET /live/match/v1/3.m4s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await until(async () => /undercard_origin_answering\{[^}]*\} 1\n/.test(await origin.metrics()));
  const received: Buffer[] = [];
  let size = 0;
  for await (const chunk of socket) {
    received.push(chunk as Buffer);
    size += (chunk as Buffer).byteLength;
    if (size > body.byteLength && Buffer.concat(received).includes(body)) break;
  }
  t.true(Buffer.concat(received).includes(body));
  await until(async () => /undercard_origin_answering\{[^}]*\} 0\n/.test(await origin.metrics()));
});

test('a body that differs from its digest is refused, and the other pipeline wins', async (t) => {
  const origin = await originFor(t);
  await origin.announce(slowEvent('match'));
  const body = someBytes();
  const corrupt = Buffer.from(body);
  corrupt[100]! ^= 1;
  const held = origin.get('match/v1/2.m4s');
  const refused = await origin.put('a/match/v1/2.m4s', corrupt, { 'Repr-Digest': digestOf(body) });
  t.is(refused.status, 400);
  t.is(await refused.text(), 'digest-mismatch\n');
  t.is((await origin.put('a/match/v1/2.m4s', body, { 'Repr-Digest': 'sha-256=nonsense' })).status, 400);
  t.is((await origin.put('a/match/v1/2.m4s', '')).status, 400);
  t.is((await origin.put('b/match/v1/2.m4s', body, { 'Repr-Digest': digestOf(body) })).status, 201);
  t.true(Buffer.from(await (await held).arrayBuffer()).equals(body));
  t.regex(await origin.metrics(), /ingest_total\{pipeline="a",verdict="digest-mismatch",[^}]*\} 1\n/);
});

test('a body that ends short is never served, however it was framed', async (t) => {
  const origin = await originFor(t);
  await origin.announce(slowEvent('match'));
  const framings = ['Content-Length: 1000\r\n\r\nonly this', 'Transfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n'];
  for (const framing of framings) {
    const socket = connect(origin.ingestPort, '127.0.0.1');
    socket.write(`PUT /ingest/a/match/v1/3.m4s HTTP/1.1\r\nHost: x\r\n${framing}`);
    await once(socket, 'connect');
    socket.end();
    await once(socket, 'close');
  }
  await until(async () => /verdict="short-body",[^}]*\} 2\n/.test(await origin.metrics()));
  const whole = someBytes();
  t.is((await origin.put('b/match/v1/3.m4s', whole)).status, 201);
  t.true(Buffer.from(await (await origin.get('match/v1/3.m4s')).arrayBuffer()).equals(whole));
});

test('a body beyond the bound is 413, declared or not, and the next one on the connection is taken', async (t) => {
  const origin = await originFor(t, { maxBodyBytes: 1000 });
  await origin.announce(slowEvent('match'));
  const request = (framing: string) => `PUT /ingest/a/match/v1/3.m4s HTTP/1.1\r\nHost: x\r\n${framing}`;
  const big = 'x'.repeat(1001);
  const small = request('Content-Length: 5\r\n\r\nsmall');
  for (const framing of [
    `Content-Length: 1001\r\n\r\n${big}`,
    `Transfer-Encoding: chunked\r\n\r\n3e9\r\n${big}\r\n0\r\n\r\n`,
  ]) {
    const { received } = await rawExchange(origin.port, request(framing) + small, (text) => /small|20[01]/.test(text));
    t.regex(received, /^HTTP\/1.1 413 /);
    t.regex(received, /HTTP\/1.1 20[01] /);
  }
  t.is(await (await origin.get('match/v1/3.m4s')).text(), 'small');
});

test('a pipeline whose uploads hang fills its own share, and the other publishes', async (t) => {
  const origin = await originFor(t, { maxUploads: 2 });
  await origin.announce(slowEvent('match'));
  const hanging = connect(origin.ingestPort, '127.0.0.1');
  t.teardown(() => hanging.destroy());
  hanging.write('PUT /ingest/a/match/v1/3.m4s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this');
  await until(async () => (await origin.put('a/match/v2/3.m4s', someBytes())).status === 503);
  t.is((await origin.put('b/match/v1/3.m4s', someBytes())).status, 201);
});

test('refusals say why and how long they hold', async (t) => {
  const origin = await originFor(t);
  await origin.announce(slowEvent('match'));
  const expectations = [
    ['other/v1/1.m4s', 404, 'unknown-event', /max-age=1, undercard-ttl-ms=1000/],
    ['match/v9/1.m4s', 404, 'unknown-rendition', /max-age=1,/],
    // Number 4 becomes next in 30 s, a quarter of a second earlier for clocks that run ahead.
    ['match/v1/4.m4s', 404, 'too-early', /max-age=2[0-9], undercard-ttl-ms=2\d{4}/],
    ['match/v1/999999999999999.m4s', 404, 'too-early', /undercard-ttl-ms=86400000/],
    ['match/v1/1.m4s', 410, 'never-produced: a: missing, b: missing', /max-age=60,/],
    ['match/v1/0.m4s', 410, 'gone', /max-age=60,/],
    ['match/v1/index.m3u8', 404, 'not-yet: nothing is published', /max-age=/],
    ['match/v1/nothing.here', 404, 'not-found', /max-age=1,/],
  ] as const;
  for (const [path, status, reason, lifetime] of expectations) {
    const answer = await origin.get(path);
    t.is(answer.status, status, path);
    t.is(await answer.text(), `${reason}\n`, path);
    t.regex(answer.headers.get('cdn-cache-control')!, lifetime, path);
  }
});

test('a read in vain ends with a 404 that may be cached for an instant only', async (t) => {
  const origin = await originFor(t);
  await origin.announce(slowEvent('quick', { segmentDurationMs: 200 }));
  const answer = await origin.get('quick/v1/init.mp4');
  t.is(answer.status, 404);
  t.is(await answer.text(), 'not-yet\n');
  t.is(answer.headers.get('cdn-cache-control'), 'max-age=0, undercard-ttl-ms=100');
  t.regex(await origin.metrics(), /undercard_origin_waiting\{[^}]*\} 0\n/);
});

test('a reader that goes while it waits is forgotten', async (t) => {
  const origin = await originFor(t);
  await origin.announce(slowEvent('match'));
  const leaving = new AbortController();
  const read = origin.get('match/v1/3.m4s', { signal: leaving.signal });
  await until(async () => /undercard_origin_waiting\{[^}]*\} 1\n/.test(await origin.metrics()));
  leaving.abort();
  await t.throwsAsync(read);
  await until(async () => /undercard_origin_waiting\{[^}]*\} 0\n/.test(await origin.metrics()));
  t.is((await origin.put('a/match/v1/3.m4s', someBytes())).status, 201);
});

test('playlists list what is published, from the first segment there is', async (t) => {
  const origin = await originFor(t);
  const event = slowEvent('match');
  await origin.announce(event);
  await origin.put('a/match/a1/2.m4s', someBytes());
  await origin.put('a/match/a1/3.m4s', someBytes());
  const media = await origin.get('match/a1/index.m3u8');
  t.is(media.headers.get('content-type'), 'application/vnd.apple.mpegurl');
  const start = new Date(event.availabilityStartMs + 60_000).toISOString();
  t.deepEqual((await media.text()).split('\n'), [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-TARGETDURATION:60',
    '#EXT-X-MEDIA-SEQUENCE:2',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-MAP:URI="init.mp4"',
    `#EXT-X-PROGRAM-DATE-TIME:${start}`,
    '#EXTINF:60.000,',
    '2.m4s',
    '#EXTINF:60.000,',
    '3.m4s',
    '',
  ]);
  const master = await (await origin.get('match/master.m3u8')).text();
  t.deepEqual(master.split('\n'), [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="en",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,STABLE-RENDITION-ID="a1",URI="a1/index.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=3128000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=25.000,AUDIO="audio",STABLE-VARIANT-ID="v1"',
    'v1/index.m3u8',
    '#EXT-X-STREAM-INF:BANDWIDTH=928000,CODECS="avc1.640015,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=25.000,AUDIO="audio",STABLE-VARIANT-ID="v2"',
    'v2/index.m3u8',
    '',
  ]);
});

test('the MPD counts by the clock while the event runs, and has its end once it is over', async (t) => {
  const origin = await originFor(t);
  const event = slowEvent('match');
  await origin.announce(event);
  t.is((await origin.get('other/manifest.mpd')).status, 404);
  const live = await origin.get('match/manifest.mpd');
  t.is(live.headers.get('content-type'), 'application/dash+xml');
  t.is(live.headers.get('access-control-allow-origin'), '*');
  t.is(live.headers.get('cdn-cache-control'), 'max-age=2, undercard-ttl-ms=2000');
  const text = await live.text();
  t.regex(text, /<MPD [^>]*type="dynamic" [^>]*minimumUpdatePeriod="PT2S" timeShiftBufferDepth="PT600S"/);
  t.true(text.includes(`availabilityStartTime="${new Date(event.availabilityStartMs).toISOString()}"`));
  t.regex(text, /<Location>manifest\.mpd\?update<\/Location>/);
  t.regex(text, /duration="60000" startNumber="1" initialization="\$RepresentationID\$\/init\.mp4"/);
  t.regex(text, /<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-head:2014" value="manifest\.mpd"\/>/);
  const clock = await origin.get('match/manifest.mpd', { method: 'HEAD' });
  t.true(Math.abs(Date.parse(clock.headers.get('date')!) - Date.now()) < 30_000);

  await origin.announce({ ...event, state: 'ended', endNumber: 3 });
  const begins = await (await origin.get('match/manifest.mpd')).text();
  t.regex(begins, /<MPD [^>]*mediaPresentationDuration="PT180S" type="static"/);
  const plays = await (await origin.get('match/manifest.mpd?update')).text();
  t.regex(plays, /<MPD [^>]*mediaPresentationDuration="PT180S" type="dynamic" availabilityStartTime=/);
  for (const ended of [begins, plays]) t.notRegex(ended, /Location|minimumUpdatePeriod/);
  const old = slowEvent('old', { availabilityStartMs: Date.now() - 900_000, state: 'ended', endNumber: 3 });
  await origin.announce(old);
  const gone = await origin.get('old/manifest.mpd');
  t.deepEqual([gone.status, await gone.text()], [410, 'gone\n']);
});

test('event documents are checked, and the reason names the field', async (t) => {
  const origin = await originFor(t);
  const event = slowEvent('match');
  const reasonOf = async (answer: Response) => [answer.status, (await answer.text()).trim()];
  t.regex(
    (await reasonOf(await origin.put('a/match/event.json', '{"id":"match"')))[1] as string,
    /^bad-event: not JSON: .*position 13/,
  );
  t.regex(
    (await reasonOf(await origin.put('a/match/event.json', '{"id":"match"}')))[1] as string,
    /^bad-event: state: /,
  );
  t.regex(
    (await reasonOf(await origin.put('a/other/event.json', JSON.stringify(event))))[1] as string,
    /^bad-event: id is/,
  );
  t.is((await origin.announce(event)).status, 201);
  t.deepEqual(await reasonOf(await origin.announce({ ...event, segmentDurationMs: 1000 }, 'b')), [
    409,
    'conflict: segmentDurationMs differs from the event as it was first announced',
  ]);
  t.deepEqual(await (await origin.get('match/event.json')).json(), event);
  const hostile = { ...event, id: 'x', ...defaultTemplates('x') };
  hostile.renditions = [{ ...event.renditions[0]!, codecs: 'avc1"\n#EXT-X-ENDLIST' }];
  t.is((await origin.announce(hostile)).status, 400);
});

test('only configured pipelines publish, only with PUT or POST, and only what is known', async (t) => {
  const origin = await originFor(t);
  const event = slowEvent('match');
  t.is((await origin.announce(event, 'mallory')).status, 403);
  t.is((await origin.put('a/match/v1/3.m4s', someBytes())).status, 404);
  await origin.announce(event);
  t.is((await origin.put('a/match/v9/3.m4s', someBytes())).status, 404);
  t.is((await origin.put('a/match/v1/index.m3u8', 'x')).status, 404);
  const late = await origin.put('a/match/v1/1.m4s', someBytes());
  t.is(late.status, 409);
  t.regex(await late.text(), /^too-late: /);
  t.is((await fetch(`${origin.listen}/ingest/a/match/v1/3.m4s`)).status, 405);
  t.is((await origin.get('match/v1/3.m4s', { method: 'DELETE' })).status, 405);
  const preflight = await origin.get('match/v1/3.m4s', { method: 'OPTIONS' });
  t.is(preflight.status, 204);
  t.is(preflight.headers.get('access-control-allow-methods'), 'GET, HEAD, OPTIONS');
});

test('publishing can have a listener of its own, and then has no place on the reading one', async (t) => {
  const origin = await originFor(t, { ingest: { host: '127.0.0.1', port: 0 } });
  t.not(origin.port, origin.ingestPort);
  t.is((await origin.announce(slowEvent('match'))).status, 201);
  t.is((await origin.get('match/event.json')).status, 200);
  const wrong = await fetch(`${origin.listen}/ingest/a/match/event.json`, { method: 'PUT', body: '{}' });
  t.is(wrong.status, 405);
});

test('it is ready until it drains; closing sends who waits elsewhere', async (t) => {
  const origin = await originFor(t);
  await origin.announce(slowEvent('match'));
  t.is((await fetch(`${origin.admin}/readyz`)).status, 200);
  await fetch(`${origin.admin}/drain`, { method: 'POST' });
  t.is((await fetch(`${origin.admin}/readyz`)).status, 503);
  const held = origin.get('match/v1/3.m4s');
  await until(async () => /undercard_origin_waiting\{[^}]*\} 1\n/.test(await origin.metrics()));
  await origin.service.close();
  t.is((await held).status, 503);
});

test('a port in use is one clear error', async (t) => {
  const origin = await originFor(t);
  await t.throwsAsync(originFor(t, { listen: { host: '127.0.0.1', port: origin.port } }), {
    instanceOf: BadInput,
    message: /in use/,
  });
});
