import type { Candidate, OriginLimits, OriginSink, ReadRefusal } from '../../origin/policy/contract.ts';
import { LiveOrigin } from '../../origin/policy/live-origin.ts';
import { INIT } from '../../origin/policy/segment-slot.ts';
import type { LiveEvent } from '../../topology/model/event.ts';
import type { Engine } from '../engine/engine.ts';
import { KEY_KINDS, type KeyBook } from './key-book.ts';
import type { Wire, WireServer } from './wire.ts';

/** As in the service: event documents are looked at again this often. */
const DOCUMENT_TTL_MS = 2000;
/** Titles on demand do not change. */
const TITLE_TTL_MS = 86_400_000;

/** A thin driver round the live origin's own policy; on-demand titles come from storage beside it. */
export class OriginNode implements WireServer, OriginSink {
  readonly id: string;
  readonly region: string;
  readonly origin: LiveOrigin;
  standing: 'up' | 'off' | 'dark' = 'up';
  server = -1;
  requests = 0;
  /** by `KEY_KINDS` */
  readonly requestsOfKind = [0, 0, 0, 0];
  held = 0;
  refused = 0;
  sentBytes = 0;
  /** candidates by outcome */
  readonly ingested = new Map<string, number>();
  readonly #engine: Engine;
  readonly #wire: Wire;
  readonly #keys: KeyBook;
  readonly #timer: number;
  readonly #reads = new Map<number, number>();
  #nextRead = 1;

  constructor(
    id: string,
    region: string,
    pipelines: readonly string[],
    limits: OriginLimits,
    parts: { engine: Engine; wire: Wire; keys: KeyBook },
  ) {
    this.id = id;
    this.region = region;
    this.origin = new LiveOrigin(pipelines, limits, this);
    this.#engine = parts.engine;
    this.#wire = parts.wire;
    this.#keys = parts.keys;
    const { timers } = parts.engine;
    this.#timer = timers.make(
      timers.kind(() => {
        this.origin.wake(this.#instant);
        this.#arm();
      }),
      0,
    );
  }

  announce(event: LiveEvent): void {
    this.origin.announce(0, event, this.#instant);
    this.#arm();
  }

  /** @param agoMs for what was published before the run began */
  offer(candidate: Candidate, agoMs = 0): void {
    if (this.standing !== 'up') return;
    const { nowMs, wallMs } = this.#instant;
    this.origin.offer(candidate, { nowMs: nowMs - agoMs, wallMs: wallMs - agoMs });
    this.#arm();
  }

  // ——— the wire ———

  receive(exchange: number): void {
    const key = this.#wire.key[exchange]!;
    const kind = this.#keys.kind(key);
    this.requests++;
    this.requestsOfKind[kind]!++;
    if (kind === KEY_KINDS.document || kind === KEY_KINDS.chunk) {
      const ttlMs = kind === KEY_KINDS.document ? DOCUMENT_TTL_MS : TITLE_TTL_MS;
      this.#wire.respond(exchange, 200, this.#keys.sizeBytes(key), ttlMs, 0, false);
      return;
    }
    const { event } = this.#keys;
    const readId = this.#nextRead++;
    this.#wire.request[exchange] = readId;
    this.#reads.set(readId, exchange);
    const { id } = event.renditions[this.#keys.rendition(key)]!;
    const number = kind === KEY_KINDS.init ? INIT : this.#keys.number(key);
    this.origin.read(readId, event.id, id, number, this.#instant);
    this.#arm();
  }

  gone(exchange: number): void {
    this.#release(exchange);
  }

  sent(exchange: number, bytes: number): void {
    this.sentBytes += bytes;
    this.#release(exchange);
  }

  // ——— what the origin says ———

  serve(readId: number, _bodyId: number, lifetimeMs: number): void {
    const exchange = this.#reads.get(readId)!;
    this.#wire.respond(exchange, 200, this.#keys.sizeBytes(this.#wire.key[exchange]!), lifetimeMs, 0, false);
  }

  wait(): void {
    this.held++;
  }

  refuse(readId: number, { status, lifetimeMs }: ReadRefusal): void {
    const exchange = this.#reads.get(readId)!;
    this.#reads.delete(readId);
    this.refused++;
    this.#wire.refuse(exchange, status, lifetimeMs, 0);
  }

  taken(_ingestId: number, outcome: string): void {
    this.#count(outcome);
  }

  rejected(_ingestId: number, reason: string): void {
    this.#count(reason);
  }

  drop(): void {}

  get #instant() {
    return { nowMs: this.#engine.nowMs, wallMs: this.#engine.wallMs };
  }

  #count(outcome: string): void {
    this.ingested.set(outcome, (this.ingested.get(outcome) ?? 0) + 1);
  }

  #release(exchange: number): void {
    const readId = this.#wire.request[exchange]!;
    if (readId === 0 || !this.#reads.delete(readId)) return;
    this.origin.release(readId);
    this.#arm();
  }

  #arm(): void {
    const { timers, nowMs } = this.#engine;
    timers.set(this.#timer, Math.max(nowMs, this.origin.nextWake()));
  }
}
