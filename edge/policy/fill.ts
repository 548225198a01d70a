import type { StoredObject } from './store.ts';
import type { FillHead } from './sink.ts';

export interface KeyState {
  readonly key: number;
  readonly hash: number;
  readonly event: number;
  readonly segment: number;
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
  /** its answer has begun: it reads, and no longer waits */
  begun: boolean;
  /** `key` is another than its fill's, and counts it among its users */
  rekeyed: boolean;
  fill: Fill | null;
}

export interface Lifetimes {
  storedMs: number;
  ageMs: number;
  freshUntilMs: number;
  staleWhileRevalidateUntilMs: number;
  staleIfErrorUntilMs: number;
}

export interface Fill {
  id: number;
  key: number;
  /** `fill`: shared and to be stored. `pass`: for those who are on it already, and nobody else. */
  kind: 'fill' | 'pass';
  /** a pass that was shared until it could no longer be stored: all who are on it may have it */
  shares: boolean;
  phase: 'head' | 'body';
  source: number;
  /** bit set of the sources tried */
  tried: number;
  attempts: number;
  readonly fromTier: boolean;
  revalidates: number;
  /** requests that have been sent nothing yet, in order of arrival */
  waiters: number[];
  /** requests whose answer has begun */
  readers: number[];
  head: FillHead | null;
  receivedBytes: number;
  /** of those, counted against the store's bound */
  heldBytes: number;
  deadlineMs: number;
  leader: number;
  lifetimes?: Lifetimes;
}
