import type { LiveEvent } from '../../topology/model/event.ts';
import { HeaderBlock } from '../../runtime/header-block.ts';
import { INIT } from '../policy/segment-slot.ts';
import { CORS_FIELDS } from './answer-fields.ts';
import { reprDigest } from './repr-digest.ts';

/** A published body, with the header fields that never change. */
export interface StoredBody {
  bytes: Uint8Array;
  etag: string;
  block: HeaderBlock;
}

export interface BodyPlace {
  event: LiveEvent;
  renditionId: string;
  /** INIT for the init segment */
  number: number;
}

export function storeBody(bytes: Uint8Array, sha256: Buffer, place: BodyPlace, originId: string): StoredBody {
  const rendition = place.event.renditions.find(({ id }) => id === place.renditionId)!;
  const etag = `"${sha256.toString('base64url', 0, 16)}"`;
  const block = new HeaderBlock([
    ['Content-Type', `${rendition.kind}/mp4`],
    ['ETag', etag],
    ['Repr-Digest', reprDigest(sha256)],
    ['CMSD-Static', cmsdStatic(place, rendition, originId)],
    ...CORS_FIELDS,
  ]);
  return { bytes, etag, block };
}

/** CTA-5006: object type, duration (ms), nominal bitrate (kbit/s), live, and who made it. */
function cmsdStatic(place: BodyPlace, rendition: { kind: string; bandwidth: number }, originId: string): string {
  if (place.number === INIT) return `ot=i,st=l,n="${originId}"`;
  const objectType = rendition.kind === 'video' ? 'v' : 'a';
  const kbps = Math.ceil(rendition.bandwidth / 1000);
  return `ot=${objectType},d=${place.event.segmentDurationMs},br=${kbps},st=l,n="${originId}"`;
}

/** RFC 9110 §13.1.2. @param field the `If-None-Match` request field */
export function noneMatchHits(field: string | undefined, etag: string): boolean {
  if (field === undefined) return false;
  if (field.trim() === '*') return true;
  return field.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}
