import type { Engine } from '../engine/engine.ts';
import { grown } from '../engine/grown.ts';
import type { FlowNetwork } from '../network/flow-network.ts';
import { slowStartDelayMs, windowAfterBytes } from '../network/slow-start.ts';

/** The way between an asker and a server, as it is now. */
export interface WirePath {
  /** in the flow network, from the server to the asker */
  path: number;
  oneWayMs: number;
  /** no connection over it carries more, for its losses and its window */
  capBps: number;
  /** something on it is down: what is sent vanishes */
  down: boolean;
}

/** Whoever answers: a cache node or an origin. */
export interface WireServer {
  /** off: refuses connections; dark: nothing is heard of it, as when its site has gone */
  readonly standing: 'up' | 'off' | 'dark';
  receive(exchange: number, nowMs: number): void;
  /** The asker has given up. */
  gone(exchange: number, nowMs: number): void;
  /** So many bytes of an answer have left it, in all. */
  sent(exchange: number, bytes: number): void;
}

/** Whoever asks. Each exchange ends in `done` or `failed`, unless it is cancelled. */
export interface WireAsker {
  /** The answer's head has come; only for askers that want heads. */
  head(exchange: number, nowMs: number): void;
  done(exchange: number, nowMs: number): void;
  failed(exchange: number, cause: WireFailure, nowMs: number): void;
}

/** refused: nothing listens. broken: the connection ended before the answer did. answered: with a status of its own. */
export type WireFailure = 'refused' | 'broken' | 'answered';

const STATE = {
  free: 0,
  asking: 1,
  serving: 2,
  answering: 3,
  starting: 4,
  flowing: 5,
  trailing: 6,
  closing: 7,
  failing: 8,
  lost: 9,
  leaving: 10,
} as const;

const FIRST_SIZE = 1024;
const NOTHING = -1;

/**
 * HTTP exchanges in virtual time. A request travels one way, the server answers now or later, the first byte travels
 * back, slow start costs its round trips, the body is a flow in the network; a body that the server itself is still
 * receiving ends no sooner than there plus the way. Exchanges are numbers, reused; their fields stand in arrays.
 *
 * What it leaves out, and results say so: queueing delay on links, loss recovery of short transfers, the upward
 * direction's bytes.
 */
export class Wire {
  /** when it was asked, when the first byte came */
  askedMs = new Float64Array(FIRST_SIZE);
  firstByteMs = new Float64Array(FIRST_SIZE);
  /** of the answer's body */
  sizeBytes = new Float64Array(FIRST_SIZE);
  /** how long a refusal or a stored answer stays true */
  ttlMs = new Float64Array(FIRST_SIZE);
  status = new Int16Array(FIRST_SIZE);
  /** the asker's own number, and what it calls the exchange */
  asker = new Int32Array(FIRST_SIZE);
  reference = new Int32Array(FIRST_SIZE);
  server = new Int32Array(FIRST_SIZE);
  key = new Int32Array(FIRST_SIZE);
  /** the server's own: what it calls the request */
  request = new Int32Array(FIRST_SIZE);
  /** the server's own: what kind of answer it was */
  outcome = new Uint8Array(FIRST_SIZE);
  readonly #engine: Engine;
  readonly #network: FlowNetwork;
  readonly #headerBytes: number;
  readonly #tickMs: number;
  readonly #servers: WireServer[] = [];
  readonly #askers: { asker: WireAsker; wantsHeads: boolean }[] = [];
  readonly #timerKind: number;
  #states = new Uint8Array(FIRST_SIZE);
  #kinds = new Uint8Array(FIRST_SIZE);
  #timers = new Int32Array(FIRST_SIZE);
  #flows = new Int32Array(FIRST_SIZE);
  #paths = new Int32Array(FIRST_SIZE);
  #oneWayMs = new Float64Array(FIRST_SIZE);
  #capBps = new Float64Array(FIRST_SIZE);
  #windowBytes = new Float64Array(FIRST_SIZE);
  /** body's bytes that had come when the flow was broken off */
  #brokenBytes = new Float64Array(FIRST_SIZE);
  /** the server is still receiving what it sends */
  #fromFill = new Uint8Array(FIRST_SIZE);
  /** the earliest at which the last byte can be here */
  #notBeforeMs = new Float64Array(FIRST_SIZE);
  #causes: WireFailure[] = [];
  readonly #freed: number[] = [];
  #made = 0;
  active = 0;
  exchanges = 0;

  constructor(engine: Engine, network: FlowNetwork, transport: { headerBytes: number; tickMs: number }) {
    this.#engine = engine;
    this.#network = network;
    this.#headerBytes = transport.headerBytes;
    this.#tickMs = transport.tickMs;
    this.#timerKind = engine.timers.kind((exchange, _timer, nowMs) => this.#due(exchange, nowMs));
  }

