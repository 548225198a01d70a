import test from 'ava';
import { slowEvent } from './origin-service.fixture.ts';
import { masterPlaylist, mediaPlaylist } from './playlists.ts';

test('a gap keeps its number, durations are exact, and an ended event ends its list', (t) => {
  const event = slowEvent('match', { availabilityStartMs: 1_700_000_000_000, segmentDurationMs: 1920, startNumber: 7 });
  const text = mediaPlaylist(event, { firstNumber: 9, segments: [true, false, true], complete: true, lifetimeMs: 0 });
  t.deepEqual(text.split('\n').slice(2), [
    '#EXT-X-TARGETDURATION:2',
    '#EXT-X-MEDIA-SEQUENCE:9',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-MAP:URI="init.mp4"',
    '#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:23.840Z',
    '#EXTINF:1.920,',
    '9.m4s',
    '#EXT-X-GAP',
    '#EXTINF:1.920,',
    '10.m4s',
    '#EXTINF:1.920,',
    '11.m4s',
    '#EXT-X-ENDLIST',
    '',
  ]);
});

test('an event of audio alone has its audio as variants', (t) => {
  const event = slowEvent('radio');
  const text = masterPlaylist({ ...event, renditions: event.renditions.filter(({ kind }) => kind === 'audio') });
  t.regex(text, /#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.2",STABLE-VARIANT-ID="a1"\na1\/index.m3u8\n$/);
  t.notRegex(text, /EXT-X-MEDIA:/);
});
