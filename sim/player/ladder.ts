import type { LiveEvent } from '../../topology/model/event.ts';

/** An event as a player plays it; worked out once for each event document, shared by all its players. */
export interface Ladder {
  event: LiveEvent;
  /** what adaptation chooses from: indexes into `event.renditions`, ascending by bandwidth; audio where there is no video */
  adaptive: readonly number[];
  /** bits per second of each choice with the audio beside it: what HLS calls a variant's BANDWIDTH, and hls.js compares */
  variantBps: readonly number[];
  /** the same of the choice that the event, and so its manifest, names first */
  firstVariantBps: number;
  /** index into `event.renditions` of the audio played beside the video, or -1 */
  audio: number;
}

/** What a device can play; the lowest rendition is left to it in any case. */
export interface DeviceCaps {
  /** lines of the picture */
  maxHeight: number;
  /** bits per second of video and audio together */
  maxBitrateBps: number;
}

export const NO_CAPS: DeviceCaps = { maxHeight: Infinity, maxBitrateBps: Infinity };

export function ladderOf(event: LiveEvent): Ladder {
  const { renditions } = event;
  const hasVideo = renditions.some(({ kind }) => kind === 'video');
  const kind = hasVideo ? 'video' : 'audio';
  const listed = [...renditions.keys()].filter((index) => renditions[index]!.kind === kind);
  const adaptive = listed.toSorted((a, b) => renditions[a]!.bandwidth - renditions[b]!.bandwidth || a - b);
  const audio = hasVideo ? renditions.findIndex((rendition) => rendition.kind === 'audio') : -1;
  // The manifest counts the loudest of the group (RFC 8216 §4.3.4.2), whichever is played.
  const audioBps = hasVideo
    ? renditions.reduce(
        (most, rendition) => (rendition.kind === 'audio' ? Math.max(most, rendition.bandwidth) : most),
        0,
      )
    : 0;
  const variantBps = adaptive.map((index) => renditions[index]!.bandwidth + audioBps);
  return { event, adaptive, variantBps, firstVariantBps: variantBps[adaptive.indexOf(listed[0]!)]!, audio };
}

/** The part of a ladder that a device can play. */
export function cappedLadder(ladder: Ladder, caps: DeviceCaps): Ladder {
  if (caps.maxHeight === Infinity && caps.maxBitrateBps === Infinity) return ladder;
  const { renditions } = ladder.event;
  const fits = (choice: number) =>
    (renditions[ladder.adaptive[choice]!]!.height ?? 0) <= caps.maxHeight &&
    ladder.variantBps[choice]! <= caps.maxBitrateBps;
  const kept = [...ladder.adaptive.keys()].filter((choice) => choice === 0 || fits(choice));
  return {
    ...ladder,
    adaptive: kept.map((choice) => ladder.adaptive[choice]!),
    variantBps: kept.map((choice) => ladder.variantBps[choice]!),
  };
}
