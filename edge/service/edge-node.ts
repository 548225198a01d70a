import type { HttpExchange } from '../../runtime/http-exchange.ts';
import type { Log } from '../../runtime/log.ts';
import type { Upstream, UpstreamCall } from '../../runtime/upstream.ts';
import { PRIORITIES, type Priority } from '../../topology/model/priority.ts';
import { keyOf, variantKeyOf } from '../policy/key.ts';
import type { EventTiming } from '../policy/live-events.ts';
import type { EdgeMachine } from '../policy/machine.ts';
import { select, type Conditions, type Selection } from '../policy/preconditions.ts';
import type { EdgeSink, FillFailure, FillHead, RefusalReason, ServeOutcome, StreamOutcome } from '../policy/sink.ts';
import { FROM_TIER, INTERNAL, ONLY_IF_CACHED, PARTIAL } from '../policy/sink.ts';
import { blockOf, fieldMap, isMediaPath, PREFLIGHT } from './answer-fields.ts';
import { Bypass } from './bypass.ts';
import { ageField, CacheStatus, tierField } from './cache-status.ts';
import { InternalExchange, type Exchange } from './exchange.ts';
import { EgressCounter } from './egress.ts';
import { eventTiming } from './event-timing.ts';
import { FillBody, type Flow, type Reader } from './fill-body.ts';
import { KeyTable, targetOf } from './key-table.ts';
import { Refusals } from './refusals.ts';
import { readRequest } from './request-facts.ts';
import type { StoredAnswer } from './stored-answer.ts';
import { Turns } from './turns.ts';
import { readAnswer } from './upstream-answer.ts';
import { isLooping, upstreamFields, type RequestFields } from './upstream-fields.ts';
import { VaryTable } from './vary-table.ts';

/** Lets the shield hold fills back; without one a fill starts at once. */
export interface FillGate {
  admit(fillId: number, priority: Priority, start: () => void, shed: () => void): void;
  done(fillId: number): void;
}

export interface EdgeNodeOptions {
  id: string;
  /** the tier above, best first */
  upstreams: readonly Upstream[];
  /** the site's other edges by name */
  neighbours: ReadonlyMap<string, Upstream>;
  /** names that count as our own tiers when they appear in CDN-Loop */
  tiers: ReadonlySet<string>;
  /** egress to user agents that begin so is counted apart (rehearsals) */
  countAgent?: string | undefined;
  gate?: FillGate | undefined;
  log: Log;
  makeMachine: (sink: EdgeSink) => EdgeMachine;
}

/** Event documents larger than this are not event documents. */
const EVENT_MAX_BYTES = 256 * 1024;
/** An event's document is looked at again this often; in between it comes from the cache anyway. */
const EVENT_RELEARN_MS = 2000;

interface Job {
  readonly id: number;
  readonly exchange: Exchange;
  readonly flags: number;
  readonly conditions: Conditions | null;
  readonly priority: Priority | null;
  key: number;
  reader: Reader | null;
  record: FillRecord | null;
  held: boolean;
}

interface FillRecord {
  readonly id: number;
  readonly key: number;
  readonly target: string;
  readonly body: FillBody;
  readonly request: RequestFields;
  readonly alone: boolean;
  readonly revalidates: number;
  startedMs: number;
  call: UpstreamCall | null;
  answer: StoredAnswer | null;
  /** whose answers have begun from it */
  readonly readers: Set<Job>;
}

/**
 * The edge's shell: turns HTTP requests, upstream answers and the clock into calls of the edge machine, and carries out
 * what the machine says. It keeps the texts, header fields and bytes behind the machine's numbers; it decides nothing
 * about caching itself.
 */
export class EdgeNode implements EdgeSink {
  readonly machine: EdgeMachine;
  readonly egress: EgressCounter;
  readonly refusals: Refusals;
  readonly keys: KeyTable;
  upstreamBytes = 0;
  readonly #options: EdgeNodeOptions;
  readonly #status: CacheStatus;
  readonly #vary = new VaryTable();
  readonly #bypass: Bypass;
  readonly #jobs = new Map<number, Job>();
  readonly #fills = new Map<number, FillRecord>();
  readonly #answers = new Map<number, StoredAnswer>();
  readonly #preflight = blockOf(PREFLIGHT);
  #nextRequestId = 1;
  #current: Job | null = null;
  readonly #turns: Turns;
  #closed = false;

