import type { LiveEvent } from '../../topology/model/event.ts';
import { newestNumber, windowVerdict, type WindowVerdict } from '../../topology/model/live-window.ts';
import type { Priority } from '../../topology/model/priority.ts';
import type { ReservedRate } from './reserved-rate.ts';

/** The part of an event's document that the window and reservations are computed from. */
export type EventTiming = Pick<
  LiveEvent,
  'availabilityStartMs' | 'segmentDurationMs' | 'startNumber' | 'dvrWindowMs' | 'endNumber'
> & {
  /** bandwidth of each rendition, by the number that the shell gave it */
  nominalBps?: readonly number[];
};

interface EventState {
  timing: EventTiming | null;
  /** monotonic: when to ask for the document again */
  learnAtMs: number;
  learning: boolean;
}

/** Segments this close to the newest one are what viewers at the live edge are waiting for. */
const LIVE_EDGE_SEGMENTS = 3;
/** An unknown event is asked for again after this long; a known one when its document's lifetime ends. */
const RETRY_MS = 2000;

/** What this edge knows of each event's window. Events are numbered by the shell. */
export class LiveEvents {
  readonly #events: EventState[] = [];

  /** Whether the document should be fetched now; true at most once until `learned` or `unknown`. */
  wantsLearning(event: number, nowMs: number): boolean {
    const state = (this.#events[event] ??= { timing: null, learnAtMs: 0, learning: false });
    if (state.learning || nowMs < state.learnAtMs) return false;
    state.learning = true;
    return true;
  }

  learned(event: number, timing: EventTiming, ttlMs: number, nowMs: number): void {
    this.#events[event] = { timing, learnAtMs: nowMs + Math.max(ttlMs, 500), learning: false };
  }

  /** The document could not be had. What was known of it stays true: an outage above must not widen the window. */
  unknown(event: number, nowMs: number): void {
    const timing = this.#events[event]?.timing ?? null;
    this.#events[event] = { timing, learnAtMs: nowMs + RETRY_MS, learning: false };
  }

  /** null while the event's document is not known: then nothing is refused. */
  verdict(event: number, number: number, wallMs: number, clockErrorMs: number): WindowVerdict | null {
    const timing = this.#events[event]?.timing;
    return timing ? windowVerdict(timing, number, wallMs, clockErrorMs) : null;
  }

  /** What a player that asks for the segment has reserved by it: how much, and for how long. Nothing while it is unknown. */
  reserve(event: number, rendition: number, reserved: ReservedRate): void {
    const timing = this.#events[event]?.timing;
    const nominalBps = timing?.nominalBps?.[rendition];
    if (nominalBps !== undefined) reserved.asked(nominalBps, timing!.segmentDurationMs);
  }

  /** Whether `reserve` would do anything. */
  isNominal(event: number, rendition: number): boolean {
    return this.#events[event]?.timing?.nominalBps?.[rendition] !== undefined;
  }

  priority(event: number, number: number, wallMs: number): Priority {
    const timing = this.#events[event]?.timing;
    if (!timing) return 'live-edge';
    return number > newestNumber(timing, wallMs) - LIVE_EDGE_SEGMENTS ? 'live-edge' : 'live-dvr';
  }
}
