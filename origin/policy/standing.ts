import { CLOCK_ERROR_MS } from '../../topology/quantities.ts';
import type { LiveEvent } from '../../topology/model/event.ts';
import { INIT } from './segment-slot.ts';
import { availableAtMs, expiresAtMs, newestNumber, windowVerdict } from '../../topology/model/live-window.ts';

/** Where an unpublished segment stands; times are wall clock. */
export type Standing =
  /** may still be published; whoever asks is held, until `deadlineMs` at the latest */
  | { kind: 'due'; deadlineMs: number }
  /** 404, which holds until the segment becomes due */
  | { kind: 'too-early'; untilMs: number }
  /** its retry deadline has passed: it will not come any more */
  | { kind: 'never-produced' }
  /** outside the DVR window, before the first number or after the last */
  | { kind: 'gone' };

/** How far behind the newest segment a read still counts as live edge. */
const LIVE_EDGE_SEGMENTS = 3;

/** The retry budget of a segment: one segment duration after it should have been there (reference: live origin). */
export function retryDeadlineMs(event: LiveEvent, number: number): number {
  return availableAtMs(event, number) + event.segmentDurationMs;
}

/**
 * @param newestPublished the rendition's newest published number: the one after it is next, even where pipelines run
 * ahead of the clock. Pass −1 to judge by the clock alone, as candidates are: else a fast pipeline pulls itself ahead.
 */
export function standingOf(event: LiveEvent, number: number, newestPublished: number, wallMs: number): Standing {
  const verdict = windowVerdict(event, number, wallMs, CLOCK_ERROR_MS);
  if (verdict.kind === 'gone') return verdict;
  const deadlineMs = retryDeadlineMs(event, number);
  const follows = newestPublished >= event.startNumber && number === newestPublished + 1;
  if (verdict.kind === 'too-early' && !follows) return verdict;
  return wallMs < deadlineMs ? { kind: 'due', deadlineMs } : { kind: 'never-produced' };
}

export function isLiveEdge(event: LiveEvent, number: number, wallMs: number): boolean {
  return number > newestNumber(event, wallMs) - LIVE_EDGE_SEGMENTS;
}

/** The event has ended and its last segment has left the DVR window: nothing of it is readable any more. */
export function isOver(event: LiveEvent, wallMs: number): boolean {
  if (event.state !== 'ended' || event.endNumber === undefined) return false;
  return wallMs - CLOCK_ERROR_MS >= expiresAtMs(event, event.endNumber);
}

/** Nobody reads it any more, even by a clock that lags. Init segments stay as long as anything of the event does. */
export function hasLeft(event: LiveEvent, number: number, wallMs: number): boolean {
  if (number === INIT) return isOver(event, wallMs);
  return wallMs - CLOCK_ERROR_MS >= expiresAtMs(event, number);
}