  constructor(options: EdgeNodeOptions) {
    this.#options = options;
    this.#status = new CacheStatus(options.id);
    this.refusals = new Refusals(this.#status);
    this.egress = new EgressCounter(options.countAgent);
    this.machine = options.makeMachine(this);
    this.#turns = new Turns(this.machine);
    this.keys = new KeyTable((key, { hash, event, segment, rendition }) =>
      this.machine.define(key, hash, event, segment, rendition),
    );
    this.#bypass = new Bypass(options.id, () => options.upstreams[0]!, this.refusals);
  }

  // ——— requests ———

  /** The raw route's handler. */
  readonly handle = (exchange: HttpExchange): void => {
    const facts = readRequest(exchange.head);
    exchange.onDone = this.egress.accountFor(facts, this.#options.tiers);
    const { method, path } = exchange;
    if (facts.cdnLoop !== undefined && isLooping(facts.cdnLoop, this.#options.id)) {
      this.refusals.answer(exchange, path, 508, 'loop', 0, false);
    } else if (method === 'GET' || method === 'HEAD') {
      const fromTier = this.egress.isTier(facts, this.#options.tiers);
      const isPartial = method === 'HEAD' || facts.conditions?.range !== undefined;
      const flags = (fromTier ? FROM_TIER : 0) | (facts.onlyIfCached ? ONLY_IF_CACHED : 0) | (isPartial ? PARTIAL : 0);
      const priority = fromTier ? priorityOf(facts.priority) : null;
      // RFC 9110 §14.2: ranges are defined for GET alone.
      if (method === 'HEAD' && facts.conditions !== null) facts.conditions.range = undefined;
      this.#request(exchange, keyOf(path, exchange.query), flags, facts.conditions, priority);
    } else if (method === 'OPTIONS' && isMediaPath(path)) {
      exchange.respond(204, this.#preflight, '', null);
    } else if (method === 'TRACE' || method === 'CONNECT') {
      this.refusals.answer(exchange, path, 501, 'method', 0, false);
    } else if (!SENDABLE.test(exchange.url)) {
      this.refusals.answer(exchange, path, 400, 'bad-path', 0, false);
    } else {
      this.#bypass.handle(exchange, (status) => {
        if (status < 400) this.#invalidate(keyOf(path, exchange.query));
      });
    }
  };

  /** All variants of the target go (RFC 9111 §4.4). */
  #invalidate(target: string): void {
    const key = this.keys.find(target);
    const variants = this.#vary.of(target) === undefined ? [] : this.keys.matching(`${target}\n`);
    for (const each of key === undefined ? [...variants] : [key, ...variants])
      this.#turns.tell(() => this.machine.invalidate(each));
  }

  #request(
    exchange: Exchange,
    target: string,
    flags: number,
    conditions: Conditions | null,
    priority: Priority | null,
  ): void {
    const vary = this.#vary.of(target);
    const text = vary === undefined ? target : variantKeyOf(target, vary, (name) => exchange.head.get(name));
    if (this.keys.find(text) === undefined && !SENDABLE.test(target)) {
      this.refusals.answer(exchange, target, 400, 'bad-path', 0, false);
      return;
    }
    const key = this.keys.intern(text);
    if (this.machine.isNominal(key, flags)) this.egress.reserve(exchange as HttpExchange);
    const job: Job = {
      id: this.#nextRequestId++,
      exchange,
      flags,
      conditions,
      priority,
      key,
      reader: null,
      record: null,
      held: false,
    };
    this.#current = job;
    this.#turns.enter();
    try {
      this.machine.request(job.id, key, flags, performance.now(), Date.now());
      // Whoever the machine answered at once is no longer the current one.
      if (this.#current === job) this.#hold(job);
    } finally {
      this.#turns.leave();
    }
  }

  /** The request's answer is not complete: it gets a place in the table, and its client's going is told. */
  #hold(job: Job): void {
    if (this.#current === job) this.#current = null;
    this.#jobs.set(job.id, job);
    if (job.held || !('hold' in job.exchange)) return;
    job.held = true;
    (job.exchange as HttpExchange).hold(() =>
      this.#turns.later(() => {
        if (job.reader) job.record?.body.leave(job.reader);
        this.#leave(job);
      }),
    );
  }

