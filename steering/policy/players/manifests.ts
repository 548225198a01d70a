import type { LiveEvent, Rendition } from '../../../topology/model/event.ts';
import type { RankedServer } from '../ranked-servers.ts';

type Server = Pick<RankedServer, 'id' | 'baseUrl'>;

export interface ManifestRequest {
  event: Pick<LiveEvent, 'id' | 'renditions'>;
  /** in rank order, at least one; each is a pathway of its own */
  servers: readonly Server[];
  /** absolute; where the player asks again */
  steeringUri: string;
}

export type ManifestOutcome = { kind: 'playlist'; text: string } | { kind: 'unfit'; reason: string };

/** RFC 8216 §4.2: a quoted string has no way to hold these. */
const UNQUOTABLE = /["\r\n]/;

/**
 * A multivariant playlist for one viewer (RFC 8216bis §4.4.6, content steering): every variant once a pathway, with the
 * pathway's own audio group, the first server's variants first for players that know no steering.
 */
export function multivariantPlaylist({ event, servers, steeringUri }: ManifestRequest): ManifestOutcome {
  const reason = unfitness(event, servers, steeringUri);
  if (reason !== null) return { kind: 'unfit', reason };
  const { variants, audio } = splitRenditions(event.renditions);
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:6',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-CONTENT-STEERING:${attributes([
      ['SERVER-URI', quoted(steeringUri)],
      ['PATHWAY-ID', quoted(servers[0]!.id)],
    ])}`,
  ];
  for (const server of servers) {
    const playlistUri = ({ id }: Rendition) => `${server.baseUrl}/live/${event.id}/${id}/index.m3u8`;
    const audioGroup = `audio-${server.id}`;
    audio.forEach((rendition, index) => {
      lines.push(audioLine(rendition, index === 0, audioGroup, playlistUri(rendition)));
    });
    for (const variant of variants) {
      lines.push(variantLine(variant, audio, audioGroup, server.id), playlistUri(variant));
    }
  }
  return { kind: 'playlist', text: `${lines.join('\n')}\n` };
}

/** Without video the audio renditions are the variants. */
function splitRenditions(renditions: readonly Rendition[]): { variants: Rendition[]; audio: Rendition[] } {
  const video = renditions.filter(({ kind }) => kind === 'video');
  const audio = renditions.filter(({ kind }) => kind === 'audio');
  return video.length === 0 ? { variants: audio, audio: [] } : { variants: video, audio };
}

function audioLine(rendition: Rendition, isDefault: boolean, group: string, uri: string): string {
  const { id, language } = rendition;
  return `#EXT-X-MEDIA:${attributes([
    ['TYPE', 'AUDIO'],
    ['GROUP-ID', quoted(group)],
    ['NAME', quoted(id)],
    ['LANGUAGE', language === undefined ? null : quoted(language)],
    ['DEFAULT', isDefault ? 'YES' : 'NO'],
    ['AUTOSELECT', 'YES'],
    ['STABLE-RENDITION-ID', quoted(id)],
    ['URI', quoted(uri)],
  ])}`;
}

function variantLine(variant: Rendition, audio: readonly Rendition[], audioGroup: string, pathway: string): string {
  const { id, bandwidth, width, height, frameRate } = variant;
  const loudest = audio.reduce((most, rendition) => Math.max(most, rendition.bandwidth), 0);
  const codecs = new Set([variant, ...audio].map((rendition) => rendition.codecs));
  return `#EXT-X-STREAM-INF:${attributes([
    ['BANDWIDTH', String(bandwidth + loudest)],
    ['CODECS', quoted([...codecs].join(','))],
    ['RESOLUTION', width === undefined || height === undefined ? null : `${width}x${height}`],
    ['FRAME-RATE', frameRate === undefined ? null : frameRate.toFixed(3)],
    ['AUDIO', audio.length === 0 ? null : quoted(audioGroup)],
    ['PATHWAY-ID', quoted(pathway)],
    ['STABLE-VARIANT-ID', quoted(id)],
  ])}`;
}

/** What the schemas let through and a playlist cannot carry, or null. */
function unfitness(event: ManifestRequest['event'], servers: readonly Server[], steeringUri: string): string | null {
  if (servers.length === 0) return 'no server';
  if (UNQUOTABLE.test(steeringUri)) return 'the steering URI holds a quote or a line end';
  const ids = new Set<string>();
  for (const { id, codecs, language } of event.renditions) {
    if (ids.has(id)) return `event ${event.id} has the rendition ${id} twice`;
    ids.add(id);
    if (UNQUOTABLE.test(codecs)) return `rendition ${id} of event ${event.id}: its codecs hold a quote or a line end`;
    if (language !== undefined && UNQUOTABLE.test(language)) {
      return `rendition ${id} of event ${event.id}: its language holds a quote or a line end`;
    }
  }
  const hostile = servers.find(({ baseUrl }) => /[\s"\\]/.test(baseUrl));
  return hostile === undefined ? null : `server ${hostile.id}: its URL holds a space, a quote or a line end`;
}

function attributes(pairs: readonly (readonly [name: string, value: string | null])[]): string {
  return pairs
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

function quoted(value: string): string {
  return `"${value}"`;
}
