import type { NodeReport } from '../../topology/model/node-report.ts';
import type { Site } from '../../topology/model/site.ts';
import { DEFAULT_PLAYERS, DEFAULT_PROBES, type PlayerTuning, type ProbeTuning } from './health-config.ts';
import { NodeHealth, type HealthTuning, type HealthVerdict } from './health.ts';
import { nodeVerdict } from './node-verdict.ts';
import { PlayerHealth, type SignRefusal } from './player-health.ts';
import type { PlayerSign } from './player-evidence.ts';
import { ProbeHealth } from './probe-health.ts';
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
  /** from when until when the verdict holds, and for which state of probes and players */
  fromMs: number;
  untilMs: number;
  version: number;
}

/**
 * The nodes of the sites file: what each tells about itself, what probes find, and what players tell, as one verdict.
 * What is not in the file does not get in. They are numbered in the order of the file: decisions ask by number.
 */
export class NodeTable {
  readonly probes: ProbeHealth;
  readonly players: PlayerHealth;
  readonly #numbers = new Map<string, number>();
  readonly #nodes: readonly Node[];
  readonly #reservedBps: Float64Array;
  readonly #capacityBps: Float64Array;
  readonly #reportedAtMs: Float64Array;

  constructor(sites: readonly Site[], tuning: NodeTuning, nowMs: number) {
    const edges = sites.flatMap((site, at) => site.edges.map((edge) => ({ ...edge, siteId: site.id, site: at })));
    this.#nodes = edges.map(({ siteId, capacityBps }): Node => {
      const health = new NodeHealth(capacityBps, tuning, nowMs);
      const verdict = health.verdict(nowMs);
      return {
        siteId,
        fileCapacityBps: capacityBps,
        health,
        verdict,
        fromMs: Infinity,
        untilMs: -Infinity,
        version: 0,
      };
    });
    edges.forEach(({ id }, number) => this.#numbers.set(id, number));
    this.#reservedBps = new Float64Array(edges.length);
    this.#capacityBps = Float64Array.from(edges, ({ capacityBps }) => capacityBps);
    this.#reportedAtMs = new Float64Array(edges.length).fill(-Infinity);
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
    node.untilMs = -Infinity;
    this.#reservedBps[number] = report.reservedBps ?? report.egressBps;
    this.#capacityBps[number] = Math.min(node.fileCapacityBps, report.capacityBps);
    this.#reportedAtMs[number] = nowMs;
    return null;
  }

  /** A probe of the server has ended (`ProbeHealth.took`). */
  probed(server: number, isWell: boolean, inTurn: boolean, askedMs: number, nowMs: number): void {
    this.probes.took(server, isWell, inTurn, askedMs, nowMs);
    this.#nodes[server]!.untilMs = -Infinity;
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

  /** The same object as long as nothing has changed: decisions ask for each candidate. */
  verdictAt(server: number, nowMs: number): HealthVerdict {
    const node = this.#nodes[server]!;
    const version = this.probes.version + this.players.version;
    if (nowMs < node.untilMs && nowMs >= node.fromMs && version === node.version) return node.verdict;
    const { probes, players } = this;
    node.verdict = nodeVerdict(node.health.verdict(nowMs), {
      probes: probes.standingAt(server, nowMs),
      probeShare: probes.shareAt(server, nowMs),
      players: players.standingAt(server),
      playerShare: players.shareAt(server),
      trust: players.trustAt(server),
    });
    node.fromMs = nowMs;
    node.untilMs = Math.min(node.health.untilMs, probes.untilMs(server, nowMs));
    node.version = version;
    return node.verdict;
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
    return this.#reservedBps[server]!;
  }

  /** The smaller of what the file and the node itself say. */
  capacityBpsAt(server: number): number {
    return this.#capacityBps[server]!;
  }

  /** −Infinity before the first report. */
  reportedAtMs(server: number): number {
    return this.#reportedAtMs[server]!;
  }
}
