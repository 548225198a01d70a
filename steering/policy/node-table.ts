import type { NodeReport } from '../../topology/model/node-report.ts';
import type { Site } from '../../topology/model/site.ts';
import { NodeHealth, type HealthTuning, type HealthVerdict } from './health.ts';

/** unknown-node: not in the sites file; not-an-edge: it serves no players; other-site: the file has it elsewhere. */
export type ReportRefusal = 'unknown-node' | 'not-an-edge' | 'other-site';

/** The nodes of the sites file, and what each has told about itself. What is not in the file does not get in. */
export class NodeTable {
  readonly #nodes = new Map<string, { siteId: string; health: NodeHealth }>();

  constructor(sites: readonly Site[], tuning: HealthTuning, nowMs: number) {
    for (const site of sites) {
      for (const edge of site.edges) {
        this.#nodes.set(edge.id, { siteId: site.id, health: new NodeHealth(edge.capacityBps, tuning, nowMs) });
      }
    }
  }

  /** @returns null when the report was taken in */
  report(report: NodeReport, nowMs: number): ReportRefusal | null {
    const node = this.#nodes.get(report.id);
    if (node === undefined) return 'unknown-node';
    if (report.role !== 'edge') return 'not-an-edge';
    if (report.site !== node.siteId) return 'other-site';
    node.health.report(report, nowMs);
    return null;
  }

  /** @param id one of the sites file */
  verdict(id: string, nowMs: number): HealthVerdict {
    return this.#nodes.get(id)!.health.verdict(nowMs);
  }
}
