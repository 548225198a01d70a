import type { LiveEvent } from './event.ts';

/**
 * The arithmetic of the live window (reference: DASH-IF, `$Number$` with availabilityStartTime; ATO and period start are 0).
 * All times are wall-clock Unix milliseconds.
 */

type Timing = Pick<
  LiveEvent,
  'availabilityStartMs' | 'segmentDurationMs' | 'startNumber' | 'dvrWindowMs' | 'endNumber'
>;

/** When segment `number` is complete and may be published. */
export function availableAtMs(event: Timing, number: number): number {
  return event.availabilityStartMs + (number - event.startNumber + 1) * event.segmentDurationMs;
}

/** When segment `number` leaves the DVR window. */
export function expiresAtMs(event: Timing, number: number): number {
  return availableAtMs(event, number) + event.dvrWindowMs;
}

/** The newest segment that the clock says is complete; startNumber − 1 before there is one; never past endNumber. */
export function newestNumber(event: Timing, wallMs: number): number {
  const elapsed = Math.floor((wallMs - event.availabilityStartMs) / event.segmentDurationMs);
  const newest = event.startNumber + Math.max(0, elapsed) - 1;
  return event.endNumber === undefined ? newest : Math.min(newest, event.endNumber);
}

/** The oldest segment still inside the DVR window (may be newer than the newest one when the event is long over). */
export function oldestNumber(event: Timing, wallMs: number): number {
  const expired = Math.floor((wallMs - event.dvrWindowMs - event.availabilityStartMs) / event.segmentDurationMs);
  return event.startNumber + Math.max(0, expired);
}

export type WindowVerdict =
  /** published by the clock, and inside the DVR window until `untilMs` */
  | { kind: 'available'; untilMs: number }
  /** the first one not yet published by the clock: held upstream */
  | { kind: 'next'; availableMs: number }
  /** beyond next: 404, which holds until the segment becomes next at `untilMs` */
  | { kind: 'too-early'; untilMs: number }
  /** left the DVR window, lies before startNumber, or after endNumber: 410 */
  | { kind: 'gone' };

/**
 * Where segment `number` stands at `wallMs`, seen by a clock that may be wrong by `toleranceMs` either way:
 * nothing is refused that a right clock could still allow.
 */
export function windowVerdict(event: Timing, number: number, wallMs: number, toleranceMs = 0): WindowVerdict {
  if (number < event.startNumber) return { kind: 'gone' };
  if (event.endNumber !== undefined && number > event.endNumber) return { kind: 'gone' };
  const available = availableAtMs(event, number);
  const expires = available + event.dvrWindowMs;
  if (wallMs - toleranceMs >= expires) return { kind: 'gone' };
  if (wallMs >= available) return { kind: 'available', untilMs: expires };
  const becomesNext = available - event.segmentDurationMs;
  if (wallMs + toleranceMs >= becomesNext) return { kind: 'next', availableMs: available };
  return { kind: 'too-early', untilMs: becomesNext - toleranceMs };
}
