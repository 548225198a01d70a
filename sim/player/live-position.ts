import type { LiveEvent } from '../../topology/model/event.ts';
import { newestNumber, oldestNumber } from '../../topology/model/live-window.ts';

/** The wall clock in an event's media time: what the camera sees now. */
export function mediaClockMs(event: LiveEvent, wallMs: number): number {
  return wallMs - event.availabilityStartMs;
}

/**
 * Where live playback starts, in media time: the delay behind the clock, as hls.js counts it (latency-controller.ts,
 * `liveSyncPosition`), so usually inside a segment; never behind the DVR window, nor where not even one segment is left
 * ahead, unless there is none yet.
 */
export function livePositionMs(event: LiveEvent, wallMs: number, delaySegments: number): number {
  const durationMs = event.segmentDurationMs;
  const newestMs = (newestNumber(event, wallMs) - event.startNumber) * durationMs;
  const oldestMs = (oldestNumber(event, wallMs) - event.startNumber) * durationMs;
  const wantedMs = mediaClockMs(event, wallMs) - delaySegments * durationMs;
  return Math.max(oldestMs, Math.min(wantedMs, newestMs));
}

/** Where a viewer begins: at the live edge, at the event's beginning or what is left of it, or so far behind the live edge. */
export type StartAt = 'live' | 'start-over' | { behindLiveMs: number };

/** Who plays at the very end of the DVR window falls out of it at the first hesitation. */
const DVR_MARGIN_SEGMENTS = 3;

/** Where playback starts, in media time: inside the DVR window with a margin, and never beyond the live position. */
export function startPositionMs(event: LiveEvent, wallMs: number, startAt: StartAt, delaySegments: number): number {
  const liveMs = livePositionMs(event, wallMs, delaySegments);
  if (startAt === 'live') return liveMs;
  const marginMs = DVR_MARGIN_SEGMENTS * event.segmentDurationMs;
  const safeMs = (oldestNumber(event, wallMs + marginMs) - event.startNumber) * event.segmentDurationMs;
  const wantedMs = startAt === 'start-over' ? 0 : liveMs - startAt.behindLiveMs;
  return Math.min(liveMs, Math.max(safeMs, wantedMs));
}
