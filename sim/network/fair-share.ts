import {
  BOUND,
  CAP,
  COUNT,
  GROUP_DOUBLES,
  GROUP_INTS,
  type GroupTable,
  HOLDER,
  MARK,
  NEXT,
  PATH,
  RATE,
  ROOT,
  WEIGHT,
} from './group-table.ts';
import { type FlowTable, FLOW_DOUBLES, THRESHOLD } from './flow-table.ts';
import {
  CAPACITY,
  CARRIED,
  FIRST,
  LENGTH,
  LEVEL,
  LINK_DOUBLES,
  type LinkTable,
  roomOf,
  SHARE,
  SPAN_INTS,
  TENTATIVE,
} from './link-table.ts';
import type { Paths } from './paths.ts';

/** So many rounds a region grows by what it disturbed; then by everything that hangs together. */
const CAREFUL_ROUNDS = 3;
const OPEN = -1;
const NONE = -1;

/**
 * Weighted max-min fairness with caps, kept up to date. Every flow is at its cap, or crosses a link that is full and
 * has no flow with more rate per weight; that link holds it back, at its level. A link that holds nobody back has
 * nothing to solve.
 *
 * What changed are the links that were seeded. They are solved as a region, in which links outside that hold flows back
 * count as caps at their present levels. If then a full link outside carries another rate, or one outside is above its
 * capacity, the region grows by it and is solved again. What is left outside meets the condition unchanged.
 */
export class FairShare {
  readonly #links: LinkTable;
  readonly #groups: GroupTable;
  readonly #flows: FlowTable;
  readonly #paths: Paths;
  readonly #region: Int32Array;
  readonly #inRegion: Uint8Array;
  #regionCount = 0;
  #members = new Int32Array(64);
  #memberCount = 0;
  /** by group, while solving: the link that its rate will be due to; −1: its cap */
  #nextHolders = new Int32Array(64);
  /** groups of one link after another: what is still open, from `#from` to `#to` of the link */
  #crossing = new Int32Array(64);
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  #round = 0;
  /** links to be filled, the least share first */
  readonly #heap: Int32Array;
  #heapCount = 0;
  /** links outside the region that would carry another rate, and the round in which that was seen */
  readonly #touched: Int32Array;
  readonly #touchedIn: Int32Array;
  #touchedCount = 0;
  solves = 0;
  solvedGroups = 0;
  solvedLinks = 0;

  constructor(links: LinkTable, groups: GroupTable, flows: FlowTable, paths: Paths) {
    this.#links = links;
    this.#groups = groups;
    this.#flows = flows;
    this.#paths = paths;
    this.#region = new Int32Array(links.count);
    this.#inRegion = new Uint8Array(links.count);
    this.#from = new Int32Array(links.count);
    this.#to = new Int32Array(links.count);
    this.#heap = new Int32Array(links.count);
    this.#touched = new Int32Array(links.count);
    this.#touchedIn = new Int32Array(links.count);
  }

  /** Whether rates are out of date. */
  get isPending(): boolean {
    return this.#regionCount > 0;
  }

