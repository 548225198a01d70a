import type { NodeReport } from '../../../topology/model/node-report.ts';
import type { Site } from '../../../topology/model/site.ts';
import type { ServerStates } from '../candidate-search.ts';
import { sessionOf } from '../content.ts';
import type { DecisionRecorder } from './decision-recorder.ts';
import { NodeTable, type NodeTuning, type ReportRefusal } from '../health/node-table.ts';
import type { PlayerSign } from '../health/player-evidence.ts';
import type { SignRefusal } from '../health/player-health.ts';
import { ServerRanking, type Explanation, type Ranking, type RankingOptions, type RankingRequest } from '../ranking.ts';
import type { SiteOrder } from '../location/site-order.ts';
import type { SteeringPolicyConfig } from '../steering-config.ts';

/** A table of nodes that writes down all it is told. Whatever changes a decision must be one of these methods. */
export class RecordedNodeTable extends NodeTable {
  readonly #recorder: DecisionRecorder;

  constructor(sites: readonly Site[], tuning: NodeTuning, nowMs: number, recorder: DecisionRecorder) {
    super(sites, tuning, nowMs);
    this.#recorder = recorder;
  }

  /** What is refused changes nothing, and is not written. */
  override report(report: NodeReport, nowMs: number): ReportRefusal | null {
    const refusal = super.report(report, nowMs);
    if (refusal === null) this.#recorder.reported(this.numberOf(report.id), report, nowMs);
    return refusal;
  }

  override probed(server: number, isWell: boolean, inTurn: boolean, askedMs: number, nowMs: number): void {
    super.probed(server, isWell, inTurn, askedMs, nowMs);
    this.#recorder.probed(server, isWell, inTurn, askedMs, nowMs);
  }

  /** What is refused counts, too: a client that has said enough has used up more of its share. */
  override playerTold(
    server: number,
    network: string,
    client: number,
    sign: PlayerSign,
    nowMs: number,
  ): SignRefusal | null {
    const refusal = super.playerTold(server, network, client, sign, nowMs);
    this.#recorder.playerTold(server, network, client, sign, nowMs);
    return refusal;
  }

  override settle(nowMs: number): void {
    super.settle(nowMs);
    this.#recorder.settled(nowMs);
  }
}

/** A ranking that writes down every decision. */
export class RecordedRanking extends ServerRanking {
  readonly #recorder: DecisionRecorder;

  constructor(
    sites: readonly Site[],
    order: SiteOrder,
    nodes: ServerStates,
    options: RankingOptions,
    recorder: DecisionRecorder,
  ) {
    super(sites, order, nodes, options);
    this.#recorder = recorder;
  }

  /** Decides by the session's hash alone, as whoever replays the record must: it has no names. */
  override rank(asked: RankingRequest, nowMs: number): Ranking {
    const request = { ...asked, session: asked.session ?? sessionOf(asked) };
    const ranking = this.rankTold(request, nowMs, this.#recorder.see);
    this.#recorder.decided(request, ranking, nowMs);
    return ranking;
  }

  override explain(asked: RankingRequest, nowMs: number): Explanation {
    const request = { ...asked, session: asked.session ?? sessionOf(asked) };
    const explanation = super.explain(request, nowMs);
    this.#recorder.explained(request, explanation, nowMs);
    return explanation;
  }
}

export interface PolicyParts {
  sites: readonly Site[];
  order: SiteOrder;
  steering: SteeringPolicyConfig;
  nowMs: number;
}

/** A table of nodes and the ranking that goes by it: the same for a service, for a simulation, and when a record is replayed. */
export function makePolicies(
  { sites, order, steering, nowMs }: PolicyParts,
  recorder: DecisionRecorder | null = null,
): { nodes: NodeTable; ranking: ServerRanking } {
  if (recorder === null) {
    const nodes = new NodeTable(sites, steering, nowMs);
    return { nodes, ranking: new ServerRanking(sites, order, nodes, { tuning: steering, paths: nodes.players }) };
  }
  const nodes = new RecordedNodeTable(sites, steering, nowMs, recorder);
  const options = { tuning: steering, paths: nodes.players };
  return { nodes, ranking: new RecordedRanking(sites, order, nodes, options, recorder) };
}
