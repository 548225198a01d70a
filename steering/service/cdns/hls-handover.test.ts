import test from 'ava';
import fc from 'fast-check';
import { readAttributes, valueOf } from './attribute-list.ts';
import { handOnHls } from './hls-handover.ts';
import { handoverOf } from './handover.fixture.ts';

const linesOf = (text: string, changes: Parameters<typeof handoverOf>[0] = {}) => {
  const outcome = handOnHls(text, handoverOf(changes));
  if (outcome.kind === 'unfit') throw new Error(outcome.reason);
  return outcome.text.trimEnd().split('\n');
};
const refusal = (text: string, changes: Parameters<typeof handoverOf>[0] = {}) => {
  const outcome = handOnHls(text, handoverOf(changes));
  return outcome.kind === 'unfit' ? outcome.reason : 'it was handed on';
};

const MAIN = `#EXTM3U
#EXT-X-VERSION:8
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-VENDOR-THING:A="b,c",D=1
#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://key",KEYFORMAT="com.example"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="snd",NAME="English",DEFAULT=YES,URI="audio/en.m3u8",X-UNKNOWN="kept"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC",INSTREAM-ID="CC1"
#EXT-X-STREAM-INF:BANDWIDTH=800000,CODECS="avc1.64001f,mp4a.40.2",AUDIO="snd",CLOSED-CAPTIONS="cc",SCORE=1.5
video/low.m3u8?v=1
#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS="avc1.640028,mp4a.40.2",AUDIO="snd",CLOSED-CAPTIONS="cc"
/live/show/video/high.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,URI="video/frames.m3u8"
`;

test('every variant and rendition is there once a CDN, absolute, and nothing else is lost or changed', (t) => {
  t.deepEqual(linesOf(MAIN), [
    '#EXTM3U',
    '#EXT-X-CONTENT-STEERING:SERVER-URI="https://steer.example/v1/steer/hls?session=s1&pathways=alpha,beta",PATHWAY-ID="alpha"',
    '#EXT-X-VERSION:8',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-VENDOR-THING:A="b,c",D=1',
    '#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://key",KEYFORMAT="com.example"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="snd-alpha",NAME="English",DEFAULT=YES,URI="https://alpha.example/customer/7/live/show/audio/en.m3u8",X-UNKNOWN="kept",STABLE-RENDITION-ID="r1"',
    '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC",INSTREAM-ID="CC1"',
    '#EXT-X-STREAM-INF:BANDWIDTH=800000,CODECS="avc1.64001f,mp4a.40.2",AUDIO="snd-alpha",CLOSED-CAPTIONS="cc",SCORE=1.5,STABLE-VARIANT-ID="v1",PATHWAY-ID="alpha"',
    'https://alpha.example/customer/7/live/show/video/low.m3u8?v=1',
    '#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS="avc1.640028,mp4a.40.2",AUDIO="snd-alpha",CLOSED-CAPTIONS="cc",STABLE-VARIANT-ID="v2",PATHWAY-ID="alpha"',
    'https://alpha.example/customer/7/live/show/video/high.m3u8',
    '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,URI="https://alpha.example/customer/7/live/show/video/frames.m3u8",PATHWAY-ID="alpha"',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="snd-beta",NAME="English",DEFAULT=YES,URI="https://beta.example:8443/live/show/audio/en.m3u8",X-UNKNOWN="kept",STABLE-RENDITION-ID="r1"',
    '#EXT-X-STREAM-INF:BANDWIDTH=800000,CODECS="avc1.64001f,mp4a.40.2",AUDIO="snd-beta",CLOSED-CAPTIONS="cc",SCORE=1.5,STABLE-VARIANT-ID="v1",PATHWAY-ID="beta"',
    'https://beta.example:8443/live/show/video/low.m3u8?v=1',
    '#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS="avc1.640028,mp4a.40.2",AUDIO="snd-beta",CLOSED-CAPTIONS="cc",STABLE-VARIANT-ID="v2",PATHWAY-ID="beta"',
    'https://beta.example:8443/live/show/video/high.m3u8',
    '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,URI="https://beta.example:8443/live/show/video/frames.m3u8",PATHWAY-ID="beta"',
  ]);
});

test('a manifest of one CDN is handed on for all: its own absolute URLs, too', (t) => {
  const url = 'https://alpha.example/customer/7/vod/film/main.m3u8';
  const lines = linesOf('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttps://alpha.example/customer/7/vod/film/1.m3u8\n', {
    url,
  });
  t.deepEqual(
    lines.filter((line) => !line.startsWith('#')),
    ['https://alpha.example/customer/7/vod/film/1.m3u8', 'https://beta.example:8443/vod/film/1.m3u8'],
  );
});

test('pathways, steering and backup variants that were in it are replaced, not multiplied', (t) => {
  const lines = linesOf(`#EXTM3U
#EXT-X-CONTENT-STEERING:SERVER-URI="https://other.example/steer",PATHWAY-ID="two"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a1",NAME="x",URI="https://alpha.example/customer/7/a.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a2",NAME="x",URI="https://beta.example:8443/a.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a1",PATHWAY-ID="one",STABLE-VARIANT-ID="low"
https://alpha.example/customer/7/1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a2",PATHWAY-ID="two",STABLE-VARIANT-ID="low"
https://beta.example:8443/1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a2",PATHWAY-ID="two",STABLE-VARIANT-ID="low"
https://alpha.example/customer/7/1.m3u8
`);
  t.is(lines.filter((line) => line.startsWith('#EXT-X-CONTENT-STEERING')).length, 1);
  t.false(lines.some((line) => line.includes('other.example') || line.includes('"a1')));
  t.deepEqual(
    lines.filter((line) => !line.startsWith('#')),
    ['https://alpha.example/customer/7/1.m3u8', 'https://beta.example:8443/1.m3u8'],
  );
  t.true(
    lines.filter((line) => line.startsWith('#EXT-X-STREAM')).every((line) => line.includes('STABLE-VARIANT-ID="low"')),
  );
});

