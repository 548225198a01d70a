import type { Priority } from '../../topology/model/priority.ts';
import { Deadlines } from './deadlines.ts';
import type { EdgePolicyConfig } from './edge-config.ts';
import { newStats } from './edge-stats.ts';
import { Fills } from './fills.ts';
import {
  canBeBegun,
  isResumable,
  isSameBody,
  type Fill,
  type KeyState,
  type Lifetimes,
  type RequestState,
} from './fill.ts';
import { KeyStates } from './key-states.ts';
import { LiveEvents, type EventTiming } from './live-events.ts';
import { Requests } from './requests.ts';
import { ReservedRate } from './reserved-rate.ts';
import type { EdgeSink, FillFailure, FillHead, RefusalReason, ServeOutcome, StreamOutcome } from './sink.ts';
import { FROM_TIER, INTERNAL, ONLY_IF_CACHED, PARTIAL } from './sink.ts';
import { Sources, type SourceLayout } from './sources.ts';
import { Store, type StoredObject } from './store.ts';

/**
 * The edge cache as a pure machine: requests and upstream events in, decisions out through the sink, time as an
 * argument. It keeps three promises whatever the order of events: at most one shared fill of a key in flight; nobody
 * waits past `waitMs` for a first byte; nothing short is stored, or passed off as whole.
 *
 * A key goes through: nothing known → filling (requests wait, then read along) → stored → stale → filling …, or
 * → uncacheable for a while (each request passes by itself, nobody queues).
 *
 * Numbers: requests, fills, objects and events are numbered by whoever makes them (requests, keys and events by the
 * shell, fills and objects here). `nowMs` is monotonic, `wallMs` Unix time.
 */
export class EdgeMachine {
  readonly stats = newStats();
  /** failed upstream attempts by cause */
  readonly failures = new Map<FillFailure, number>();
  readonly events = new LiveEvents();
  readonly reserved = new ReservedRate();
  readonly sources: Sources;
  readonly #config: EdgePolicyConfig;
  readonly #sink: EdgeSink;
  readonly #store: Store;
  readonly #deadlines = new Deadlines();
  readonly #keys: KeyStates;
  readonly #requests: Requests;
  readonly #fills: Fills;
  #nextObjectId = 1;

