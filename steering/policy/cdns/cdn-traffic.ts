/** One viewer's playback, as far as it is counted. */
interface CdnSession {
  readonly cdn: number;
  readonly clientClass: number;
  bps: number;
}

/** How long a session counts after it was last heard of. `long`: one that was redirected, and will not ask again. */
export type Lease = 'short' | 'long';

/** Some 200 MB; with more viewers than that at a time the oldest are forgotten, and counted no more. */
const MOST_SESSIONS = 1_000_000;

/**
 * What goes to each CDN, by the sessions that were sent there and the bitrate each is taken to receive. Nobody else's
 * counters are read: it is an estimate, and whoever bills counts otherwise. Times are monotonic milliseconds.
 */
export class CdnTraffic {
  readonly #instances: number;
  readonly #short: Generations;
  readonly #long: Generations;
  readonly #bytes: Float64Array;
  #countedMs: number;

  /**
   * @param keepMs a session counts so long on average, between two thirds of it and four thirds
   * @param instances steering services that share the sessions: each counts its own so many times
   */
  constructor(
    cdns: number,
    keepMs: Readonly<Record<Lease, number>>,
    instances: number,
    nowMs: number,
    mostSessions = MOST_SESSIONS,
  ) {
    this.#instances = instances;
    this.#short = new Generations(cdns, (keepMs.short * 2) / 3, nowMs, mostSessions / 2);
    this.#long = new Generations(cdns, (keepMs.long * 2) / 3, nowMs, mostSessions / 2);
    this.#bytes = new Float64Array(cdns);
    this.#countedMs = nowMs;
  }

  get sessions(): number {
    return this.#short.size + this.#long.size;
  }

  /** Sessions that were on, and are counted no more, because there were too many. */
  get forgotten(): number {
    return this.#short.forgotten + this.#long.forgotten;
  }

  /** Bits per second. */
  cdnBps(cdn: number): number {
    return (this.#short.cdnBps(cdn) + this.#long.cdnBps(cdn)) * this.#instances;
  }

  /** Of the clients of one class, to all CDNs. */
  classBps(clientClass: number): number {
    return (this.#short.classBps(clientClass) + this.#long.classBps(clientClass)) * this.#instances;
  }

  /** The CDN that the session counts at, or −1. */
  cdnOf(session: string): number {
    return (this.#short.get(session) ?? this.#long.get(session))?.cdn ?? -1;
  }

  /** What the session is taken to receive, or null. */
  bpsOf(session: string): number | null {
    return (this.#short.get(session) ?? this.#long.get(session))?.bps ?? null;
  }

  /** The session is sent there, or goes on there. */
  place(session: string, cdn: number, clientClass: number, bps: number, lease: Lease, nowMs: number): void {
    this.#count(nowMs);
    const wasShort = this.#short.remove(session);
    this.#long.remove(session);
    // One that asks again by itself needs no long lease, even if it was redirected meanwhile.
    const generations = lease === 'short' || wasShort ? this.#short : this.#long;
    // Whole numbers, so that sums come back to nothing exactly.
    generations.add(session, { cdn, clientClass, bps: Math.round(bps) });
  }

  /** Its player says what it receives. */
  measured(session: string, bps: number, nowMs: number): void {
    this.#count(nowMs);
    if (!this.#short.setBps(session, Math.round(bps))) this.#long.setBps(session, Math.round(bps));
  }

  /** Bytes to each CDN since this was last asked, which must be often: sessions end when it is asked. */
  takeBytes(nowMs: number): Float64Array {
    this.#count(nowMs);
    const taken = this.#bytes.map((bytes) => bytes * this.#instances);
    this.#bytes.fill(0);
    return taken;
  }

  #count(nowMs: number): void {
    const seconds = (nowMs - this.#countedMs) / 1000;
    if (seconds <= 0) return;
    for (let cdn = 0; cdn < this.#bytes.length; cdn++) {
      this.#bytes[cdn]! += ((this.#short.cdnBps(cdn) + this.#long.cdnBps(cdn)) * seconds) / 8;
    }
    this.#countedMs = nowMs;
    this.#short.age(nowMs);
    this.#long.age(nowMs);
  }
}

/**
 * Sessions by when they were last heard of, in two generations: every `periodMs` the old one ends as a whole, so that a
 * crowd that leaves costs nothing. A queue in order of time would cost a search for its head each time.
 */
class Generations {
  readonly #periodMs: number;
  readonly #mostSessions: number;
  #young: Generation;
  #old: Generation;
  #bornMs: number;
  forgotten = 0;

  constructor(cdns: number, periodMs: number, nowMs: number, mostSessions: number) {
    this.#periodMs = periodMs;
    this.#mostSessions = mostSessions;
    this.#bornMs = nowMs;
    this.#young = new Generation(cdns);
    this.#old = new Generation(cdns);
  }

  get size(): number {
    return this.#young.sessions.size + this.#old.sessions.size;
  }

  cdnBps(cdn: number): number {
    return this.#young.cdnBps[cdn]! + this.#old.cdnBps[cdn]!;
  }

  classBps(clientClass: number): number {
    return (this.#young.classBps[clientClass] ?? 0) + (this.#old.classBps[clientClass] ?? 0);
  }

  get(session: string): CdnSession | undefined {
    return this.#young.sessions.get(session) ?? this.#old.sessions.get(session);
  }

  add(session: string, placed: CdnSession): void {
    if (this.#young.sessions.size >= this.#mostSessions / 2) {
      this.forgotten += this.#old.sessions.size;
      this.#turn();
    }
    this.#young.add(session, placed);
  }

  setBps(session: string, bps: number): boolean {
    return this.#young.setBps(session, bps) || this.#old.setBps(session, bps);
  }

  remove(session: string): boolean {
    return this.#young.remove(session) || this.#old.remove(session);
  }

  age(nowMs: number): void {
    const periods = Math.floor((nowMs - this.#bornMs) / this.#periodMs);
    if (periods < 1) return;
    this.#bornMs += periods * this.#periodMs;
    this.#turn();
    if (periods > 1) this.#turn();
  }

  #turn(): void {
    const ended = this.#old;
    this.#old = this.#young;
    ended.clear();
    this.#young = ended;
  }
}

class Generation {
  readonly sessions = new Map<string, CdnSession>();
  readonly cdnBps: Float64Array;
  readonly classBps: number[] = [];

  constructor(cdns: number) {
    this.cdnBps = new Float64Array(cdns);
  }

  add(session: string, placed: CdnSession): void {
    this.sessions.set(session, placed);
    this.#sum(placed, placed.bps);
  }

  setBps(session: string, bps: number): boolean {
    const known = this.sessions.get(session);
    if (known === undefined) return false;
    this.#sum(known, bps - known.bps);
    known.bps = bps;
    return true;
  }

  remove(session: string): boolean {
    const known = this.sessions.get(session);
    if (known === undefined) return false;
    this.#sum(known, -known.bps);
    return this.sessions.delete(session);
  }

  clear(): void {
    this.sessions.clear();
    this.cdnBps.fill(0);
    this.classBps.length = 0;
  }

  #sum({ cdn, clientClass }: CdnSession, bps: number): void {
    this.cdnBps[cdn]! += bps;
    this.classBps[clientClass] = (this.classBps[clientClass] ?? 0) + bps;
  }
}