  /** @returns the server's number */
  addServer(server: WireServer): number {
    return this.#servers.push(server) - 1;
  }

  /** @returns the kind's number, for `ask` */
  addAskers(asker: WireAsker, wantsHeads: boolean): number {
    return this.#askers.push({ asker, wantsHeads }) - 1;
  }

  /**
   * @param setUpMs what a new connection costs before the request can leave
   * @param capBps the asker's own bound: its access line
   * @param windowBytes congestion window to begin with; Infinity: no slow start
   */
  ask(
    kind: number,
    asker: number,
    reference: number,
    server: number,
    key: number,
    way: WirePath,
    setUpMs: number,
    capBps: number,
    windowBytes: number,
  ): number {
    const exchange = this.#freed.pop() ?? this.#make();
    const { nowMs } = this.#engine;
    this.#kinds[exchange] = kind;
    this.asker[exchange] = asker;
    this.reference[exchange] = reference;
    this.server[exchange] = server;
    this.key[exchange] = key;
    this.askedMs[exchange] = nowMs;
    this.firstByteMs[exchange] = -1;
    this.sizeBytes[exchange] = 0;
    this.status[exchange] = 0;
    this.ttlMs[exchange] = 0;
    this.request[exchange] = 0;
    this.outcome[exchange] = 0;
    this.#flows[exchange] = NOTHING;
    this.#brokenBytes[exchange] = 0;
    this.#paths[exchange] = way.path;
    this.#oneWayMs[exchange] = way.oneWayMs;
    this.#capBps[exchange] = Math.min(capBps, way.capBps);
    this.#windowBytes[exchange] = windowBytes;
    this.#fromFill[exchange] = 0;
    this.#notBeforeMs[exchange] = 0;
    this.active++;
    this.exchanges++;
    if (way.down) this.#states[exchange] = STATE.lost;
    else {
      this.#states[exchange] = STATE.asking;
      this.#wait(exchange, nowMs + setUpMs + way.oneWayMs);
    }
    return exchange;
  }

  // ——— the server's side ———