  constructor(config: EdgePolicyConfig, layout: SourceLayout, sink: EdgeSink) {
    this.#config = config;
    this.#sink = sink;
    this.sources = new Sources(layout, config.sourceDownMs);
    this.#store = new Store(config.memoryBytes, (object) => this.#dropped(object), config.eviction);
    this.#keys = new KeyStates(sink, config.uncacheableMs);
    this.#requests = new Requests(this.#keys, this.#deadlines);
    this.#fills = new Fills({
      config,
      sink,
      keys: this.#keys,
      store: this.#store,
      sources: this.sources,
      deadlines: this.#deadlines,
      stats: this.stats,
    });
  }

  // ——— what the shell may ask ———

  /** requests whose answer is not complete, as far as the machine has been told */
  get open(): number {
    return this.#requests.open;
  }

  /** of those, the ones whose answer has not begun */
  get waiting(): number {
    return this.#requests.waiting;
  }

  get fillsInFlight(): number {
    return this.#fills.size;
  }

  get storedCount(): number {
    return this.#store.count;
  }

  get storedBytes(): number {
    return this.#store.storedBytes;
  }

  get arrivingBytes(): number {
    return this.#store.arrivingBytes;
  }

  /** When `wake` should be called, at the latest; Infinity when nothing can time out. */
  nextWake(): number {
    this.#dropSettled();
    return Math.min(this.#deadlines.nextMs, this.#keys.nextMs);
  }

  /** How long what the fill brings stays fresh for others; null as long as that has not been decided. */
  freshForMs(fillId: number, nowMs: number): number | null {
    const lifetimes = this.#fills.get(fillId)?.lifetimes ?? null;
    return lifetimes === null ? null : Math.max(0, lifetimes.freshUntilMs - nowMs);
  }

  // ——— keys ———

  /**
   * Makes a key known before its first use.
   * @param hash stable hash of the key's text, for the ring
   * @param event number of the live event whose segment it is, or −1
   * @param rendition number of the event's rendition, or −1
   */
  define(key: number, hash: number, event: number, segment: number, rendition = -1): void {
    this.#keys.define(key, hash, event, segment, rendition);
  }

  /** How a fill of the key ranks when the tier above must choose (DESIGN §5). */
  priority(key: number, wallMs: number): Priority {
    const state = this.#keys.at(key);
    return state.event < 0 ? 'on-demand' : this.events.priority(state.event, state.segment, wallMs);
  }

  /** Whether a request counts by the nominal bitrate of what it asks for, and not by the bytes that go out. */
  isNominal(key: number, flags: number): boolean {
    const { event, rendition } = this.#keys.at(key);
    return event >= 0 && (flags & NO_PLAYER) === 0 && this.events.isNominal(event, rendition);
  }

  // ——— requests ———

  request(requestId: number, key: number, flags: number, nowMs: number, wallMs: number): void {
    const state = this.#keys.at(key);
    this.stats.requests++;
    if (state.event >= 0) {
      if (this.#outsideWindow(requestId, state, nowMs, wallMs)) return;
      if ((flags & NO_PLAYER) === 0) this.events.reserve(state.event, state.rendition, this.reserved);
    }
    const object = state.object;
    if (object !== null && nowMs < object.freshUntilMs) {
      this.stats.hits++;
      this.#store.get(key);
      this.#serve(requestId, object, 'hit', nowMs);
      return;
    }
    if (object !== null && nowMs < object.staleWhileRevalidateUntilMs) {
      this.stats.staleHits++;
      // First, while the shell still has the request: its fields say which variant to ask for.
      if (state.fill === null && nowMs >= state.uncacheableUntilMs) this.#refresh(requestId, state, flags, nowMs);
      this.#serve(requestId, object, 'stale', nowMs);
      return;
    }
    if ((flags & ONLY_IF_CACHED) !== 0) {
      this.#refuse(requestId, 504, 'only-if-cached', 0);
      this.#keys.releaseIfIdle(state);
      return;
    }
    this.#miss(requestId, state, flags, nowMs, nowMs + this.#config.waitMs);
  }

  /**
   * The request's key turned out to be another. Called before `fillHead` for everybody who waits for that fill, when
   * `Vary` tells them apart; whoever it is not called for asks again under the old key.
   */
  rekey(requestId: number, key: number): void {
    const request = this.#requests.get(requestId);
    if (request && request.key !== key) this.#requests.rekey(request, key);
  }

  /** The client has gone before its answer was complete. Whatever can still be stored goes on arriving for others. */
  requestGone(requestId: number): void {
    const request = this.#requests.get(requestId);
    if (!request) return;
    this.#requests.forget(request);
    this.#fills.abandonIfUnwanted(request.fill);
  }

  /** A successful unsafe request, or a purge: what is stored under the key must not be used again (RFC 9111 §4.4). */
  invalidate(key: number): void {
    const state = this.#keys.find(key);
    if (!state) return;
    this.#keys.hold(state, () => {
      if (state.object !== null) this.#store.remove(key);
      // What is in flight was asked for before the change: those who wait may have it, nobody after them.
      if (state.fill !== null) this.#fills.makePass(state.fill);
    });
  }

  // ——— fills ———

  fillHead(fillId: number, head: FillHead, nowMs: number, wallMs: number): void {
    const fill = this.#fills.get(fillId);
    if (fill?.phase === 'head') this.#takeHead(fill, head, nowMs, wallMs);
    this.#releaseNamed(head);
  }

  /** The upstream said 304 to a fill that asked about a stored object. @param head of the refreshed response */
  fillNotModified(fillId: number, head: FillHead, nowMs: number, wallMs: number): void {
    const fill = this.#fills.get(fillId);
    if (fill?.phase === 'head') this.#takeNotModified(fill, head, nowMs, wallMs);
    this.#releaseNamed(head);
  }

  #takeNotModified(fill: Fill, head: FillHead, nowMs: number, wallMs: number): void {
    this.sources.answered(fill.source);
    const state = this.#keys.at(fill.key);
    const object = state.object;
    if (object === null || object.id !== fill.revalidates) {
      // Evicted meanwhile: there is nothing to confirm, ask again for the whole.
      fill.revalidates = -1;
      this.#attemptFailed(fill, 'other', nowMs);
      return;
    }
    this.#sink.refresh(fill.id, object.id);
    Object.assign(object, this.#lifetimes(state, head, nowMs, wallMs));
    const waiters = this.#requests.waitersOf(fill);
    this.#keys.hold(state, () => {
      this.#fills.end(fill);
      for (const request of waiters) if (request.key === state.key) this.#answer(request, object, 'revalidated', nowMs);
      // What may not be shared any longer has served those who had asked.
      if (!head.shareable) this.#store.remove(state.key);
      for (const request of waiters) if (request.key !== state.key) this.#again(request, nowMs);
    });
  }

  /** The shell made the head's key known beforehand, whether anything comes of it or not. */
  #releaseNamed(head: FillHead): void {
    const state = this.#keys.find(head.key);
    if (state) this.#keys.releaseIfIdle(state);
  }

  /** More of the body has come. The shell hands on bytes by itself; the machine counts them. */
  fillBytes(fillId: number, bytes: number, nowMs: number): void {
    const fill = this.#fills.get(fillId);
    if (fill?.phase === 'body') this.#fills.bytesCame(fill, bytes, nowMs);
  }

  /** The shell has paused the upstream because all its readers are slow: silence is not the upstream's fault. */
  fillPaused(fillId: number): void {
    const fill = this.#fills.get(fillId);
    if (fill) this.#fills.pause(fill);
  }

  fillResumed(fillId: number, nowMs: number): void {
    const fill = this.#fills.get(fillId);
    if (fill) this.#fills.unpause(fill, nowMs);
  }

  /** The upstream says its body is complete. */
  fillEnd(fillId: number, nowMs: number): void {
    const fill = this.#fills.get(fillId);
    if (fill?.phase !== 'body') return;
    const { lengthBytes } = fill.head!;
    if (lengthBytes >= 0 && fill.receivedBytes !== lengthBytes) {
      this.#failed(fill, fill.receivedBytes < lengthBytes ? 'short' : 'overlong', nowMs);
      return;
    }
    for (const reader of this.#requests.readersOf(fill)) this.#requests.forget(reader);
    if (fill.kind === 'fill') this.#keep(fill);
    this.#fills.end(fill);
  }

  /** The attempt ended without a whole answer. */
  fillFailed(fillId: number, cause: FillFailure, nowMs: number): void {
    const fill = this.#fills.get(fillId);
    if (fill) this.#failed(fill, cause, nowMs);
  }

  // ——— events ———

  learned(event: number, timing: EventTiming, ttlMs: number, nowMs: number): void {
    this.events.learned(event, timing, ttlMs, nowMs);
  }

  unknown(event: number, nowMs: number): void {
    this.events.unknown(event, nowMs);
  }

  // ——— time ———

  wake(nowMs: number): void {
    this.#keys.expireMarks(nowMs);
    while (this.#deadlines.nextMs <= nowMs) {
      const id = this.#deadlines.pop()!;
      if (id < 0) this.#requestOverdue(-1 - id, nowMs);
      else this.#fillOverdue(id, nowMs);
    }
  }

  /** Most of what could time out has been answered long before: nobody need wake for that. */
  #dropSettled(): void {
    for (let id = this.#deadlines.nextId; id !== undefined; id = this.#deadlines.nextId) {
      const isOpen = id < 0 ? this.#requests.get(-1 - id)?.begun === false : this.#fills.get(id) !== undefined;
      if (isOpen) return;
      this.#deadlines.pop();
    }
  }

  #requestOverdue(requestId: number, nowMs: number): void {
    const request = this.#requests.get(requestId);
    if (!request || request.begun) return;
    if (!this.#answerStale(request, nowMs)) this.#refuseWaiter(request, 504, 'wait-bound');
    this.#fills.abandonIfUnwanted(request.fill);
  }

  #fillOverdue(fillId: number, nowMs: number): void {
    const fill = this.#fills.get(fillId);
    if (fill && this.#fills.isOverdue(fill, nowMs)) this.#failed(fill, 'timeout', nowMs);
  }

  // ——— the live window ———

  #outsideWindow(requestId: number, state: KeyState, nowMs: number, wallMs: number): boolean {
    if (this.events.wantsLearning(state.event, nowMs)) this.#sink.learn(state.event);
    const verdict = this.events.verdict(state.event, state.segment, wallMs, this.#config.clockErrorMs);
    if (verdict?.kind === 'too-early') this.#refuse(requestId, 404, 'too-early', verdict.untilMs - wallMs);
    else if (verdict?.kind === 'gone') this.#refuse(requestId, 410, 'gone', GONE_TTL_MS);
    else return false;
    this.#keys.releaseIfIdle(state);
    return true;
  }

  // ——— collapsing ———

  #miss(requestId: number, state: KeyState, flags: number, nowMs: number, deadlineMs: number): void {
    const { fill } = state;
    if (fill === null) {
      this.#lead(requestId, state, flags, nowMs, deadlineMs);
    } else if (fill.phase === 'body') {
      this.#begin(this.#requests.add(requestId, state.key, flags, deadlineMs, fill), 'collapsed');
    } else if (this.#requests.waiting >= this.#config.waitersMax) {
      this.#refuse(requestId, 503, 'too-many-waiters', 0);
    } else {
      this.#requests.bound(this.#requests.add(requestId, state.key, flags, deadlineMs, fill));
    }
  }

  #lead(requestId: number, state: KeyState, flags: number, nowMs: number, deadlineMs: number): void {
    const kind = nowMs < state.uncacheableUntilMs ? 'pass' : 'fill';
    const fill = this.#fills.open(state, kind, flags, requestId, nowMs);
    if (fill === null) {
      this.#refuse(requestId, 503, 'too-many-fills', 0);
      this.#keys.releaseIfIdle(state);
      return;
    }
    this.#requests.bound(this.#requests.add(requestId, state.key, flags, deadlineMs, fill));
    this.#fills.attempt(fill, -1, nowMs);
  }

  /** A fill that nobody waits for. */
  #refresh(requestId: number, state: KeyState, flags: number, nowMs: number): void {
    const fill = this.#fills.open(state, 'fill', flags, requestId, nowMs);
    if (fill !== null) this.#fills.attempt(fill, -1, nowMs);
  }

  #takeHead(fill: Fill, head: FillHead, nowMs: number, wallMs: number): void {
    this.sources.answered(fill.source);
    if (head.status >= 500 && !head.shareable && this.#answerError(fill, head.status, nowMs)) return;
    if (fill.continues && !isSameBody(fill.head!, head)) {
      this.#cutReaders(fill);
      if (fill.waiters.size === 0) return this.#fills.abandon(fill);
      this.#fills.startOver(fill);
    }
    fill.head = head;
    this.#fills.headCame(fill, nowMs);
    const state = this.#keys.at(fill.key);
    if (head.shareable && head.lengthBytes <= this.#config.objectBytesMax) {
      // Whoever passed found out that there is no need to.
      state.uncacheableUntilMs = 0;
      if (fill.kind === 'fill' || fill.shares) return this.#share(fill, head, nowMs, wallMs);
    } else if (fill.kind === 'fill') {
      this.#keys.markUncacheable(state, nowMs);
      // A newer answer has come, and this is the last that is known of the older one (RFC 9111 §4).
      if (state.object !== null && head.status < 500) this.#store.remove(state.key);
    }
    this.#passAlone(fill, nowMs);
  }

  /** The header has come, and all who wait may have what follows, but for those who have another variant's key. */
  #share(fill: Fill, head: FillHead, nowMs: number, wallMs: number): void {
    // Whoever waits may refer to the key that the fill moves away from.
    this.#keys.hold(this.#keys.at(fill.key), () => this.#shareOut(fill, head, nowMs, wallMs));
  }

  #shareOut(fill: Fill, head: FillHead, nowMs: number, wallMs: number): void {
    if (fill.kind === 'fill') {
      if (head.key !== fill.key && !this.#fills.moveTo(fill, head.key)) return this.#passAlone(fill, nowMs);
      const state = this.#keys.at(fill.key);
      state.uncacheableUntilMs = 0;
      fill.lifetimes = this.#lifetimes(state, head, nowMs, wallMs);
    }
    const how = fill.kind === 'fill' ? 'collapsed' : 'pass';
    const begins = ({ key }: RequestState) => key === head.key && canBeBegun(fill);
    const waiters = this.#requests.waitersOf(fill);
    const others = waiters.filter((request) => !begins(request));
    for (const request of waiters) if (begins(request)) this.#begin(request, how);
    for (const request of others) this.#again(request, nowMs);
    this.#fills.abandonIfUnwanted(fill);
  }

  /** The answer is for the one whose fields it was asked with; the others ask for themselves. */
  #passAlone(fill: Fill, nowMs: number): void {
    this.#fills.makePass(fill);
    const leader = canBeBegun(fill) ? fill.leader : -1;
    const waiters = this.#requests.waitersOf(fill);
    for (const request of waiters) if (request.id === leader) this.#begin(request, 'pass');
    for (const request of waiters) if (request.id !== leader) this.#again(request, nowMs);
    this.#fills.abandonIfUnwanted(fill);
  }

  #begin(request: RequestState, how: StreamOutcome): void {
    const { id, fill } = request;
    this.#requests.begin(request);
    const outcome = how === 'collapsed' && id === fill.leader ? 'miss' : how;
    if (outcome === 'miss') this.stats.misses++;
    else if (outcome === 'collapsed') this.stats.collapsed++;
    else this.stats.passes++;
    this.#sink.stream(id, fill.id, outcome);
  }

  /** A waiter that could not be answered with the others asks anew, its bound unchanged. */
  #again(request: RequestState, nowMs: number): void {
    const state = this.#keys.at(request.key);
    this.#keys.hold(state, () => {
      this.#requests.forget(request);
      const { object } = state;
      if (object !== null && nowMs < object.freshUntilMs) {
        this.stats.hits++;
        this.#serve(request.id, object, 'hit', nowMs);
      } else {
        this.#miss(request.id, state, request.flags, nowMs, request.deadlineMs);
      }
    });
  }

  // ——— failure ———

  /**
   * An upstream error that may not be shared. @returns false when it should be streamed to the leader as it is,
   * true when everything has been dealt with.
   */
  #answerError(fill: Fill, status: number, nowMs: number): boolean {
    if (this.#handOver(fill, false, nowMs)) return true;
    // An error cannot go on with a body.
    this.#cutReaders(fill);
    this.#answerAllStale(fill, nowMs);
    // One error answers all who wait; passing each on would multiply the load that may have caused it.
    for (const request of this.#requests.waitersOf(fill)) {
      if (request.id !== fill.leader) this.#refuseWaiter(request, status, 'upstream-error');
    }
    if (fill.waiters.size === 0) {
      this.#fills.abandon(fill);
      return true;
    }
    if (fill.continues) this.#fills.startOver(fill);
    this.#fills.makePass(fill);
    return false;
  }

  #failed(fill: Fill, cause: FillFailure, nowMs: number): void {
    this.stats.fillsFailed++;
    this.failures.set(cause, (this.failures.get(cause) ?? 0) + 1);
    if (cause !== 'shed') this.sources.failed(fill.source, nowMs);
    this.#attemptFailed(fill, cause, nowMs);
  }

  #attemptFailed(fill: Fill, cause: FillFailure, nowMs: number): void {
    if (this.#handOver(fill, true, nowMs)) return;
    this.#cutReaders(fill);
    this.#answerAllStale(fill, nowMs);
    const [status, reason] = refusalOf(cause);
    for (const request of this.#requests.waitersOf(fill)) this.#refuseWaiter(request, status, reason);
    this.#fills.abandon(fill);
  }

  #handOver(fill: Fill, insist: boolean, nowMs: number): boolean {
    const source = this.#fills.successor(fill, insist, nowMs);
    if (source < 0) return false;
    if (!isResumable(fill)) this.#cutReaders(fill);
    this.#fills.replace(fill, source, nowMs);
    return true;
  }

  #answerAllStale(fill: Fill, nowMs: number): void {
    for (const request of this.#requests.waitersOf(fill)) this.#answerStale(request, nowMs);
  }

  /** RFC 5861 §4: better what was right a while ago than an error. @returns false when there is nothing of the kind */
  #answerStale(request: RequestState, nowMs: number): boolean {
    const { object } = this.#keys.at(request.key);
    if (object === null || nowMs >= object.staleIfErrorUntilMs) return false;
    this.#answer(request, object, 'stale-if-error', nowMs);
    return true;
  }

  // ——— storing ———

  #lifetimes(state: KeyState, head: FillHead, nowMs: number, wallMs: number): Lifetimes {
    let freshUntilMs = nowMs + head.ttlMs;
    if (head.status === 200 && state.event >= 0) {
      // A published segment never changes: it is fresh exactly until it leaves the window.
      const verdict = this.events.verdict(state.event, state.segment, wallMs, 0);
      if (verdict?.kind === 'available') freshUntilMs = nowMs + (verdict.untilMs - wallMs);
    }
    return {
      storedMs: nowMs,
      ageMs: head.ageMs,
      freshUntilMs,
      staleWhileRevalidateUntilMs: freshUntilMs + head.staleWhileRevalidateMs,
      staleIfErrorUntilMs: freshUntilMs + head.staleIfErrorMs,
    };
  }

  /** The fill is whole. It still uses its key, which therefore survives the loss of the older object. */
  #keep(fill: Fill): void {
    const state = this.#keys.at(fill.key);
    const sizeBytes = fill.receivedBytes;
    this.#fills.letGo(fill);
    // If not, the older object was evicted while this one arrived: it takes more room than any that is kept.
    if (!this.#store.fits(sizeBytes)) return;
    const object: StoredObject = { id: this.#nextObjectId++, key: fill.key, sizeBytes, ...fill.lifetimes! };
    this.#sink.store(fill.id, object.id);
    this.#store.put(object);
    state.object = object;
    this.stats.stored++;
  }

  #dropped(object: StoredObject): void {
    const state = this.#keys.at(object.key);
    if (state.object === object) state.object = null;
    this.stats.evicted++;
    this.#sink.drop(object.id);
    this.#keys.releaseIfIdle(state);
  }

  // ——— answers ———

  #serve(requestId: number, object: StoredObject, outcome: ServeOutcome, nowMs: number): void {
    const ageMs = object.ageMs + (nowMs - object.storedMs);
    this.#sink.serve(requestId, object.id, outcome, ageMs, object.freshUntilMs - nowMs);
  }

  /** Answers a waiter from storage. */
  #answer(request: RequestState, object: StoredObject, outcome: 'revalidated' | 'stale-if-error', nowMs: number): void {
    if (outcome === 'revalidated') this.stats.revalidated++;
    else this.stats.staleHits++;
    this.#serve(request.id, object, outcome, nowMs);
    this.#requests.forget(request);
  }

  #refuse(requestId: number, status: number, reason: RefusalReason, ttlMs: number): void {
    this.stats.refused++;
    this.#sink.refuse(requestId, status, reason, ttlMs);
  }

  #refuseWaiter(request: RequestState, status: number, reason: RefusalReason): void {
    this.#refuse(request.id, status, reason, 0);
    this.#requests.forget(request);
  }

  #cutReaders(fill: Fill): void {
    for (const request of this.#requests.readersOf(fill)) {
      this.#sink.cut(request.id);
      this.#requests.forget(request);
    }
  }
}

/** Requests that reserve nothing. */
const NO_PLAYER = FROM_TIER | INTERNAL | PARTIAL;

/** A 410 stays true for good; the lifetime only bounds how long a mistake in the event's document lives. */
const GONE_TTL_MS = 60_000;

function refusalOf(cause: FillFailure): [status: number, reason: RefusalReason] {
  if (cause === 'timeout') return [504, 'upstream-timeout'];
  if (cause === 'shed') return [503, 'shed'];
  return [502, 'upstream-failed'];
}
