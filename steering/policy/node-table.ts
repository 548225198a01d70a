import type { NodeReport } from '../../topology/model/node-report.ts';
import type { Site } from '../../topology/model/site.ts';
import { NodeHealth, type HealthTuning, type HealthVerdict } from './health.ts';

/** unknown-node: not in the sites file; not-an-edge: it serves no players; other-site: the file has it elsewhere. */
export type ReportRefusal = 'unknown-node' | 'not-an-edge' | 'other-site';

interface Node {
  number: number;
  siteId: string;
  fileCapacityBps: number;
  health: NodeHealth;
}

/**
 * The nodes of the sites file, and what each has told about itself. What is not in the file does not get in. They are
 * numbered in the order of the file: decisions ask by number.
 */
export class NodeTable {
  readonly #byId = new Map<string, Node>();
  readonly #nodes: readonly Node[];
  readonly #reservedBps: Float64Array;
  readonly #capacityBps: Float64Array;
  readonly #reportedAtMs: Float64Array;

  constructor(sites: readonly Site[], tuning: HealthTuning, nowMs: number) {
    const edges = sites.flatMap((site) => site.edges.map((edge) => ({ ...edge, siteId: site.id })));
    this.#nodes = edges.map(({ siteId, capacityBps }, number) => ({
      number,
      siteId,
      fileCapacityBps: capacityBps,
      health: new NodeHealth(capacityBps, tuning, nowMs),
    }));
    edges.forEach(({ id }, number) => this.#byId.set(id, this.#nodes[number]!));
    this.#reservedBps = new Float64Array(edges.length);
    this.#capacityBps = Float64Array.from(edges, ({ capacityBps }) => capacityBps);
    this.#reportedAtMs = new Float64Array(edges.length).fill(-Infinity);
  }

  /** @returns null when the report was taken in */
  report(report: NodeReport, nowMs: number): ReportRefusal | null {
    const node = this.#byId.get(report.id);
    if (node === undefined) return 'unknown-node';
    if (report.role !== 'edge') return 'not-an-edge';
    if (report.site !== node.siteId) return 'other-site';
    node.health.report(report, nowMs);
    this.#reservedBps[node.number] = report.reservedBps ?? report.egressBps;
    this.#capacityBps[node.number] = Math.min(node.fileCapacityBps, report.capacityBps);
    this.#reportedAtMs[node.number] = nowMs;
    return null;
  }

  /** @param id one of the sites file */
  verdict(id: string, nowMs: number): HealthVerdict {
    return this.#byId.get(id)!.health.verdict(nowMs);
  }

  verdictAt(server: number, nowMs: number): HealthVerdict {
    return this.#nodes[server]!.health.verdict(nowMs);
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
