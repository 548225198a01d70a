import type { FlowNetwork } from '../network/flow-network.ts';

/** From here on a link counts as full. */
const FULL_SHARE = 0.95;
const SECONDS_A_MINUTE = 60;

/** What every directed link of the network has carried: read once a second, kept in steps, minutes and peaks. */
export class LinkBook {
  readonly peakBps: Float64Array;
  /** by link: the largest rate over what its capacity was then */
  readonly peakShare: Float64Array;
  readonly fullSeconds: Float64Array;
  readonly bytes: Float64Array;
  /** by step: mean rate of each link */
  readonly steps: Float32Array[] = [];
  /** by minute: mean rate of each link */
  readonly minutes: Float32Array[] = [];
  readonly #network: FlowNetwork;
  readonly #count: number;
  /** as it was when it was read last; faults change it */
  readonly #capacityBps: Float64Array;
  readonly #stepStart: Float64Array;
  readonly #minuteStart: Float64Array;
  #stepStartMs = 0;
  #minuteStartMs = 0;
  #lastMs = 0;

  constructor(network: FlowNetwork, count: number) {
    this.#network = network;
    this.#count = count;
    this.peakBps = new Float64Array(count);
    this.peakShare = new Float64Array(count);
    this.#capacityBps = Float64Array.from({ length: count }, (_link, link) => network.linkCapacityBps(link));
    this.fullSeconds = new Float64Array(count);
    this.bytes = new Float64Array(count);
    this.#stepStart = new Float64Array(count);
    this.#minuteStart = new Float64Array(count);
  }

  /** Once a second. */
  read(nowMs: number): void {
    const elapsedMs = nowMs - this.#lastMs;
    if (elapsedMs <= 0) return;
    this.#lastMs = nowMs;
    for (let link = 0; link < this.#count; link++) {
      const capacityBps = this.#network.linkCapacityBps(link);
      // Where it changed on the way, nobody can have carried more than the larger of the two allows.
      const roomBps = Math.max(capacityBps, this.#capacityBps[link]!);
      this.#capacityBps[link] = capacityBps;
      const carried = this.#network.linkBytes(link, nowMs);
      const before = this.bytes[link]!;
      if (carried === before) continue;
      this.bytes[link] = carried;
      const rateBps = ((carried - before) * 8000) / elapsedMs;
      if (rateBps > this.peakBps[link]!) this.peakBps[link] = rateBps;
      if (rateBps > this.peakShare[link]! * roomBps) this.peakShare[link] = rateBps / roomBps;
      if (rateBps > FULL_SHARE * roomBps) this.fullSeconds[link]! += elapsedMs / 1000;
    }
    if (nowMs - this.#minuteStartMs >= SECONDS_A_MINUTE * 1000 - 0.5) {
      this.minutes.push(this.#means(this.#minuteStart, nowMs - this.#minuteStartMs));
      this.#minuteStartMs = nowMs;
    }
  }

  /** The step is over. */
  closeStep(nowMs: number): void {
    this.steps.push(this.#means(this.#stepStart, Math.max(1, nowMs - this.#stepStartMs)));
    this.#stepStartMs = nowMs;
  }

  /** The last, unfinished minute counts as one. */
  close(nowMs: number): void {
    if (nowMs > this.#minuteStartMs) this.minutes.push(this.#means(this.#minuteStart, nowMs - this.#minuteStartMs));
  }

  /** 95th percentile of one-minute means, as transit is billed (there: five minutes, over a month). */
  p95Bps(link: number): number {
    const rates = this.minutes.map((minute) => minute[link]!).sort((a, b) => a - b);
    return rates.length === 0 ? 0 : rates[Math.ceil(rates.length * 0.95) - 1]!;
  }

  #means(start: Float64Array, elapsedMs: number): Float32Array {
    const means = new Float32Array(this.#count);
    for (let link = 0; link < this.#count; link++) {
      means[link] = ((this.bytes[link]! - start[link]!) * 8000) / elapsedMs;
      start[link] = this.bytes[link]!;
    }
    return means;
  }
}
