import type { Priority } from '../../topology/model/priority.ts';
import type { Site } from '../../topology/model/site.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';
import { ADMITTED, whenAllAreFull, type Admission } from './admission.ts';
import { AnswerPace, backoffFor, type Backoff } from './answer-pace.ts';
import { CandidateSearch, type PathShares, type Seeker, type ServerStates } from './candidate-search.ts';
import { TIERS, type Candidates } from './candidates.ts';
import { contentOf } from './content.ts';
import type { DecisionView } from './record/decision-view.ts';
import { Fleet } from './fleet.ts';
import type { Standing } from './health/health.ts';
import { RankedServers, type RankedServer } from './ranked-servers.ts';
import { ReasonTable } from './reason-table.ts';
import type { Reason } from './reasons.ts';
import type { ClientPlace, SiteOrder } from './location/site-order.ts';
import { DEFAULT_STEERING, type SteeringPolicyConfig } from './steering-config.ts';

/** A manifest names each of them once a rendition; more help nobody. */
export const MOST_SERVERS = 6;

export interface RankingRequest extends ClientPlace {
  /** what is asked for; all of one live event counts as one */
  path: string;
  /** the only servers that this client can use, because its manifest names them; unknown ones are ignored */
  among?: ReadonlySet<string> | undefined;
  /** bits per second that the session takes at most; the configuration's without it */
  nominalBps?: number | undefined;
  /** by the path without it */
  priority?: Priority | undefined;
  /** the server it plays from: what it takes there is taken already */
  playing?: string | null | undefined;
  /** by which way it was asked, and from where: for the record alone */
  route?: string | undefined;
  address?: string | undefined;
}

export interface Ranking {
  ttlSeconds: number;
  servers: RankedServer[];
  backoff: Backoff;
  admission: Admission;
}

/** One server that was looked at, for people and for the record. */
export interface ExplainedCandidate {
  id: string;
  site: string;
  siteRank: number;
  standing: Standing;
  score: number;
  reservedBps: number;
  capacityBps: number;
  reasons: readonly string[];
  /** the session is welcome there */
  taken: boolean;
}

export interface Explanation extends Ranking {
  candidates: ExplainedCandidate[];
}

export interface RankingOptions {
  tuning?: SteeringPolicyConfig;
  paths?: PathShares;
}

/**
 * The servers for one client, best first. Sites in the policy's order; inside a site by the ring with bounded load, so that
 * losing a server moves its own sessions only. A server takes the share of its sessions that its health and its
 * reservations leave, always the same ones; the rest goes on to the next. A function of the requests so far, of what
 * was reported, and of the time.
 */
export class ServerRanking {
  readonly #fleet: Fleet;
  readonly #nodes: ServerStates;
  readonly #order: SiteOrder;
  readonly #tuning: SteeringPolicyConfig;
  readonly #pace: AnswerPace;
  readonly #reasonTable = new ReasonTable();
  readonly #search: CandidateSearch;
  readonly #candidates: Candidates;
  readonly #chosen = new Int32Array(MOST_SERVERS);
  readonly #named: RankedServers;

  constructor(sites: readonly Site[], order: SiteOrder, nodes: ServerStates, options: RankingOptions = {}) {
    const { tuning = DEFAULT_STEERING, paths = null } = options;
    this.#fleet = new Fleet(sites);
    this.#nodes = nodes;
    this.#order = order;
    this.#tuning = tuning;
    this.#search = new CandidateSearch(sites, this.#fleet, nodes, paths, tuning);
    this.#candidates = this.#search.candidates;
    this.#pace = new AnswerPace(tuning.pace);
    const named = this.#fleet.servers.map(({ id, siteId: site, url: baseUrl }) => ({ id, site, baseUrl }));
    this.#named = new RankedServers(named, MOST_SERVERS);
  }

  /** Never empty: with nothing healthy all are named, for playback must not depend on this opinion. */
  rank(request: RankingRequest, nowMs: number): Ranking {
    this.#pace.count(nowMs);
    const decision = this.#decide(request, nowMs, false);
    this.#reserve(decision, nowMs);
    return this.#answer(request, decision, nowMs);
  }

  /** As `rank`, and lets the record see what was looked at, before the session is reserved. */
  rankTold(request: RankingRequest, nowMs: number, tell: (view: DecisionView) => void): Ranking {
    this.#pace.count(nowMs);
    const decision = this.#decide(request, nowMs, true);
    tell({
      session: decision.session,
      candidates: this.#candidates,
      chosen: this.#chosen.subarray(0, decision.chosen),
      reasonsOf: (at) => this.#reasonsOf(at, request, nowMs),
      chanceOf: (at, explores) => this.#search.chanceOf(at, request, decision, explores, nowMs),
    });
    this.#reserve(decision, nowMs);
    return this.#answer(request, decision, nowMs);
  }

