import type { LiveEvent } from '../../topology/model/event.ts';
import type { IngestRefusal } from './contract.ts';
import { INIT, type Slot } from './segment-slot.ts';
import { isOver, standingOf } from './standing.ts';

/**
 * Why a candidate comes at the wrong time for a segment that is not published, or null.
 * Judged by the clock alone: a pipeline that ran ahead must not pull itself further ahead.
 */
export function judgeTime(
  event: LiveEvent,
  slot: Slot | undefined,
  number: number,
  wallMs: number,
): { reason: IngestRefusal; detail: string } | null {
  if (slot?.state === 'evicted') return { reason: 'gone', detail: 'it was published and has been dropped' };
  if (number === INIT) return isOver(event, wallMs) ? { reason: 'gone', detail: 'the event is over' } : null;
  const standing = standingOf(event, number, -1, wallMs);
  if (standing.kind === 'too-early') {
    const earlyMs = Math.ceil(standing.untilMs - wallMs);
    return { reason: 'too-early', detail: `by ${earlyMs} ms: compare the clocks of pipeline and origin` };
  }
  if (standing.kind === 'never-produced') {
    return { reason: 'too-late', detail: 'its retry deadline has passed: compare the clocks of pipeline and origin' };
  }
  if (standing.kind === 'gone') return { reason: 'gone', detail: 'outside the event, or past its DVR window' };
  return null;
}
