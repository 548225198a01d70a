import type { Timers } from '../engine/timers.ts';
import { FairShare } from './fair-share.ts';
import { FLOW_DOUBLES, FLOW_INTS, FlowTable, GROUP, SIZE, TAG, THRESHOLD, TURN } from './flow-table.ts';
import {
  CAP,
  COUNT,
  DUE,
  FIRST_GROUPS,
  GROUP_DOUBLES,
  GROUP_INTS,
  GroupTable,
  HOLDER,
  PATH,
  RATE,
  ROOT,
  SERVICE,
  WEIGHT,
} from './group-table.ts';
import {
  CAPACITY,
  CARRIED,
  checkedCapacity,
  FIRST,
  LENGTH,
  LEVEL,
  LINK_DOUBLES,
  LinkTable,
  roomOf,
  SPAN_INTS,
} from './link-table.ts';
import { Paths } from './paths.ts';

export interface FlowSink {
  /** All bytes of the flow have been carried. Called by a timer; may start, stop and change capacities. */
  done(tag: number, nowMs: number): void;
}

/** Flows that share one rate, as they are now. */
export interface FlowGroup {
  readonly path: number;
  readonly capBps: number;
  readonly weight: number;
  readonly flows: number;
  /** of each flow */
  readonly rateBps: number;
}

/** Service of a group from which on it counts from 0 again: below it, bytes are exact to 1e-5. */
const REBASE_BYTES = 2 ** 36;

/**
 * Transfers as flows over paths of directed links, each with a cap and a weight, sharing what a full link has by
 * weighted max-min fairness. Moments are virtual time in milliseconds and never go back; rates are bits per second.
 *
 * A start and an end on links that hold nobody back cost a few numbers for each link and one timer, whatever else goes
 * on. Otherwise what hangs together with the changed links is solved once for all changes of a moment: by a timer of
 * that same moment, or earlier when somebody asks.
 */
export class FlowNetwork {
  readonly #timers: Timers;
  readonly #sink: FlowSink;
  readonly #links: LinkTable;
  readonly #paths: Paths;
  readonly #flows = new FlowTable();
  readonly #groups: GroupTable;
  readonly #fair: FairShare;
  readonly #solveTimer: number;
  readonly #tickMs: number;
  /** when rates that are out of date are brought up to date */
  #solveMs = 0;
  /** the latest moment that anybody named */
  #latestMs = 0;
  /** by path: bytes of flows that are over */
  #endedBytes = new Float64Array(64);
  #started = 0;
  #finished = 0;
  #stopped = 0;

  /**
   * @param capacitiesBps one per directed link, finite; 0 is a link that carries nothing
   * @param tickMs what ended flows leave is shared out at the next multiple of this, all of it at once: until then the links
   * they crossed carry that much less, never more. 0: at the moment itself
   */
  constructor(timers: Timers, capacitiesBps: ArrayLike<number>, sink: FlowSink, tickMs = 0) {
    this.#timers = timers;
    this.#tickMs = tickMs;
    this.#sink = sink;
    this.#links = new LinkTable(capacitiesBps, FIRST_GROUPS);
    this.#groups = new GroupTable(
      timers,
      timers.kind((group, _timer, nowMs) => this.#due(group, nowMs)),
      timers.kind((link, _timer, nowMs) => this.#linkDue(link, nowMs)),
      this.#links,
    );
    this.#paths = new Paths(this.#links.count);
    this.#fair = new FairShare(this.#links, this.#groups, this.#flows, this.#paths);
    this.#solveTimer = timers.make(
      timers.kind((_payload, _timer, nowMs) => {
        this.#latestMs = nowMs;
        this.#solve();
      }),
      0,
    );
  }

  /** Flows under way. */
  get active(): number {
    return this.#flows.active;
  }