  /** The same with every server that was looked at; nothing is reserved or counted. */
  explain(request: RankingRequest, nowMs: number): Explanation {
    const decision = this.#decide(request, nowMs, true);
    const { server, siteRank, tier, count } = this.#candidates;
    const candidates = Array.from({ length: count }, (_, at): ExplainedCandidate => {
      const number = server[at]!;
      const { standing, score } = this.#nodes.verdictAt(number, nowMs);
      const { id, siteId } = this.#fleet.servers[number]!;
      return {
        id,
        site: siteId,
        siteRank: siteRank[at]!,
        standing,
        score,
        reservedBps: this.#search.reservedBps(number),
        capacityBps: this.#nodes.capacityBpsAt(number),
        reasons: this.#reasonsOf(at, request, nowMs),
        taken: tier[at] === TIERS.takes,
      };
    });
    return { ...this.#answer(request, decision, nowMs), candidates };
  }

  /**
   * Fills `#candidates` and `#chosen`.
   * @param all every server of the sites that are looked at becomes a candidate, chosen or not
   */
  #decide(request: RankingRequest, nowMs: number, all: boolean): Decision {
    const { path, client, playing } = request;
    const content = contentOf(path);
    const session = request.session ?? stableHash(client, content.hash);
    const decision: Decision = {
      session,
      // Viewers of a live event are spread over a site's servers; what few ask for is kept in one place.
      key: content.isLive ? session : content.hash,
      playing: playing === undefined || playing === null ? -1 : this.#fleet.numberOf(playing),
      priority: request.priority ?? content.priority,
      nominalBps: request.nominalBps ?? this.#tuning.admission.nominalBps,
      admission: ADMITTED,
      chosen: 0,
    };
    this.#search.search(this.#order.order(request), request, decision, nowMs, request.among, all);
    if (this.#candidates.tier[0] === TIERS.full) this.#admitToFull(decision);
    decision.chosen = this.#spreadOverSites();
    return decision;
  }

  #reserve({ admission, playing, nominalBps }: Decision, nowMs: number): void {
    const first = this.#candidates.server[this.#chosen[0]!]!;
    if (admission.verdict === 'refused' || first === playing) return;
    this.#search.reserve(first, admission.maxBitrateBps ?? nominalBps, nowMs);
  }

  /** Quality falls on the expectation that all are full; a session is refused only when they have said so. */
  #admitToFull(decision: Decision): void {
    const { nominalBps, priority, playing } = decision;
    const { admission } = this.#tuning;
    const best = this.#candidates.server[0]!;
    const isCertain = this.#search.reportedShare(best) >= admission.fullShare;
    const isSeated = playing >= 0 || !isCertain;
    decision.admission = whenAllAreFull(this.#search.loadShare(best), nominalBps, priority, isSeated, admission);
  }

  /**
   * The first server, a second one of its site, then the best of every other site: a dead process and a dead site are
   * both survived. Then whoever is left. Two sites at least wherever two exist.
   * @returns how many were chosen
   */
  #spreadOverSites(): number {
    const { site, tier, count } = this.#candidates;
    const chosen = this.#chosen;
    const lead = site[0]!;
    let welcome = 0;
    let leads = 0;
    const isChosen = (at: number, among: number) => {
      for (let index = 0; index < among; index++) if (chosen[index] === at) return true;
      return false;
    };
    const isSiteChosen = (at: number) => {
      for (let index = 0; index < welcome; index++) if (site[chosen[index]!] === site[at]) return true;
      return false;
    };
    for (let at = 0; at < count && welcome < MOST_SERVERS; at++) {
      if (at > 0 && tier[at] !== TIERS.takes) break;
      if (site[at] === lead ? leads < 2 : !isSiteChosen(at)) {
        if (site[at] === lead) leads++;
        chosen[welcome++] = at;
      }
    }
    let total = welcome;
    for (let at = 0; at < count && total < MOST_SERVERS; at++) if (!isChosen(at, total)) chosen[total++] = at;
    for (let index = 0; index < total; index++) if (site[chosen[index]!] !== lead) return total;
    for (let at = 0; at < count; at++) {
      if (site[at] === lead) continue;
      if (total < MOST_SERVERS) total++;
      chosen[total - 1] = at;
      break;
    }
    return total;
  }

  #answer(request: RankingRequest, decision: Decision, nowMs: number): Ranking {
    const servers: RankedServer[] = [];
    for (let rank = 0; rank < decision.chosen; rank++) {
      const at = this.#chosen[rank]!;
      servers.push(this.#named.at(this.#candidates.server[at]!, rank, this.#reasonsOf(at, request, nowMs)));
    }
    const tier = this.#candidates.tier[0]!;
    const state = tier < TIERS.full ? 'serving' : tier === TIERS.full ? 'full' : 'out';
    return {
      ttlSeconds: this.#pace.ttlSeconds(decision.session, nowMs),
      servers,
      backoff: backoffFor(decision.priority, state),
      admission: decision.admission,
    };
  }

  #reasonsOf(at: number, place: ClientPlace, nowMs: number): readonly Reason[] {
    const { server, site, siteRank, flags } = this.#candidates;
    const lies = this.#order.reason(place, site[at]!, siteRank[at]!);
    const isSameCountry = this.#fleet.countries[site[at]!] === place.country;
    this.#nodes.standingAt(server[at]!, nowMs);
    return this.#reasonTable.of(lies, isSameCountry, this.#nodes.reasonsAt(server[at]!), flags[at]!);
  }
}

interface Decision extends Seeker {
  priority: Priority;
  admission: Admission;
  chosen: number;
}
