import type { FlowGroup, FlowNetwork } from '../network/flow-network.ts';

/** Relative, for rates: some hundred roundings of a sum of thousands. */
const RATE_TOLERANCE = 1e-9;
/** What rounding may leave booked on a link, however small its capacity has become. */
const RATE_LEEWAY_BPS = 1;
/** Relative, for bytes since the beginning; and so many bytes, for links that carried next to nothing. */
const BYTES_TOLERANCE = 1e-6;
const BYTES_LEEWAY = 1;

interface LinkSums {
  readonly groups: readonly FlowGroup[];
  readonly rateBps: number;
  readonly highestLevel: number;
}

/**
 * Whether the rates of a network are what they must be, worked out anew from its flows: no link carries more than its
 * capacity, every flow is at its cap or held back by a full link on which nobody has more for its weight, and links have
 * carried what the flows over them were carried.
 */
export class FlowChecker {
  readonly #network: FlowNetwork;
  #sums = new Map<number, LinkSums>();
  #next = 0;

  constructor(network: FlowNetwork) {
    this.#network = network;
  }

  /** All links and bytes. @returns what is wrong, a line each */
  check(nowMs: number): string[] {
    const wrong: string[] = [];
    this.#sums.clear();
    for (let link = 0; link < this.#network.linkCount; link++) this.#checkLink(link, wrong);
    this.#checkLinkless(wrong);
    this.#checkBytes(nowMs, wrong);
    return wrong;
  }

  /** The next so many links, round and round; bytes each time round. @returns what is wrong, a line each */
  checkSome(links: number, nowMs: number): string[] {
    const wrong: string[] = [];
    const { linkCount } = this.#network;
    this.#sums.clear();
    for (let count = Math.min(links, linkCount); count > 0; count--) {
      this.#checkLink(this.#next++, wrong);
      if (this.#next < linkCount) continue;
      this.#next = 0;
      this.#checkLinkless(wrong);
      this.#checkBytes(nowMs, wrong);
    }
    return wrong;
  }

  #checkLink(link: number, wrong: string[]): void {
    const capacityBps = this.#network.linkCapacityBps(link);
    const { groups, rateBps } = this.#sumsOf(link);
    if (rateBps > capacityBps * (1 + RATE_TOLERANCE)) {
      wrong.push(`link ${link} carries ${rateBps} bit/s of ${capacityBps}`);
    }
    const booked = this.#network.linkRateBps(link);
    if (Math.abs(booked - rateBps) > RATE_LEEWAY_BPS + RATE_TOLERANCE * Math.max(capacityBps, rateBps)) {
      wrong.push(`link ${link} is booked with ${booked} bit/s, its flows have ${rateBps}`);
    }
    for (const group of groups) this.#checkGroup(group, wrong);
  }

  #checkGroup(group: FlowGroup, wrong: string[]): void {
    const { path, capBps, weight, rateBps } = group;
    if (!(rateBps >= 0)) wrong.push(`${nameOf(group)}: a rate of ${rateBps} bit/s`);
    if (rateBps > capBps) wrong.push(`${nameOf(group)}: ${rateBps} bit/s is above the cap`);
    if (rateBps >= capBps * (1 - RATE_TOLERANCE)) return;
    const links = this.#network.linksOf(path);
    const full = links.filter(
      (link) => this.#sumsOf(link).rateBps >= this.#network.linkCapacityBps(link) * (1 - RATE_TOLERANCE),
    );
    if (full.length === 0) {
      const what = rateBps === 0 ? 'starves' : `has ${rateBps} bit/s`;
      wrong.push(`${nameOf(group)}: ${what} though no link of ${links.join(', ')} is full`);
    } else if (full.every((link) => rateBps / weight < this.#sumsOf(link).highestLevel * (1 - RATE_TOLERANCE))) {
      wrong.push(`${nameOf(group)}: others have more than its ${rateBps} bit/s on each full link, ${full.join(', ')}`);
    }
  }

  /** Flows over no link are at their caps. */
  #checkLinkless(wrong: string[]): void {
    for (const flow of this.#network.flows()) {
      const group = this.#network.group(this.#network.groupOf(flow));
      if (this.#network.linksOf(group.path).length === 0) this.#checkGroup(group, wrong);
    }
  }

  #checkBytes(nowMs: number, wrong: string[]): void {
    const network = this.#network;
    const byPath = new Float64Array(network.pathCount);
    for (let path = 0; path < byPath.length; path++) byPath[path] = network.endedBytes(path);
    for (const flow of network.flows()) {
      byPath[network.group(network.groupOf(flow)).path]! += network.carriedBytes(flow, nowMs);
    }
    const byLink = new Float64Array(network.linkCount);
    for (let path = 0; path < byPath.length; path++) {
      for (const link of network.linksOf(path)) byLink[link]! += byPath[path]!;
    }
    for (const [link, bytes] of byLink.entries()) {
      const carried = network.linkBytes(link, nowMs);
      if (Math.abs(carried - bytes) > Math.max(BYTES_LEEWAY, BYTES_TOLERANCE * bytes)) {
        wrong.push(`link ${link} carried ${carried} bytes, the flows over it ${bytes}`);
      }
    }
  }

  #sumsOf(link: number): LinkSums {
    const known = this.#sums.get(link);
    if (known !== undefined) return known;
    const groups = this.#network.groupsOver(link).map((group) => this.#network.group(group));
    let rateBps = 0;
    let highestLevel = 0;
    for (const group of groups) {
      rateBps += group.flows * group.rateBps;
      highestLevel = Math.max(highestLevel, group.rateBps / group.weight);
    }
    const sums = { groups, rateBps, highestLevel };
    this.#sums.set(link, sums);
    return sums;
  }
}

function nameOf({ path, capBps, weight, flows }: FlowGroup): string {
  return `${flows} flows of path ${path}, cap ${capBps} bit/s, weight ${weight}`;
}
