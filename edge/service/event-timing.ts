import { eventSchema } from '../../topology/model/event.ts';
import type { EventTiming } from '../policy/live-events.ts';

/** What the live window is computed from; null when the answer is no event's document. */
export function eventTiming(status: number, body: Uint8Array | null): EventTiming | null {
  const event = status === 200 && body !== null ? parseEvent(body) : null;
  if (event === null) return null;
  const { availabilityStartMs, segmentDurationMs, startNumber, dvrWindowMs, endNumber } = event;
  return {
    availabilityStartMs,
    segmentDurationMs,
    startNumber,
    dvrWindowMs,
    ...(endNumber === undefined ? {} : { endNumber }),
  };
}

function parseEvent(body: Uint8Array) {
  try {
    return eventSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch {
    return null;
  }
}
