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
/** Numbers of one server, side by side. */
const ROW = 4;
/** What the last report does not show. */
const PENDING_BPS = 0;
/** The report that this goes with. */
const REPORT_AT_MS = 1;
const REPORTED_BPS = 2;
/** The newest half second that was written. */
const NEWEST = 3;

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
  readonly #rows: Float64Array;

  constructor(load: ReportedLoad, servers: number, { settleMs, instances }: ReservationTuning) {
    this.#load = load;
    this.#instances = instances;
    this.#buckets = Math.max(2, Math.ceil(settleMs / BUCKET_MS) + 1);
    this.#sent = new Float64Array(servers * this.#buckets);
    this.#rows = new Float64Array(servers * ROW);
    for (let server = 0; server < servers; server++) {
      this.#rows[server * ROW + REPORT_AT_MS] = -Infinity;
      this.#rows[server * ROW + NEWEST] = -Infinity;
    }
  }

  /** Bits per second: what is reported, and what no report can show yet. */
  reservedBps(server: number): number {
    if (this.#rows[server * ROW + REPORT_AT_MS] !== this.#load.reportedAtMs(server)) this.#settle(server);
    return this.#load.reservedBpsAt(server) + this.#rows[server * ROW + PENDING_BPS]!;
  }

  /** A session goes there. */
  reserve(server: number, nominalBps: number, nowMs: number): void {
    const bps = nominalBps * this.#instances;
    if (this.#rows[server * ROW + REPORT_AT_MS] !== this.#load.reportedAtMs(server)) this.#settle(server);
    this.#roll(server, Math.floor(nowMs / BUCKET_MS));
    this.#sent[server * this.#buckets + (this.#rows[server * ROW + NEWEST]! % this.#buckets)]! += bps;
    this.#rows[server * ROW + PENDING_BPS]! += bps;
  }

  /** A new report. */
  #settle(server: number): void {
    const reportedAtMs = this.#load.reportedAtMs(server);
    const reportedBps = this.#load.reservedBpsAt(server);
    let growthBps = Math.max(0, reportedBps - this.#rows[server * ROW + REPORTED_BPS]!);
    this.#rows[server * ROW + REPORT_AT_MS] = reportedAtMs;
    this.#rows[server * ROW + REPORTED_BPS] = reportedBps;
    const newest = this.#rows[server * ROW + NEWEST]!;
    if (newest === -Infinity || this.#rows[server * ROW + PENDING_BPS] === 0) return;
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
    this.#rows[server * ROW + PENDING_BPS] = pending;
  }

  /** Half seconds in which nothing was sent are empty, not what they were a cycle ago. */
  #roll(server: number, bucket: number): void {
    const newest = this.#rows[server * ROW + NEWEST]!;
    if (bucket <= newest) return;
    const buckets = this.#buckets;
    const base = server * buckets;
    if (bucket - newest >= buckets) this.#sent.fill(0, base, base + buckets);
    else for (let at = newest + 1; at <= bucket; at++) this.#sent[base + (at % buckets)] = 0;
    this.#rows[server * ROW + NEWEST] = bucket;
  }
}
