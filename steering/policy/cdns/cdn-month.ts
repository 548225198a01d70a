import { monthAt } from './month.ts';

/** The interval over which traffic is averaged before the 95th percentile is taken, as bills have it. */
const SAMPLE_MS = 300_000;
const BILLED_SHARE = 0.95;

/** What went to each CDN in one month, to be kept over a restart. */
export interface MonthRecord {
  /** months since January of the year 0 */
  month: number;
  /** `samples`: which five minutes of the month, and the bytes in it; those without any are left out */
  cdns: Record<string, { bytes: number; samples: [at: number, bytes: number][] }>;
}

/** What has gone to each CDN in the current calendar month (UTC), in bytes, and by five minutes. */
export class CdnMonth {
  readonly #ids: readonly string[];
  readonly #bytes: Float64Array;
  /** by CDN: bytes of each five minutes */
  #samples: number[][];
  #month: number;

  constructor(ids: readonly string[], wallMs: number) {
    this.#ids = ids;
    this.#bytes = new Float64Array(ids.length);
    this.#samples = ids.map(() => []);
    this.#month = monthAt(wallMs).month;
  }

  bytes(cdn: number): number {
    return this.#bytes[cdn]!;
  }

  /** Bytes that went until `wallMs`; with a new month counting begins anew. */
  add(bytes: ArrayLike<number>, wallMs: number): void {
    const { month, elapsedMs } = monthAt(wallMs);
    if (month !== this.#month) this.#begin(month);
    const at = Math.floor(elapsedMs / SAMPLE_MS);
    for (let cdn = 0; cdn < this.#ids.length; cdn++) {
      this.#bytes[cdn]! += bytes[cdn]!;
      const samples = this.#samples[cdn]!;
      while (samples.length <= at) samples.push(0);
      samples[at]! += bytes[cdn]!;
    }
  }

  /** What the CDN itself says went in this month until now. */
  correct(cdn: number, bytes: number): void {
    this.#bytes[cdn] = bytes;
  }

  /** Bits per second that 95 % of this month's five minutes did not exceed, of those that are over. */
  percentile95Bps(cdn: number, wallMs: number): number {
    const over = Math.floor(monthAt(wallMs).elapsedMs / SAMPLE_MS);
    const samples = this.#samples[cdn]!.slice(0, over);
    while (samples.length < over) samples.push(0);
    if (samples.length === 0) return 0;
    samples.sort((a, b) => a - b);
    return (samples[Math.ceil(samples.length * BILLED_SHARE) - 1]! * 8) / (SAMPLE_MS / 1000);
  }

  record(): MonthRecord {
    const cdns: MonthRecord['cdns'] = {};
    this.#ids.forEach((id, cdn) => {
      const samples = this.#samples[cdn]!.map((bytes, at): [number, number] => [at, Math.round(bytes)]);
      cdns[id] = { bytes: Math.round(this.#bytes[cdn]!), samples: samples.filter(([, bytes]) => bytes > 0) };
    });
    return { month: this.#month, cdns };
  }

  /** Goes on from a record of the current month; of another month, or of other CDNs, nothing is taken. */
  restore({ month, cdns }: MonthRecord): void {
    if (month !== this.#month) return;
    this.#ids.forEach((id, cdn) => {
      if (!Object.hasOwn(cdns, id)) return;
      this.#bytes[cdn] = cdns[id]!.bytes;
      const last = cdns[id]!.samples.at(-1)?.[0] ?? -1;
      const samples = Array.from({ length: last + 1 }, () => 0);
      for (const [at, bytes] of cdns[id]!.samples) samples[at] = bytes;
      this.#samples[cdn] = samples;
    });
  }

  #begin(month: number): void {
    this.#month = month;
    this.#bytes.fill(0);
    this.#samples = this.#ids.map(() => []);
  }
}