  /** Since the beginning. `solvedGroups` and `solvedLinks` are sums over solves. */
  get stats(): {
    started: number;
    finished: number;
    stopped: number;
    solves: number;
    solvedGroups: number;
    solvedLinks: number;
  } {
    const { solves, solvedGroups, solvedLinks } = this.#fair;
    const { started, finished, stopped } = { started: this.#started, finished: this.#finished, stopped: this.#stopped };
    return { started, finished, stopped, solves, solvedGroups, solvedLinks };
  }

  /**
   * The number of a list of links, in any order; equal lists have one number. A path of no links is allowed.
   * @throws RangeError on a link that is not there or comes twice
   */
  path(links: readonly number[]): number {
    const path = this.#paths.intern(links);
    if (path >= this.#endedBytes.length) {
      const longer = new Float64Array(path * 2);
      longer.set(this.#endedBytes);
      this.#endedBytes = longer;
    }
    if (links.length > 1 << this.#links.shift) this.#links.fit(this.#groups.capacity, links.length);
    return path;
  }

  /**
   * Starts a flow. It ends by a timer, never at once, even with no bytes.
   * @param tag what the sink is told when it is done
   * @param capBps its rate at most; Infinity is allowed where the path has links
   * @param weight its part of a full link, beside others' weights
   * @returns its number, which is used again once it has ended
   * @throws RangeError on a path that is not there, a cap, weight or size that cannot be
   */
  start(tag: number, path: number, capBps: number, weight: number, sizeBytes: number, nowMs: number): number {
    this.#catchUp(nowMs);
    if (!(capBps >= 0 && weight > 0 && weight < Infinity && sizeBytes >= 0 && sizeBytes < Infinity)) {
      throw new RangeError(`a flow of ${sizeBytes} bytes, cap ${capBps} bit/s, weight ${weight}`);
    }
    const groups = this.#groups;
    let group = groups.find(path, capBps, weight);
    if (group < 0) group = this.#open(path, capBps, weight, nowMs);
    else this.#join(group, path, nowMs);
    const { ints } = groups;
    ints[group * GROUP_INTS + COUNT]!++;
    const service = groups.serviceBytes(group, nowMs);
    if (sizeBytes === 0) {
      // otherwise its end might be rounded to just after now
      groups.setService(group, service, nowMs);
    }
    const threshold = service + sizeBytes;
    const flow = this.#flows.take(tag, group, sizeBytes, threshold);
    const root = this.#flows.enter(ints[group * GROUP_INTS + ROOT]!, flow);
    ints[group * GROUP_INTS + ROOT] = root;
    if (root === flow) groups.arm(group, threshold, nowMs);
    this.#started++;
    return flow;
  }

  /**
   * Breaks a flow; the sink is not told.
   * @returns bytes carried until now: may be a fraction, and is the exact integral of its rate but for rounding
   * @throws RangeError on a flow that is not under way
   */
  stop(flow: number, nowMs: number): number {
    this.#catchUp(nowMs);
    const carried = this.carriedBytes(flow, nowMs);
    const group = this.#flows.ints[flow * FLOW_INTS + GROUP]!;
    this.#end(group, flow, carried, nowMs);
    this.#stopped++;
    return carried;
  }

  /** As `stop` returns it. @throws RangeError on a flow that is not under way */
  carriedBytes(flow: number, nowMs: number): number {
    this.#catchUp(nowMs);
    const group = this.groupOf(flow);
    const at = flow * FLOW_DOUBLES;
    const size = this.#flows.doubles[at + SIZE]!;
    const missing = this.#flows.doubles[at + THRESHOLD]! - this.#groups.serviceBytes(group, nowMs);
    return Math.min(size, Math.max(0, size - missing));
  }

  /** @throws RangeError on a flow that is not under way */
  rateBps(flow: number): number {
    const group = this.groupOf(flow);
    this.#solve();
    return this.#groups.rateBps(group);
  }

  /** 0 is allowed: its flows stand still. @throws RangeError when it is negative or not finite, or there is no such link */
  setCapacity(link: number, capacityBps: number, nowMs: number): void {
    this.#catchUp(nowMs);
    const { doubles } = this.#links;
    const at = this.#checkedLink(link) * LINK_DOUBLES;
    doubles[at + CAPACITY] = checkedCapacity(capacityBps);
    if (doubles[at + LEVEL]! < Infinity || doubles[at + CARRIED]! > roomOf(capacityBps)) this.#stir(link, nowMs);
  }

  /** The tags of the flows that cross the link, first started first. Costs a sort. */
  flowsOver(link: number): number[] {
    const { doubles } = this.#flows;
    const { ints } = this.#groups;
    return this.groupsOver(link)
      .flatMap((group) => this.#flows.all(ints[group * GROUP_INTS + ROOT]!))
      .sort((a, b) => doubles[a * FLOW_DOUBLES + TURN]! - doubles[b * FLOW_DOUBLES + TURN]!)
      .map((flow) => doubles[flow * FLOW_DOUBLES + TAG]!);
  }

  /** Carried now, by all flows. */
  linkRateBps(link: number): number {
    this.#solve();
    return this.#links.doubles[this.#checkedLink(link) * LINK_DOUBLES + CARRIED]!;
  }

  /** Carried since the beginning: the integral of the link's rate. One addition, however many flows. */
  linkBytes(link: number, nowMs: number): number {
    this.#catchUp(nowMs);
    return this.#links.bytes(this.#checkedLink(link), nowMs);
  }

  linkCapacityBps(link: number): number {
    return this.#links.doubles[this.#checkedLink(link) * LINK_DOUBLES + CAPACITY]!;
  }

  get linkCount(): number {
    return this.#links.count;
  }

  get pathCount(): number {
    return this.#paths.count;
  }

  linksOf(path: number): number[] {
    return this.#paths.of(path);
  }

  /** Bytes of the flows over this path that are done, and what was carried of those that were stopped. */
  endedBytes(path: number): number {
    return this.#endedBytes[path]!;
  }

  /** Numbers of the groups that cross the link, in no order that means something. */
  groupsOver(link: number): number[] {
    const { spans, members, shift } = this.#links;
    const at = this.#checkedLink(link) * SPAN_INTS;
    const first = spans[at + FIRST]!;
    return Array.from(members.subarray(first, first + spans[at + LENGTH]!), (node) => node >> shift);
  }

  group(group: number): FlowGroup {
    this.#solve();
    const { doubles, ints } = this.#groups;
    const at = group * GROUP_DOUBLES;
    return {
      path: ints[group * GROUP_INTS + PATH]!,
      capBps: doubles[at + CAP]!,
      weight: doubles[at + WEIGHT]!,
      flows: ints[group * GROUP_INTS + COUNT]!,
      rateBps: this.#groups.rateBps(group),
    };
  }

  /** Numbers of the flows under way. */
  flows(): number[] {
    const flows: number[] = [];
    for (let flow = 0; flow < this.#flows.made; flow++) if (this.#flows.isActive(flow)) flows.push(flow);
    return flows;
  }

  /** The number of the flow's group. @throws RangeError on a flow that is not under way */
  groupOf(flow: number): number {
    if (!this.#flows.isActive(flow)) throw new RangeError(`no flow ${flow}`);
    return this.#flows.ints[flow * FLOW_INTS + GROUP]!;
  }

  /** A group's first flow: at its cap when that pushes no link above its capacity, else it waits for the solver. */
  #open(path: number, capBps: number, weight: number, nowMs: number): number {
    if (!(path >= 0 && path < this.#paths.count)) throw new RangeError(`no path ${path}`);
    const links = this.#links;
    const groups = this.#groups;
    const { starts, links: pathLinks } = this.#paths;
    const start = starts[path]!;
    const end = starts[path + 1]!;
    if (start === end && capBps === Infinity) throw new RangeError('a flow without links needs a cap');
    const had = groups.capacity;
    const group = groups.open(path, capBps, weight, nowMs);
    if (groups.capacity > had) links.fit(groups.capacity, 0);
    let isFree = true;
    for (let hop = start; hop < end; hop++) {
      const link = pathLinks[hop]!;
      if (!links.hasRoom(link, capBps)) {
        isFree = false;
        this.#stir(link, nowMs);
      }
      links.enter(link, (group << links.shift) | (hop - start));
    }
    if (isFree) {
      groups.doubles[group * GROUP_DOUBLES + RATE] = capBps;
      for (let hop = start; hop < end; hop++) links.change(pathLinks[hop]!, capBps, nowMs);
    }
    return group;
  }

  /** One more of a group: at its rate, until the links it crosses are solved. */
  #join(group: number, path: number, nowMs: number): void {
    const links = this.#links;
    const { starts, links: pathLinks } = this.#paths;
    const rate = this.#groups.rateBps(group);
    const end = starts[path + 1]!;
    for (let hop = starts[path]!; hop < end; hop++) {
      links.change(pathLinks[hop]!, rate, nowMs);
      if (!links.hasRoom(pathLinks[hop]!, 0)) this.#stir(pathLinks[hop]!, nowMs);
    }
  }

  /** The group's timer: its first flow is done, or would be had the rate not fallen. */
  #due(group: number, nowMs: number): void {
    this.#catchUp(nowMs);
    const { doubles, ints } = this.#groups;
    const flow = ints[group * GROUP_INTS + ROOT]!;
    const threshold = this.#flows.doubles[flow * FLOW_DOUBLES + THRESHOLD]!;
    doubles[group * GROUP_DOUBLES + DUE] = Infinity;
    if (this.#groups.reachesMs(group, threshold) > nowMs) this.#groups.arm(group, threshold, nowMs);
    else this.#finishFirst(group, nowMs);
  }

  /** A link's timer: of all that it holds back the first flow is done, or would be had the level not fallen. */
  #linkDue(link: number, nowMs: number): void {
    this.#catchUp(nowMs);
    const group = this.#groups.takeDue(link, nowMs);
    if (group >= 0) this.#finishFirst(group, nowMs, link);
  }

  #finishFirst(group: number, nowMs: number, link = -1): void {
    const flow = this.#groups.ints[group * GROUP_INTS + ROOT]!;
    const place = flow * FLOW_DOUBLES;
    const threshold = this.#flows.doubles[place + THRESHOLD]!;
    // to the last bit, whatever rounding made of the moment: this flow has its bytes
    this.#groups.setService(group, threshold, nowMs);
    const tag = this.#flows.doubles[place + TAG]!;
    this.#end(group, flow, this.#flows.doubles[place + SIZE]!, nowMs);
    if (this.#groups.ints[group * GROUP_INTS + COUNT]! > 0 && threshold > REBASE_BYTES) this.#rebase(group);
    if (link >= 0) this.#groups.rebaseClock(link, nowMs);
    this.#finished++;
    this.#sink.done(tag, nowMs);
  }

  #end(group: number, flow: number, carriedBytes: number, nowMs: number): void {
    const groups = this.#groups;
    const links = this.#links;
    const { ints } = groups;
    const place = group * GROUP_INTS;
    const root = this.#flows.leave(ints[place + ROOT]!, flow);
    ints[place + ROOT] = root;
    this.#flows.free(flow);
    const path = ints[place + PATH]!;
    this.#endedBytes[path]! += carriedBytes;
    const left = --ints[place + COUNT]!;
    const rate = groups.rateBps(group);
    const holder = ints[place + HOLDER]!;
    if (left === 0) groups.close(group);
    else groups.arm(group, this.#flows.doubles[root * FLOW_DOUBLES + THRESHOLD]!, nowMs);
    // Before the links are stirred: what ends at this very moment, too, is to end before they are solved.
    if (holder >= 0) groups.armLink(holder, nowMs);
    const { starts, links: pathLinks } = this.#paths;
    const start = starts[path]!;
    const end = starts[path + 1]!;
    for (let hop = start; hop < end; hop++) {
      const link = pathLinks[hop]!;
      links.change(link, -rate, nowMs);
      if (links.doubles[link * LINK_DOUBLES + LEVEL]! < Infinity) this.#stir(link, this.#nextTickMs(nowMs));
      if (left === 0) links.leave(link, (group << links.shift) | (hop - start));
    }
  }

  /** Counts a group's service from 0 again, lest a group that is never empty loses digits. */
  #rebase(group: number): void {
    const { doubles } = this.#groups;
    const service = doubles[group * GROUP_DOUBLES + SERVICE]!;
    doubles[group * GROUP_DOUBLES + SERVICE] = 0;
    for (const flow of this.#flows.all(this.#groups.ints[group * GROUP_INTS + ROOT]!)) {
      this.#flows.doubles[flow * FLOW_DOUBLES + THRESHOLD]! -= service;
    }
  }

  /** The link is to be solved then; last of what is to happen at that moment, so that one solve serves all. */
  #stir(link: number, atMs: number): void {
    const isEarlier = !this.#fair.isPending || atMs <= this.#solveMs;
    this.#fair.seed(link);
    if (!isEarlier) return;
    this.#solveMs = atMs;
    this.#timers.set(this.#solveTimer, atMs);
  }

  #nextTickMs(nowMs: number): number {
    return this.#tickMs === 0 ? nowMs : Math.ceil(nowMs / this.#tickMs) * this.#tickMs;
  }

  #catchUp(nowMs: number): void {
    if (this.#fair.isPending && nowMs > this.#solveMs) this.#solveAt(this.#solveMs);
    this.#latestMs = nowMs;
  }

  #solve(): void {
    if (this.#fair.isPending) this.#solveAt(Math.min(this.#solveMs, this.#latestMs));
  }

  #solveAt(nowMs: number): void {
    this.#timers.cancel(this.#solveTimer);
    this.#fair.solve(nowMs);
  }

  #checkedLink(link: number): number {
    if (!(link >= 0 && link < this.#links.count)) throw new RangeError(`no link ${link}`);
    return link;
  }
}
