import { connect, createServer, type Server, type Socket } from 'node:net';
import { formatAddress, type Address } from './address.ts';
import { BadInput } from './bad-input.ts';
import type { Bounds } from './units.ts';

export interface RelayOptions {
  listen: Address;
  to: Address;
  /** there and back, in milliseconds */
  rttMs: number;
  /** for connections from these local addresses another: the near ends stand in different places */
  rttMsFrom?: Readonly<Record<string, number>> | undefined;
  /** of each direction, in bits per second */
  rateBps: number;
}

export interface RelayStats {
  connections: number;
  /** towards `to`, and back from it */
  bytesUp: number;
  bytesDown: number;
  /** how long the most recent byte of each direction waited for the link, in milliseconds */
  queueUpMs: number;
  queueDownMs: number;
}

/** What a modelled link may be told. Its ends hold what is under way: ten seconds of 100 Gbit/s would be 125 GB. */
export const RTT_BOUNDS: Bounds = ['0ms', '10s'];
export const RATE_BOUNDS: Bounds = ['10kbit/s', '100Gbit/s'];

/** A sender is paused while this much of its own waits, or is under way, on top of what the link holds by itself. */
const UNDER_WAY_MIN_BYTES = 256 * 1024;
const CONNECTIONS_MAX = 4096;
/** Bytes are carried a millisecond's worth at a time; no fewer, or slow links would be all overhead. */
const LEAST_PIECE_BYTES = 4096;
/** Timers count whole milliseconds: waiting for another one for less than half of it would make every byte late. */
const DUE_WITHIN_MS = 0.5;

/**
 * A modelled link between real processes: a TCP relay that delays each byte by half a round trip and passes no more than
 * its rate, all connections together, each in turn. Setting up a connection costs one round trip. What it
 * leaves out: loss, slow start, and any bound on the queue but the senders' own back-pressure.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #up: Link;
  readonly #down: Link;
  readonly #sockets = new Set<Socket>();
  /** resets that are on their way */
  readonly #news = new Set<NodeJS.Timeout>();

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#up = new Link(options.rateBps);
    this.#down = new Link(options.rateBps);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.#accept(near));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws BadInput when the address cannot be bound, or is the far end too */
  async open(): Promise<Address> {
    const { host, port } = this.#options.listen;
    const { to } = this.#options;
    if (host === to.host && port === to.port) {
      throw new BadInput(`--to ${formatAddress(to)} is the relay's own --listen: name the server behind the link`);
    }
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) =>
        reject(new BadInput(`cannot listen on ${formatAddress(this.#options.listen)}: ${cause.message}`, { cause })),
      );
      this.#server.listen({ host, port, exclusive: true }, resolve);
    });
    return { host, port: (this.#server.address() as { port: number }).port };
  }

  get stats(): RelayStats {
    return {
      connections: this.#sockets.size / 2,
      bytesUp: this.#up.bytes,
      bytesDown: this.#down.bytes,
      queueUpMs: this.#up.queueMs,
      queueDownMs: this.#down.queueMs,
    };
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    for (const timer of this.#news) clearTimeout(timer);
    this.#up.close();
    this.#down.close();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(near: Socket): void {
    const far = connect({ ...this.#options.to, noDelay: true, allowHalfOpen: true });
    const { rttMs, rttMsFrom } = this.#options;
    const hereMs = rttMsFrom?.[near.remoteAddress ?? ''] ?? rttMs;
    const startMs = performance.now() + hereMs;
    let established = false;
    far.once('connect', () => (established = true));
    // News of a far end that is gone takes its way; that nobody listens there is the answer to the set-up's own round trip.
    this.#join(near, far, this.#up, startMs, hereMs / 2, () => hereMs / 2);
    this.#join(far, near, this.#down, startMs, hereMs / 2, () =>
      established ? hereMs / 2 : startMs - performance.now(),
    );
  }

  #join(from: Socket, to: Socket, link: Link, startMs: number, delayMs: number, newsMs: () => number): void {
    this.#sockets.add(from);
    const flow = new Flow(from, to, link, delayMs);
    from.on('data', (chunk: Buffer) => flow.send(chunk, startMs));
    from.on('end', () => flow.send(null, startMs));
    // A reset crosses the link like data does; what was sent before it may be lost, as on a real one.
    from.on('error', () => this.#reset(to, newsMs()));
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!flow.ended) this.#reset(to, newsMs());
    });
  }

  #reset(socket: Socket, afterMs: number): void {
    if (socket.destroyed) return;
    const timer = setTimeout(
      () => {
        this.#news.delete(timer);
        socket.resetAndDestroy();
      },
      Math.max(0, afterMs),
    );
    this.#news.add(timer);
  }
}

/** One direction of one connection. */
class Flow {
  ended = false;
  /** what waits for its turn on the link */
  readonly waiting: Piece[] = [];
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #link: Link;
  readonly #delayMs: number;
  readonly #holdsBytes: number;
  #underWayBytes = 0;

