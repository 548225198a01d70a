/**
 * What the edge machine tells its shell to do. Calls come synchronously from inside the machine's methods; the shell
 * must not call the machine from inside them.
 */
export interface EdgeSink {
  /** Answer the request from storage. `ttlMs` is negative when it is served stale. */
  serve(requestId: number, objectId: number, outcome: ServeOutcome, ageMs: number, ttlMs: number): void;
  /**
   * Start an upstream request.
   * @param leader the request whose header fields it carries; it need not wait for it, and may have gone
   * @param revalidates a stored object to ask about with its validators, or −1
   * @param alone the answer is for the leader alone: its own conditions and range may be forwarded
   * @param resumes a failed fill whose readers go on with this one's bytes after what they have, or −1
   */
  fill(
    fillId: number,
    key: number,
    source: number,
    leader: number,
    alone: boolean,
    revalidates: number,
    resumes: number,
  ): void;
  /** Answer the request with the fill's status and bytes, those that have come and those to come. */
  stream(requestId: number, fillId: number, how: StreamOutcome): void;
  /** Answer the request without a body from anywhere. `ttlMs` is how long that stays true. */
  refuse(requestId: number, status: number, reason: RefusalReason, ttlMs: number): void;
  /** The request's answer has begun and cannot be completed: cut its connection. */
  cut(requestId: number): void;
  /** The attempt is over, or to be stopped if it is not; nobody reads from it, but for one that resumes it. */
  abort(fillId: number): void;
  /** The fill's body is complete: keep it, its status and header as this object. */
  store(fillId: number, objectId: number): void;
  /** The fill's body is not the one its predecessor began: forget what had come of that. */
  restart(fillId: number): void;
  /** Keep no more of the fill's body than its readers still need. It is a pass, and stays one. */
  passOn(fillId: number): void;
  /** The object was confirmed upstream: merge the fields of the 304 that this fill brought. */
  refresh(fillId: number, objectId: number): void;
  drop(objectId: number): void;
  /** Nothing is known of the key any more: its number may be given to another. */
  release(key: number): void;
  /** Fetch the event's document, then call `learned` or `unknown`. */
  learn(event: number): void;
}

export type ServeOutcome = 'hit' | 'stale' | 'stale-if-error' | 'revalidated';
/** `miss`: the request that caused the fill. `collapsed`: it joined. `pass`: the answer is its alone. */
export type StreamOutcome = 'miss' | 'collapsed' | 'pass';

export type RefusalReason =
  | 'too-early'
  | 'gone'
  | 'wait-bound'
  | 'upstream-failed'
  | 'upstream-error'
  | 'upstream-timeout'
  | 'too-many-fills'
  | 'too-many-waiters'
  | 'shed'
  | 'only-if-cached';

/** Why an upstream attempt ended without a whole answer. */
export const FILL_FAILURES = [
  'unresolved',
  'refused',
  'reset',
  'garbage',
  'short',
  'overlong',
  'timeout',
  'shed',
  'loop',
  'other',
] as const;
export type FillFailure = (typeof FILL_FAILURES)[number];

/** What the machine must know of a response header, worked out by `freshness.ts` when it came. */
export interface FillHead {
  status: number;
  /** may be given to others than the one who asked, now and for `ttlMs` */
  shareable: boolean;
  /** remaining lifetime, in milliseconds from now */
  ttlMs: number;
  /** its age now, in milliseconds */
  ageMs: number;
  staleWhileRevalidateMs: number;
  staleIfErrorMs: number;
  /** the body's length, or −1 when it is not told */
  lengthBytes: number;
  /** a strong validator (ETag, digest) of the body; empty when there is none */
  validator: string;
  /** the key it belongs to: differs from the fill's where `Vary` says so */
  key: number;
}

/** Request flags, a bit set. */
export const FROM_TIER = 1;
export const ONLY_IF_CACHED = 2;
/** one that the shell makes for itself: an event's document */
export const INTERNAL = 4;
/** without a body, or for a part of it: says nothing of what the player takes */
export const PARTIAL = 8;
