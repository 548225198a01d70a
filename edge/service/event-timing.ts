import { eventSchema } from '../../topology/model/event.ts';
import type { EventTiming } from '../policy/live-events.ts';

/**
 * What the live window and reservations are computed from; null when the answer is no event's document.
 * @param numberOf a rendition; −1 when it has none
 */
export function eventTiming(
  status: number,
  body: Uint8Array | null,
  numberOf: (renditionId: string) => number,
): EventTiming | null {
  const event = status === 200 && body !== null ? parseEvent(body) : null;
  if (event === null) return null;
  const nominalBps: number[] = [];
  for (const { id, bandwidth } of event.renditions) {
    const number = numberOf(id);
    if (number >= 0) nominalBps[number] = bandwidth;
  }
  const { availabilityStartMs, segmentDurationMs, startNumber, dvrWindowMs, endNumber } = event;
  return {
    availabilityStartMs,
    segmentDurationMs,
    startNumber,
    dvrWindowMs,
    nominalBps,
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
