import type { FillHead } from './sink.ts';
import type { StoredObject } from './store.ts';

export interface KeyState {
  readonly key: number;
  readonly hash: number;
  readonly event: number;
  readonly segment: number;
  /** number of the event's rendition, or −1 */
  readonly rendition: number;
  object: StoredObject | null;
  /** the shared fill in flight, if any */
  fill: Fill | null;
  /** 0 unless what was last answered could not be shared */
  uncacheableUntilMs: number;
  /** fills of either kind, and rekeyed requests, that still refer to the key */
  users: number;
}

export interface RequestState {
  readonly id: number;
  key: number;
  readonly flags: number;
  readonly deadlineMs: number;
  readonly fill: Fill;
  /** its answer has begun: it reads, and no longer waits */
  begun: boolean;
  /** `key` is another than its fill's, and counts it among its users */
  rekeyed: boolean;
}

/** When what a response said of itself ends; monotonic, but for the age. */
export interface Lifetimes {
  storedMs: number;
  ageMs: number;
  freshUntilMs: number;
  staleWhileRevalidateUntilMs: number;
  staleIfErrorUntilMs: number;
}

export interface Fill {
  /** another for each attempt */
  id: number;
  key: number;
  /** `fill`: shared and to be stored. `pass`: for those who are on it already, and nobody else. */
  kind: 'fill' | 'pass';
  /** a pass that was a fill before: asked without anybody's own conditions, so all who are on it may have it */
  shares: boolean;
  phase: 'head' | 'body';
  source: number;
  /** the sources tried */
  readonly tried: number[];
  attempts: number;
  readonly fromTier: boolean;
  /** the stored object it asks about, or −1 */
  revalidates: number;
  /** requests that have been sent nothing yet, in order of arrival */
  readonly waiters: Set<number>;
  /** requests whose answer has begun */
  readonly readers: Set<number>;
  /** of this attempt, or of the one whose body this one continues */
  head: FillHead | null;
  /** this attempt goes on with the body of the one before: its first bytes have been received already */
  continues: boolean;
  receivedBytes: number;
  /** bytes counted against the store's bound */
  heldBytes: number;
  deadlineMs: number;
  /** the shell has paused it for its slow readers */
  paused: boolean;
  /** the request whose header fields the attempt carries, whether it waits or not */
  leader: number;
  lifetimes: Lifetimes | null;
}

export function newFill(id: number, key: number, kind: Fill['kind'], fromTier: boolean): Fill {
  return {
    id,
    key,
    kind,
    shares: false,
    phase: 'head',
    source: -1,
    tried: [],
    attempts: 0,
    fromTier,
    revalidates: -1,
    waiters: new Set(),
    readers: new Set(),
    head: null,
    continues: false,
    receivedBytes: 0,
    heldBytes: 0,
    deadlineMs: 0,
    paused: false,
    leader: -1,
    lifetimes: null,
  };
}

export function isWanted(fill: Fill): boolean {
  return fill.waiters.size > 0 || fill.readers.size > 0;
}

/** Whether another attempt could go on with the body that has begun: a strong validator and a length would prove it the same. */
export function isResumable({ kind, readers, head }: Fill): boolean {
  return kind === 'fill' && readers.size > 0 && head !== null && head.validator !== '' && head.lengthBytes >= 0;
}

/** Whether somebody new may read it: a pass that goes on with a body has been let go of as far as its readers are. */
export function canBeBegun({ kind, continues }: Fill): boolean {
  return kind === 'fill' || !continues;
}

/** Whether the head belongs to the very body that a resumable attempt began. */
export function isSameBody(before: FillHead, head: FillHead): boolean {
  return (
    head.status === before.status && head.validator === before.validator && head.lengthBytes === before.lengthBytes
  );
}
