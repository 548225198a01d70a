import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { defaultTemplates, eventSchema, renditionSchema, type LiveEvent } from '../../topology/model/event.ts';
import { type Fragment, parseFragment, retime } from './fragment.ts';

/** Segment 1 holds media time 0, which happened at availabilityStartMs. */
const START_NUMBER = 1;
const FOLDER = new URL('./loop/', import.meta.url);

/** What `loop.json` holds; written by describe-loop.ts from the boxes themselves. */
export const loopDescriptionSchema = z.object({
  segmentDurationMs: z.number().int().positive(),
  /** how many segments the loop has; file <rendition>/<i>.m4s for i from 0 on */
  segments: z.number().int().positive(),
  renditions: z.array(renditionSchema.extend({ timescale: z.number().int().positive() })).min(1),
});

export type LoopDescription = z.infer<typeof loopDescriptionSchema>;

export interface LoopRendition {
  readonly id: string;
  readonly kind: 'video' | 'audio';
  readonly timescale: number;
  readonly init: Buffer;
  readonly fragments: readonly Fragment[];
  /** of the whole loop, in units of timescale */
  readonly duration: bigint;
}

export interface Loop {
  readonly segmentDurationMs: number;
  readonly renditions: readonly LoopRendition[];
}

export function readLoopDescription(): LoopDescription {
  return loopDescriptionSchema.parse(JSON.parse(readFileSync(new URL('loop.json', FOLDER), 'utf8')));
}

/** Reads the loop into memory, some 2.5 MB. @throws Error when its segments do not follow each other without a gap */
export function loadLoop(): Loop {
  const { segmentDurationMs, segments, renditions } = readLoopDescription();
  return {
    segmentDurationMs,
    renditions: renditions.map(({ id, kind, timescale }) => {
      const fragments = Array.from({ length: segments }, (_, index) => parseFragment(readMedia(id, `${index}.m4s`)));
      const duration = continuousDuration(id, fragments);
      if (duration * 1000n !== BigInt(segments * segmentDurationMs * timescale)) {
        throw new Error(`${id}: the loop lasts ${duration}/${timescale} s, not ${segments} segments`);
      }
      return { id, kind, timescale, init: readMedia(id, 'init.mp4'), fragments, duration };
    }),
  };
}

/**
 * Segment `number` of the endless stream. The same bytes whoever makes them: pipelines started apart are interchangeable.
 * Audio begins at the first AAC frame at or after the segment's time, because the loop is cut so and is a whole number of frames long.
 */
export function segmentBytes(rendition: LoopRendition, event: LiveEvent, number: number): Buffer {
  const { fragments, timescale, duration } = rendition;
  const index = number - event.startNumber;
  const fragment = fragments[index % fragments.length]!;
  const round = BigInt(Math.floor(index / fragments.length));
  return retime(fragment, {
    sequenceNumber: number,
    decodeTime: round * duration + fragment.decodeTime,
    timescale,
    epochMs: event.availabilityStartMs,
  });
}

/**
 * The document of an event that this stream feeds.
 * @param startMs wall clock of media time 0, rounded down to a whole segment since 1970: pipelines started with any two
 * times of one segment agree, and those started with 0 agree always
 */
export function testStreamEvent(options: { eventId: string; startMs: number; dvrWindowMs: number }): LiveEvent {
  const { segmentDurationMs, renditions } = readLoopDescription();
  return eventSchema.parse({
    id: options.eventId,
    state: 'live',
    availabilityStartMs: Math.floor(options.startMs / segmentDurationMs) * segmentDurationMs,
    segmentDurationMs,
    startNumber: START_NUMBER,
    dvrWindowMs: options.dvrWindowMs,
    renditions,
    ...defaultTemplates(options.eventId),
  });
}

function readMedia(renditionId: string, name: string): Buffer {
  return readFileSync(new URL(`${renditionId}/${name}`, FOLDER));
}

function continuousDuration(id: string, fragments: readonly Fragment[]): bigint {
  let end = 0n;
  for (const [index, { decodeTime, duration }] of fragments.entries()) {
    if (decodeTime !== end)
      throw new Error(`${id}/${index}.m4s begins at ${decodeTime}, the one before ends at ${end}`);
    end += BigInt(duration);
  }
  return end;
}
