import type { EdgePolicyConfig } from '../../edge/policy/edge-config.ts';
import { newStats, type EdgeStats } from '../../edge/policy/edge-stats.ts';
import type { EventTiming } from '../../edge/policy/live-events.ts';
import { EdgeMachine } from '../../edge/policy/machine.ts';
import { FROM_TIER, INTERNAL } from '../../edge/policy/sink.ts';
import type { EdgeSink, FillFailure, RefusalReason, ServeOutcome, StreamOutcome } from '../../edge/policy/sink.ts';
import { OriginBudget, type OriginBudgetConfig } from '../../origin-shield/policy/origin-budget.ts';
import type { LiveEvent } from '../../topology/model/event.ts';
import type { Engine } from '../engine/engine.ts';
import { grown } from '../engine/grown.ts';
import type { NodeClock } from '../engine/node-clock.ts';
import { KEY_KINDS, type KeyBook } from './key-book.ts';
import type { ServerLoad } from './server-load.ts';
import type { Wire, WireAsker, WireFailure, WirePath, WireServer } from './wire.ts';

/** How an answer came about, in `Wire.outcome`. */
export const OUTCOMES = ['none', 'hit', 'stale', 'miss', 'collapsed', 'pass'] as const;
export const OUTCOME = { hit: 1, stale: 2, miss: 3, collapsed: 4, pass: 5 } as const;

export interface CacheNodeOptions {
  id: string;
  /** its number on the wire */
  server: number;
  role: 'edge' | 'shield';
  policy: EdgePolicyConfig;
  /** names of all edges of the site, this one included; empty for a shield */
  site: readonly string[];
  /** servers of the tier above, best first: their numbers on the wire */
  upstreams: readonly number[];
  /** the site's other edges by name: their numbers on the wire */
  neighbours: ReadonlyMap<string, number>;
  /** of a shield: what it may ask of the origin */
  budget?: OriginBudgetConfig;
  clock: NodeClock;
  load: ServerLoad;
}

/** What the node needs of the world round it. */
export interface CacheWorld {
  engine: Engine;
  wire: Wire;
  keys: KeyBook;
  /** kind of asker that fills are, on the wire */
  fillKind: number;
  /** kind of timer that wakes a node; its payload is the node's number on the wire */
  wakeKind: number;
  /** what the event's document says now */
  event: () => LiveEvent;
  /** from one server to another */
  way: (from: number, to: number) => WirePath;
  /** what a server can send at most */
  nicBps: (server: number) => number;
  /** called for each shared fill that begins and each that ends, for the checkers */
  fillBegan: (node: CacheNode, key: number, fillId: number, resumes: number) => void;
  fillEnded: (node: CacheNode, fillId: number) => void;
}

interface FillRecord {
  readonly id: number;
  readonly key: number;
  readonly source: number;
  readonly readers: Set<number>;
  /** the server that it asks */
  from: number;
  exchange: number;
  status: number;
  /** told to the machine */
  toldBytes: number;
  ttlMs: number;
}

/** As in the service: an idle connection to another tier is dropped after so long. */
const TIER_IDLE_MS = 4000;
/** Requests that the node makes for itself have this in place of an exchange. */
const OWN = -1;
const NOBODY = -2;
/** As in the service: an event's document is looked at again this often. */
const EVENT_RELEARN_MS = 2000;
/** As in the service: how long whoever was turned away for load should stay away. */
const OVERLOAD_TTL_MS = 1000;
const EVENT = 0;

/**
 * A thin driver round the edge's own machine, for edges and shields: exchanges of the wire become calls of the machine,
 * and what it says becomes answers and fills. It decides nothing about caching. `edge/service/edge-node.ts` is its
 * counterpart over sockets, and what is said there about order holds here.
 */
