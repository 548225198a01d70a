/** Where a session is served from, in the record's numbers. */
export interface Placement {
  /** −1: refused */
  server: number;
  bps: number;
  /** it is served from the best site for its place; else why not: health or room, or anything else */
  rank0: 'hit' | 'health' | 'other';
}

export interface SessionState {
  /** stable hash of client and content */
  readonly session: number;
  readonly isLive: boolean;
  lastMs: number;
  ttlMs: number;
  /** it counts as playing now */
  isAlive: boolean;
  before: Placement;
  after: Placement;
  /** sites and servers of its manifest are others than in the record: these */
  manifest: ReadonlySet<string> | null;
  /** its manifest has no rendition above this, unlike the recorded one */
  mostBps: number;
  flags: number;
}

/** What a session has met, each told once. */
export const MET = { moved: 1, reducedBefore: 2, reducedAfter: 4, refusedBefore: 8, refusedAfter: 16 } as const;

export interface SessionSink {
  /** it was served so for that long */
  served(session: SessionState, durationMs: number): void;
  /** it plays no longer, for now or for good */
  stopped(session: SessionState, atMs: number): void;
}

const BUCKET_MS = 250;

/**
 * Sessions that play. One lives from its first decision to its last and the time after which that asked for another; who
 * asks again within as long once more goes on. Kept: who plays now, however long the record.
 */
export class SessionBook {
  count = 0;
  readonly #sink: SessionSink;
  readonly #sessions = new Map<number, SessionState>();
  readonly #buckets = new Map<number, SessionState[]>();
  #bucket = -Infinity;

  constructor(sink: SessionSink) {
    this.#sink = sink;
  }

  /** A decision for the session comes; what it had until now has been served. @returns null for a new one */
  comes(session: number, atMs: number): SessionState | null {
    const state = this.#sessions.get(session);
    if (state === undefined) return null;
    this.#sink.served(state, Math.max(0, atMs - state.lastMs));
    return state;
  }

  /** It is placed so, and will ask again after that time. */
  goesOn(state: SessionState, atMs: number, ttlMs: number): void {
    if (!this.#sessions.has(state.session)) {
      this.count++;
      this.#sessions.set(state.session, state);
    }
    state.lastMs = atMs;
    state.ttlMs = ttlMs;
    state.isAlive = true;
    this.#wakeAt(state, atMs + ttlMs);
  }

  /** Time has come to this. */
  advance(nowMs: number): void {
    const until = Math.floor(nowMs / BUCKET_MS);
    if (this.#bucket === -Infinity) this.#bucket = until;
    // A record may pause for hours: then it is quicker to look at what there is.
    if (until - this.#bucket > this.#buckets.size) {
      for (const bucket of [...this.#buckets.keys()].filter((each) => each < until).sort((a, b) => a - b)) {
        this.#empty(bucket, nowMs);
      }
      this.#bucket = until;
    }
    for (; this.#bucket < until; this.#bucket++) this.#empty(this.#bucket, nowMs);
  }

  /** The record is at its end. */
  finish(): void {
    for (const state of this.#sessions.values()) this.#end(state);
    this.#sessions.clear();
    this.#buckets.clear();
  }

  #empty(bucket: number, nowMs: number): void {
    const states = this.#buckets.get(bucket);
    if (states === undefined) return;
    this.#buckets.delete(bucket);
    for (const state of states) this.#wake(state, nowMs);
  }

  #wake(state: SessionState, nowMs: number): void {
    const untilMs = state.lastMs + state.ttlMs;
    if (untilMs > nowMs || this.#sessions.get(state.session) !== state) return;
    if (state.isAlive) {
      state.isAlive = false;
      this.#sink.stopped(state, untilMs);
      if (untilMs + state.ttlMs > nowMs) this.#wakeAt(state, untilMs + state.ttlMs);
    }
    if (untilMs + state.ttlMs > nowMs) return;
    this.#end(state);
    this.#sessions.delete(state.session);
  }

  #end(state: SessionState): void {
    this.#sink.served(state, state.ttlMs);
    if (state.isAlive) this.#sink.stopped(state, state.lastMs + state.ttlMs);
    state.isAlive = false;
  }

  /** @param atMs not before now */
  #wakeAt(state: SessionState, atMs: number): void {
    const bucket = Math.floor(atMs / BUCKET_MS);
    const states = this.#buckets.get(bucket);
    if (states === undefined) this.#buckets.set(bucket, [state]);
    else states.push(state);
  }
}
