import type { LiveEvent } from '../../topology/model/event.ts';

/** An event as a player plays it; worked out once for each event document, shared by all its players. */
export interface Ladder {
  event: LiveEvent;
  /** what adaptation chooses from: indexes into `event.renditions`, ascending by bandwidth; audio where there is no video */
  adaptive: readonly number[];
  /** bits per second of each choice with the audio beside it: what HLS calls a variant's BANDWIDTH, and hls.js compares */
  variantBps: readonly number[];
  /** index into `event.renditions` of the audio played beside the video, or -1 */
  audio: number;
}

export function ladderOf(event: LiveEvent): Ladder {
  const { renditions } = event;
  const hasVideo = renditions.some(({ kind }) => kind === 'video');
  const kind = hasVideo ? 'video' : 'audio';
  const adaptive = [...renditions.keys()]
    .filter((index) => renditions[index]!.kind === kind)
    .sort((a, b) => renditions[a]!.bandwidth - renditions[b]!.bandwidth || a - b);
  const audio = hasVideo ? renditions.findIndex((rendition) => rendition.kind === 'audio') : -1;
  const audioBps = audio < 0 ? 0 : renditions[audio]!.bandwidth;
  return { event, adaptive, variantBps: adaptive.map((index) => renditions[index]!.bandwidth + audioBps), audio };
}
