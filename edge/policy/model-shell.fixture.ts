import assert from 'node:assert/strict';
import { stableHash } from '../../topology/model/stable-hash.ts';
import type { EdgePolicyConfig } from './edge-config.ts';
import { EdgeMachine } from './machine.ts';
import type { EdgeSink, FillFailure, FillHead, RefusalReason, ServeOutcome, StreamOutcome } from './sink.ts';
import { FROM_TIER, ONLY_IF_CACHED } from './sink.ts';
import type { SourceLayout } from './sources.ts';
import { OBJECT_OVERHEAD_BYTES } from './store.ts';

/** Bodies are lists of pieces, each worth so many bytes, so that memory fills up with lists a person can read. */
export const PIECE_BYTES = 200;
const WALL_START_MS = 1_800_000_000_000;

/** Segments of live event number 0: one leaves the window while the test's clock runs, the other becomes next. */
export const LIVE_TARGETS = ['live/4', 'live/6'] as const;
const LIVE_TIMING = {
  availabilityStartMs: WALL_START_MS - 5000,
  segmentDurationMs: 1000,
  startNumber: 0,
  dvrWindowMs: 600,
};

/** One body that an upstream may give: no two have a piece in common. */
interface Version {
  readonly pieces: readonly string[];
  readonly etag: boolean;
  /** the request field it was made for, where it varies */
  readonly field: string | null;
}

interface Body {
  pieces: string[];
  /** pieces that come once more */
  skip: number;
  passedOn: boolean;
}

interface Request {
  readonly id: number;
  readonly target: string;
  readonly field: string;
  readonly askedMs: number;
  readonly fromTier: boolean;
  key: number;
  state: 'waiting' | 'reading' | 'answered';
  /** where it waits or reads */
  fill: Attempt | null;
  got: string[];
}

/** One upstream request. */
export interface Attempt {
  readonly id: number;
  readonly target: string;
  readonly field: string;
  readonly leader: number;
  readonly alone: boolean;
  readonly revalidates: number;
  /** what was aborted just before: what this one replaces, if it does */
  readonly after: Attempt | null;
  /** the how-manieth of its fill */
  number: number;
  key: number;
  phase: 'head' | 'body';
  live: boolean;
  body: Body;
  head: FillHead | null;
  version: Version | null;
  /** pieces of this attempt that have come */
  sent: number;
  /** when the upstream last gave a sign of life */
  activeMs: number;
  paused: boolean;
  /** requests that were made from this one on must get nothing of it */
  closedFrom: number;
  /** whom the machine knows as readers: some have all their bytes already */
  readonly readers: Set<number>;
}

interface Stored {
  readonly key: number;
  readonly version: Version;
  storedMs: number;
  head: FillHead;
}

export interface HeadPlan {
  status: number;
  shareable: boolean;
  pieces: number;
  tellsLength: boolean;
  etag: boolean;
  /** the same body as the attempt before began, where there was one */
  same: boolean;
  vary: boolean;
  ttlMs: number;
  staleMs: number;
}

/**
 * A shell that plays upstreams and clients and believes nothing: after each call it compares what the machine said with
 * what it must say. It keeps bodies, keys and variants as `edge-node.ts` does.
 */
export class ModelShell implements EdgeSink {
  readonly machine: EdgeMachine;
  readonly config: EdgePolicyConfig;
  /** what has happened at all: a test that never gets there proves nothing */
  readonly seen = new Map<string, number>();
  nowMs = 0;
  readonly #requests = new Map<number, Request>();
  readonly #attempts = new Map<number, Attempt>();
  readonly #objects = new Map<number, Stored>();
  readonly #texts = new Map<string, number>();
  readonly #keys: (string | undefined)[] = [];
  readonly #freeKeys: number[] = [];
  readonly #varying = new Set<string>();
  readonly #upstreams: number;
  #learning = false;
  #calling = false;
  /** fills started by the call that is going on */
  #started: Attempt[] = [];
  #justAborted: Attempt | null = null;
  #nextRequest = 0;
  #nextVersion = 0;