test('a media playlist becomes the only variant of a multivariant one', (t) => {
  t.deepEqual(linesOf('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n1.ts\n'), [
    '#EXTM3U',
    '#EXT-X-CONTENT-STEERING:SERVER-URI="https://steer.example/v1/steer/hls?session=s1&pathways=alpha,beta",PATHWAY-ID="alpha"',
    '#EXT-X-STREAM-INF:BANDWIDTH=5000000,PATHWAY-ID="alpha",STABLE-VARIANT-ID="v1"',
    'https://alpha.example/customer/7/live/show/main.m3u8',
    '#EXT-X-STREAM-INF:BANDWIDTH=5000000,PATHWAY-ID="beta",STABLE-VARIANT-ID="v1"',
    'https://beta.example:8443/live/show/main.m3u8',
  ]);
});

test('variables are filled in where URLs are resolved, and a query parameter keeps its value', (t) => {
  const lines = linesOf(
    `#EXTM3U
#EXT-X-DEFINE:NAME="dir",VALUE="hd"
#EXT-X-DEFINE:QUERYPARAM="tok"
#EXT-X-STREAM-INF:BANDWIDTH=1
{$dir}/1.m3u8?t={$tok}
`,
    { url: 'https://origin.example/live/main.m3u8?tok=abc' },
  );
  t.true(lines.includes('#EXT-X-DEFINE:NAME="tok",VALUE="abc"'));
  t.true(lines.includes('https://beta.example:8443/live/hd/1.m3u8?t=abc'));
});

test('a client’s parameters go on to the CDNs, and to nobody else', (t) => {
  const lines = linesOf(
    `#EXTM3U
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="en",URI="https://captions.example/en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES="s"
1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2,SUBTITLES="s"
2.m3u8?x=1
`,
    { clientQuery: 'token=a%22b' },
  );
  t.true(lines.includes('https://beta.example:8443/live/show/1.m3u8?token=a%22b'));
  t.true(lines.includes('https://beta.example:8443/live/show/2.m3u8?x=1&token=a%22b'));
  t.is(lines.filter((line) => line.includes('URI="https://captions.example/en.m3u8"')).length, 2);
});

test('what cannot be steered or read is refused with its line', (t) => {
  t.is(refusal('<html>'), 'line 1: an HLS playlist begins with #EXTM3U');
  t.regex(refusal('#EXTM3U\n#EXT-X-VERSION:3\n'), /neither variants .* nor segments/);
  t.is(
    refusal('#EXTM3U\n\n#EXT-X-STREAM-INF:BANDWIDTH="1\n1.m3u8\n'),
    'line 3: the attributes of #EXT-X-STREAM-INF cannot be read',
  );
  t.is(
    refusal('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:BANDWIDTH=2\n2.m3u8\n'),
    'line 2: a variant without a URI',
  );
  t.is(refusal('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n'), 'line 2: a variant without a URI');
  t.regex(
    refusal('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttps://other.example/1.m3u8\n'),
    /for example at other\.example/,
  );
  t.regex(refusal('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\njavascript:alert(1)\n'), /no variant of it lies at a CDN/);
});

test('whatever is in it, what comes out is lines of one kind and quotes that close', (t) => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      '"',
      ',',
      '=',
      ':',
      '#',
      '\r',
      '{$x}',
      'URI="',
      'x.m3u8',
      '../',
      '//evil.example/',
      'https://alpha.example/customer/7/a',
      '<',
      '%',
    ),
  );
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  const line = fc.oneof(
    text.map(
      (rest) =>
        `#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"${rest === '' ? '' : `,X="${rest.replaceAll('"', '')}"`}\n${rest.replaceAll('\n', '')}x.m3u8`,
    ),
    text.map((rest) => `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="${rest.replaceAll('"', '')}",URI="${rest}"`),
    text.map((rest) => `#EXT-X-ANYTHING:${rest}`),
    text,
  );
  let handedOn = 0;
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
      const outcome = handOnHls(`#EXTM3U\n${lines.join('\n')}\n`, handoverOf());
      if (outcome.kind === 'unfit') return;
      handedOn++;
      const out = outcome.text.split('\n');
      t.is(out.filter((one) => one.startsWith('#EXT-X-CONTENT-STEERING:')).length, 1);
      out.forEach((one, at) => {
        t.false(one.includes('\r'));
        if (!one.startsWith('#EXT-X-STREAM-INF:')) return;
        const attributes = readAttributes(one.slice('#EXT-X-STREAM-INF:'.length));
        t.truthy(attributes, one);
        t.true(['alpha', 'beta'].includes(valueOf(attributes!, 'PATHWAY-ID')!));
        const uri = out.slice(at + 1).find((next) => !next.startsWith('#'))!;
        t.notThrows(() => new URL(uri));
      });
    }),
    { numRuns: 1500 },
  );
  t.true(handedOn > 100, `${handedOn} were handed on`);
});
