import { z } from 'zod';

/**
 * `GET /live/<event>/event.json`: what origin, edges, players and simulator all read, so that each computes the same
 * window from the same numbers. Field names follow DASH where DASH has the field.
 */

const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Names that appear in URLs: pathway ids, event ids, rendition ids (the character set HLS allows for a PATHWAY-ID). */
export const identifierSchema = z
  .string()
  .regex(IDENTIFIER, 'a name of 1 to 64 letters, digits, dots, underscores or dashes');

/** The same at a fraction of the price, for what comes in by the thousand a second. */
export function isIdentifier(text: string): boolean {
  return IDENTIFIER.test(text);
}

export const renditionSchema = z.object({
  id: identifierSchema,
  kind: z.enum(['video', 'audio']),
  /** RFC 6381, for example avc1.64001f */
  codecs: z.string().min(1),
  /** nominal bits per second */
  bandwidth: z.number().int().positive(),
  width: z.number().int().positive().optional(),
  height: z.number().int().positive().optional(),
  frameRate: z.number().positive().optional(),
  /** BCP 47 */
  language: z.string().optional(),
});

export const eventSchema = z.object({
  id: identifierSchema,
  state: z.enum(['scheduled', 'live', 'ended']),
  /** wall clock (Unix ms) at which media time 0 happened; segment startNumber is available segmentDurationMs later */
  availabilityStartMs: z.number().int().nonnegative(),
  segmentDurationMs: z.number().int().min(100).max(60_000),
  startNumber: z.number().int().nonnegative(),
  /** how long a segment stays readable after it became available */
  dvrWindowMs: z.number().int().positive(),
  /** the last segment, known once the event has ended */
  endNumber: z.number().int().nonnegative().optional(),
  renditions: z.array(renditionSchema).min(1),
  /** path templates with {rendition} and {number}, relative to the server's root */
  mediaTemplate: z.string().regex(/^\/.*\{rendition\}.*\{number\}/),
  initTemplate: z.string().regex(/^\/.*\{rendition\}/),
});

export type Rendition = z.infer<typeof renditionSchema>;
export type LiveEvent = z.infer<typeof eventSchema>;

/** The templates every event of ours uses (DESIGN: `/live/<event>/<rendition>/<segment>`). */
export function defaultTemplates(eventId: string): { mediaTemplate: string; initTemplate: string } {
  return {
    mediaTemplate: `/live/${eventId}/{rendition}/{number}.m4s`,
    initTemplate: `/live/${eventId}/{rendition}/init.mp4`,
  };
}

export function mediaPath(event: LiveEvent, renditionId: string, number: number): string {
  return event.mediaTemplate.replace('{rendition}', renditionId).replace('{number}', String(number));
}

export function initPath(event: LiveEvent, renditionId: string): string {
  return event.initTemplate.replace('{rendition}', renditionId);
}

export type LivePath =
  | { kind: 'segment'; eventId: string; renditionId: string; number: number }
  | { kind: 'init'; eventId: string; renditionId: string }
  | { kind: 'playlist'; eventId: string; name: string }
  | { kind: 'event'; eventId: string };

const SEGMENT = /^\/live\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/(\d{1,15})\.m4s$/;
const INIT = /^\/live\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/init\.mp4$/;
const EVENT = /^\/live\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/event\.json$/;
const PLAYLIST =
  /^\/live\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/((?:[A-Za-z0-9][A-Za-z0-9._-]{0,63}\/)?[A-Za-z0-9._-]+\.(?:m3u8|mpd))$/;

/** What a path of the data plane (without its query) names, or null for plain proxy caching. */
export function parseLivePath(path: string): LivePath | null {
  if (!path.startsWith('/live/')) return null;
  const segment = SEGMENT.exec(path);
  if (segment) {
    return { kind: 'segment', eventId: segment[1]!, renditionId: segment[2]!, number: Number(segment[3]) };
  }
  const init = INIT.exec(path);
  if (init) return { kind: 'init', eventId: init[1]!, renditionId: init[2]! };
  const event = EVENT.exec(path);
  if (event) return { kind: 'event', eventId: event[1]! };
  const playlist = PLAYLIST.exec(path);
  if (playlist) return { kind: 'playlist', eventId: playlist[1]!, name: playlist[2]! };
  return null;
}
