import type { Ranking, RankingRequest, ServerRanking } from '../policy/ranking.ts';
import type { ClientLocation, Locator } from './client-location.ts';
import type { SteeringMetrics } from './steering-metrics.ts';

export interface SessionRankingOptions {
  ranking: ServerRanking;
  locator: Locator;
  metrics: SteeringMetrics;
  /** monotonic */
  nowMs: () => number;
}

/** The ranking as the desks ask it: for an address, at this moment, and counted. */
export class SessionRanking {
  readonly #options: SessionRankingOptions;

  constructor(options: SessionRankingOptions) {
    this.#options = options;
  }

  locate(address: string): ClientLocation {
    return this.#options.locator.locate(address);
  }

  rank({ country, subscriber, where }: ClientLocation, asked: Omit<RankingRequest, keyof ClientLocation>): Ranking {
    const { ranking, metrics, nowMs } = this.#options;
    const ranked = ranking.rank({ country, subscriber, where, ...asked }, nowMs());
    const [first] = ranked.servers;
    metrics.firstChoices.inc({ site: first!.site, node: first!.id });
    metrics.clients.inc({ located_by: where.zone === null ? where.by : 'coverage-zone' });
    return ranked;
  }
}
