import { edgePolicySchema, type EdgePolicyConfig } from '../../edge/policy/edge-config.ts';
import { EdgeMachine } from '../../edge/policy/machine.ts';
import type { EventTiming } from '../../edge/policy/live-events.ts';
import { FROM_TIER, type EdgeSink, type FillHead } from '../../edge/policy/sink.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';
import { Engine } from '../engine/engine.ts';

/** What the origin says of a fetch. */
export interface OriginAnswer {
  /** from the request to the whole body, which comes at once */
  afterMs: number;
  ttlMs: number;
  shareable: boolean;
}

export interface EdgeWorldOptions {
  /** names of the edges; those of one site fill from one another */
  edges: readonly string[];
  isOneSite?: boolean;
  policy?: Partial<EdgePolicyConfig>;
  origin: (key: number, nowMs: number) => OriginAnswer;
  /** what one answer took from a neighbour's */
  hopMs?: number;
  /** keys are the segment numbers of this live event; without it they belong to none */
  event?: EventTiming;
}

type Answer = { machine: number; fillId: number; key: number; ttlMs: number; shareable: boolean };

const BODY_BYTES = 1000;

/** Edge machines in virtual time before one origin: the plainest shell that their sink allows. */
export class EdgeWorld {
  readonly engine = new Engine();
  readonly machines: readonly EdgeMachine[];
  /** fetches that reached the origin */
  originFetches = 0;
  /** of those, by key */
  readonly originFetchesOf = new Map<number, number>();
  readonly refused = new Map<string, number>();
  /** called with each answer from store: what is left of its lifetime */
  onServed: ((ttlMs: number) => void) | null = null;
  readonly #options: EdgeWorldOptions;
  readonly #defined: Set<number>[];
  readonly #wakes: number[] = [];
  readonly #answers: (Answer | null)[] = [];
  readonly #freeAnswers: number[] = [];
  readonly #answerKind: number;
  /** by machine: who waits for which request of a neighbour */
  readonly #asked: Map<number, Answer>[];
  /** orders of the sink, which may not be carried out from inside the machine's call */
  readonly #todo: (() => void)[] = [];
  #requests = 0;

  constructor(options: EdgeWorldOptions) {
    this.#options = options;
    const { edges, isOneSite = false } = options;
    const policy = edgePolicySchema.parse(options.policy ?? {});
    const { timers } = this.engine;
    this.machines = edges.map((self, at) => {
      const layout = { self, site: isOneSite ? edges : [self], upstreams: 1 };
      return new EdgeMachine(policy, layout, this.#sinkOf(at));
    });
    this.#defined = edges.map(() => new Set());
    this.#asked = edges.map(() => new Map());
    if (options.event !== undefined)
      for (const machine of this.machines) machine.learned(0, options.event, Infinity, 0);
    const wake = timers.kind((at) => {
      this.machines[at]!.wake(this.engine.nowMs);
      this.#settle(at);
    });
    for (const at of edges.keys()) this.#wakes.push(timers.make(wake, at));
    this.#answerKind = timers.kind((slot, timer) => {
      const answer = this.#answers[slot]!;
      this.#answers[slot] = null;
      this.#freeAnswers.push(slot);
      timers.free(timer);
      this.#deliver(answer);
    });
  }

  /** A viewer's request to one edge, now. */
  request(at: number, key: number): void {
    this.#request(at, key, 0);
  }

  #request(at: number, key: number, flags: number): number {
    const { nowMs, wallMs } = this.engine;
    const defined = this.#defined[at]!;
    if (!defined.has(key)) {
      defined.add(key);
      const hash = stableHash(`/live/event/v/${key}`);
      this.machines[at]!.define(key, hash, this.#options.event === undefined ? -1 : 0, key);
    }
    const id = ++this.#requests;
    this.machines[at]!.request(id, key, flags, nowMs, wallMs);
    this.#settle(at);
    return id;
  }

  #sinkOf(at: number): EdgeSink {
    const unexpected = (what: string) => () => {
      throw new Error(`the edge machine said ${what}, where nothing fails`);
    };
    return {
      serve: (requestId, _objectId, _outcome, _ageMs, ttlMs) => {
        this.onServed?.(ttlMs);
        this.#answerNeighbour(at, requestId, ttlMs);
      },
      fill: (fillId, key, source) => void this.#todo.push(() => this.#fetch(at, fillId, key, source)),
      stream: (requestId, fillId) => {
        const ttlMs = this.machines[at]!.freshForMs(fillId, this.engine.nowMs) ?? 0;
        this.#answerNeighbour(at, requestId, ttlMs);
      },
      refuse: (_requestId, _status, reason) => void this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1),
      release: (key) => void this.#defined[at]!.delete(key),
      store: () => {},
      drop: () => {},
      passOn: () => {},
      abort: () => {},
      learn: () => {},
      cut: unexpected('cut'),
      restart: unexpected('restart'),
      refresh: unexpected('refresh'),
    };
  }

  /** Neighbours ask one another with real requests, which are answered one hop after they were. */
  #fetch(at: number, fillId: number, key: number, source: number): void {
    const neighbour = this.machines[at]!.sources.neighbour(source);
    const pending: Answer = { machine: at, fillId, key, ttlMs: 0, shareable: true };
    if (neighbour !== null) {
      const owner = this.#options.edges.indexOf(neighbour);
      // The id that the request is about to get: its answer may come from inside the call.
      this.#asked[owner]!.set(this.#requests + 1, pending);
      this.#request(owner, key, FROM_TIER);
      return;
    }
    this.originFetches++;
    this.originFetchesOf.set(key, (this.originFetchesOf.get(key) ?? 0) + 1);
    const { afterMs, ttlMs, shareable } = this.#options.origin(key, this.engine.nowMs);
    this.#later({ ...pending, ttlMs, shareable }, afterMs);
  }

  #answerNeighbour(at: number, requestId: number, ttlMs: number): void {
    const pending = this.#asked[at]!.get(requestId);
    if (pending === undefined) return;
    this.#asked[at]!.delete(requestId);
    this.#later({ ...pending, ttlMs }, this.#options.hopMs ?? 1);
  }

  #later(answer: Answer, afterMs: number): void {
    const { timers } = this.engine;
    const slot = this.#freeAnswers.pop() ?? this.#answers.length;
    this.#answers[slot] = answer;
    timers.set(timers.make(this.#answerKind, slot), this.engine.nowMs + afterMs);
  }

  #deliver({ machine: at, fillId, key, ttlMs, shareable }: Answer): void {
    const machine = this.machines[at]!;
    const { nowMs, wallMs } = this.engine;
    const head: FillHead = {
      status: 200,
      shareable,
      ttlMs,
      ageMs: 0,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      lengthBytes: BODY_BYTES,
      validator: '',
      key,
    };
    machine.fillHead(fillId, head, nowMs, wallMs);
    machine.fillBytes(fillId, BODY_BYTES, nowMs);
    machine.fillEnd(fillId, nowMs);
    this.#settle(at);
  }

  /** Carries out what the machine has said, and sees to it that it is woken. */
  #settle(at: number): void {
    while (this.#todo.length > 0) this.#todo.shift()!();
    this.engine.timers.set(this.#wakes[at]!, this.machines[at]!.nextWake());
  }
}