  #job(requestId: number): Job {
    const current = this.#current;
    if (current !== null && current.id === requestId) {
      this.#current = null;
      return current;
    }
    const job = this.#jobs.get(requestId)!;
    this.#jobs.delete(requestId);
    return job;
  }

  // ——— what the machine says ———

  serve(requestId: number, objectId: number, outcome: ServeOutcome, ageMs: number, ttlMs: number): void {
    const { exchange, conditions, flags } = this.#job(requestId);
    const answer = this.#answers.get(objectId)!;
    let extra = ageField(ageMs) + this.#status.served(outcome, ttlMs);
    if ((flags & FROM_TIER) !== 0 && ttlMs > 0) extra += tierField(ttlMs);
    const body = answer.body!;
    const selection =
      conditions === null || answer.status !== 200
        ? null
        : select(conditions, answer.fields, body.byteLength, Date.now());
    if (selection === null || selection.kind === 'whole') {
      exchange.respond(answer.status, answer.block, extra, body);
    } else if (selection.kind === 'part') {
      const { start, end } = selection;
      const range = `\r\nContent-Range: bytes ${start}-${end}/${body.byteLength}`;
      exchange.respond(206, answer.block, extra + range, body.subarray(start, end + 1));
    } else {
      respondWithout(exchange, answer, selection, extra, body.byteLength);
    }
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
    const before = this.#fills.get(resumes);
    this.#fills.delete(resumes);
    const leaderJob = this.#current?.id === leader ? this.#current : this.#jobs.get(leader);
    const request = leaderJob?.exchange.head ?? before?.request ?? NO_FIELDS;
    const record: FillRecord = {
      id: fillId,
      key,
      target: targetOf(this.keys.text(key)),
      body: before?.body ?? new FillBody(this.#flowOf(fillId)),
      request: { names: request.names, values: request.values },
      alone,
      revalidates,
      startedMs: performance.now(),
      call: null,
      answer: null,
      readers: before?.readers ?? new Set(),
    };
    before?.body.resume(this.#flowOf(fillId));
    this.#fills.set(fillId, record);
    const priority = leaderJob?.priority ?? this.machine.priority(key, Date.now());
    const { gate } = this.#options;
    if (gate && source < this.#options.upstreams.length) {
      gate.admit(
        fillId,
        priority,
        () => this.#send(record, source, priority),
        () => this.#turns.later(() => this.#failed(record, 'shed', 'origin budget')),
      );
    } else {
      this.#send(record, source, priority);
    }
  }

  stream(requestId: number, fillId: number, how: StreamOutcome): void {
    const job = this.#job(requestId);
    const record = this.#fills.get(fillId)!;
    const answer = record.answer!;
    const { exchange, conditions } = job;
    this.#hold(job);
    job.record = record;
    record.readers.add(job);
    let extra = ageField(answer.ageMs) + this.#status.streamed(how, answer.status);
    if ((job.flags & FROM_TIER) !== 0) {
      const ttlMs = this.machine.freshForMs(fillId, performance.now()) ?? answer.ttlMs;
      if (ttlMs > 0) extra += tierField(ttlMs);
    }
    const length = answer.lengthBytes;
    const selection =
      how === 'pass' || conditions === null || answer.status !== 200
        ? null
        : select(conditions, answer.fields, length, Date.now());
    if (selection?.kind === 'not-modified' || selection?.kind === 'unsatisfiable') {
      respondWithout(exchange, answer, selection, extra, length);
    } else if (selection?.kind === 'part') {
      const { start, end } = selection;
      exchange.begin(206, answer.block, `${extra}\r\nContent-Range: bytes ${start}-${end}/${length}`, end - start + 1);
      if (exchange.method !== 'HEAD') job.reader = record.body.read(exchange, start, end + 1);
    } else {
      exchange.begin(answer.status, answer.block, extra, length);
      if (exchange.method !== 'HEAD' && length !== 0)
        job.reader = record.body.read(exchange, 0, length < 0 ? Infinity : length);
    }
    // Whoever needs no body is done; the machine hears of it when it may be called again.
    if (job.reader === null) this.#turns.later(() => this.#leave(job));
  }

  refuse(requestId: number, status: number, reason: RefusalReason, ttlMs: number): void {
    const { exchange, key, flags } = this.#job(requestId);
    this.refusals.answer(exchange, this.keys.text(key), status, reason, ttlMs, (flags & FROM_TIER) !== 0);
  }

  cut(requestId: number): void {
    this.#job(requestId).exchange.destroy();
  }

  abort(fillId: number): void {
    const record = this.#fills.get(fillId);
    record?.call?.abort();
    this.#options.gate?.done(fillId);
    // Kept until the next attempt has taken its body over, or this turn is over.
    this.#turns.later(() => this.#fills.delete(fillId));
  }

  store(fillId: number, objectId: number): void {
    const record = this.#fills.get(fillId)!;
    this.#answers.set(objectId, { ...record.answer!, body: record.body.whole() });
  }

  passOn(fillId: number): void {
    this.#fills.get(fillId)?.body.passOn();
  }

  restart(fillId: number): void {
    const record = this.#fills.get(fillId)!;
    this.#fills.set(fillId, { ...record, body: new FillBody(this.#flowOf(fillId)), readers: new Set() });
  }

  refresh(fillId: number, objectId: number): void {
    const { answer } = this.#fills.get(fillId)!;
    const stored = this.#answers.get(objectId)!;
    this.#answers.set(objectId, { ...answer!, body: stored.body });
  }

  drop(objectId: number): void {
    this.#answers.delete(objectId);
  }

  release(key: number): void {
    this.keys.release(key);
  }

  learn(event: number): void {
    this.#turns.later(() => this.#learn(event));
  }

  // ——— upstream ———

  #send(record: FillRecord, source: number, priority: Priority): void {
    if (this.#closed) return;
    const { id, upstreams, neighbours } = this.#options;
    const neighbour = this.machine.sources.neighbour(source);
    const upstream = neighbour === null ? upstreams[source]! : neighbours.get(neighbour)!;
    // Priorities are spoken between our tiers, and a plain origin has no use for them.
    const told = isMediaPath(record.target) ? priority : null;
    const headers = upstreamFields(record.request, { id, alone: record.alone, priority: told });
    const stored = this.#answers.get(record.revalidates);
    if (stored?.fields.has('etag')) headers.push('If-None-Match', stored.fields.get('etag')!);
    if (stored?.fields.has('last-modified')) headers.push('If-Modified-Since', stored.fields.get('last-modified')!);
    record.startedMs = performance.now();
    const fillId = record.id;
    const live = () => this.#fills.get(fillId);
    record.call = upstream.fetch(
      { method: 'GET', target: record.target, headers, body: null },
      {
        head: (status, rawHeaders) => live() && this.#head(live()!, status, rawHeaders),
        data: (chunk) => live() && this.#data(live()!, chunk),
        end: () => live() && this.#end(live()!),
        failed: (cause, detail) => live() && this.#failed(live()!, cause, detail),
      },
    );
  }

  #head(record: FillRecord, status: number, rawHeaders: string[]): void {
    const [nowMs, wallMs] = [performance.now(), Date.now()];
    if (status === 304 && !record.alone && record.revalidates < 0) {
      record.call?.abort();
      this.#failed(record, 'garbage', '304 to a request without conditions');
      return;
    }
    const confirms = status === 304 && record.revalidates >= 0;
    const stored = confirms ? this.#answers.get(record.revalidates) : undefined;
    const authorized = record.request.names.includes('authorization');
    const delayMs = nowMs - record.startedMs;
    const upstreamHead = { status, rawHeaders, target: record.target, authorized, wallMs, delayMs };
    const { answer, judgement } = readAnswer(upstreamHead, stored);
    record.answer = answer;
    const key =
      judgement.shareable && judgement.vary.length > 0 ? this.#variantKey(record, judgement.vary) : record.key;
    const head: FillHead = { status: answer.status, ...judgement, lengthBytes: answer.lengthBytes, key };
    this.#turns.tell(() => {
      if (confirms) this.machine.fillNotModified(record.id, head, nowMs, wallMs);
      else this.machine.fillHead(record.id, head, nowMs, wallMs);
    });
    if (confirms) this.#drop(record);
  }

  /** The response depends on request fields: everybody who waits gets the key of their own fields. */
  #variantKey(record: FillRecord, vary: readonly string[]): number {
    this.#vary.learn(record.target, vary);
    const { names, values } = record.request;
    const sent = fieldMap(names.flatMap((name, at) => [name, values[at]!]));
    const key = this.keys.intern(variantKeyOf(record.target, vary, (name) => sent.get(name)));
    // Whoever waits for this very variant already has the same fields.
    if (key === record.key) return key;
    for (const job of this.#jobs.values()) {
      if (job.key !== record.key || job.record !== null) continue;
      job.key = this.keys.intern(variantKeyOf(record.target, vary, (name) => job.exchange.head.get(name)));
      this.machine.rekey(job.id, job.key);
    }
    return key;
  }

  #data(record: FillRecord, chunk: Buffer): void {
    this.upstreamBytes += chunk.byteLength;
    record.body.append(chunk);
    this.#turns.tell(() => this.machine.fillBytes(record.id, chunk.byteLength, performance.now()));
  }

  #end(record: FillRecord): void {
    this.#turns.tell(() => this.machine.fillEnd(record.id, performance.now()));
    if (this.#fills.get(record.id) !== record) return;
    this.#drop(record);
    record.body.finish();
    // Slow readers read on from the body; the machine has nothing more to hear of them.
    for (const job of record.readers) this.#jobs.delete(job.id);
  }

  #failed(record: FillRecord, cause: FillFailure, detail: string): void {
    this.#options.log.debug({ target: record.target, cause, detail }, 'fill failed');
    this.#turns.tell(() => this.machine.fillFailed(record.id, cause, performance.now()));
    this.#drop(record);
  }

  #drop(record: FillRecord): void {
    if (this.#fills.get(record.id) === record) this.#fills.delete(record.id);
    this.#options.gate?.done(record.id);
  }

  #flowOf(fillId: number): Flow {
    const callOf = () => this.#fills.get(fillId)?.call;
    const tell = (call: () => void) => this.#turns.later(() => this.#turns.tell(call));
    return {
      pause: () => {
        callOf()?.pause();
        tell(() => this.machine.fillPaused(fillId));
      },
      resume: () => {
        callOf()?.resume();
        tell(() => this.machine.fillResumed(fillId, performance.now()));
      },
    };
  }

  #leave(job: Job): void {
    job.record?.readers.delete(job);
    if (this.#jobs.delete(job.id)) this.#turns.tell(() => this.machine.requestGone(job.id));
  }

  // ——— events ———

  #learn(event: number): void {
    const target = `/live/${this.keys.eventId(event)}/event.json`;
    const exchange = new InternalExchange(EVENT_MAX_BYTES, (status, body) =>
      this.#turns.later(() =>
        this.#learned(
          event,
          eventTiming(status, body, (id) => this.keys.rendition(event, id)),
        ),
      ),
    );
    this.#request(exchange, target, INTERNAL, null, 'live-edge');
  }

  #learned(event: number, timing: EventTiming | null): void {
    const nowMs = performance.now();
    this.#turns.tell(() => {
      if (timing === null) this.machine.unknown(event, nowMs);
      else this.machine.learned(event, timing, EVENT_RELEARN_MS, nowMs);
    });
  }

  /** Bits per second that players have reserved; to be asked once a report. */
  reservedBps(): number {
    return this.machine.reserved.sampleBps(performance.now(), this.egress.unreservedBytes * 8);
  }

  // ——— the end ———

  /** Forgets what is stored under the prefix. @returns how many objects */
  purge(prefix: string): number {
    const keys = [...this.keys.matching(prefix)];
    const before = this.machine.storedCount;
    for (const key of keys) this.#turns.tell(() => this.machine.invalidate(key));
    return before - this.machine.storedCount;
  }

  close(): void {
    this.#closed = true;
    this.#turns.close();
    for (const record of this.#fills.values()) record.call?.abort();
    for (const upstream of [...this.#options.upstreams, ...this.#options.neighbours.values()]) upstream.close();
  }
}

/** Answers a condition or a range that leaves nothing to be sent. */
function respondWithout(
  exchange: Exchange,
  { block }: StoredAnswer,
  { kind }: Extract<Selection, { kind: 'not-modified' | 'unsatisfiable' }>,
  extra: string,
  lengthBytes: number,
): void {
  if (kind === 'not-modified') exchange.respond(304, block, extra, null);
  else exchange.respond(416, block, `${extra}\r\nContent-Range: bytes */${lengthBytes}`, null);
}

/** What may stand in a request line (RFC 9112 §3.2); anything else could not be asked for upstream. */
const SENDABLE = /^[\x21-\x7e]+$/;

const NO_FIELDS: RequestFields = { names: [], values: [] };

function priorityOf(text: string | undefined): Priority | null {
  return PRIORITIES.find((priority) => priority === text) ?? null;
}
