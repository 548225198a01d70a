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
