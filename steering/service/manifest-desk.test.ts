import test from 'ava';
import { XMLParser } from 'fast-xml-parser';
import type { LiveEvent } from '../../topology/model/event.ts';
import { AMERICAN, ask, demoEvent, GERMAN, openSource, openSteering } from './steering.fixture.ts';

const WALL_MS = 1_700_000_000_000;

const wideEvent = (changes: Partial<LiveEvent> = {}) =>
  demoEvent({
    availabilityStartMs: WALL_MS - 3_600_000,
    renditions: [
      { id: 'v240', kind: 'video', codecs: 'avc1.4d4015', bandwidth: 300_000, width: 426, height: 240 },
      { id: 'v720', kind: 'video', codecs: 'avc1.64001f', bandwidth: 2_000_000, width: 1280, height: 720 },
      { id: 'h720', kind: 'video', codecs: 'hvc1.1.6.L93', bandwidth: 1_200_000, width: 1280, height: 720 },
      { id: 'en', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 128_000, language: 'en' },
    ],
    ...changes,
  });

async function opened(t: Parameters<typeof openSteering>[0], event = wideEvent()) {
  const eventsFrom = await openSource(t, (request, response) => {
    if (request.url === '/live/demo/event.json') response.end(JSON.stringify(event));
    else response.writeHead(404).end();
  });
  const steering = await openSteering(t, { eventsFrom, wallMs: () => WALL_MS });
  await steering.pass(2);
  return steering;
}

interface Mpd {
  type: string;
  Location?: string;
  BaseURL: { serviceLocation: string; '#text': string }[];
  ContentSteering: { defaultServiceLocation: string; queryBeforeStart: string; '#text': string };
  UTCTiming: { schemeIdUri: string; value: string }[];
  Period: { AdaptationSet: { Representation: { id: string }[] }[] };
}

const LISTS = ['BaseURL', 'AdaptationSet', 'Representation', 'UTCTiming'];
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseAttributeValue: false,
  isArray: (name) => LISTS.includes(name),
});

async function mpdAt(url: string): Promise<Mpd> {
  const { status, body } = await ask(url);
  if (status !== 200) throw new Error(`${status} ${body}`);
  return (parser.parse(body) as { MPD: Mpd }).MPD;
}

const pathwaysOf = ({ BaseURL }: Mpd) => BaseURL.map(({ serviceLocation }) => serviceLocation);
const renditionsOf = ({ Period }: Mpd) =>
  Period.AdaptationSet.flatMap(({ Representation }) => Representation.map(({ id }) => id));

test('a personal MPD names its servers in rank order, and steering begins with the first of them', async (t) => {
  const { url } = await opened(t);
  const { status, headers } = await ask(`${url}/play/demo.mpd?session=s1&ip=${AMERICAN}`);
  t.is(status, 200);
  t.is(headers['content-type'], 'application/dash+xml');
  t.is(headers['cache-control'], 'no-store');
  t.is(headers['access-control-allow-origin'], '*');
  const mpd = await mpdAt(`${url}/play/demo.mpd?session=s1&ip=${AMERICAN}`);
  t.deepEqual(
    mpd.BaseURL.map((base) => base['#text'].startsWith('http://127.0.0.1')),
    [true, true, true, true],
  );
  const pathways = pathwaysOf(mpd);
  t.deepEqual(
    pathways.map((id) => id.slice(0, 3)),
    ['nyc', 'nyc', 'fra', 'fra'],
  );
  const { defaultServiceLocation, queryBeforeStart, '#text': steeringUri } = mpd.ContentSteering;
  t.deepEqual([defaultServiceLocation, queryBeforeStart], [pathways[0], 'false']);
  const steered = JSON.parse((await ask(steeringUri)).body);
  t.deepEqual(steered['PATHWAY-PRIORITY'], pathways);
  t.is(steered['RELOAD-URI'], steeringUri);
  t.true(steeringUri.startsWith(`${url}/v1/steer/dash?event=demo&session=s1&`));
});

test('without a session each MPD draws one, which its steering and its updates keep', async (t) => {
  const { url } = await opened(t);
  const sessions = new Set<string>();
  for (let count = 0; count < 3; count++) {
    const { Location, ContentSteering } = await mpdAt(`${url}/play/demo.mpd`);
    const session = new URL(Location!).searchParams.get('session')!;
    t.is(new URL(ContentSteering['#text']).searchParams.get('session'), session);
    sessions.add(session);
  }
  t.is(sessions.size, 3);
});

test('an update keeps the pathways and the limits, whatever has become of the servers', async (t) => {
  const { url, report, clock } = await opened(t);
  const first = await mpdAt(`${url}/play/demo.mpd?session=s1&ip=${GERMAN}&maxHeight=720&codecs=avc1,mp4a`);
  await report(pathwaysOf(first)[0]!, { state: 'draining' });
  clock.nowMs += 60_000;
  const update = await mpdAt(first.Location!);
  t.deepEqual(update.BaseURL, first.BaseURL);
  t.deepEqual(renditionsOf(update), ['v240', 'v720', 'en']);
  t.is(update.Location, first.Location);
  t.is(update.ContentSteering['#text'], first.ContentSteering['#text']);
  const unknown = await mpdAt(`${url}/play/demo.mpd?session=s1&pathways=gone-1,gone-2`);
  t.is(unknown.BaseURL.length, 4, 'servers that are no longer there are no answer');
});

