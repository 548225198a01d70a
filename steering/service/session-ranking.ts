import type { FootprintClient } from '../policy/cdns/cdn-footprints.ts';
import type { Lease } from '../policy/cdns/cdn-traffic.ts';
import type { Ranking, RankingRequest } from '../policy/ranking.ts';
import type { ClientLocation, Locator } from './client-location.ts';
import type { SteeringMetrics } from './steering-metrics.ts';

/** What is known of one session; a ranking of own servers needs less of it than one of other people's CDNs. */
export type SessionRequest = RankingRequest & FootprintClient & { lease?: Lease | undefined };

export interface SessionRankingOptions {
  ranking: { rank(request: SessionRequest, nowMs: number): Ranking };
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

  rank(location: ClientLocation, asked: Omit<SessionRequest, keyof ClientLocation>): Ranking {
    const { ranking, metrics, nowMs } = this.#options;
    const ranked = ranking.rank({ ...location, ...asked }, nowMs());
    const [first] = ranked.servers;
    const { where } = location;
    metrics.firstChoices.inc({ site: first!.site, node: first!.id });
    metrics.clients.inc({ located_by: where.zone === null ? where.by : 'coverage-zone' });
    metrics.admissions.inc({ verdict: ranked.admission.verdict });
    return ranked;
  }
}
