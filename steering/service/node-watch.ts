import type { Log } from '../../runtime/log.ts';
import type { Site } from '../../topology/model/site.ts';
import type { HealthVerdict, Standing } from '../policy/health/health.ts';
import type { NodeTable } from '../policy/health/node-table.ts';

export interface NodeState extends HealthVerdict {
  id: string;
  site: string;
  url: string;
}

const LOOK_EVERY_MS = 1000;

/**
 * Each second, what was found and told becomes verdicts; and for people: what steering takes each node for, and a log line
 * when that changes.
 */
export class NodeWatch {
  readonly #sites: readonly Site[];
  readonly #nodes: NodeTable;
  readonly #nowMs: () => number;
  readonly #log: Log;
  readonly #standings = new Map<string, Standing>();
  readonly #timer: NodeJS.Timeout;

  constructor(sites: readonly Site[], nodes: NodeTable, nowMs: () => number, log: Log) {
    this.#sites = sites;
    this.#nodes = nodes;
    this.#nowMs = nowMs;
    this.#log = log;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  states(): NodeState[] {
    const nowMs = this.#nowMs();
    return this.#sites.flatMap((site) =>
      site.edges.map(({ id, url }) => ({ id, site: site.id, url, ...this.#nodes.verdict(id, nowMs) })),
    );
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#nodes.settle(this.#nowMs());
    for (const { id, site, standing, reasons } of this.states()) {
      const before = this.#standings.get(id) ?? 'unheard';
      if (before !== standing) this.#log.info({ node: id, site, before, standing, reasons }, 'node changed');
      this.#standings.set(id, standing);
    }
  }
}