  constructor(from: Socket, to: Socket, link: Link, delayMs: number) {
    this.#from = from;
    this.#to = to;
    this.#link = link;
    this.#delayMs = delayMs;
    this.#holdsBytes = link.holdsBytes(delayMs);
  }

  send(chunk: Buffer | null, startMs: number): void {
    const { pieceBytes } = this.#link;
    if (chunk === null || chunk.byteLength <= pieceBytes) return this.#sendPiece(chunk, startMs);
    for (let at = 0; at < chunk.byteLength; at += pieceBytes)
      this.#sendPiece(chunk.subarray(at, at + pieceBytes), startMs);
  }

  #sendPiece(chunk: Buffer | null, notBeforeMs: number): void {
    const bytes = chunk?.byteLength ?? 0;
    if (chunk === null) this.ended = true;
    this.#underWayBytes += bytes;
    if (this.#underWayBytes > this.#holdsBytes + UNDER_WAY_MIN_BYTES) this.#from.pause();
    const deliver = () => this.#deliver(chunk, bytes);
    this.#link.carry(this, { bytes, cameMs: performance.now(), notBeforeMs, delayMs: this.#delayMs, deliver });
  }

  #deliver(chunk: Buffer | null, size: number): void {
    if (this.#to.destroyed) return;
    const arrived = () => {
      this.#underWayBytes -= size;
      if (this.#underWayBytes <= this.#holdsBytes) this.#from.resume();
    };
    if (chunk === null) this.#to.end();
    else this.#to.write(chunk, arrived);
  }
}

interface Piece {
  bytes: number;
  cameMs: number;
  /** it cannot leave the near end sooner: the connection is still being set up */
  notBeforeMs: number;
  delayMs: number;
  deliver: () => void;
}

/**
 * A direction of the link. Connections that have something to send take turns, a piece at a time, as those of TCP share a
 * link; then each piece is under way for a delay that is constant for its connection, so its deliveries keep their order.
 */
class Link {
  readonly #bytesPerMs: number;
  /** flows with something waiting, the next one first */
  readonly #turns: Flow[] = [];
  readonly #underWay: { atMs: number; deliver: () => void }[] = [];
  #first = 0;
  #freeAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = Infinity;
  bytes = 0;
  queueMs = 0;

  constructor(rateBps: number) {
    this.#bytesPerMs = rateBps / 8000;
  }

  /** What comes in the link's time for it arrives bit by bit: a client that measures rates must not see it at once. */
  get pieceBytes(): number {
    return Math.max(LEAST_PIECE_BYTES, Math.round(this.#bytesPerMs));
  }

  /** What a full link holds between its ends. */
  holdsBytes(delayMs: number): number {
    return 2 * delayMs * this.#bytesPerMs;
  }

  carry(flow: Flow, piece: Piece): void {
    if (flow.waiting.push(piece) === 1) this.#turns.push(flow);
    this.#work();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#turns.length = 0;
    this.#underWay.length = 0;
    this.#first = 0;
  }

  /** Brings the link up to now, however late a timer is: nothing of its rate is lost. */
  #work(): void {
    const untilMs = performance.now() + DUE_WITHIN_MS;
    while (this.#turns.length > 0 && this.#freeAtMs <= untilMs) {
      const flow = this.#turns.shift()!;
      this.#send(flow.waiting.shift()!);
      if (flow.waiting.length > 0) this.#turns.push(flow);
    }
    while (this.#first < this.#underWay.length && this.#underWay[this.#first]!.atMs <= untilMs)
      this.#underWay[this.#first++]!.deliver();
    if (this.#first > 1024) {
      this.#underWay.splice(0, this.#first);
      this.#first = 0;
    }
    this.#arm();
  }

  #send({ bytes, cameMs, notBeforeMs, delayMs, deliver }: Piece): void {
    const startMs = Math.max(this.#freeAtMs, cameMs);
    this.queueMs = startMs - cameMs;
    this.#freeAtMs = startMs + bytes / this.#bytesPerMs;
    this.bytes += bytes;
    const atMs = Math.max(this.#freeAtMs, notBeforeMs) + delayMs;
    // Nearer ends come first; a young connection's first bytes wait for its set-up, and no other's wait for those.
    let at = this.#underWay.length;
    while (at > this.#first && this.#underWay[at - 1]!.atMs > atMs) at--;
    if (at === this.#underWay.length) this.#underWay.push({ atMs, deliver });
    else this.#underWay.splice(at, 0, { atMs, deliver });
  }

  #arm(): void {
    const nextMs = Math.min(
      this.#turns.length > 0 ? this.#freeAtMs : Infinity,
      this.#underWay[this.#first]?.atMs ?? Infinity,
    );
    if (nextMs === this.#timerMs && this.#timer !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerMs = nextMs;
    if (nextMs === Infinity) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#work();
      },
      Math.max(0, nextMs - performance.now()),
    );
  }
}