test('renditions are those that the device asked for, in both kinds of manifest', async (t) => {
  const { url } = await opened(t);
  const both = async (query: string) => {
    const mpd = renditionsOf(await mpdAt(`${url}/play/demo.mpd?${query}`));
    const playlist = (await ask(`${url}/play/demo.m3u8?${query}`)).body;
    const listed = [...playlist.matchAll(/STABLE-(?:VARIANT|RENDITION)-ID="([^"]+)"/g)].map(([, id]) => id!);
    t.deepEqual([...new Set(listed)].sort(), mpd.toSorted(), query);
    return mpd.toSorted();
  };
  t.deepEqual(await both(''), ['en', 'h720', 'v240', 'v720']);
  t.deepEqual(await both('maxHeight=480'), ['en', 'v240']);
  t.deepEqual(await both('maxBitrate=1400000'), ['en', 'h720', 'v240']);
  t.deepEqual(await both('codecs=hvc1,mp4a'), ['en', 'h720']);
  t.deepEqual(await both('maxHeight=1&codecs=nothing'), ['en', 'v240'], 'the lowest remains');
});

test('what a session takes at most goes into its steering URI', async (t) => {
  const { url } = await opened(t);
  const bps = async (query: string) => {
    const { ContentSteering } = await mpdAt(`${url}/play/demo.mpd?${query}`);
    return new URL(ContentSteering['#text']).searchParams.get('bps');
  };
  t.is(await bps(''), '2128000');
  t.is(await bps('maxHeight=480'), '428000');
});

test('when every server is full quality falls first, and then a manifest is refused with when to come again', async (t) => {
  const { url, report } = await opened(t);
  const fill = async (share: number) => {
    for (const id of ['fra-1', 'fra-2', 'nyc-1', 'nyc-2']) {
      t.is((await report(id, { reservedBps: share * 1e9 })).status, 204);
    }
  };
  await fill(0.98);
  const reduced = await mpdAt(`${url}/play/demo.mpd?session=s1`);
  t.deepEqual(renditionsOf(reduced), ['v240', 'en']);
  t.regex(reduced.Location!, /[?&]maxBitrate=\d+&/);
  await fill(1);
  for (const kind of ['mpd', 'm3u8']) {
    const { status, headers, body } = await ask(`${url}/play/demo.${kind}?session=s2`);
    t.deepEqual([status, body], [503, 'all servers are full\n']);
    t.regex(headers['retry-after']!, /^\d+$/);
  }
  t.is((await mpdAt(reduced.Location!)).BaseURL.length, 4, 'who plays already is updated');
});

test('nonsense is refused with one line', async (t) => {
  const { url } = await opened(t);
  for (const kind of ['mpd', 'm3u8']) {
    const refusal = async (query: string) => {
      const { status, body } = await ask(`${url}/play/demo.${kind}?${query}`);
      return `${status} ${JSON.parse(body).error}`;
    };
    t.is(await refusal('maxHeight=720p'), '400 maxHeight: lines of picture as a whole number, such as 720');
    t.is(await refusal('maxBitrate=3Mbit'), '400 maxBitrate: bits per second as a whole number, such as 3000000');
    t.regex(await refusal('codecs='), /^400 codecs: /);
    t.regex(await refusal('ip=x'), /^400 ip: not/);
    t.is((await ask(`${url}/play/other.${kind}`)).body, 'no event other\n');
  }
});

test('an ended event is static for who comes then, and over once nothing is left', async (t) => {
  const ended = (endNumber: number) => wideEvent({ state: 'ended', endNumber });
  const fresh = await opened(t, ended(1799));
  t.is((await mpdAt(`${fresh.url}/play/demo.mpd`)).type, 'static');
  const update = await mpdAt(`${fresh.url}/play/demo.mpd?session=s1&pathways=fra-1,nyc-1`);
  t.deepEqual([update.type, update.Location], ['dynamic', undefined]);
  const over = await opened(t, ended(1));
  const { status, body } = await ask(`${over.url}/play/demo.mpd`);
  t.deepEqual([status, body], [410, 'event demo is over\n']);
});

test('the clock that an MPD names tells the time to the millisecond, and is never stored', async (t) => {
  const { url } = await opened(t);
  const { UTCTiming: clocks } = await mpdAt(`${url}/play/demo.mpd`);
  t.deepEqual(
    clocks.map(({ schemeIdUri, value }) => [schemeIdUri, value]),
    [
      ['urn:mpeg:dash:utc:http-iso:2014', `${url}/v1/time`],
      ['urn:mpeg:dash:utc:direct:2014', '2023-11-14T22:13:20.000Z'],
    ],
  );
  const { status, headers, body } = await ask(clocks[0]!.value);
  t.deepEqual([status, body, headers['cache-control']], [200, '2023-11-14T22:13:20.000Z', 'no-store']);
  t.is(headers['access-control-allow-origin'], '*');
});
