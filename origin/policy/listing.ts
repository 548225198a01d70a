import type { LiveEvent } from '../../topology/model/event.ts';
import { availableAtMs, expiresAtMs, oldestNumber } from '../../topology/model/live-window.ts';
import type { Track } from './segment-slot.ts';
import { retryDeadlineMs } from './standing.ts';

/** What a rendition's playlist shows at one moment. */
export interface Listing {
  firstNumber: number;
  /** one a number from firstNumber on: true published, false a gap (never produced, or dropped for want of memory) */
  segments: readonly boolean[];
  /** the event has ended and nothing more will be added */
  complete: boolean;
  /** until the listing changes by the clock; 0 when it is overdue */
  lifetimeMs: number;
}

/**
 * Lists the DVR window from the first published number to the last settled one. A number that may still come ends the
 * list, even where a later one is there already, because what is listed must never change (RFC 8216 §6.2.1).
 * @returns null while there is nothing to list
 */
export function listingOf(event: LiveEvent, track: Track, wallMs: number): Listing | null {
  const published = (number: number) => track.slots.get(number)?.state === 'published';
  let firstNumber = oldestNumber(event, wallMs);
  while (firstNumber <= track.newestPublished && !published(firstNumber)) firstNumber++;
  if (firstNumber > track.newestPublished) return null;

  const segments: boolean[] = [];
  const last = event.endNumber ?? Infinity;
  let number = firstNumber;
  for (; number <= last; number++) {
    const there = published(number);
    const settled = there || track.slots.get(number)?.state === 'evicted' || wallMs >= retryDeadlineMs(event, number);
    if (!settled) break;
    segments.push(there);
  }
  const complete = event.state === 'ended' && number > last;
  const changesAtMs = number > last ? expiresAtMs(event, firstNumber) : availableAtMs(event, number);
  return { firstNumber, segments, complete, lifetimeMs: Math.max(0, changesAtMs - wallMs) };
}