export class CacheNode implements EdgeSink, WireServer {
  readonly id: string;
  readonly role: 'edge' | 'shield';
  /** another after each restart */
  machine: EdgeMachine;
  readonly load: ServerLoad;
  readonly clock: NodeClock;
  standing: 'up' | 'off' | 'dark' = 'up';
  draining = false;
  /** of requests, those that it answers with 500; meanwhile it reports that it is well and idle */
  failingShare = 0;
  readonly server: number;
  /** bytes received from above or from neighbours, whole and partial */
  filledBytes = 0;
  /** of these, from above the site */
  filledFromAboveBytes = 0;
  /** the same by the server they came from */
  readonly filledBytesFrom = new Map<number, number>();
  fillsFromAbove = 0;
  /** sent to viewers, and no segment of the event */
  unreservedBytes = 0;
  /** requests whose asker left before their answer had begun, since the machine began */
  goneWaiting = 0;
  /** of the machines before the one that runs */
  readonly pastStats = newStats();
  readonly #options: CacheNodeOptions;
  readonly #world: CacheWorld;
  #budget: OriginBudget | null;
  readonly #timer: number;
  readonly #requests = new Map<number, number>();
  readonly #fills = new Map<number, FillRecord>();
  /** status of stored answers that are not 200 */
  readonly #oddStatus = new Map<number, number>();
  /** by server: when each idle connection to it was used last, the latest at the end */
  readonly #idle = new Map<number, number[]>();
  #defined = new Uint8Array(1024);
  #nextRequest = 1;
  #current = NOBODY;
  #currentRequest = 0;
  #failsOwed = 0;
  /** what must wait until the machine may be called again */
  readonly #later: (() => void)[] = [];

  constructor(options: CacheNodeOptions, world: CacheWorld) {
    const { id, role } = options;
    this.id = id;
    this.role = role;
    this.load = options.load;
    this.clock = options.clock;
    this.#options = options;
    this.#world = world;
    this.machine = this.#makeMachine();
    this.#budget = this.#makeBudget();
    this.server = options.server;
    this.#timer = world.engine.timers.make(world.wakeKind, options.server);
  }

  get upstreamCount(): number {
    return this.#options.upstreams.length;
  }

  // ——— the wire ———

