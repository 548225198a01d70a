import type { LiveEvent, Rendition } from '../../topology/model/event.ts';
import type { Listing } from '../policy/listing.ts';

export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
const AUDIO_GROUP = 'audio';

/** The multivariant playlist (RFC 8216 §4.3.4): URIs relative, so that it holds behind any host. */
export function masterPlaylist(event: LiveEvent): string {
  const audios = event.renditions.filter(({ kind }) => kind === 'audio');
  const videos = event.renditions.filter(({ kind }) => kind === 'video');
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS'];
  if (videos.length > 0) lines.push(...audios.map((audio, index) => audioLine(audio, index === 0)));
  for (const rendition of videos.length > 0 ? videos : audios) {
    lines.push(variantLine(rendition, videos.length > 0 ? audios : []), `${rendition.id}/index.m3u8`);
  }
  return `${lines.join('\n')}\n`;
}

/** The media playlist of one rendition: the DVR window, gaps marked, numbering kept. */
export function mediaPlaylist(event: LiveEvent, listing: Listing): string {
  const { firstNumber, segments, complete } = listing;
  const durationSeconds = (event.segmentDurationMs / 1000).toFixed(3);
  const firstStartMs = event.availabilityStartMs + (firstNumber - event.startNumber) * event.segmentDurationMs;
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${Math.ceil(event.segmentDurationMs / 1000)}`,
    `#EXT-X-MEDIA-SEQUENCE:${firstNumber}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-MAP:URI="init.mp4"',
    `#EXT-X-PROGRAM-DATE-TIME:${new Date(firstStartMs).toISOString()}`,
  ];
  segments.forEach((published, index) => {
    if (!published) lines.push('#EXT-X-GAP');
    lines.push(`#EXTINF:${durationSeconds},`, `${firstNumber + index}.m4s`);
  });
  if (complete) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

function audioLine(audio: Rendition, isDefault: boolean): string {
  const attributes = [
    'TYPE=AUDIO',
    `GROUP-ID="${AUDIO_GROUP}"`,
    `NAME="${audio.language ?? audio.id}"`,
    ...(audio.language === undefined ? [] : [`LANGUAGE="${audio.language}"`]),
    `DEFAULT=${isDefault ? 'YES' : 'NO'}`,
    'AUTOSELECT=YES',
    `STABLE-RENDITION-ID="${audio.id}"`,
    `URI="${audio.id}/index.m3u8"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(',')}`;
}

function variantLine(rendition: Rendition, audios: readonly Rendition[]): string {
  const bandwidth = rendition.bandwidth + Math.max(0, ...audios.map((audio) => audio.bandwidth));
  const codecs = [...new Set([rendition.codecs, ...audios.map((audio) => audio.codecs)])];
  const { width, height, frameRate } = rendition;
  const attributes = [
    `BANDWIDTH=${bandwidth}`,
    `CODECS="${codecs.join(',')}"`,
    ...(width === undefined || height === undefined ? [] : [`RESOLUTION=${width}x${height}`]),
    ...(frameRate === undefined ? [] : [`FRAME-RATE=${frameRate.toFixed(3)}`]),
    ...(audios.length === 0 ? [] : [`AUDIO="${AUDIO_GROUP}"`]),
    `STABLE-VARIANT-ID="${rendition.id}"`,
  ];
  return `#EXT-X-STREAM-INF:${attributes.join(',')}`;
}
