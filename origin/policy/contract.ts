import type { CandidateDefect } from './segment-slot.ts';

/** A PUT as judged by the shell; its bytes stay there under `bodyId`. */
export interface Candidate {
  /** from 1 on; also names this PUT in `taken` and `rejected` */
  bodyId: number;
  /** index in the configured order */
  pipeline: number;
  eventId: string;
  renditionId: string;
  /** INIT for the init segment */
  number: number;
  sizeBytes: number;
  defect: CandidateDefect | null;
}

/** spare: valid, but another candidate was first, whose bytes stay. The first three speak of event documents. */
export type IngestOutcome = 'created' | 'updated' | 'unchanged' | 'published' | 'spare';

export type IngestRefusal =
  | CandidateDefect
  | 'unknown-event'
  | 'unknown-rendition'
  | 'too-early'
  /** the retry deadline has passed: readers were told that the segment does not come */
  | 'too-late'
  | 'gone'
  | 'no-room'
  | 'bad-event'
  | 'conflict'
  | 'too-many-events';

export type RefusalReason =
  | 'unknown-event'
  | 'unknown-rendition'
  | 'too-early'
  /** held to the bound, in vain */
  | 'not-yet'
  | 'never-produced'
  | 'gone'
  /** dropped before its time, for want of memory */
  | 'evicted'
  | 'shed'
  | 'too-many-waiters';

export interface ReadRefusal {
  status: 404 | 410 | 503;
  reason: RefusalReason;
  /** how long the refusal holds, to be cached */
  lifetimeMs: number;
  /** for people; '' when the reason says it all */
  detail: string;
}

/** Where results go. `release` may be called from inside `serve` and `refuse`. */
export interface OriginSink {
  serve(readId: number, bodyId: number, lifetimeMs: number): void;
  /** an answer will come later */
  wait(readId: number): void;
  refuse(readId: number, refusal: ReadRefusal): void;
  taken(ingestId: number, outcome: IngestOutcome): void;
  rejected(ingestId: number, reason: IngestRefusal, detail: string): void;
  /** the bytes of a published body are wanted no longer */
  drop(bodyId: number, cause: DropCause): void;
}

/** expired: left the DVR window. evicted: earlier than that, for want of memory. */
export type DropCause = 'expired' | 'evicted';

export interface OriginLimits {
  maxStoredBytes: number;
  maxDvrWindowMs: number;
  maxEvents: number;
  maxWaiters: number;
  /** reads being answered at once; DVR reads get three quarters of it */
  maxReads: number;
}
