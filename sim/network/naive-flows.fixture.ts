/** One flow, as slow and plain as can be. */
export interface NaiveFlow {
  readonly tag: number;
  readonly links: readonly number[];
  readonly capBps: number;
  readonly weight: number;
  readonly sizeBytes: number;
  carriedBytes: number;
  rateBps: number;
}

/**
 * The same network without any cleverness, to hold the other against: every flow for itself, all rates anew at each
 * event, by raising them together until each is stopped by its cap or by a full link.
 */
export class NaiveFlows {
  readonly capacities: number[];
  readonly linkBytes: number[];
  flows: NaiveFlow[] = [];
  nowMs = 0;
  readonly finishedMs = new Map<number, number>();

  constructor(capacities: readonly number[]) {
    this.capacities = [...capacities];
    this.linkBytes = capacities.map(() => 0);
  }

  start(tag: number, links: readonly number[], capBps: number, weight: number, sizeBytes: number): void {
    this.flows.push({ tag, links, capBps, weight, sizeBytes, carriedBytes: 0, rateBps: 0 });
    this.#share();
  }

  stop(tag: number): number {
    const flow = this.flows.find((flow) => flow.tag === tag)!;
    this.flows = this.flows.filter((other) => other !== flow);
    this.#share();
    return flow.carriedBytes;
  }

  setCapacity(link: number, capacityBps: number): void {
    this.capacities[link] = capacityBps;
    this.#share();
  }

  runTo(untilMs: number): void {
    for (;;) {
      let nextMs = Infinity;
      for (const flow of this.flows) nextMs = Math.min(nextMs, this.nowMs + this.#leftMs(flow));
      const stepMs = Math.min(nextMs, untilMs) - this.nowMs;
      for (const flow of this.flows) {
        flow.carriedBytes += (flow.rateBps * stepMs) / 8000;
        for (const link of flow.links) this.linkBytes[link]! += (flow.rateBps * stepMs) / 8000;
      }
      this.nowMs += stepMs;
      if (nextMs > untilMs) return;
      for (const flow of this.flows) if (this.#leftMs(flow) < 1e-7) this.finishedMs.set(flow.tag, this.nowMs);
      this.flows = this.flows.filter((flow) => this.#leftMs(flow) >= 1e-7);
      this.#share();
    }
  }

  #leftMs(flow: NaiveFlow): number {
    const missing = Math.max(0, flow.sizeBytes - flow.carriedBytes);
    return missing < flow.sizeBytes * 1e-12 ? 0 : (missing * 8000) / flow.rateBps;
  }

  #share(): void {
    fairRates(this.flows, this.capacities).forEach((rate, place) => {
      this.flows[place]!.rateBps = rate;
    });
  }
}

/** Progressive filling by the book: one level for all who still rise. */
export function fairRates(
  flows: readonly Pick<NaiveFlow, 'links' | 'capBps' | 'weight'>[],
  capacities: readonly number[],
): number[] {
  const rates: number[] = flows.map(() => NaN);
  while (rates.some((rate) => Number.isNaN(rate))) {
    const shares = capacities.map((capacity, link) => {
      let left = capacity;
      let weight = 0;
      for (const [place, flow] of flows.entries()) {
        if (!flow.links.includes(link)) continue;
        if (Number.isNaN(rates[place])) weight += flow.weight;
        else left -= rates[place]!;
      }
      return weight === 0 ? Infinity : Math.max(0, left) / weight;
    });
    let level = Math.min(...shares);
    for (const [place, flow] of flows.entries()) {
      if (Number.isNaN(rates[place])) level = Math.min(level, flow.capBps / flow.weight);
    }
    for (const [place, flow] of flows.entries()) {
      if (!Number.isNaN(rates[place])) continue;
      if (flow.capBps <= level * flow.weight * (1 + 1e-14)) rates[place] = flow.capBps;
      else if (flow.links.some((link) => shares[link]! <= level * (1 + 1e-13))) rates[place] = level * flow.weight;
    }
  }
  return rates;
}