  /** A link that holds flows back, or is above its capacity, has changed. */
  seed(link: number): void {
    if (this.#inRegion[link] !== 0) return;
    this.#inRegion[link] = 1;
    this.#region[this.#regionCount++] = link;
  }

  /** Brings all rates up to date, as from now. */
  solve(nowMs: number): void {
    if (this.#nextHolders.length < this.#groups.capacity) this.#nextHolders = new Int32Array(this.#groups.capacity);
    const firstRound = this.#round + 1;
    for (let round = 0; ; round++) {
      this.#gather(round >= CAREFUL_ROUNDS, firstRound, nowMs);
      this.#fill();
      if (!this.#spread()) break;
    }
    this.solves++;
    this.solvedGroups += this.#memberCount;
    this.solvedLinks += this.#regionCount;
    this.#commit(nowMs);
    for (let place = 0; place < this.#regionCount; place++) this.#inRegion[this.#region[place]!] = 0;
    this.#regionCount = 0;
  }

  /** All groups that cross the region, and what they may have at most. @param isWide adds all full links they cross @param firstRound of this solve */
  #gather(isWide: boolean, firstRound: number, nowMs: number): void {
    const { spans, members, shift, doubles: link } = this.#links;
    const { doubles, ints } = this.#groups;
    const { starts, links: pathLinks } = this.#paths;
    const round = ++this.#round;
    this.#memberCount = 0;
    let crossing = 0;
    for (let place = 0; place < this.#regionCount; place++) {
      const full = this.#region[place]!;
      // Clocks go on at the present levels until now.
      this.#links.change(full, 0, nowMs);
      this.#groups.rebaseClock(full, nowMs);
      this.#from[full] = crossing;
      const first = spans[full * SPAN_INTS + FIRST]!;
      const end = first + spans[full * SPAN_INTS + LENGTH]!;
      for (let member = first; member < end; member++) {
        const group = members[member]! >> shift;
        if (crossing === this.#crossing.length) this.#crossing = doubled(this.#crossing);
        this.#crossing[crossing++] = group;
        const mark = ints[group * GROUP_INTS + MARK]!;
        if (mark === round) continue;
        // Its rate as it is, before levels change.
        if (mark < firstRound) doubles[group * GROUP_DOUBLES + RATE] = this.#groups.rateBps(group);
        ints[group * GROUP_INTS + MARK] = round;
        if (this.#memberCount === this.#members.length) this.#members = doubled(this.#members);
        this.#members[this.#memberCount++] = group;
        if (!isWide) continue;
        const path = ints[group * GROUP_INTS + PATH]!;
        for (let hop = starts[path]!; hop < starts[path + 1]!; hop++) {
          if (link[pathLinks[hop]! * LINK_DOUBLES + LEVEL]! < Infinity) this.seed(pathLinks[hop]!);
        }
      }
      this.#to[full] = crossing;
    }
    for (let index = 0; index < this.#memberCount; index++) {
      const group = this.#members[index]!;
      const at = group * GROUP_DOUBLES;
      const weight = doubles[at + WEIGHT]!;
      let bound = doubles[at + CAP]!;
      let holder = NONE;
      const path = ints[group * GROUP_INTS + PATH]!;
      for (let hop = starts[path]!; hop < starts[path + 1]!; hop++) {
        const other = pathLinks[hop]!;
        if (this.#inRegion[other] !== 0) continue;
        const most = weight * link[other * LINK_DOUBLES + LEVEL]!;
        if (most < bound) {
          bound = most;
          holder = other;
        }
      }
      this.#nextHolders[group] = holder;
      doubles[at + BOUND] = bound;
      doubles[at + NEXT] = OPEN;
    }
  }

  /**
   * Progressive filling (Bertsekas and Gallager, Data Networks, 6.5.2), link by link instead of by raising all rates:
   * the link with the least share per weight is next. Its flows that are bound below that share get their bound, which
   * raises the share of the others; when there is none, the others get the share and the link is full.
   * Shares only grow, so an old one is a lower bound, and is worked out anew when it comes to the top.
   */
  #fill(): void {
    const { doubles } = this.#links;
    this.#heapCount = 0;
    for (let place = 0; place < this.#regionCount; place++) {
      const link = this.#region[place]!;
      doubles[link * LINK_DOUBLES + LEVEL] = Infinity;
      doubles[link * LINK_DOUBLES + TENTATIVE] = 0;
      if (this.#measure(link)) this.#push(link);
    }
    while (this.#heapCount > 0) {
      const link = this.#pop();
      if (!this.#measure(link)) continue;
      for (;;) {
        const share = doubles[link * LINK_DOUBLES + SHARE]!;
        if (this.#heapCount > 0 && share > doubles[this.#heap[0]! * LINK_DOUBLES + SHARE]!) {
          this.#push(link);
          break;
        }
        if (!this.#settleBound(link, share)) {
          this.#hold(link, share);
          break;
        }
        if (!this.#measure(link)) break;
      }
    }
  }

  /** What the link has left for its open flows. @returns whether there are any; if not, its rate is final */
  #measure(link: number): boolean {
    const { doubles: links } = this.#links;
    const { doubles, ints } = this.#groups;
    const crossing = this.#crossing;
    const from = this.#from[link]!;
    const end = this.#to[link]!;
    const at = link * LINK_DOUBLES;
    let settled = links[at + TENTATIVE]!;
    let weight = 0;
    let to = from;
    for (let index = from; index < end; index++) {
      const group = crossing[index]!;
      const count = ints[group * GROUP_INTS + COUNT]!;
      const next = doubles[group * GROUP_DOUBLES + NEXT]!;
      if (next < 0) {
        weight += count * doubles[group * GROUP_DOUBLES + WEIGHT]!;
        crossing[to++] = group;
      } else settled += count * next;
    }
    this.#to[link] = to;
    links[at + TENTATIVE] = settled;
    links[at + SHARE] = Math.max(0, links[at + CAPACITY]! - settled) / weight;
    return to > from;
  }

  /** @returns whether there was one bound below the share */
  #settleBound(link: number, share: number): boolean {
    const { doubles } = this.#groups;
    const end = this.#to[link]!;
    let found = false;
    for (let index = this.#from[link]!; index < end; index++) {
      const at = this.#crossing[index]! * GROUP_DOUBLES;
      if (doubles[at + BOUND]! <= doubles[at + WEIGHT]! * share) {
        doubles[at + NEXT] = doubles[at + BOUND]!;
        found = true;
      }
    }
    return found;
  }

  #hold(link: number, share: number): void {
    const { doubles: links } = this.#links;
    const { doubles } = this.#groups;
    const end = this.#to[link]!;
    for (let index = this.#from[link]!; index < end; index++) {
      const group = this.#crossing[index]!;
      const at = group * GROUP_DOUBLES;
      doubles[at + NEXT] = doubles[at + WEIGHT]! * share;
      this.#nextHolders[group] = link;
    }
    const at = link * LINK_DOUBLES;
    links[at + LEVEL] = share;
    links[at + TENTATIVE] = links[at + CAPACITY]!;
  }

  /** Adds the links outside that would no longer be right. @returns whether there were any */
  #spread(): boolean {
    const { doubles: links } = this.#links;
    const { doubles, ints } = this.#groups;
    const { starts, links: pathLinks } = this.#paths;
    const before = this.#regionCount;
    const round = this.#round;
    let touched = 0;
    for (let index = 0; index < this.#memberCount; index++) {
      const group = this.#members[index]!;
      const at = group * GROUP_DOUBLES;
      if (doubles[at + NEXT] === doubles[at + RATE]) continue;
      const change = ints[group * GROUP_INTS + COUNT]! * (doubles[at + NEXT]! - doubles[at + RATE]!);
      const path = ints[group * GROUP_INTS + PATH]!;
      for (let hop = starts[path]!; hop < starts[path + 1]!; hop++) {
        const link = pathLinks[hop]!;
        if (this.#inRegion[link] !== 0) continue;
        const place = link * LINK_DOUBLES;
        if (links[place + LEVEL]! < Infinity) this.seed(link);
        else if (this.#touchedIn[link] === round) links[place + TENTATIVE]! += change;
        else {
          this.#touchedIn[link] = round;
          this.#touched[touched++] = link;
          links[place + TENTATIVE] = change;
        }
      }
    }
    this.#touchedCount = touched;
    for (let index = 0; index < touched; index++) {
      const link = this.#touched[index]!;
      const at = link * LINK_DOUBLES;
      if (links[at + CARRIED]! + links[at + TENTATIVE]! > roomOf(links[at + CAPACITY]!)) this.seed(link);
    }
    return this.#regionCount > before;
  }

  /**
   * What is held back by the same link as before follows that link's level: there is nothing to do for it, but for what
   * other links carry.
   */
  #commit(nowMs: number): void {
    const { doubles: links } = this.#links;
    for (let place = 0; place < this.#regionCount; place++) {
      const at = this.#region[place]! * LINK_DOUBLES;
      links[at + CARRIED] = links[at + TENTATIVE]!;
    }
    for (let index = 0; index < this.#touchedCount; index++) {
      const link = this.#touched[index]!;
      this.#links.change(link, links[link * LINK_DOUBLES + TENTATIVE]!, nowMs);
    }
    const { doubles, ints } = this.#groups;
    for (let index = 0; index < this.#memberCount; index++) {
      const group = this.#members[index]!;
      const at = group * GROUP_DOUBLES;
      const before = ints[group * GROUP_INTS + HOLDER]!;
      const holder = this.#nextHolders[group]!;
      if (before === holder && (holder !== NONE || doubles[at + NEXT] === doubles[at + RATE])) continue;
      const root = ints[group * GROUP_INTS + ROOT]!;
      const threshold = this.#flows.doubles[root * FLOW_DOUBLES + THRESHOLD]!;
      this.#groups.rerate(group, holder, doubles[at + NEXT]!, threshold, nowMs);
    }
    for (let place = 0; place < this.#regionCount; place++) this.#groups.armLink(this.#region[place]!, nowMs);
  }

  #push(link: number): void {
    const { doubles } = this.#links;
    const share = doubles[link * LINK_DOUBLES + SHARE]!;
    let place = this.#heapCount++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (doubles[this.#heap[parent]! * LINK_DOUBLES + SHARE]! <= share) break;
      this.#heap[place] = this.#heap[parent]!;
      place = parent;
    }
    this.#heap[place] = link;
  }

  #pop(): number {
    const { doubles } = this.#links;
    const top = this.#heap[0]!;
    const last = this.#heap[--this.#heapCount]!;
    const share = doubles[last * LINK_DOUBLES + SHARE]!;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.#heapCount) break;
      let least = doubles[this.#heap[child]! * LINK_DOUBLES + SHARE]!;
      if (child + 1 < this.#heapCount) {
        const other = doubles[this.#heap[child + 1]! * LINK_DOUBLES + SHARE]!;
        if (other < least) {
          least = other;
          child++;
        }
      }
      if (share <= least) break;
      this.#heap[place] = this.#heap[child]!;
      place = child;
    }
    this.#heap[place] = last;
    return top;
  }
}

function doubled(from: Int32Array): Int32Array<ArrayBuffer> {
  const to = new Int32Array(from.length * 2);
  to.set(from);
  return to;
}
