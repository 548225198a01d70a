import type { NodeReport } from '../../../topology/model/node-report.ts';
import type { Site } from '../../../topology/model/site.ts';
import { DEFAULT_PLAYERS, DEFAULT_PROBES, type PlayerTuning, type ProbeTuning } from './health-config.ts';
import { HEALTHY, NodeHealth, STANDINGS, type HealthTuning, type HealthVerdict } from './health.ts';
import { nodeVerdict } from './node-verdict.ts';
import { PlayerHealth, type SignRefusal } from './player-health.ts';
import type { PlayerSign } from './player-evidence.ts';
import { ProbeHealth } from './probe-health.ts';
import type { HealthReason } from '../reasons.ts';
import { roundMsOf } from './probe-schedule.ts';

/** unknown-node: not in the sites file; not-an-edge: it serves no players; other-site: the file has it elsewhere. */
export type ReportRefusal = 'unknown-node' | 'not-an-edge' | 'other-site';

export interface NodeTuning extends HealthTuning {
  probes?: ProbeTuning;
  players?: PlayerTuning;
}

interface Node {
  readonly siteId: string;
  readonly fileCapacityBps: number;
  readonly health: NodeHealth;
  verdict: HealthVerdict;
}

/** Numbers of one server, side by side: a decision looks at some twenty servers of thousands, and memory is what it waits for. */
const ROW = 8;
/** From when until when its verdict holds, and for which state of probes and players. */
const FROM_MS = 0;
const UNTIL_MS = 1;
const VERSION = 2;
const SCORE = 3;
/** Index into `STANDINGS`. */
const STANDING = 4;
const RESERVED_BPS = 5;
const CAPACITY_BPS = 6;
const REPORTED_AT_MS = 7;
const STANDING_CODES = new Map(STANDINGS.map((standing, code) => [standing, code]));

/**
 * The nodes of the sites file: what each tells about itself, what probes find, and what players tell, as one verdict.
 * What is not in the file does not get in. They are numbered in the order of the file: decisions ask by number.
 */
export class NodeTable {
  readonly probes: ProbeHealth;
  readonly players: PlayerHealth;
  readonly #numbers = new Map<string, number>();
  readonly #nodes: readonly Node[];
  readonly #rows: Float64Array;