  constructor(config: EdgePolicyConfig, layout: SourceLayout) {
    this.config = config;
    this.#upstreams = layout.upstreams;
    this.machine = new EdgeMachine(config, layout, this);
  }

  get wallMs(): number {
    return WALL_START_MS + this.nowMs;
  }

  /** What is in flight, in order of starting. */
  get live(): Attempt[] {
    return [...this.#attempts.values()].filter((attempt) => attempt.live);
  }

  get open(): Request[] {
    return [...this.#requests.values()].filter((request) => request.state !== 'answered');
  }

  // ——— what clients do ———

  request(target: string, field: string, fromTier: boolean, onlyIfCached: boolean): number {
    const id = this.#nextRequest++;
    const key = this.#intern(this.#varying.has(target) ? variantText(target, field) : target);
    const request: Request = {
      id,
      target,
      field,
      askedMs: this.nowMs,
      fromTier,
      key,
      state: 'waiting',
      fill: null,
      got: [],
    };
    this.#requests.set(id, request);
    const flags = (fromTier ? FROM_TIER : 0) | (onlyIfCached ? ONLY_IF_CACHED : 0);
    this.#tell(() => this.machine.request(id, key, flags, this.nowMs, this.wallMs));
    assert(!onlyIfCached || request.state === 'answered', 'only-if-cached waits for nothing');
    return id;
  }

  leave(request: Request): void {
    request.state = 'answered';
    request.fill?.readers.delete(request.id);
    this.#note('left');
    this.#tell(() => this.machine.requestGone(request.id));
  }

  invalidate(target: string): void {
    const texts = [...this.#texts].filter(([text]) => text === target || text.startsWith(`${target}|`));
    for (const [, key] of texts) {
      for (const attempt of this.live) if (attempt.key === key) attempt.closedFrom = this.#nextRequest;
      this.#tell(() => this.machine.invalidate(key));
      this.#assertNothingStored(key, 'nothing of what was purged is kept');
    }
  }

  // ——— what upstreams do ———

  head(attempt: Attempt, plan: HeadPlan): void {
    const { status, shareable, ttlMs, staleMs } = plan;
    const vary = plan.vary && shareable;
    const before = attempt.version;
    const version = plan.same && before !== null ? before : this.#version(plan, vary ? attempt.field : null);
    const lengthBytes = plan.tellsLength ? version.pieces.length * PIECE_BYTES : -1;
    const head: FillHead = {
      status,
      shareable,
      ttlMs: shareable ? ttlMs : 0,
      ageMs: 7,
      staleWhileRevalidateMs: staleMs,
      staleIfErrorMs: staleMs * 2,
      lengthBytes,
      validator: version.etag ? `"${version.pieces[0] ?? 'none'}"` : '',
      key: version.field === null ? attempt.key : this.#rekeyWaiters(attempt),
    };
    // Those of another key, and those of an attempt from before a purge, may find a fill of their own in flight.
    const waited = this.#waitersOf(attempt).filter(({ key }) => key === attempt.key && !attempt.body.passedOn);
    attempt.head = head;
    attempt.version = version;
    attempt.sent = 0;
    attempt.phase = 'body';
    attempt.activeMs = this.nowMs;
    const anew = before === null && !attempt.body.passedOn;
    if (shareable) attempt.key = head.key;
    this.#tell(() => this.machine.fillHead(attempt.id, head, this.nowMs, this.wallMs));
    if (shareable || status >= 500) return;
    if (anew) this.#assertNothingStored(attempt.key, 'what is not to be stored supersedes what is');
    for (const request of waited) {
      if (request.state === 'waiting')
        assert.equal(request.fill?.leader, request.id, 'nobody queues behind a private answer');
    }
  }

  /** 304, if the attempt asked for that. */
  notModified(attempt: Attempt, shareable: boolean, ttlMs: number): void {
    const stored = this.#objects.get(attempt.revalidates);
    const head: FillHead = {
      status: 200,
      shareable,
      ttlMs: shareable ? ttlMs : 0,
      ageMs: 3,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      lengthBytes: stored ? stored.head.lengthBytes : 0,
      validator: stored?.head.validator ?? '',
      key: attempt.key,
    };
    attempt.head = head;
    const confirms = stored !== undefined && !attempt.body.passedOn;
    this.#tell(() => this.machine.fillNotModified(attempt.id, head, this.nowMs, this.wallMs), attempt);
    if (confirms && !shareable) this.#assertNothingStored(attempt.key, 'what may not be shared any more is not kept');
    this.#note(confirms ? 'confirmed' : 'confirmed nothing');
  }

  bytes(attempt: Attempt, pieces: number): void {
    const { pieces: all } = attempt.version!;
    const fresh = all.slice(attempt.sent, attempt.sent + pieces);
    if (fresh.length === 0) return;
    attempt.sent += fresh.length;
    attempt.activeMs = this.nowMs;
    const known = Math.min(attempt.body.skip, fresh.length);
    attempt.body.skip -= known;
    attempt.body.pieces.push(...fresh.slice(known));
    for (const request of this.#readersOf(attempt)) this.#hand(request, fresh.slice(known));
    this.#tell(() => this.machine.fillBytes(attempt.id, fresh.length * PIECE_BYTES, this.nowMs));
  }

  /** The rest of the body, and its end. */
  finish(attempt: Attempt): void {
    this.bytes(attempt, Infinity);
    if (attempt.live) this.end(attempt);
  }

  /** The end, whether or not all has come: where no length was told the shell has no way to know. */
  end(attempt: Attempt): void {
    if (attempt.head!.lengthBytes < 0 && attempt.sent < attempt.version!.pieces.length)
      return this.fail(attempt, 'short');
    const readers = this.#readersOf(attempt);
    this.#tell(() => {
      this.machine.fillEnd(attempt.id, this.nowMs);
      if (!attempt.live) return this.#note('short end');
      for (const request of readers) if (request.state === 'reading') this.#complete(request);
      this.#note('whole');
    }, attempt);
  }

  fail(attempt: Attempt, cause: FillFailure): void {
    const waited = this.#waitersOf(attempt);
    this.#tell(() => this.machine.fillFailed(attempt.id, cause, this.nowMs), attempt);
    // The first of several attempts allowed, and somebody to ask: whoever waits must not be told of it.
    if (attempt.number > 1 || this.config.attemptsMax < 2) return;
    for (const request of waited) {
      assert.equal(request.state, 'waiting', 'a failed attempt is replaced while somebody waits');
      this.#note('replaced');
    }
  }

  pause(attempt: Attempt): void {
    attempt.paused = true;
    this.#tell(() => this.machine.fillPaused(attempt.id));
  }

  unpause(attempt: Attempt): void {
    if (attempt.paused) attempt.activeMs = this.nowMs;
    attempt.paused = false;
    this.#tell(() => this.machine.fillResumed(attempt.id, this.nowMs));
  }

  // ——— time and events ———

  /** To that time, waking the machine whenever it asked for it. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.machine.nextWake() <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.machine.nextWake());
      this.#wake();
    }
    this.nowMs = untilMs;
    this.#nobodyIsLate();
  }

  /** A timer that comes late, as they do. */
  jump(ms: number): void {
    this.nowMs += ms;
    this.#wake();
  }

  eventDocument(found: boolean): void {
    if (!this.#learning) return;
    this.#learning = false;
    this.#tell(() => {
      if (found) this.machine.learned(0, LIVE_TIMING, 2000, this.nowMs);
      else this.machine.unknown(0, this.nowMs);
    });
  }

  /** Lets everything in flight come to its end, forgets all that is stored, and looks for what was left behind. */
  settle(): void {
    for (let round = 0; this.live.length > 0 && round < 100; round++) {
      for (const attempt of this.live) if (attempt.live) this.fail(attempt, 'reset');
    }
    for (let round = 0; this.machine.nextWake() < Infinity; round++) {
      assert(round < 1000, 'it stops wanting to be woken');
      this.advance(this.machine.nextWake() - this.nowMs);
    }
    assert.deepEqual(this.open, [], 'every request has its outcome');
    assert.deepEqual(this.live, [], 'no fill is left');
    assert.equal(this.machine.open, 0, 'no request is remembered');
    assert.equal(this.machine.arrivingBytes, 0);
    for (const { key } of this.#objects.values()) this.#tell(() => this.machine.invalidate(key));
    assert.equal(this.#objects.size, 0);
    assert.deepEqual([...this.#texts.keys()], [], 'every key is released');
  }

  // ——— the sink ———

  serve(requestId: number, objectId: number, outcome: ServeOutcome, ageMs: number, ttlMs: number): void {
    const request = this.#answer(requestId, 'waiting');
    const stored = this.#objects.get(objectId);
    assert(stored, 'what is served is stored');
    assert.equal(stored.key, request.key, 'nobody is served another variant');
    assert([null, request.field].includes(stored.version.field), 'nobody is served another variant');
    assert.equal(ageMs, stored.head.ageMs + (this.nowMs - stored.storedMs));
    if (outcome === 'hit') assert(ttlMs > 0, 'a hit is fresh');
    if (outcome === 'stale') assert(-ttlMs < stored.head.staleWhileRevalidateMs && ttlMs <= 0);
    if (outcome === 'stale-if-error') assert(-ttlMs < stored.head.staleIfErrorMs);
    if (!isLive(request.target)) assert.equal(ttlMs, stored.storedMs + stored.head.ttlMs - this.nowMs);
    request.got.push(...stored.version.pieces);
    this.#note(outcome);
  }

  fill(
    fillId: number,
    key: number,
    source: number,
    leader: number,
    alone: boolean,
    revalidates: number,
    resumes: number,
  ): void {
    this.#inCall();
    const before = this.#attempts.get(resumes) ?? null;
    assert(before === null || !before.live, 'whom it resumes has been aborted');
    if (revalidates >= 0 && this.#objects.has(revalidates)) assert.equal(this.#objects.get(revalidates)!.key, key);
    const asker = this.#requests.get(leader);
    if (asker?.fromTier && asker.fill === null) assert(source < this.#upstreams, 'who is asked by a tier goes up');
    const text = this.#keys[key];
    assert(text !== undefined, 'a key in use is known');
    const attempt: Attempt = {
      id: fillId,
      target: targetOf(text),
      field: asker?.field ?? before?.field ?? '',
      leader,
      alone,
      revalidates,
      after: this.#justAborted,
      number: 1,
      key,
      phase: 'head',
      live: true,
      body: before?.body ?? { pieces: [], skip: 0, passedOn: false },
      head: null,
      version: before?.version ?? null,
      sent: 0,
      activeMs: this.nowMs,
      paused: false,
      closedFrom: before?.closedFrom ?? this.#justAborted?.closedFrom ?? Infinity,
      readers: before?.readers ?? new Set(),
    };
    attempt.body.skip = attempt.body.pieces.length;
    this.#attempts.set(fillId, attempt);
    this.#started.push(attempt);
    for (const request of before === null ? [] : this.#readersOf(before)) request.fill = attempt;
    this.#note(before ? 'resumed' : 'filled');
  }

  stream(requestId: number, fillId: number, how: StreamOutcome): void {
    const request = this.#answer(requestId, 'waiting');
    const attempt = this.#attempts.get(fillId)!;
    const { body, head, version } = attempt;
    assert(attempt.live && attempt.phase === 'body' && head !== null && version !== null);
    assert(!body.passedOn || body.pieces.length === 0, 'what was let go of cannot be begun');
    assert([null, request.field].includes(version.field), 'nobody gets another variant');
    if (requestId !== attempt.leader) {
      assert(head.shareable, 'what is private goes to the one it was asked for');
      assert.equal(request.key, head.key, 'nobody gets another variant');
    }
    if (how !== 'pass') assert(!body.passedOn);
    assert(requestId < attempt.closedFrom, 'nothing from before a purge is given to those who come after it');
    attempt.readers.add(requestId);
    request.state = 'reading';
    request.fill = attempt;
    request.got = [];
    this.#note(how);
    this.#hand(request, body.pieces);
  }

  refuse(requestId: number, status: number, reason: RefusalReason, ttlMs: number): void {
    const request = this.#answer(requestId, 'waiting');
    assert(status >= 400 && ttlMs >= 0);
    assert(this.#keys[request.key] !== undefined, 'the key of a refusal is still known');
    if (reason === 'wait-bound') assert(this.nowMs >= request.askedMs + this.config.waitMs);
    this.#note(reason);
  }

  cut(requestId: number): void {
    const request = this.#requests.get(requestId)!;
    this.#inCall();
    request.fill!.readers.delete(requestId);
    // With a length told, the last byte has ended the answer before the machine hears of it.
    if (request.state === 'answered' && isWhole(request)) return;
    this.#answer(requestId, 'reading');
    this.#note('cut');
  }

  abort(fillId: number): void {
    this.#inCall();
    this.#justAborted = this.#attempts.get(fillId)!;
    this.#justAborted.live = false;
  }

  store(fillId: number, objectId: number): void {
    this.#inCall();
    const attempt = this.#attempts.get(fillId)!;
    const { body, head, version, key } = attempt;
    assert(attempt.live && !attempt.alone && !body.passedOn, 'a pass is not stored');
    assert(head!.shareable);
    assert.equal(attempt.closedFrom, Infinity, 'nothing from before a purge is stored');
    if (head!.lengthBytes >= 0) assert.equal(attempt.sent * PIECE_BYTES, head!.lengthBytes, 'nothing short is stored');
    assert.deepEqual(body.pieces, version!.pieces, 'what is stored is the whole of one body');
    this.#objects.set(objectId, { key, version: version!, storedMs: this.#headMs.get(attempt)!, head: head! });
  }

  passOn(fillId: number): void {
    this.#inCall();
    this.#attempts.get(fillId)!.body.passedOn = true;
  }

  restart(fillId: number): void {
    this.#inCall();
    const attempt = this.#attempts.get(fillId)!;
    assert.equal(this.#readersOf(attempt).length, 0, 'nobody reads what is forgotten');
    attempt.body = { pieces: [], skip: 0, passedOn: false };
    this.#note('restarted');
  }

  refresh(fillId: number, objectId: number): void {
    this.#inCall();
    const stored = this.#objects.get(objectId)!;
    assert.equal(objectId, this.#attempts.get(fillId)!.revalidates, 'a 304 confirms what was asked about');
    stored.head = this.#attempts.get(fillId)!.head!;
    stored.storedMs = this.nowMs;
  }

  drop(objectId: number): void {
    this.#inCall();
    assert(this.#objects.delete(objectId), 'what is dropped was stored');
    this.#note('dropped');
  }

  release(key: number): void {
    this.#inCall();
    const text = this.#keys[key];
    assert(text !== undefined, 'a key is released once');
    this.#keys[key] = undefined;
    this.#texts.delete(text);
    this.#freeKeys.push(key);
  }

  learn(event: number): void {
    this.#inCall();
    assert.equal(event, 0);
    assert(!this.#learning, 'a document is fetched once at a time');
    this.#learning = true;
  }

  // ——— what must hold ———

  readonly #headMs = new Map<Attempt, number>();

  /** @param ending an attempt that is over with this call */
  #tell(call: () => void, ending?: Attempt): void {
    assert(!this.#calling);
    this.#calling = true;
    this.#started = [];
    this.#justAborted = null;
    for (const attempt of this.live)
      if (attempt.phase === 'body' && !this.#headMs.has(attempt)) this.#headMs.set(attempt, this.nowMs);
    call();
    this.#calling = false;
    if (ending) ending.live = false;
    this.#countAttempts();
    this.#attach();
    this.#oneFillAKey();
    this.#withinMemory();
    for (const attempt of this.#attempts.values()) if (!attempt.live) this.#attempts.delete(attempt.id);
  }

  /** A shell whose machine calls its sink at any other time would break. */
  #inCall(): void {
    assert(this.#calling, 'orders come from inside calls');
  }

  /** Everybody who waits does so for something that is in flight. */
  #attach(): void {
    const live = this.live.filter((attempt) => attempt.phase === 'head');
    for (const request of this.open.filter(({ state }) => state === 'waiting')) {
      const own = live.find((attempt) => attempt.leader === request.id);
      const still = request.fill?.live && request.fill.phase === 'head' ? request.fill : undefined;
      const successor = request.fill?.live === false ? this.#successorOf(request.fill) : undefined;
      const shared = live.find((attempt) => attempt.key === request.key && !attempt.body.passedOn);
      request.fill = own ?? still ?? successor ?? shared ?? null;
      assert(request.fill, 'whoever waits waits for something');
    }
    for (const { state, fill } of this.open)
      if (state === 'reading') assert(fill!.live, 'whoever reads, reads something');
    for (const attempt of this.live) {
      if (!attempt.body.passedOn || attempt.readers.size > 0) continue;
      const waited = this.open.some(({ state, fill }) => state === 'waiting' && fill === attempt);
      assert(waited, 'a pass that nobody is on is aborted');
    }
  }

  #countAttempts(): void {
    for (const attempt of this.#started) {
      if (attempt.after !== null && replaces(attempt, attempt.after)) attempt.number = attempt.after.number + 1;
      assert(attempt.number <= this.config.attemptsMax, 'attempts are bounded');
    }
  }

  /** Those who waited for a failed attempt wait for the next, whatever keys `Vary` has given them since. */
  #successorOf(failed: Attempt): Attempt | undefined {
    return this.#started.find((attempt) => attempt.live && attempt.after === failed && replaces(attempt, failed));
  }

  #oneFillAKey(): void {
    const shared = this.live.filter(({ alone, body }) => !alone && !body.passedOn).map(({ key }) => key);
    assert.equal(new Set(shared).size, shared.length, 'at most one shared fill of a key');
    for (const { alone, body, key, live, version } of this.#started) {
      // Who continues a body does so for its readers.
      if (!live || alone || body.passedOn || version !== null) continue;
      for (const stored of this.#objects.values()) {
        if (stored.key === key && !isLive(this.#keys[key]!))
          assert(stored.storedMs + stored.head.ttlMs <= this.nowMs, 'no refill while a fresh copy is held');
      }
    }
    assert(this.machine.fillsInFlight <= this.config.fillsMax);
    assert.equal(this.machine.fillsInFlight, this.live.length);
    assert.equal(this.machine.waiting, this.open.filter(({ state }) => state === 'waiting').length);
  }

  #withinMemory(): void {
    const { storedBytes, arrivingBytes } = this.machine;
    assert(storedBytes + arrivingBytes <= this.config.memoryBytes, 'memory is bounded');
    const sizes = [...this.#objects.values()].map(
      ({ version }) => version.pieces.length * PIECE_BYTES + OBJECT_OVERHEAD_BYTES,
    );
    assert.equal(storedBytes, sum(sizes));
    const arriving = this.live.filter(({ alone, body }) => !alone && !body.passedOn);
    assert.equal(arrivingBytes, sum(arriving.map(({ body }) => body.pieces.length * PIECE_BYTES)));
  }

  #assertNothingStored(key: number, why: string): void {
    for (const stored of this.#objects.values()) assert.notEqual(stored.key, key, why);
  }

  #wake(): void {
    const before = this.live;
    this.#tell(() => this.machine.wake(this.nowMs));
    assert(this.machine.nextWake() > this.nowMs, 'woken once, it has done everything that was due');
    this.#nobodyIsLate();
    for (const attempt of before) {
      const { headTimeoutMs, stallTimeoutMs } = this.config;
      const dueMs = attempt.activeMs + (attempt.phase === 'head' ? headTimeoutMs : stallTimeoutMs);
      const overdue = !attempt.paused && this.nowMs >= dueMs;
      if (attempt.live) assert(!overdue, 'a silent upstream is given up');
      // A pass is given up also when the last who waited for it has been refused.
      else if (!attempt.body.passedOn) assert(overdue, 'an upstream that gives signs of life is not given up');
    }
  }

  #nobodyIsLate(): void {
    for (const { state, askedMs } of this.open) {
      if (state === 'waiting') assert(this.nowMs < askedMs + this.config.waitMs, 'nobody waits past the bound');
    }
  }

  // ——— bookkeeping ———

  #answer(requestId: number, expected: Request['state']): Request {
    this.#inCall();
    const request = this.#requests.get(requestId)!;
    assert.equal(request.state, expected, 'one outcome for each request');
    request.state = 'answered';
    return request;
  }

  #hand(request: Request, pieces: readonly string[]): void {
    request.got.push(...pieces);
    const { lengthBytes } = request.fill!.head!;
    if (lengthBytes >= 0 && request.got.length * PIECE_BYTES === lengthBytes) this.#complete(request);
  }

  #complete(request: Request): void {
    request.state = 'answered';
    assert(isWhole(request), 'bytes out equal bytes in');
    this.#note('completed');
  }

  #waitersOf(attempt: Attempt): Request[] {
    return this.open.filter(({ state, fill }) => state === 'waiting' && fill === attempt);
  }

  #readersOf(attempt: Attempt): Request[] {
    return this.open.filter(({ state, fill }) => state === 'reading' && fill === attempt);
  }

  #version(plan: HeadPlan, field: string | null): Version {
    const id = this.#nextVersion++;
    const pieces = Array.from({ length: plan.pieces }, (_, at) => `v${id}.${at}`);
    return { pieces, etag: plan.etag, field };
  }

  #rekeyWaiters(attempt: Attempt): number {
    this.#varying.add(attempt.target);
    const key = this.#intern(variantText(attempt.target, attempt.field));
    if (key === attempt.key) return key;
    this.#note('varied');
    for (const request of this.open) {
      if (request.state !== 'waiting' || request.key !== attempt.key) continue;
      request.key = this.#intern(variantText(request.target, request.field));
      this.machine.rekey(request.id, request.key);
    }
    return key;
  }

  #intern(text: string): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const key = this.#freeKeys.pop() ?? this.#keys.length;
    this.#texts.set(text, key);
    this.#keys[key] = text;
    const segment = isLive(text) ? Number(/\d+/.exec(text)![0]) : 0;
    this.machine.define(key, stableHash(targetOf(text)), isLive(text) ? 0 : -1, segment);
    return key;
  }

  #note(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }
}

/** What follows an abort need not replace what was aborted: those who waited may have gone to ask for themselves. */
function replaces(attempt: Attempt, aborted: Attempt): boolean {
  const { key, alone, body } = attempt;
  return key === aborted.key && alone === aborted.alone && body.passedOn === aborted.body.passedOn;
}

function isLive(text: string): boolean {
  return text.startsWith('live/');
}

function isWhole({ got, fill }: Request): boolean {
  const { pieces } = fill!.version!;
  return got.length === pieces.length && got.every((piece, at) => piece === pieces[at]);
}

function variantText(target: string, field: string): string {
  return `${target}|${field}`;
}

function targetOf(text: string): string {
  return text.split('|')[0]!;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
