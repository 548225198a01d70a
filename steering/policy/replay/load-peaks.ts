/** The fullest moment of a server or site. */
export interface Peak {
  /** reservations over capacity */
  share: number;
  reservedBps: number;
  capacityBps: number;
  atMs: number;
  /** when reservations first were beyond capacity; null: never */
  overSinceMs: number | null;
  /** how long in all, as far as it was looked at */
  overMs: number;
}

/** How full servers and their sites were, moment by moment, of which the fullest is kept. */
export class LoadPeaks {
  readonly servers: readonly Peak[];
  readonly sites: readonly Peak[];
  readonly #siteOf: Int32Array;
  readonly #lastBps: Float64Array;
  readonly #lastCapacityBps: Float64Array;
  readonly #siteBps: Float64Array;
  readonly #siteCapacityBps: Float64Array;
  /** since when it is beyond its capacity; NaN: it is not */
  readonly #serverOverMs: Float64Array;
  readonly #siteOverMs: Float64Array;

  constructor(siteOf: Int32Array, capacityBps: Float64Array, sites: number) {
    this.#siteOf = siteOf;
    this.#lastBps = new Float64Array(siteOf.length);
    this.#lastCapacityBps = capacityBps.slice();
    this.#siteBps = new Float64Array(sites);
    this.#siteCapacityBps = new Float64Array(sites);
    siteOf.forEach((site, server) => (this.#siteCapacityBps[site]! += capacityBps[server]!));
    this.#serverOverMs = new Float64Array(siteOf.length).fill(Number.NaN);
    this.#siteOverMs = new Float64Array(sites).fill(Number.NaN);
    this.servers = Array.from(capacityBps, emptyPeak);
    this.sites = Array.from(this.#siteCapacityBps, emptyPeak);
  }

  saw(server: number, reservedBps: number, capacityBps: number, atMs: number): void {
    const site = this.#siteOf[server]!;
    this.#siteBps[site]! += reservedBps - this.#lastBps[server]!;
    this.#siteCapacityBps[site]! += capacityBps - this.#lastCapacityBps[server]!;
    this.#lastBps[server] = reservedBps;
    this.#lastCapacityBps[server] = capacityBps;
    look(this.servers[server]!, this.#serverOverMs, server, reservedBps, capacityBps, atMs);
    look(this.sites[site]!, this.#siteOverMs, site, this.#siteBps[site]!, this.#siteCapacityBps[site]!, atMs);
  }
}

function emptyPeak(capacityBps: number): Peak {
  return { share: 0, reservedBps: 0, capacityBps, atMs: Number.NaN, overSinceMs: null, overMs: 0 };
}

function look(peak: Peak, over: Float64Array, at: number, bps: number, capacityBps: number, nowMs: number): void {
  const share = bps / capacityBps;
  if (share > peak.share) {
    peak.share = share;
    peak.reservedBps = bps;
    peak.capacityBps = capacityBps;
    peak.atMs = nowMs;
  }
  if (!Number.isNaN(over[at]!)) peak.overMs += Math.max(0, nowMs - over[at]!);
  over[at] = share > 1 ? nowMs : Number.NaN;
  if (share > 1) peak.overSinceMs ??= nowMs;
}