  constructor(sites: readonly Site[], tuning: NodeTuning, nowMs: number) {
    const edges = sites.flatMap((site, at) => site.edges.map((edge) => ({ ...edge, siteId: site.id, site: at })));
    this.#nodes = edges.map(({ siteId, capacityBps }): Node => {
      const health = new NodeHealth(capacityBps, tuning, nowMs);
      return { siteId, fileCapacityBps: capacityBps, health, verdict: health.verdict(nowMs) };
    });
    edges.forEach(({ id }, number) => this.#numbers.set(id, number));
    this.#rows = new Float64Array(edges.length * ROW);
    edges.forEach(({ capacityBps }, number) => {
      const row = number * ROW;
      this.#rows[row + UNTIL_MS] = -Infinity;
      this.#rows[row + CAPACITY_BPS] = capacityBps;
      this.#rows[row + REPORTED_AT_MS] = -Infinity;
    });
    const { probes = DEFAULT_PROBES, players = DEFAULT_PLAYERS } = tuning;
    this.probes = new ProbeHealth(edges.length, probes, roundMsOf(edges.length, probes));
    const siteOf = Int32Array.from(edges, ({ site }) => site);
    this.players = new PlayerHealth(siteOf, players, nowMs);
  }

  /** @returns null when the report was taken in */
  report(report: NodeReport, nowMs: number): ReportRefusal | null {
    const number = this.#numbers.get(report.id);
    if (number === undefined) return 'unknown-node';
    if (report.role !== 'edge') return 'not-an-edge';
    const node = this.#nodes[number]!;
    if (report.site !== node.siteId) return 'other-site';
    node.health.report(report, nowMs);
    const row = number * ROW;
    this.#rows[row + UNTIL_MS] = -Infinity;
    this.#rows[row + RESERVED_BPS] = report.reservedBps ?? report.egressBps;
    this.#rows[row + CAPACITY_BPS] = Math.min(node.fileCapacityBps, report.capacityBps);
    this.#rows[row + REPORTED_AT_MS] = nowMs;
    return null;
  }

  /** A probe of the server has ended (`ProbeHealth.took`). */
  probed(server: number, isWell: boolean, inTurn: boolean, askedMs: number, nowMs: number): void {
    this.probes.took(server, isWell, inTurn, askedMs, nowMs);
    this.#rows[server * ROW + UNTIL_MS] = -Infinity;
  }

  /** A player tells of the server (`PlayerHealth.told`). */
  playerTold(server: number, network: string, client: number, sign: PlayerSign, nowMs: number): SignRefusal | null {
    return this.players.told(server, network, client, sign, nowMs);
  }

  /** To be called each second: what was found and told since becomes verdicts. */
  settle(nowMs: number): void {
    this.probes.settle(nowMs);
    this.players.settle(nowMs);
  }

  /** @param id one of the sites file */
  verdict(id: string, nowMs: number): HealthVerdict {
    return this.verdictAt(this.#numbers.get(id)!, nowMs);
  }

  /** The same object as long as nothing has changed. */
  verdictAt(server: number, nowMs: number): HealthVerdict {
    this.standingAt(server, nowMs);
    return this.#nodes[server]!.verdict;
  }

  /** The verdict's standing, as an index into `STANDINGS`: decisions ask for each candidate. */
  standingAt(server: number, nowMs: number): number {
    const rows = this.#rows;
    const row = server * ROW;
    const version = this.probes.version + this.players.version;
    const holds = nowMs < rows[row + UNTIL_MS]! && nowMs >= rows[row + FROM_MS]! && version === rows[row + VERSION];
    if (!holds) this.#judge(server, version, nowMs);
    return rows[row + STANDING]!;
  }

  /** The verdict's score, as `standingAt` found it last. */
  scoreAt(server: number): number {
    return this.#rows[server * ROW + SCORE]!;
  }

  /** The reasons of the verdict that `standingAt` found last. */
  reasonsAt(server: number): readonly HealthReason[] {
    // A node that is well is not looked up: it has no other reasons.
    return this.#rows[server * ROW + SCORE] === 1 ? HEALTHY : this.#nodes[server]!.verdict.reasons;
  }

  #judge(server: number, version: number, nowMs: number): void {
    const node = this.#nodes[server]!;
    const { probes, players } = this;
    node.verdict = nodeVerdict(node.health.verdict(nowMs), {
      probes: probes.standingAt(server, nowMs),
      probeShare: probes.shareAt(server, nowMs),
      players: players.standingAt(server),
      playerShare: players.shareAt(server),
      trust: players.trustAt(server),
    });
    const row = server * ROW;
    this.#rows[row + FROM_MS] = nowMs;
    this.#rows[row + UNTIL_MS] = Math.min(node.health.untilMs, probes.untilMs(server, nowMs));
    this.#rows[row + VERSION] = version;
    this.#rows[row + SCORE] = node.verdict.score;
    this.#rows[row + STANDING] = STANDING_CODES.get(node.verdict.standing)!;
  }

  /** −1 for a name that is not in the sites file. */
  numberOf(id: string): number {
    return this.#numbers.get(id) ?? -1;
  }

  /** Share of the network's sessions that the way to the site deserves, by what its players tell; 0 to 1. */
  pathShareAt(network: string, site: number): number {
    return this.players.pathShareAt(network, site);
  }

  /** Nominal bits per second of what the server’s viewers ask for, as it reported last; 0 before that. */
  reservedBpsAt(server: number): number {
    return this.#rows[server * ROW + RESERVED_BPS]!;
  }

  /** The smaller of what the file and the node itself say. */
  capacityBpsAt(server: number): number {
    return this.#rows[server * ROW + CAPACITY_BPS]!;
  }

  /** −Infinity before the first report. */
  reportedAtMs(server: number): number {
    return this.#rows[server * ROW + REPORTED_AT_MS]!;
  }
}
