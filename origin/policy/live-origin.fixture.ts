import { defaultTemplates, type LiveEvent } from '../../topology/model/event.ts';
import type { IngestOutcome, IngestRefusal, OriginLimits, OriginSink, ReadRefusal } from './contract.ts';
import { LiveOrigin } from './live-origin.ts';
import type { CandidateDefect } from './segment-slot.ts';

export const START_MS = 1_000_000;
export const SEGMENT_MS = 2000;
export const DVR_MS = 60_000;

export function liveEvent(changes: Partial<LiveEvent> = {}): LiveEvent {
  return {
    id: 'match',
    state: 'live',
    availabilityStartMs: START_MS,
    segmentDurationMs: SEGMENT_MS,
    startNumber: 1,
    dvrWindowMs: DVR_MS,
    renditions: [
      { id: 'v1', kind: 'video', codecs: 'avc1.64001f', bandwidth: 3_000_000 },
      { id: 'a1', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 128_000 },
    ],
    ...defaultTemplates('match'),
    ...changes,
  };
}

export const AMPLE: OriginLimits = {
  maxStoredBytes: 1e9,
  maxDvrWindowMs: 600_000,
  maxEvents: 4,
  maxWaiters: 100,
  maxReads: 100,
};

export type Answer = { kind: 'serve'; bodyId: number; lifetimeMs: number } | ({ kind: 'refuse' } & ReadRefusal);

/** A machine with hands: a clock that both times move with, and memory of all that came out. */
export class Rig {
  readonly origin: LiveOrigin;
  readonly answers = new Map<number, Answer[]>();
  readonly answeredAtMs = new Map<number, number>();
  readonly waited = new Set<number>();
  readonly ingest = new Map<number, IngestOutcome | IngestRefusal>();
  readonly details = new Map<number, string>();
  readonly dropped: [bodyId: number, cause: string][] = [];
  /** both clocks: monotonic starts at 0 where the event's media starts */
  nowMs = 0;
  #lastId = 0;

  constructor(limits: Partial<OriginLimits> = {}, event: LiveEvent | null = liveEvent()) {
    const sink: OriginSink = {
      serve: (readId, bodyId, lifetimeMs) => this.#answer(readId, { kind: 'serve', bodyId, lifetimeMs }),
      wait: (readId) => this.waited.add(readId),
      refuse: (readId, refusal) => this.#answer(readId, { kind: 'refuse', ...refusal }),
      taken: (ingestId, outcome) => this.ingest.set(ingestId, outcome),
      rejected: (ingestId, reason, detail) => {
        this.ingest.set(ingestId, reason);
        this.details.set(ingestId, detail);
      },
      drop: (bodyId, cause) => this.dropped.push([bodyId, cause]),
    };
    this.origin = new LiveOrigin(['a', 'b'], { ...AMPLE, ...limits }, sink);
    if (event !== null) this.announce(event);
  }

  get at() {
    return { nowMs: this.nowMs, wallMs: START_MS + this.nowMs };
  }

  /** Moves both clocks, waking the machine whenever it asked to be. */
  to(nowMs: number): void {
    for (let next = this.origin.nextWake(); next <= nowMs; next = this.origin.nextWake()) {
      this.nowMs = Math.max(this.nowMs, next);
      this.origin.wake(this.at);
    }
    this.nowMs = Math.max(this.nowMs, nowMs);
  }

  announce(event: LiveEvent): IngestOutcome | IngestRefusal | undefined {
    const id = ++this.#lastId;
    this.origin.announce(id, event, this.at);
    return this.ingest.get(id);
  }

  /** @returns the body's id; its fate is in `ingest` */
  offer(
    number: number,
    { pipeline = 0, rendition = 'v1', sizeBytes = 1000, defect = null as CandidateDefect | null, event = 'match' } = {},
  ): number {
    const bodyId = ++this.#lastId;
    this.origin.offer({ bodyId, pipeline, eventId: event, renditionId: rendition, number, sizeBytes, defect }, this.at);
    return bodyId;
  }

  read(number: number, rendition = 'v1', event = 'match'): number {
    const readId = ++this.#lastId;
    this.origin.read(readId, event, rendition, number, this.at);
    return readId;
  }

  /** The one answer to a read, or undefined while it waits. */
  answer(readId: number): Answer | undefined {
    return this.answers.get(readId)?.[0];
  }

  #answer(readId: number, answer: Answer): void {
    this.answers.set(readId, [...(this.answers.get(readId) ?? []), answer]);
    this.answeredAtMs.set(readId, this.nowMs);
  }
}