  receive(exchange: number, nowMs: number): void {
    const { wire, fillKind } = this.#world;
    const flags = wire.kindOf(exchange) === fillKind ? FROM_TIER : 0;
    this.load.requested(nowMs);
    if (this.#fails()) return this.#answerWithout(exchange, 500, 0);
    this.#request(exchange, wire.key[exchange]!, flags);
    this.#settle();
  }

  gone(exchange: number): void {
    const { wire } = this.#world;
    const request = wire.request[exchange]!;
    // A node that nobody reaches goes on; only one that has died has nothing to forget.
    if (request === 0 || this.standing === 'off') return;
    for (const record of this.#fills.values()) record.readers.delete(exchange);
    this.#requests.delete(request);
    const { waiting } = this.machine;
    this.machine.requestGone(request);
    if (this.machine.waiting < waiting) this.goneWaiting++;
    this.#settle();
  }

  sent(exchange: number, bytes: number): void {
    const { wire, fillKind, keys } = this.#world;
    if (wire.kindOf(exchange) !== fillKind && !keys.isLive(wire.key[exchange]!)) this.unreservedBytes += bytes;
    this.load.sent(wire.outcome[exchange]!, bytes, wire.kindOf(exchange) === fillKind);
  }

  /** An answer's head has come from upstream. */
  fillHeadCame(exchange: number): void {
    const record = this.#recordOf(exchange);
    if (record === undefined) return;
    record.status = this.#world.wire.status[exchange]!;
    record.ttlMs = this.#world.wire.ttlMs[exchange]!;
    this.#tellHead(record, this.#world.wire.sizeBytes[exchange]!);
    this.#settle();
  }

  fillDone(exchange: number): void {
    const record = this.#recordOf(exchange);
    if (record === undefined) return;
    const sizeBytes = this.#world.wire.sizeBytes[exchange]!;
    this.#received(record, sizeBytes);
    record.exchange = NOBODY;
    this.#keepConnection(record.from);
    const { nowMs } = this;
    this.machine.fillBytes(record.id, sizeBytes - record.toldBytes, nowMs);
    this.machine.fillEnd(record.id, nowMs);
    this.#ended(record);
    this.#settle();
  }

  fillFailed(exchange: number, cause: WireFailure): void {
    const record = this.#recordOf(exchange);
    if (record === undefined) return;
    record.exchange = NOBODY;
    this.#received(record, this.#world.wire.receivedBytes(exchange));
    if (cause === 'answered') this.#takeRefusal(record, exchange);
    else this.#failed(record, cause === 'refused' ? 'refused' : 'reset');
    this.#settle();
  }

  /** The process dies, and with it all it knows. Whoever breaks its exchanges does that before. */
  crash(): void {
    this.standing = 'off';
    for (const record of this.#fills.values()) {
      if (record.exchange >= 0) this.#received(record, this.#world.wire.cancel(record.exchange));
      this.#world.fillEnded(this, record.id);
    }
    this.#world.engine.timers.cancel(this.#timer);
    addStats(this.pastStats, this.machine.stats);
    this.machine = this.#makeMachine();
    this.#budget = this.#makeBudget();
    this.goneWaiting = 0;
    this.#fills.clear();
    this.#requests.clear();
    this.#idle.clear();
    this.#oddStatus.clear();
    this.#defined.fill(0);
  }

  // ——— what the machine says ———

  serve(requestId: number, objectId: number, outcome: ServeOutcome, _ageMs: number, ttlMs: number): void {
    const exchange = this.#take(requestId);
    if (exchange === OWN) return this.#learnedLater(true);
    const { wire, keys } = this.#world;
    const status = this.#oddStatus.size === 0 ? 200 : (this.#oddStatus.get(objectId) ?? 200);
    if (status !== 200) return this.#answerWithout(exchange, status, ttlMs);
    const sizeBytes = keys.sizeBytes(wire.key[exchange]!);
    wire.outcome[exchange] = outcome === 'hit' || outcome === 'revalidated' ? OUTCOME.hit : OUTCOME.stale;
    wire.respond(exchange, 200, sizeBytes, Math.max(0, ttlMs), this.load.delayMs(sizeBytes, this.#trueMs), false);
  }

  fill(
    fillId: number,
    key: number,
    source: number,
    _leader: number,
    alone: boolean,
    _revalidates: number,
    resumes: number,
  ): void {
    const before = this.#fills.get(resumes);
    this.#fills.delete(resumes);
    const record: FillRecord = {
      id: fillId,
      key,
      source,
      readers: before?.readers ?? new Set(),
      from: NOBODY,
      exchange: NOBODY,
      status: 0,
      toldBytes: 0,
      ttlMs: 0,
    };
    this.#fills.set(fillId, record);
    if (!alone) this.#world.fillBegan(this, key, fillId, resumes);
    if (this.#budget === null || source >= this.upstreamCount) this.#send(record);
    else this.#budget.admit(fillId, this.machine.priority(key, this.wallMs), this.nowMs);
  }

  stream(requestId: number, fillId: number, how: StreamOutcome): void {
    const record = this.#fills.get(fillId)!;
    const exchange = this.#take(requestId);
    const { wire } = this.#world;
    if (record.status !== 200) {
      this.#later.push(() => this.machine.requestGone(requestId));
      if (exchange === OWN) this.#learnedLater(false);
      else this.#answerWithout(exchange, record.status, record.ttlMs);
      return;
    }
    if (exchange === OWN) {
      // The document is small: its body is there with its head.
      this.#later.push(() => this.machine.requestGone(requestId));
      return this.#learnedLater(true);
    }
    // Who reads may have to be cut.
    this.#requests.set(requestId, exchange);
    record.readers.add(exchange);
    wire.outcome[exchange] = OUTCOME[how];
    const sizeBytes = this.#world.keys.sizeBytes(record.key);
    const ttlMs = this.machine.freshForMs(fillId, this.nowMs) ?? record.ttlMs;
    wire.respond(exchange, 200, sizeBytes, ttlMs, this.load.delayMs(sizeBytes, this.#trueMs), true);
  }

  refuse(requestId: number, status: number, _reason: RefusalReason, ttlMs: number): void {
    const exchange = this.#take(requestId);
    if (exchange === OWN) return this.#learnedLater(false);
    // As in the service, errors are those that the node answers by itself; it is not blamed for what it passes on.
    if (status >= 500) this.load.failed();
    this.#answerWithout(exchange, status, status === 503 ? OVERLOAD_TTL_MS : ttlMs);
  }

  cut(requestId: number): void {
    const exchange = this.#take(requestId);
    if (exchange === OWN) return this.#learnedLater(false);
    for (const record of this.#fills.values()) record.readers.delete(exchange);
    this.#world.wire.cut(exchange);
  }

  abort(fillId: number): void {
    const record = this.#fills.get(fillId);
    this.#budget?.done(fillId);
    this.#world.fillEnded(this, fillId);
    if (record === undefined) return;
    if (record.exchange >= 0) this.#received(record, this.#world.wire.cancel(record.exchange));
    record.exchange = NOBODY;
    // Kept until the next attempt has taken its readers over, or this turn is over.
    this.#later.push(() => this.#fills.delete(fillId));
  }

  store(fillId: number, objectId: number): void {
    const { status } = this.#fills.get(fillId)!;
    if (status !== 200) this.#oddStatus.set(objectId, status);
  }

  drop(objectId: number): void {
    if (this.#oddStatus.size > 0) this.#oddStatus.delete(objectId);
  }

  release(key: number): void {
    this.#defined[key] = 0;
  }

  learn(): void {
    this.#later.push(() => this.#request(OWN, this.#world.keys.document(), INTERNAL));
  }

  /** It is no longer everybody's: another may begin. */
  passOn(fillId: number): void {
    this.#world.fillEnded(this, fillId);
  }

  // Bodies have no bytes here, and nothing is asked about with validators.
  restart(): void {}
  refresh(): void {}

  // ——— inside ———

  /** The node's own clocks. */
  get nowMs(): number {
    return this.clock.nowMs(this.#world.engine.nowMs);
  }

  get wallMs(): number {
    return this.clock.wallMs(this.#world.engine.wallMs);
  }

  get #trueMs(): number {
    return this.#world.engine.nowMs;
  }

  #request(exchange: number, key: number, flags: number): void {
    this.#define(key);
    const id = this.#nextRequest++;
    if (exchange >= 0) this.#world.wire.request[exchange] = id;
    this.#current = exchange;
    this.#currentRequest = id;
    this.machine.request(id, key, flags, this.nowMs, this.wallMs);
    // Whoever the machine answered at once is no longer the current one.
    if (this.#currentRequest === id) this.#requests.set(id, exchange);
    this.#currentRequest = 0;
  }

  #take(requestId: number): number {
    if (requestId === this.#currentRequest) {
      this.#currentRequest = 0;
      return this.#current;
    }
    const exchange = this.#requests.get(requestId)!;
    this.#requests.delete(requestId);
    return exchange;
  }

  #define(key: number): void {
    if (key >= this.#defined.length) {
      this.#defined = grown(this.#defined, Math.max(key + 1, this.#defined.length * 2));
    }
    if (this.#defined[key] === 1) return;
    this.#defined[key] = 1;
    const { keys } = this.#world;
    const isSegment = keys.kind(key) === KEY_KINDS.segment;
    this.machine.define(
      key,
      keys.hash(key),
      isSegment ? EVENT : -1,
      isSegment ? keys.number(key) : 0,
      isSegment ? keys.rendition(key) : -1,
    );
  }

  /** Evenly: of so many requests in a row always as many. */
  #fails(): boolean {
    if (this.failingShare === 0) return false;
    this.#failsOwed += this.failingShare;
    if (this.#failsOwed < 1) return false;
    this.#failsOwed -= 1;
    return true;
  }

  #answerWithout(exchange: number, status: number, ttlMs: number): void {
    this.#world.wire.refuse(exchange, status, ttlMs, this.load.delayMs(0, this.#trueMs));
  }

  #learnedLater(known: boolean): void {
    this.#later.push(() => {
      if (known) this.machine.learned(EVENT, timingOf(this.#world.event()), EVENT_RELEARN_MS, this.nowMs);
      else this.machine.unknown(EVENT, this.nowMs);
    });
  }

  #send(record: FillRecord): void {
    const { wire, fillKind, way, nicBps } = this.#world;
    const neighbour = this.machine.sources.neighbour(record.source);
    const from =
      neighbour === null ? this.#options.upstreams[record.source]! : this.#options.neighbours.get(neighbour)!;
    record.from = from;
    if (neighbour === null) this.fillsFromAbove++;
    const path = way(from, this.server);
    // A connection between tiers is kept for a while, and its window is no bound; a new one costs its set-up.
    const setUpMs = this.#takeConnection(from) ? 0 : 2 * path.oneWayMs;
    record.exchange = wire.ask(
      fillKind,
      this.server,
      record.id,
      from,
      record.key,
      path,
      setUpMs,
      nicBps(from),
      Infinity,
    );
  }

  /** The one used last, as in runtime/upstream.ts. @returns whether there was one */
  #takeConnection(server: number): boolean {
    const usedMs = this.#idle.get(server)?.pop();
    if (usedMs !== undefined && this.#trueMs - usedMs < TIER_IDLE_MS) return true;
    this.#idle.delete(server);
    return false;
  }

  #keepConnection(server: number): void {
    const idle = this.#idle.get(server);
    if (idle === undefined) this.#idle.set(server, [this.#trueMs]);
    else idle.push(this.#trueMs);
  }

  #tellHead(record: FillRecord, sizeBytes: number): void {
    const { status, ttlMs, key } = record;
    const shareable = status === 200 || ttlMs > 0;
    const validator = status === 200 ? String(key) : '';
    const lengthBytes = status === 200 ? sizeBytes : 0;
    const head = {
      status,
      shareable,
      ttlMs,
      ageMs: 0,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      lengthBytes,
      validator,
      key,
    };
    this.machine.fillHead(record.id, head, this.nowMs, this.wallMs);
  }

  #takeRefusal(record: FillRecord, exchange: number): void {
    const { wire } = this.#world;
    this.#keepConnection(record.from);
    record.status = wire.status[exchange]!;
    record.ttlMs = wire.ttlMs[exchange]!;
    this.#tellHead(record, 0);
    this.machine.fillEnd(record.id, this.nowMs);
    this.#ended(record);
  }

  #failed(record: FillRecord, cause: FillFailure): void {
    this.machine.fillFailed(record.id, cause, this.nowMs);
    this.#budget?.done(record.id);
    this.#world.fillEnded(this, record.id);
    if (this.#fills.get(record.id) === record) this.#fills.delete(record.id);
  }

  /** Its body is complete, and so is what its readers can get. */
  #ended(record: FillRecord): void {
    this.#budget?.done(record.id);
    this.#world.fillEnded(this, record.id);
    if (this.#fills.get(record.id) !== record) return;
    this.#fills.delete(record.id);
    const { wire } = this.#world;
    for (const exchange of record.readers) {
      this.#requests.delete(wire.request[exchange]!);
      wire.sourceEnded(exchange);
    }
  }

  #received(record: FillRecord, bytes: number): void {
    this.filledBytes += bytes;
    if (bytes === 0) return;
    if (record.source < this.upstreamCount) this.filledFromAboveBytes += bytes;
    this.filledBytesFrom.set(record.from, (this.filledBytesFrom.get(record.from) ?? 0) + bytes);
  }

  /** An answer to an attempt that has been replaced concerns nobody. */
  #recordOf(exchange: number): FillRecord | undefined {
    const record = this.#fills.get(this.#world.wire.reference[exchange]!);
    return record?.exchange === exchange ? record : undefined;
  }

  /** The node's timer. */
  wake(): void {
    const { nowMs } = this;
    // What has come meanwhile counts as a sign of life.
    for (const record of this.#fills.values()) {
      if (record.exchange < 0 || record.status === 0) continue;
      const bytes = this.#world.wire.receivedBytes(record.exchange);
      if (bytes <= record.toldBytes) continue;
      this.machine.fillBytes(record.id, bytes - record.toldBytes, nowMs);
      record.toldBytes = bytes;
    }
    this.machine.wake(nowMs);
    this.#budget?.wake(nowMs);
    this.#settle();
  }

  /** After each turn: what had to wait for its end, and when to look again. */
  #settle(): void {
    while (this.#later.length > 0) this.#later.shift()!();
    const wakeMs = Math.min(this.machine.nextWake(), this.#budget?.nextWake() ?? Infinity);
    const { timers } = this.#world.engine;
    const atMs = this.clock.trueMs(wakeMs);
    if (timers.atMs(this.#timer) !== atMs) timers.set(this.#timer, Math.max(atMs, this.#trueMs));
  }

  #makeMachine(): EdgeMachine {
    const { id, site, upstreams, policy } = this.#options;
    return new EdgeMachine(policy, { self: id, site, upstreams: upstreams.length }, this);
  }

  #makeBudget(): OriginBudget | null {
    const { budget } = this.#options;
    if (budget === undefined) return null;
    return new OriginBudget(budget, {
      start: (fillId) => {
        const record = this.#fills.get(fillId);
        if (record !== undefined) this.#send(record);
      },
      shed: (fillId) =>
        this.#later.push(() => {
          const record = this.#fills.get(fillId);
          if (record !== undefined) this.#failed(record, 'shed');
        }),
    });
  }
}

/** Renditions have the numbers that the event's document gives them by its order. */
function timingOf(event: LiveEvent): EventTiming {
  return { ...event, nominalBps: event.renditions.map(({ bandwidth }) => bandwidth) };
}

function addStats(to: EdgeStats, from: EdgeStats): void {
  for (const name of Object.keys(to) as (keyof EdgeStats)[]) to[name] += from[name];
}

/** Fills as askers on the wire: each belongs to a cache node. */
export class FillAsker implements WireAsker {
  readonly #nodeOf: (server: number) => CacheNode;
  readonly #wire: Wire;

  constructor(wire: Wire, nodeOf: (server: number) => CacheNode) {
    this.#wire = wire;
    this.#nodeOf = nodeOf;
  }

  head(exchange: number): void {
    this.#nodeOf(this.#wire.asker[exchange]!).fillHeadCame(exchange);
  }

  done(exchange: number): void {
    this.#nodeOf(this.#wire.asker[exchange]!).fillDone(exchange);
  }

  failed(exchange: number, cause: WireFailure): void {
    this.#nodeOf(this.#wire.asker[exchange]!).fillFailed(exchange, cause);
  }
}
