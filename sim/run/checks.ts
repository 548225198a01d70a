import { Violations } from '../checkers/fill-checker.ts';
import { FlowChecker } from '../checkers/flow-checker.ts';
import type { CheckResult } from './result.ts';
import type { Simulation } from './simulation.ts';
import { hitsOf } from './series-book.ts';

/** Bytes are counted as floating-point rates times; so far apart two ways of counting may be. */
const BYTE_TOLERANCE = 1e-6;
/** Of sums of milliseconds since the event began. */
const ROUNDING_MS = 0.01;
/** Links and viewers looked at each time, round and round. */
const LINKS_LOOKED_AT = 2000;
const VIEWERS_LOOKED_AT = 200;

/** Invariants of a simulation, looked at while it runs; whoever runs it stops when one breaks. */
export class Checks {
  readonly #simulation: Simulation;
  readonly #flows: FlowChecker;
  readonly #requests = new Violations();
  readonly #bytes = new Violations();
  readonly #time = new Violations();
  readonly #buffers = new Violations();
  readonly #flowViolations = new Violations();
  #looks = 0;
  #nextViewer = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#flows = new FlowChecker(simulation.world.network);
  }

  get failed(): boolean {
    const { violations } = this.#simulation.world.fillChecker;
    const all = [this.#requests, this.#bytes, this.#time, this.#buffers, this.#flowViolations, violations];
    return all.some(({ count }) => count > 0);
  }

  look(nowMs: number): void {
    this.#looks++;
    for (const violation of this.#flows.checkSome(LINKS_LOOKED_AT, nowMs)) this.#flowViolations.add(nowMs, violation);
    this.#lookAtRequests(nowMs);
    this.#lookAtBytes(nowMs);
    this.#lookAtBuffers(nowMs);
  }

  /** The engine has stopped for it. */
  timeWentBack(what: string): void {
    this.#time.add(this.#simulation.world.engine.nowMs, what);
  }

  results(): CheckResult[] {
    const { fillChecker } = this.#simulation.world;
    const result = (name: string, { count, first }: Violations, looks = this.#looks): CheckResult => ({
      name,
      ok: count === 0,
      looks,
      violations: [...first],
    });
    return [
      result('every request ends once, at every cache', this.#requests),
      result(
        'bytes conserved: sent is what links carried, received is no more than was sent, tier by tier',
        this.#bytes,
      ),
      result('one fill of a key at a time, at every cache', fillChecker.violations, fillChecker.looks),
      result('no link above its capacity, no flow starved, fair shares', this.#flowViolations),
      result('time never goes back', this.#time),
      result('buffers never negative', this.#buffers),
    ];
  }

  /** Requests = answers of each kind + those that are open + those whose asker has gone. */
  #lookAtRequests(nowMs: number): void {
    for (const { node } of this.#simulation.world.caches) {
      const { stats } = node.machine;
      const ended = hitsOf(stats) + stats.collapsed + stats.misses + stats.passes + stats.refused;
      const waiting = node.machine.waiting;
      const given = stats.requests - ended - waiting;
      if (given !== node.goneWaiting) {
        this.#requests.add(
          nowMs,
          `${node.id}: ${stats.requests} requests, ${ended} answered, ${waiting} waiting, ${node.goneWaiting} given up`,
        );
      }
    }
  }

  /** What a server's own link carried = what it has sent, and what is under way. */
  #lookAtBytes(nowMs: number): void {
    const { world } = this.#simulation;
    const underWay = world.wire.underWayBytes();
    const compare = (id: string, server: number, sentBytes: number) => {
      const carried = world.network.linkBytes(world.ways.serverLink(server), nowMs);
      const counted = sentBytes + (underWay.get(server) ?? 0);
      if (Math.abs(carried - counted) > BYTE_TOLERANCE * Math.max(1e6, carried))
        this.#bytes.add(nowMs, `${id}: its link carried ${carried} bytes, it sent ${counted}`);
    };
    for (const { node } of world.caches) compare(node.id, node.server, node.load.sentBytes);
    for (const origin of world.origins) compare(origin.id, origin.server, origin.sentBytes);
    this.#lookAtTiers(nowMs);
  }

  /** What the tier below, and viewers, have received of a server is in what it has sent to them. */
  #lookAtTiers(nowMs: number): void {
    const { world, deliveries } = this.#simulation;
    const filled = new Float64Array(world.caches.length + world.origins.length);
    const delivered = new Float64Array(filled.length);
    for (const { node } of world.caches) for (const [from, bytes] of node.filledBytesFrom) filled[from]! += bytes;
    for (const { server, bytes } of deliveries.pairs.values()) delivered[server]! += bytes;
    const compare = (id: string, what: string, received: number, sent: number) => {
      if (received > sent * (1 + BYTE_TOLERANCE) + 1)
        this.#bytes.add(nowMs, `${what} received ${received} bytes of ${id}, which sent ${sent}`);
    };
    for (const { node } of world.caches) {
      compare(node.id, 'caches', filled[node.server]!, node.load.sentBytes - node.load.sentToViewersBytes);
      compare(node.id, 'viewers', delivered[node.server]!, node.load.sentToViewersBytes);
    }
    for (const origin of world.origins) compare(origin.id, 'caches', filled[origin.server]!, origin.sentBytes);
  }

  #lookAtBuffers(nowMs: number): void {
    const { viewers } = this.#simulation;
    let looks = 0;
    for (let step = 0; step < viewers.count && looks < VIEWERS_LOOKED_AT; step++) {
      this.#nextViewer = (this.#nextViewer + 1) % viewers.count;
      const player = viewers.playerOf(this.#nextViewer);
      if (player === null) continue;
      looks++;
      if (!(player.aheadMs >= -ROUNDING_MS))
        this.#buffers.add(nowMs, `viewer ${this.#nextViewer} has ${player.aheadMs} ms`);
    }
  }
}
