/** Where reservations stand at each server's last report. `NodeTable` is one. */
export interface ReportedLoad {
  /** nominal bits per second of what the server's viewers ask for, as it reported last */
  reservedBpsAt(server: number): number;
  /** monotonic; −Infinity before the first report */
  reportedAtMs(server: number): number;
}

export interface ReservationTuning {
  /** a session sent to a server shows in its reports after this long, by parts: it starts up, and rates are averages */
  settleMs: number;
  /** steering instances that share the arrivals evenly: each counts its own sessions this many times */
  instances: number;
}

const BUCKET_MS = 500;

/**
 * What each server has promised: the nominal bitrate of the sessions that it reports, and of those sent to it since,
 * which no report can show yet. Without these a crowd that comes between two reports would all go to one place.
 *
 * A session counts in full when it is sent. What a report has grown by since the last one is taken for those sent first;
 * what shows in no growth, because others leave or because it never came, counts until its time to settle is over. That
 * errs on the safe side: so it decides who comes, never who has to go.
 */
export class Reservations {
  readonly #load: ReportedLoad;
  readonly #instances: number;
  readonly #buckets: number;
  /** by server and half second of a cycle: what was sent there */
  readonly #sent: Float64Array;
  /** by server: the newest half second that was written */
  readonly #newest: Float64Array;
  /** by server: what the last report does not show */
  readonly #pending: Float64Array;
  /** by server: the report that `#pending` goes with */
  readonly #reportAtMs: Float64Array;
  readonly #reportedBps: Float64Array;

  constructor(load: ReportedLoad, servers: number, { settleMs, instances }: ReservationTuning) {
    this.#load = load;
    this.#instances = instances;
    this.#buckets = Math.max(2, Math.ceil(settleMs / BUCKET_MS) + 1);
    this.#sent = new Float64Array(servers * this.#buckets);
    this.#newest = new Float64Array(servers).fill(-Infinity);
    this.#pending = new Float64Array(servers);
    this.#reportAtMs = new Float64Array(servers).fill(-Infinity);
    this.#reportedBps = new Float64Array(servers);
  }

  /** Bits per second: what is reported, and what no report can show yet. */
  reservedBps(server: number): number {
    if (this.#reportAtMs[server] !== this.#load.reportedAtMs(server)) this.#settle(server);
    return this.#load.reservedBpsAt(server) + this.#pending[server]!;
  }

  /** A session goes there. */
  reserve(server: number, nominalBps: number, nowMs: number): void {
    const bps = nominalBps * this.#instances;
    if (this.#reportAtMs[server] !== this.#load.reportedAtMs(server)) this.#settle(server);
    this.#roll(server, Math.floor(nowMs / BUCKET_MS));
    this.#sent[server * this.#buckets + (this.#newest[server]! % this.#buckets)]! += bps;
    this.#pending[server]! += bps;
  }

  /** A new report. */
  #settle(server: number): void {
    const reportedAtMs = this.#load.reportedAtMs(server);
    const reportedBps = this.#load.reservedBpsAt(server);
    let growthBps = Math.max(0, reportedBps - this.#reportedBps[server]!);
    this.#reportAtMs[server] = reportedAtMs;
    this.#reportedBps[server] = reportedBps;
    const newest = this.#newest[server]!;
    if (newest === -Infinity || this.#pending[server] === 0) return;
    const buckets = this.#buckets;
    const base = server * buckets;
    const reportBucket = Math.floor(reportedAtMs / BUCKET_MS);
    let pending = 0;
    for (let bucket = newest - buckets + 1; bucket <= newest; bucket++) {
      const at = base + (((bucket % buckets) + buckets) % buckets);
      const shownBps = Math.min(growthBps, this.#sent[at]!);
      growthBps -= shownBps;
      this.#sent[at]! -= shownBps;
      if (reportBucket - bucket < buckets) pending += this.#sent[at]!;
    }
    this.#pending[server] = pending;
  }

  /** Half seconds in which nothing was sent are empty, not what they were a cycle ago. */
  #roll(server: number, bucket: number): void {
    const newest = this.#newest[server]!;
    if (bucket <= newest) return;
    const buckets = this.#buckets;
    const base = server * buckets;
    if (bucket - newest >= buckets) this.#sent.fill(0, base, base + buckets);
    else for (let at = newest + 1; at <= bucket; at++) this.#sent[base + (at % buckets)] = 0;
    this.#newest[server] = bucket;
  }
}