  /** @param delayMs until the answer leaves @param fromFill the body is still arriving there */
  respond(
    exchange: number,
    status: number,
    sizeBytes: number,
    ttlMs: number,
    delayMs: number,
    fromFill: boolean,
  ): void {
    if (this.#states[exchange] !== STATE.serving) return;
    this.status[exchange] = status;
    this.sizeBytes[exchange] = sizeBytes;
    this.ttlMs[exchange] = ttlMs;
    this.#fromFill[exchange] = fromFill ? 1 : 0;
    this.#states[exchange] = STATE.answering;
    const firstByteMs = this.#engine.nowMs + delayMs + this.#oneWayMs[exchange]!;
    this.firstByteMs[exchange] = firstByteMs;
    if (this.#askers[this.#kinds[exchange]!]!.wantsHeads) this.#wait(exchange, firstByteMs);
    else {
      // Nobody wants to hear of the head: one event fewer.
      this.#states[exchange] = STATE.starting;
      this.#wait(exchange, this.#onTick(firstByteMs + this.#slowStartMs(exchange)));
    }
  }

  /** What the server was receiving is there. */
  sourceEnded(exchange: number): void {
    if (this.#fromFill[exchange] !== 1) return;
    this.#fromFill[exchange] = 0;
    this.#notBeforeMs[exchange] = this.#engine.nowMs + this.#oneWayMs[exchange]!;
    if (this.#states[exchange] === STATE.trailing) this.#close(exchange);
  }

  /** An answer without a body. */
  refuse(exchange: number, status: number, ttlMs: number, delayMs: number): void {
    if (this.#states[exchange] !== STATE.serving) return;
    this.status[exchange] = status;
    this.ttlMs[exchange] = ttlMs;
    this.#fail(exchange, 'answered', this.#engine.nowMs + delayMs + this.#oneWayMs[exchange]!);
  }

  /** The connection ends before the answer does. */
  cut(exchange: number): void {
    const state = this.#states[exchange]!;
    if (state < STATE.asking || state > STATE.closing) return;
    this.#stopFlow(exchange);
    this.#fail(exchange, 'broken', this.#engine.nowMs + this.#oneWayMs[exchange]!);
  }

  // ——— the asker's side ———

  /** Nothing more is to be heard of it. @returns bytes of the body that had come */
  cancel(exchange: number): number {
    const receivedBytes = this.receivedBytes(exchange);
    const state = this.#states[exchange]!;
    this.#stopFlow(exchange);
    const known = state === STATE.serving || (state > STATE.serving && state < STATE.failing);
    if (state === STATE.asking || known) {
      // The server hears of it once the news has travelled; a request under way arrives and is given up at once.
      this.#states[exchange] = STATE.leaving;
      this.#wait(exchange, Math.max(this.#engine.nowMs + this.#oneWayMs[exchange]!, known ? 0 : this.#dueMs(exchange)));
    } else if (state !== STATE.leaving) this.#free(exchange);
    return receivedBytes;
  }

  /** Bytes of the body until now. */
  receivedBytes(exchange: number): number {
    const flow = this.#flows[exchange]!;
    if (flow !== NOTHING) {
      const carried = this.#network.carriedBytes(flow, this.#engine.nowMs) - this.#headerBytes;
      return Math.min(this.sizeBytes[exchange]!, Math.max(0, Math.floor(carried)));
    }
    const state = this.#states[exchange]!;
    return state === STATE.trailing || state === STATE.closing
      ? this.sizeBytes[exchange]!
      : this.#brokenBytes[exchange]!;
  }

  /** Congestion window of its connection once the answer has come. */
  windowBytes(exchange: number): number {
    return windowAfterBytes(
      this.sizeBytes[exchange]!,
      2 * this.#oneWayMs[exchange]!,
      this.#capBps[exchange]!,
      this.#windowBytes[exchange],
    );
  }

  /** The kind of asker, as `addAskers` numbered it. */
  kindOf(exchange: number): number {
    return this.#kinds[exchange]!;
  }

  oneWayMs(exchange: number): number {
    return this.#oneWayMs[exchange]!;
  }

  // ——— what breaks ———

  /** The way of the exchange is cut: nothing more arrives, and the ends find out by resets or by waiting. */
  breakWay(exchange: number, reset: boolean): void {
    const state = this.#states[exchange]!;
    if (state === STATE.free || state === STATE.lost || state === STATE.leaving) return;
    this.#stopFlow(exchange);
    if (state !== STATE.asking && state !== STATE.failing)
      this.#servers[this.server[exchange]!]!.gone(exchange, this.#engine.nowMs);
    if (reset) this.#fail(exchange, 'broken', this.#engine.nowMs + this.#oneWayMs[exchange]!);
    else {
      this.#timerOff(exchange);
      this.#states[exchange] = STATE.lost;
    }
  }

  /** All exchanges with a server. */
  *with(server: number): Iterable<number> {
    for (let exchange = 0; exchange < this.#made; exchange++) {
      const state = this.#states[exchange]!;
      if (state !== STATE.free && state !== STATE.leaving && this.server[exchange] === server) yield exchange;
    }
  }

  /** All exchanges over a path that the predicate picks. */
  *over(isOn: (path: number) => boolean): Iterable<number> {
    for (let exchange = 0; exchange < this.#made; exchange++) {
      const state = this.#states[exchange]!;
      if (state !== STATE.free && state !== STATE.leaving && isOn(this.#paths[exchange]!)) yield exchange;
    }
  }

  /** By server: bytes, headers included, of answers that are on their way in the network. */
  underWayBytes(): Map<number, number> {
    const bytes = new Map<number, number>();
    for (let exchange = 0; exchange < this.#made; exchange++) {
      const flow = this.#flows[exchange]!;
      if (this.#states[exchange] !== STATE.flowing || flow === NOTHING) continue;
      const server = this.server[exchange]!;
      bytes.set(server, (bytes.get(server) ?? 0) + this.#network.carriedBytes(flow, this.#engine.nowMs));
    }
    return bytes;
  }

  // ——— events ———

  /** The network has carried the exchange's flow: `FlowNetwork`'s sink. */
  flowDone(exchange: number, nowMs: number): void {
    this.#flows[exchange] = NOTHING;
    this.#servers[this.server[exchange]!]!.sent(exchange, this.sizeBytes[exchange]! + this.#headerBytes);
    if (this.#fromFill[exchange] === 1) this.#states[exchange] = STATE.trailing;
    else if (nowMs < this.#notBeforeMs[exchange]!) this.#close(exchange);
    else this.#finish(exchange, nowMs);
  }

  #due(exchange: number, nowMs: number): void {
    switch (this.#states[exchange]) {
      case STATE.asking:
        this.#arrive(exchange, nowMs);
        break;
      case STATE.answering: {
        const { asker } = this.#askers[this.#kinds[exchange]!]!;
        this.#states[exchange] = STATE.starting;
        this.#wait(exchange, this.#onTick(nowMs + this.#slowStartMs(exchange)));
        asker.head(exchange, nowMs);
        break;
      }
      case STATE.starting: {
        const bytes = this.sizeBytes[exchange]! + this.#headerBytes;
        this.#states[exchange] = STATE.flowing;
        this.#flows[exchange] = this.#network.start(
          exchange,
          this.#paths[exchange]!,
          this.#capBps[exchange]!,
          1,
          bytes,
          nowMs,
        );
        break;
      }
      case STATE.closing:
        this.#finish(exchange, nowMs);
        break;
      case STATE.failing: {
        const { asker } = this.#askers[this.#kinds[exchange]!]!;
        asker.failed(exchange, this.#causes[exchange]!, nowMs);
        this.#free(exchange);
        break;
      }
      case STATE.leaving:
        this.#servers[this.server[exchange]!]!.gone(exchange, nowMs);
        this.#free(exchange);
        break;
    }
  }

  #arrive(exchange: number, nowMs: number): void {
    const server = this.#servers[this.server[exchange]!]!;
    if (server.standing === 'up') {
      this.#states[exchange] = STATE.serving;
      server.receive(exchange, nowMs);
    } else if (server.standing === 'off') {
      this.#fail(exchange, 'refused', nowMs + this.#oneWayMs[exchange]!);
    } else this.#states[exchange] = STATE.lost;
  }

  /** Bodies begin on ticks, so that one sharing out serves all that begin together. */
  #onTick(atMs: number): number {
    return this.#tickMs === 0 ? atMs : Math.ceil(atMs / this.#tickMs) * this.#tickMs;
  }

  #slowStartMs(exchange: number): number {
    const windowBytes = this.#windowBytes[exchange]!;
    if (windowBytes === Infinity) return 0;
    return slowStartDelayMs(
      this.sizeBytes[exchange]!,
      2 * this.#oneWayMs[exchange]!,
      this.#capBps[exchange]!,
      windowBytes,
    );
  }

  #close(exchange: number): void {
    this.#states[exchange] = STATE.closing;
    this.#wait(exchange, this.#notBeforeMs[exchange]!);
  }

  #finish(exchange: number, nowMs: number): void {
    this.#askers[this.#kinds[exchange]!]!.asker.done(exchange, nowMs);
    this.#free(exchange);
  }

  #fail(exchange: number, cause: WireFailure, atMs: number): void {
    this.#states[exchange] = STATE.failing;
    this.#causes[exchange] = cause;
    this.#wait(exchange, atMs);
  }

  #stopFlow(exchange: number): void {
    const flow = this.#flows[exchange]!;
    if (flow === NOTHING) return;
    this.#brokenBytes[exchange] = this.receivedBytes(exchange);
    this.#flows[exchange] = NOTHING;
    const bytes = this.#network.stop(flow, this.#engine.nowMs);
    this.#servers[this.server[exchange]!]!.sent(exchange, bytes);
  }

  #wait(exchange: number, atMs: number): void {
    this.#engine.timers.set(this.#timers[exchange]!, atMs);
  }

  #dueMs(exchange: number): number {
    return this.#engine.timers.atMs(this.#timers[exchange]!);
  }

  #timerOff(exchange: number): void {
    this.#engine.timers.cancel(this.#timers[exchange]!);
  }

