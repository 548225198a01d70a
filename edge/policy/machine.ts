import type { Priority } from '../../topology/model/priority.ts';
import { Deadlines } from './deadlines.ts';
import type { EdgePolicyConfig } from './edge-config.ts';
import type { Fill, KeyState, Lifetimes, RequestState } from './fill.ts';
import { LiveEvents, type EventTiming } from './live-events.ts';
import type { EdgeSink, FillFailure, FillHead, RefusalReason, StreamOutcome } from './sink.ts';
import { FROM_TIER, ONLY_IF_CACHED } from './sink.ts';
import { Sources, type SourceLayout } from './sources.ts';
import { Store, type StoredObject } from './store.ts';
import { UncacheableMarks } from './uncacheable.ts';

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
  readonly stats = {
    requests: 0,
    hits: 0,
    staleHits: 0,
    collapsed: 0,
    misses: 0,
    passes: 0,
    refused: 0,
    fills: 0,
    fillsFailed: 0,
    leadersReplaced: 0,
    resumed: 0,
    stored: 0,
    evicted: 0,
  };
  readonly events = new LiveEvents();
  readonly sources: Sources;
  readonly #config: EdgePolicyConfig;
  readonly #sink: EdgeSink;
  readonly #store: Store;
  readonly #deadlines = new Deadlines();
  readonly #keys: (KeyState | undefined)[] = [];
  readonly #requests = new Map<number, RequestState>();
  readonly #fills = new Map<number, Fill>();
  readonly #marks: UncacheableMarks;
  #nextFillId = 1;
  #nextObjectId = 1;
  #waiting = 0;

  constructor(config: EdgePolicyConfig, layout: SourceLayout, sink: EdgeSink) {
    this.#config = config;
    this.#sink = sink;
    this.sources = new Sources(layout, config.sourceDownMs);
    this.#store = new Store(config.memoryBytes, (object) => this.#dropped(object));
    this.#marks = new UncacheableMarks(config.uncacheableMs, (state) => this.#releaseIfIdle(state));
  }

  // ——— what the shell may ask ———

  get waiting(): number {
    return this.#waiting;
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
    return this.#deadlines.nextMs;
  }

  // ——— keys ———

  /**
   * Makes a key known before its first use.
   * @param hash stable hash of the key's text, for the ring
   * @param event number of the live event whose segment it is, or −1
   */
  define(key: number, hash: number, event: number, segment: number): void {
    this.#keys[key] = { key, hash, event, segment, object: null, fill: null, uncacheableUntilMs: 0, users: 0 };
  }

  /** How a fill of the key ranks when the tier above must choose (DESIGN §5). */
  priority(key: number, wallMs: number): Priority {
    const state = this.#keys[key]!;
    return state.event < 0 ? 'on-demand' : this.events.priority(state.event, state.segment, wallMs);
  }

  // ——— requests ———

  request(requestId: number, key: number, flags: number, nowMs: number, wallMs: number): void {
    const state = this.#keys[key]!;
    this.stats.requests++;
    if (state.event >= 0 && this.#outsideWindow(requestId, state, nowMs, wallMs)) return;
    const object = state.object;
    if (object !== null && nowMs < object.freshUntilMs) {
      this.stats.hits++;
      this.#store.get(key);
      this.#sink.serve(requestId, object.id, 'hit', ageOf(object, nowMs), object.freshUntilMs - nowMs);
      return;
    }
    if (object !== null && nowMs < object.staleWhileRevalidateUntilMs) {
      this.stats.staleHits++;
      this.#sink.serve(requestId, object.id, 'stale', ageOf(object, nowMs), object.freshUntilMs - nowMs);
      if (state.fill === null && nowMs >= state.uncacheableUntilMs) this.#startFill(state, [], flags, nowMs);
      return;
    }
    if ((flags & ONLY_IF_CACHED) !== 0) {
      this.#refuse(requestId, 504, 'only-if-cached', 0);
      this.#releaseIfIdle(state);
      return;
    }
    this.#miss(requestId, state, flags, nowMs, nowMs + this.#config.waitMs);
  }

  /** The request's key turned out to be another: called before `fillHead` for waiters that `Vary` tells apart. */
  rekey(requestId: number, key: number): void {
    const request = this.#requests.get(requestId);
    if (!request || request.key === key) return;
    request.key = key;
    request.rekeyed = true;
    this.#keys[key]!.users++;
  }

  /** The client has gone before its answer was complete. Whatever can still be stored goes on arriving for others. */
  requestGone(requestId: number): void {
    const request = this.#requests.get(requestId);
    if (!request) return;
    this.#forget(request);
    const fill = request.fill!;
    remove(request.begun ? fill.readers : fill.waiters, requestId);
    const wanted = fill.waiters.length + fill.readers.length > 0;
    if (!wanted && fill.kind === 'pass') this.#abandon(fill);
  }

  /** A successful unsafe request, or a purge: what is stored under the key must not be used again (RFC 9111 §4.4). */
  invalidate(key: number): void {
    const state = this.#keys[key];
    if (!state) return;
    if (state.object !== null) this.#store.remove(key);
    // What is in flight was asked for before the change: those who wait may have it, nobody after them.
    if (state.fill !== null) this.#makePass(state.fill);
    this.#releaseIfIdle(state);
  }

  // ——— fills ———

  fillHead(fillId: number, head: FillHead, nowMs: number, wallMs: number): void {
    const fill = this.#fills.get(fillId);
    if (!fill || fill.phase !== 'head') return;
    this.sources.answered(fill.source);
    if (head.status >= 500 && !head.shareable && this.#answerError(fill, head.status, nowMs)) return;
    if (fill.readers.length > 0 && !this.#resumes(fill, head)) {
      for (const reader of fill.readers.splice(0)) this.#cut(reader);
      if (fill.waiters.length === 0) return this.#abandon(fill);
      this.#sink.restart(fill.id);
    }
    fill.phase = 'body';
    fill.head = head;
    fill.receivedBytes = 0;
    this.#postpone(fill, nowMs + this.#config.stallTimeoutMs);
    const shared = fill.kind === 'fill' && head.shareable && head.lengthBytes <= this.#config.objectBytesMax;
    if (fill.kind === 'pass' && fill.shares) this.#streamTo(fill, fill.waiters.splice(0), 'pass');
    else if (shared) this.#share(fill, head, nowMs, wallMs);
    else this.#passAlone(fill, nowMs);
  }

  /** The upstream said 304 to a fill that asked about a stored object. @param head of the refreshed response */
  fillNotModified(fillId: number, head: FillHead, nowMs: number, wallMs: number): void {
    const fill = this.#fills.get(fillId);
    if (!fill || fill.phase !== 'head') return;
    this.sources.answered(fill.source);
    const state = this.#keys[fill.key]!;
    const object = state.object;
    if (object === null || object.id !== fill.revalidates) {
      // Evicted meanwhile: there is nothing to confirm, ask again for the whole.
      fill.revalidates = -1;
      this.#attemptFailed(fill, 'other', nowMs);
      return;
    }
    this.#sink.refresh(fillId, object.id);
    this.#setLifetimes(object, state, head, nowMs, wallMs);
    this.#endFill(fill);
    for (const requestId of fill.waiters.splice(0)) {
      this.#forgetId(requestId);
      this.#sink.serve(requestId, object.id, 'revalidated', ageOf(object, nowMs), object.freshUntilMs - nowMs);
    }
  }

  /** More of the body has come. The shell hands on bytes by itself; the machine counts them. */
  fillBytes(fillId: number, bytes: number, nowMs: number): void {
    const fill = this.#fills.get(fillId);
    if (!fill || fill.phase !== 'body') return;
    fill.receivedBytes += bytes;
    fill.deadlineMs = nowMs + this.#config.stallTimeoutMs;
    if (fill.kind === 'pass') return;
    fill.heldBytes += bytes;
    this.#store.arriving(bytes);
    if (fill.receivedBytes > this.#config.objectBytesMax) this.#makePass(fill);
  }

  /** The shell paused the upstream because its only readers are slow: silence is not the upstream's fault. */
  fillPaused(fillId: number, nowMs: number): void {
    const fill = this.#fills.get(fillId);
    if (fill) fill.deadlineMs = nowMs + this.#config.stallTimeoutMs * 4;
  }

  /** The upstream says its body is complete. */
  fillEnd(fillId: number, nowMs: number): void {
    const fill = this.#fills.get(fillId);
    if (!fill || fill.phase !== 'body') return;
    const head = fill.head!;
    if (head.lengthBytes >= 0 && fill.receivedBytes !== head.lengthBytes) {
      this.fillFailed(fillId, fill.receivedBytes < head.lengthBytes ? 'short' : 'overlong', nowMs);
      return;
    }
    this.#endFill(fill);
    for (const reader of fill.readers) this.#forgetId(reader);
    if (fill.kind === 'fill') this.#keep(fill);
    this.#releaseIfIdle(this.#keys[fill.key]!);
  }

  /** The attempt ended without a whole answer. */
  fillFailed(fillId: number, cause: FillFailure, nowMs: number): void {
    const fill = this.#fills.get(fillId);
    if (!fill) return;
    this.stats.fillsFailed++;
    if (cause !== 'shed') this.sources.failed(fill.source, nowMs);
    this.#attemptFailed(fill, cause, nowMs);
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
    this.#marks.expire(nowMs);
    while (this.#deadlines.nextMs <= nowMs) {
      const id = this.#deadlines.pop()!;
      if (id < 0) this.#requestOverdue(-id, nowMs);
      else this.#fillOverdue(id, nowMs);
    }
  }

  #requestOverdue(requestId: number, nowMs: number): void {
    const request = this.#requests.get(requestId);
    if (!request || request.begun) return;
    if (request.deadlineMs > nowMs) {
      this.#deadlines.push(request.deadlineMs, -requestId);
      return;
    }
    const fill = request.fill!;
    this.#forget(request);
    remove(fill.waiters, requestId);
    this.#refuse(requestId, 504, 'wait-bound', 0);
    if (fill.kind === 'pass' && fill.readers.length === 0) this.#abandon(fill);
  }

  #fillOverdue(fillId: number, nowMs: number): void {
    const fill = this.#fills.get(fillId);
    if (!fill) return;
    if (fill.deadlineMs > nowMs) {
      this.#deadlines.push(fill.deadlineMs, fillId);
      return;
    }
    this.#sink.abort(fillId);
    this.fillFailed(fillId, 'timeout', nowMs);
  }

  // ——— the live window ———

  #outsideWindow(requestId: number, state: KeyState, nowMs: number, wallMs: number): boolean {
    if (this.events.wantsLearning(state.event, nowMs)) this.#sink.learn(state.event);
    const verdict = this.events.verdict(state.event, state.segment, wallMs, this.#config.clockErrorMs);
    if (verdict?.kind === 'too-early') this.#refuse(requestId, 404, 'too-early', verdict.untilMs - wallMs);
    else if (verdict?.kind === 'gone') this.#refuse(requestId, 410, 'gone', GONE_TTL_MS);
    else return false;
    this.#releaseIfIdle(state);
    return true;
  }

  // ——— collapsing ———

  #miss(requestId: number, state: KeyState, flags: number, nowMs: number, deadlineMs: number): void {
    const fill = state.fill;
    if (fill === null) {
      const request = { id: requestId, key: state.key, flags, deadlineMs, begun: false, rekeyed: false, fill: null };
      const kind = nowMs < state.uncacheableUntilMs ? 'pass' : 'fill';
      this.#startFill(state, [request], flags, nowMs, kind);
      return;
    }
    if (this.#waiting >= this.#config.waitersMax && fill.phase === 'head') {
      this.#refuse(requestId, 503, 'too-many-waiters', 0);
      return;
    }
    const request = { id: requestId, key: state.key, flags, deadlineMs, begun: false, rekeyed: false, fill };
    this.#attach(request, fill);
    if (fill.phase === 'body') this.#streamTo(fill, fill.waiters.splice(0), 'collapsed');
  }

  #attach(request: RequestState, fill: Fill): void {
    request.fill = fill;
    this.#requests.set(request.id, request);
    this.#waiting++;
    this.#deadlines.push(request.deadlineMs, -request.id);
    fill.waiters.push(request.id);
  }

  #startFill(
    state: KeyState,
    requests: RequestState[],
    flags: number,
    nowMs: number,
    kind: Fill['kind'] = 'fill',
  ): void {
    const source = this.#fills.size < this.#config.fillsMax ? this.#chooseSource(state, flags, 0, nowMs) : -1;
    if (source < 0) {
      for (const request of requests) this.#refuse(request.id, 503, 'too-many-fills', 0);
      this.#releaseIfIdle(state);
      return;
    }
    const fill: Fill = {
      id: this.#nextFillId++,
      key: state.key,
      kind,
      shares: false,
      phase: 'head',
      source,
      tried: 0,
      attempts: 0,
      fromTier: (flags & FROM_TIER) !== 0,
      revalidates: kind === 'fill' && state.object !== null ? state.object.id : -1,
      waiters: [],
      readers: [],
      head: null,
      receivedBytes: 0,
      heldBytes: 0,
      deadlineMs: 0,
      leader: requests[0]?.id ?? -1,
    };
    if (kind === 'fill') state.fill = fill;
    state.users++;
    for (const request of requests) this.#attach(request, fill);
    this.#attempt(fill, source, -1, nowMs);
  }

  #chooseSource(state: KeyState, flags: number, tried: number, nowMs: number): number {
    return this.sources.choose(state.hash, (flags & FROM_TIER) !== 0, tried, nowMs);
  }

  #attempt(fill: Fill, source: number, resumes: number, nowMs: number): void {
    fill.source = source;
    fill.tried |= 1 << source;
    fill.attempts++;
    fill.phase = 'head';
    this.#fills.set(fill.id, fill);
    fill.deadlineMs = nowMs + this.#config.headTimeoutMs;
    this.#deadlines.push(fill.deadlineMs, fill.id);
    this.stats.fills++;
    this.#sink.fill(fill.id, fill.key, source, fill.leader, fill.kind === 'pass', fill.revalidates, resumes);
  }

  /** The header has come, and all who wait may have what follows. */
  #share(fill: Fill, head: FillHead, nowMs: number, wallMs: number): void {
    if (head.key !== fill.key && !this.#moveToVariant(fill, head.key)) {
      this.#passAlone(fill, nowMs);
      return;
    }
    this.#keys[fill.key]!.uncacheableUntilMs = 0;
    fill.lifetimes = this.#lifetimes(this.#keys[fill.key]!, head, nowMs, wallMs);
    const waiters = fill.waiters.splice(0);
    const others: number[] = [];
    const ours: number[] = [];
    for (const id of waiters) (this.#requests.get(id)!.key === fill.key ? ours : others).push(id);
    this.#streamTo(fill, ours, 'collapsed');
    for (const id of others) this.#again(id, nowMs);
  }

  /** `Vary` says that the response belongs to another key than the one it was asked under. */
  #moveToVariant(fill: Fill, key: number): boolean {
    const variant = this.#keys[key]!;
    if (variant.fill !== null) return false;
    const base = this.#keys[fill.key]!;
    base.fill = null;
    base.users--;
    variant.fill = fill;
    variant.users++;
    fill.key = key;
    this.#releaseIfIdle(base);
    return true;
  }

  /** The answer is for the one who asked alone; the others ask for themselves, and for a while so does everybody. */
  #passAlone(fill: Fill, nowMs: number): void {
    const state = this.#keys[fill.key]!;
    if (fill.kind === 'fill') {
      this.#marks.mark(state, nowMs);
      this.#makePass(fill);
    }
    const others = fill.waiters.splice(0);
    const at = Math.max(0, others.indexOf(fill.leader));
    const leader = others.splice(at, 1);
    if (leader.length === 0 && others.length === 0) this.#abandon(fill);
    else this.#streamTo(fill, leader, 'pass');
    for (const id of others) this.#again(id, nowMs);
  }

  /** Out of the shared state: nobody joins it, nothing of it is stored. Who reads from it reads on. */
  #makePass(fill: Fill): void {
    if (fill.kind === 'pass') return;
    fill.kind = 'pass';
    fill.shares = true;
    this.#store.arriving(-fill.heldBytes);
    fill.heldBytes = 0;
    const state = this.#keys[fill.key]!;
    if (state.fill === fill) state.fill = null;
    this.#sink.passOn(fill.id);
    if (fill.phase === 'body' && fill.readers.length + fill.waiters.length === 0) this.#abandon(fill);
  }

  #streamTo(fill: Fill, requestIds: number[], how: StreamOutcome): void {
    for (const id of requestIds) {
      const request = this.#requests.get(id)!;
      request.begun = true;
      this.#settleKey(request);
      this.#waiting--;
      fill.readers.push(id);
      const outcome = how === 'collapsed' && id === fill.leader ? 'miss' : how;
      if (outcome === 'miss') this.stats.misses++;
      else if (outcome === 'collapsed') this.stats.collapsed++;
      else this.stats.passes++;
      this.#sink.stream(id, fill.id, outcome);
    }
  }

  /** A waiter that could not be served with the others asks anew, its bound unchanged. */
  #again(requestId: number, nowMs: number): void {
    const request = this.#requests.get(requestId)!;
    const state = this.#keys[request.key]!;
    state.users++;
    this.#forget(request);
    const object = state.object;
    if (object !== null && nowMs < object.freshUntilMs) {
      this.stats.hits++;
      this.#sink.serve(requestId, object.id, 'hit', ageOf(object, nowMs), object.freshUntilMs - nowMs);
    } else {
      this.#miss(requestId, state, request.flags, nowMs, request.deadlineMs);
    }
    state.users--;
    this.#releaseIfIdle(state);
  }

  // ——— failure ———

  /** A resumed body must be the very same one: a strong validator and a length say so. */
  #resumes(fill: Fill, head: FillHead): boolean {
    const before = fill.head!;
    return (
      head.status === before.status &&
      head.validator !== '' &&
      head.validator === before.validator &&
      head.lengthBytes === before.lengthBytes
    );
  }

  /**
   * An upstream error that may not be shared. @returns false when it should be streamed to the leader as it is,
   * true when everything has been dealt with.
   */
  #answerError(fill: Fill, status: number, nowMs: number): boolean {
    const state = this.#keys[fill.key]!;
    if (this.#replace(fill, false, nowMs)) return true;
    if (this.#serveStale(fill, state, nowMs)) {
      this.#sink.abort(fill.id);
      this.#endFill(fill);
      return true;
    }
    if (fill.kind === 'pass' || fill.readers.length > 0) return false;
    // Many wait: one error answers them all; passing each on would multiply the load that may have caused it.
    const leader = fill.waiters.indexOf(fill.leader);
    for (const id of fill.waiters.splice(0)) {
      if (id === fill.leader) continue;
      this.#forgetId(id);
      this.#refuse(id, status, 'upstream-error', 0);
    }
    if (leader < 0) {
      this.#abandon(fill);
      return true;
    }
    fill.waiters.push(fill.leader);
    this.#makePass(fill);
    return false;
  }

  #attemptFailed(fill: Fill, cause: FillFailure, nowMs: number): void {
    if (this.#replace(fill, true, nowMs)) return;
    this.#endFill(fill);
    for (const reader of fill.readers.splice(0)) this.#cut(reader);
    const state = this.#keys[fill.key]!;
    if (this.#serveStale(fill, state, nowMs)) return;
    const [status, reason] = refusalOf(cause);
    for (const id of fill.waiters.splice(0)) {
      this.#forgetId(id);
      this.#refuse(id, status, reason, 0);
    }
    this.#releaseIfIdle(state);
  }

  /**
   * A new attempt takes over everybody who waits, and those who have begun where the body can be continued.
   * @param insist ask the only server above once more: a broken connection deserves it, an answer does not
   */
  #replace(fill: Fill, insist: boolean, nowMs: number): boolean {
    const continues =
      fill.readers.length > 0 && fill.head !== null && fill.head.validator !== '' && fill.kind === 'fill';
    const wanted = fill.waiters.length > 0 || continues;
    if (!wanted || fill.attempts >= this.#config.attemptsMax) return false;
    const state = this.#keys[fill.key]!;
    let source = this.sources.choose(state.hash, fill.fromTier, fill.tried, nowMs);
    if (source < 0 && insist && fill.attempts < 2) source = this.sources.choose(state.hash, fill.fromTier, 0, nowMs);
    if (source < 0) return false;
    const failedId = fill.id;
    this.#sink.abort(failedId);
    this.#fills.delete(failedId);
    this.#store.arriving(-fill.heldBytes);
    fill.heldBytes = 0;
    if (fill.readers.length > 0 && !continues) for (const reader of fill.readers.splice(0)) this.#cut(reader);
    fill.id = this.#nextFillId++;
    if (!fill.waiters.includes(fill.leader)) fill.leader = fill.waiters[0] ?? fill.leader;
    this.stats.leadersReplaced++;
    if (continues) this.stats.resumed++;
    this.#attempt(fill, source, continues ? failedId : -1, nowMs);
    return true;
  }

  #serveStale(fill: Fill, state: KeyState, nowMs: number): boolean {
    const object = state.object;
    if (object === null || nowMs >= object.staleIfErrorUntilMs || fill.waiters.length === 0) return false;
    for (const id of fill.waiters.splice(0)) {
      this.#forgetId(id);
      this.stats.staleHits++;
      this.#sink.serve(id, object.id, 'stale-if-error', ageOf(object, nowMs), object.freshUntilMs - nowMs);
    }
    return true;
  }

  #abandon(fill: Fill): void {
    if (!this.#fills.has(fill.id)) return;
    this.#sink.abort(fill.id);
    this.#endFill(fill);
    this.#releaseIfIdle(this.#keys[fill.key]!);
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

  #setLifetimes(object: StoredObject, state: KeyState, head: FillHead, nowMs: number, wallMs: number): void {
    Object.assign(object, this.#lifetimes(state, head, nowMs, wallMs));
  }

  #keep(fill: Fill): void {
    const state = this.#keys[fill.key]!;
    const object: StoredObject = {
      id: this.#nextObjectId++,
      key: fill.key,
      sizeBytes: fill.receivedBytes,
      ...fill.lifetimes!,
    };
    this.#sink.store(fill.id, object.id);
    // Storing may drop the key's older object; the key itself must survive that.
    state.users++;
    const kept = this.#store.put(object);
    state.users--;
    if (!kept) {
      this.#sink.drop(object.id);
      return;
    }
    state.object = object;
    this.stats.stored++;
  }

  #dropped(object: StoredObject): void {
    const state = this.#keys[object.key];
    if (state?.object === object) state.object = null;
    this.stats.evicted++;
    this.#sink.drop(object.id);
    if (state) this.#releaseIfIdle(state);
  }

  // ——— bookkeeping ———

  #endFill(fill: Fill): void {
    this.#fills.delete(fill.id);
    this.#store.arriving(-fill.heldBytes);
    fill.heldBytes = 0;
    const state = this.#keys[fill.key]!;
    if (state.fill === fill) state.fill = null;
    state.users--;
  }

  #postpone(fill: Fill, deadlineMs: number): void {
    // An earlier deadline needs an entry of its own; a later one is found when the old entry comes up.
    if (deadlineMs < fill.deadlineMs) this.#deadlines.push(deadlineMs, fill.id);
    fill.deadlineMs = deadlineMs;
  }

  #refuse(requestId: number, status: number, reason: RefusalReason, ttlMs: number): void {
    this.stats.refused++;
    this.#sink.refuse(requestId, status, reason, ttlMs);
  }

  #cut(requestId: number): void {
    this.#forgetId(requestId);
    this.#sink.cut(requestId);
  }

  #forgetId(requestId: number): void {
    const request = this.#requests.get(requestId);
    if (request) this.#forget(request);
  }

  #forget(request: RequestState): void {
    if (!this.#requests.delete(request.id)) return;
    if (!request.begun) this.#waiting--;
    this.#settleKey(request);
  }

  #settleKey(request: RequestState): void {
    if (!request.rekeyed) return;
    request.rekeyed = false;
    const state = this.#keys[request.key]!;
    state.users--;
    this.#releaseIfIdle(state);
  }

  /** Keys are remembered only while there is something to remember. */
  #releaseIfIdle(state: KeyState): void {
    if (state.object !== null || state.fill !== null || state.users > 0 || state.uncacheableUntilMs !== 0) return;
    if (this.#keys[state.key] !== state) return;
    this.#keys[state.key] = undefined;
    this.#sink.release(state.key);
  }
}

/** A 410 stays true for good; the lifetime only bounds how long a mistake in the event's document lives. */
const GONE_TTL_MS = 60_000;

function ageOf(object: StoredObject, nowMs: number): number {
  return object.ageMs + (nowMs - object.storedMs);
}

function refusalOf(cause: FillFailure): [status: number, reason: RefusalReason] {
  if (cause === 'timeout') return [504, 'upstream-timeout'];
  if (cause === 'shed') return [503, 'shed'];
  return [502, 'upstream-failed'];
}

function remove(list: number[], value: number): void {
  const at = list.indexOf(value);
  if (at >= 0) list.splice(at, 1);
}
