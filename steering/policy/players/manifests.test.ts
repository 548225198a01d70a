import test from 'ava';
import * as fc from 'fast-check';
import type { Rendition } from '../../../topology/model/event.ts';
import { multivariantPlaylist, type ManifestRequest } from './manifests.ts';
import { World } from '../world.fixture.ts';

const STEERING = 'http://127.0.0.1:8090/v1/steer/hls?event=demo&session=s1&pathways=fra-1,nyc-1';

const RENDITIONS: Rendition[] = [
  { id: 'v1', kind: 'video', codecs: 'avc1.64001e', bandwidth: 800_000, width: 640, height: 360, frameRate: 25 },
  { id: 'v2', kind: 'video', codecs: 'avc1.64001f', bandwidth: 2_000_000, width: 1280, height: 720, frameRate: 29.97 },
  { id: 'a1', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 96_000, language: 'en' },
];

function requestWith(renditions: Rendition[]): ManifestRequest {
  const world = new World([1, 1]);
  world.pass(2);
  return { event: { id: 'demo', renditions }, servers: world.rank('client-1').servers, steeringUri: STEERING };
}

const playlistOf = (renditions: Rendition[]) => {
  const outcome = multivariantPlaylist(requestWith(renditions));
  if (outcome.kind !== 'playlist') throw new Error(outcome.reason);
  return outcome.text;
};

test('a personal playlist names every variant once a pathway, in rank order', (t) => {
  t.is(
    playlistOf(RENDITIONS),
    `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-CONTENT-STEERING:SERVER-URI="${STEERING}",PATHWAY-ID="fra-1"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio-fra-1",NAME="a1",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,STABLE-RENDITION-ID="a1",URI="http://127.0.1.11:8080/live/demo/a1/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=896000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=25.000,AUDIO="audio-fra-1",PATHWAY-ID="fra-1",STABLE-VARIANT-ID="v1"
http://127.0.1.11:8080/live/demo/v1/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2096000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio-fra-1",PATHWAY-ID="fra-1",STABLE-VARIANT-ID="v2"
http://127.0.1.11:8080/live/demo/v2/index.m3u8
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio-nyc-1",NAME="a1",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,STABLE-RENDITION-ID="a1",URI="http://127.0.2.11:8080/live/demo/a1/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=896000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=25.000,AUDIO="audio-nyc-1",PATHWAY-ID="nyc-1",STABLE-VARIANT-ID="v1"
http://127.0.2.11:8080/live/demo/v1/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2096000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio-nyc-1",PATHWAY-ID="nyc-1",STABLE-VARIANT-ID="v2"
http://127.0.2.11:8080/live/demo/v2/index.m3u8
`,
  );
});

test('without video the audio renditions are the variants', (t) => {
  const text = playlistOf([RENDITIONS[2]!]);
  t.false(text.includes('EXT-X-MEDIA'));
  t.false(text.includes('AUDIO='));
  t.is(text.match(/#EXT-X-STREAM-INF:BANDWIDTH=96000,CODECS="mp4a.40.2",PATHWAY-ID=/g)!.length, 2);
});

test('what a quoted string cannot hold is refused with its place', (t) => {
  const refused = (request: ManifestRequest) => {
    const outcome = multivariantPlaylist(request);
    return outcome.kind === 'unfit' ? outcome.reason : 'accepted';
  };
  const [video, , audio] = RENDITIONS;
  t.regex(refused(requestWith([{ ...video!, codecs: 'avc1",URI="http://evil' }])), /rendition v1 .* codecs/);
  t.regex(refused(requestWith([{ ...audio!, language: 'en\n#EXT-X-ENDLIST' }])), /rendition a1 .* language/);
  t.regex(refused(requestWith([video!, video!])), /v1 twice/);
  const good = requestWith(RENDITIONS);
  t.regex(refused({ ...good, steeringUri: 'http://x/"' }), /steering URI/);
  t.regex(refused({ ...good, servers: [] }), /no server/);
  t.regex(refused({ ...good, servers: [{ ...good.servers[0]!, baseUrl: 'http://x/\n#' }] }), /its URL/);
});

const rendition = fc.record(
  {
    id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,9}$/),
    kind: fc.constantFrom('video' as const, 'audio' as const),
    codecs: fc.string({ minLength: 1, unit: 'binary' }),
    bandwidth: fc.integer({ min: 1, max: 1e8 }),
    width: fc.integer({ min: 1, max: 8192 }),
    height: fc.integer({ min: 1, max: 8192 }),
    frameRate: fc.double({ min: 1, max: 120, noNaN: true }),
    language: fc.string({ unit: 'binary' }),
  },
  { requiredKeys: ['id', 'kind', 'codecs', 'bandwidth'] },
);

/** One attribute list of RFC 8216 §4.2: no value can break out of its quotes. */
const ATTRIBUTES = /^#EXT-X-[A-Z-]+:(?:[A-Z0-9-]+=(?:"[^"\r\n]*"|[A-Z0-9a-z.]+)(?:,|$))+$/;
const URI_LINE = /^http:\/\/127\.0\.\d\.11:8080\/live\/demo\/[A-Za-z0-9._-]+\/index\.m3u8$/;

test('whatever an event document holds, the playlist is well formed or refused', (t) => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(rendition, { minLength: 1, maxLength: 5 }), (renditions) => {
      const outcome = multivariantPlaylist(requestWith(renditions));
      if (outcome.kind === 'unfit') return;
      accepted++;
      const lines = outcome.text.split('\n');
      t.is(lines.pop(), '');
      t.deepEqual(lines.slice(0, 3), ['#EXTM3U', '#EXT-X-VERSION:6', '#EXT-X-INDEPENDENT-SEGMENTS']);
      t.is(lines.filter((line) => line.startsWith('#EXT-X-CONTENT-STEERING:')).length, 1);
      for (const [index, line] of lines.entries()) {
        if (index < 3) continue;
        t.regex(line, line.startsWith('#') ? ATTRIBUTES : URI_LINE);
        if (line.startsWith('#EXT-X-STREAM-INF')) t.regex(lines[index + 1]!, URI_LINE);
      }
    }),
  );
  t.true(accepted > 20);
});
