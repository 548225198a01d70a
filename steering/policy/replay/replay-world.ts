import type { NodeReport } from '../../../topology/model/node-report.ts';
import type { Site } from '../../../topology/model/site.ts';
import type { RecordHeader, ReportFields } from '../record/decision-record.ts';
import type { NodeTable } from '../health/node-table.ts';
import type { PlayerSign } from '../health/player-evidence.ts';
import type { ServerRanking } from '../ranking.ts';
import { makePolicies } from '../record/recorded-policies.ts';
import { orderBy } from '../location/site-order.ts';
import { steeringPolicySchema, type SteeringPolicyConfig } from '../steering-config.ts';
import { UnusableRecord, type RecordEvent } from './record-reader.ts';
import { RecordedOrder, sitesLeft } from './recorded-place.ts';

/** What is other than in the record. */
export interface WorldChange {
  /** names of sites and servers that are not there */
  without: { sites: ReadonlySet<string>; servers: ReadonlySet<string> };
  /** another policy; null: the recorded one */
  steering: SteeringPolicyConfig | null;
}

export const AS_RECORDED: WorldChange = { without: { sites: new Set(), servers: new Set() }, steering: null };

/** A table of nodes and a ranking as the service had them when the record began, with what is changed. */
export class ReplayWorld {
  readonly sites: readonly Site[];
  readonly steering: SteeringPolicyConfig;
  readonly nodes: NodeTable;
  readonly ranking: ServerRanking;
  /** by number in the record: its number here, or −1 */
  readonly siteNow: Int32Array;
  readonly serverNow: Int32Array;
  /** by number here: its number in the record */
  readonly serverBefore: Int32Array;
  readonly #servers: readonly { id: string; site: string; url: string }[];

  /** @throws UnusableRecord for tuning that this program does not understand */
  constructor(header: RecordHeader, { without, steering }: WorldChange) {
    this.steering = steering ?? recordedSteering(header);
    this.sites = header.sites
      .filter(({ id }) => !without.sites.has(id))
      .map((site) => ({ ...site, edges: site.edges.filter(({ id }) => !without.servers.has(id)) }))
      .filter(({ edges }) => edges.length > 0);
    this.siteNow = sitesLeft(header.sites, this.sites);
    this.#servers = this.sites.flatMap(({ id: site, edges }) => edges.map(({ id, url }) => ({ id, site, url })));
    const before = header.sites.flatMap(({ edges }) => edges);
    this.serverNow = sitesLeft(before, this.#servers);
    this.serverBefore = sitesLeft(this.#servers, before);
    const order = orderBy(this.steering.policy, this.sites, new RecordedOrder(this.siteNow));
    const parts = { sites: this.sites, order, steering: this.steering, nowMs: header.nodesFromMs };
    ({ nodes: this.nodes, ranking: this.ranking } = makePolicies(parts));
  }

  /** Takes in what is neither a decision nor a header. What concerns a server that is gone is left out. */
  feed(event: RecordEvent): void {
    switch (event.kind) {
      case 'report':
        return this.report(event.report);
      case 'probe': {
        const server = this.serverNow[event.server]!;
        if (server >= 0) this.nodes.probed(server, event.isWell, event.inTurn, event.askedMs, event.atMs);
        return;
      }
      case 'sign': {
        const server = this.serverNow[event.server]!;
        const { network, client, sign, atMs } = event;
        if (server >= 0) this.nodes.playerTold(server, network, client, sign as PlayerSign, atMs);
        return;
      }
      case 'settle':
        return this.nodes.settle(event.atMs);
      case 'explained':
        this.ranking.explain(event.request, event.atMs);
        return;
      case 'header':
      case 'gap':
      case 'changed':
      case 'decision':
    }
  }

  report(fields: ReportFields): void {
    const server = this.serverNow[fields.server]!;
    if (server < 0) return;
    const { atMs, isDraining, reservedBps, server: _number, ...rest } = fields;
    const report: NodeReport = {
      ...rest,
      ...this.#servers[server]!,
      role: 'edge',
      state: isDraining ? 'draining' : 'up',
      ...(reservedBps === null ? {} : { reservedBps }),
    };
    this.nodes.report(report, atMs);
  }
}

function recordedSteering({ steering, software }: RecordHeader): SteeringPolicyConfig {
  const read = steeringPolicySchema.safeParse(steering);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const where = ['steering', ...issue!.path].join('.');
  throw new UnusableRecord(`${where}: ${issue!.message} (the record was written by version ${software})`);
}
