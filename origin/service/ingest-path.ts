import { parseLivePath } from '../../topology/model/event.ts';
import { INIT } from '../policy/segment-slot.ts';

/** What `/ingest/<pipeline>/<event>/…` names. */
export type IngestTarget =
  | { kind: 'event'; pipeline: string; eventId: string }
  | { kind: 'media'; pipeline: string; eventId: string; renditionId: string; number: number };

const INGEST = /^\/ingest\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/(.+)$/;

/** @returns null for anything else, playlists among it: the origin writes its own */
export function parseIngestPath(path: string): IngestTarget | null {
  const match = INGEST.exec(path);
  const live = match && parseLivePath(`/live/${match[2]!}`);
  if (!match || !live) return null;
  const pipeline = match[1]!;
  const { eventId } = live;
  if (live.kind === 'event') return { kind: 'event', pipeline, eventId };
  if (live.kind === 'playlist') return null;
  const number = live.kind === 'init' ? INIT : live.number;
  return { kind: 'media', pipeline, eventId, renditionId: live.renditionId, number };
}