  #make(): number {
    const exchange = this.#made++;
    if (exchange >= this.#states.length) this.#grow();
    this.#timers[exchange] = this.#engine.timers.make(this.#timerKind, exchange);
    return exchange;
  }

  #free(exchange: number): void {
    this.#timerOff(exchange);
    this.#states[exchange] = STATE.free;
    this.active--;
    this.#freed.push(exchange);
  }

  #grow(): void {
    const size = this.#states.length * 2;
    this.askedMs = grown(this.askedMs, size);
    this.firstByteMs = grown(this.firstByteMs, size);
    this.sizeBytes = grown(this.sizeBytes, size);
    this.ttlMs = grown(this.ttlMs, size);
    this.status = grown(this.status, size);
    this.asker = grown(this.asker, size);
    this.reference = grown(this.reference, size);
    this.server = grown(this.server, size);
    this.key = grown(this.key, size);
    this.request = grown(this.request, size);
    this.outcome = grown(this.outcome, size);
    this.#states = grown(this.#states, size);
    this.#kinds = grown(this.#kinds, size);
    this.#timers = grown(this.#timers, size);
    this.#flows = grown(this.#flows, size);
    this.#paths = grown(this.#paths, size);
    this.#oneWayMs = grown(this.#oneWayMs, size);
    this.#capBps = grown(this.#capBps, size);
    this.#windowBytes = grown(this.#windowBytes, size);
    this.#brokenBytes = grown(this.#brokenBytes, size);
    this.#fromFill = grown(this.#fromFill, size);
    this.#notBeforeMs = grown(this.#notBeforeMs, size);
  }
}
