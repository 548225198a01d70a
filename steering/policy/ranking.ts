import type { Priority } from '../../topology/model/priority.ts';
import type { Site } from '../../topology/model/site.ts';
import { mix32, stableHash } from '../../topology/model/stable-hash.ts';
import { ADMITTED, openShare, returnShare, whenAllAreFull, type Admission } from './admission.ts';
import { AnswerPace, backoffFor, type Backoff } from './answer-pace.ts';
import { Candidates, FLAGS, TIERS } from './candidates.ts';
import { contentOf } from './content.ts';
import type { DecisionView } from './record/decision-view.ts';
import { Fleet } from './fleet.ts';
import { STANDINGS, type HealthVerdict, type Standing } from './health/health.ts';
import { RankedServers, type RankedServer } from './ranked-servers.ts';
import { ReasonTable } from './reason-table.ts';
import type { HealthReason, Reason } from './reasons.ts';
import { Reservations, type ReportedLoad } from './reservations.ts';
import type { ClientPlace, SiteOrder } from './location/site-order.ts';
import { DEFAULT_STEERING, type SteeringPolicyConfig } from './steering-config.ts';

/** A manifest names each of them once a rendition; more help nobody. */
export const MOST_SERVERS = 6;
/** The first site gives two servers, every other one. */
export const MOST_SITES = MOST_SERVERS - 1;

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

/** What is known of the servers, numbered in the order of the sites file. */
export interface ServerStates extends ReportedLoad {
  verdictAt(server: number, nowMs: number): HealthVerdict;
  /** of its verdict: index into `STANDINGS` */
  standingAt(server: number, nowMs: number): number;
  /** of the verdict that `standingAt` found last, as `reasonsAt` */
  scoreAt(server: number): number;
  reasonsAt(server: number): readonly HealthReason[];
  capacityBpsAt(server: number): number;
}

/** What players of a network say of their way to a site: the share of sessions it still deserves, 0 to 1. */
export interface PathShares {
  pathShareAt(network: string, site: number, nowMs: number): number;
}

export interface RankingOptions {
  tuning?: SteeringPolicyConfig;
  paths?: PathShares;
}

const UP = STANDINGS.indexOf('up');
const PROBATION = STANDINGS.indexOf('probation');
const TIER_BY_STANDING: Record<Standing, number> = {
  up: TIERS.takes,
  unheard: TIERS.doubtful,
  suspect: TIERS.doubtful,
  probation: TIERS.doubtful,
  draining: TIERS.draining,
  down: TIERS.down,
};
const TIER_OF = Uint8Array.from(STANDINGS, (standing) => TIER_BY_STANDING[standing]);

const EXPLORE_BUCKET_MS = 60_000;
/** Long enough for what was shed to be missing in the reports. */
const SHED_BUCKET_MS = 10_000;
/** Beyond every place in a ring: servers over their bound come after all that are not. */
const OVER_BOUND_TURNS = 100_000;
/** Loads are reported once a second; a session that comes here is seen at once. */
const BOUND_KEPT_MS = 200;
/** Differences of load below this are noise of a report, not imbalance. */
const BOUND_SLACK = 0.02;

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
  readonly #paths: PathShares | null;
  readonly #tuning: SteeringPolicyConfig;
  readonly #reservations: Reservations;
  readonly #pace: AnswerPace;
  /** by site: load above which its servers hand sessions on, and since when that has been so */
  readonly #bound: Float64Array;
  readonly #boundMs: Float64Array;
  readonly #reasonTable = new ReasonTable();
  readonly #candidates = new Candidates();
  readonly #chosen = new Int32Array(MOST_SERVERS);
  readonly #named: RankedServers;

  constructor(sites: readonly Site[], order: SiteOrder, nodes: ServerStates, options: RankingOptions = {}) {
    const { tuning = DEFAULT_STEERING, paths = null } = options;
    this.#fleet = new Fleet(sites);
    this.#nodes = nodes;
    this.#order = order;
    this.#paths = paths;
    this.#tuning = tuning;
    this.#reservations = new Reservations(nodes, this.#fleet.servers.length, tuning.admission);
    this.#pace = new AnswerPace(tuning.pace);
    const named = this.#fleet.servers.map(({ id, siteId: site, url: baseUrl }) => ({ id, site, baseUrl }));
    this.#named = new RankedServers(named, MOST_SERVERS);
    this.#bound = new Float64Array(sites.length);
    this.#boundMs = new Float64Array(sites.length).fill(-Infinity);
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
    const { stays } = decision;
    tell({
      session: decision.session,
      candidates: this.#candidates,
      chosen: this.#chosen.subarray(0, decision.chosen),
      reasonsOf: (at) => this.#reasonsOf(at, request, nowMs),
      chanceOf: (at, explores) => this.#chanceOf(at, request, decision, { stays, explores }, nowMs),
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
        reservedBps: this.#reservations.reservedBps(number),
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
      stays: false,
      explores: this.#explores(session, nowMs),
      priority: request.priority ?? content.priority,
      nominalBps: request.nominalBps ?? this.#tuning.admission.nominalBps,
      admission: ADMITTED,
      chosen: 0,
    };
    decision.stays = decision.playing >= 0 && this.#keepsPlaying(decision, nowMs);
    const order = this.#order.order(request);
    this.#look(order, request, decision, nowMs, request.among, all);
    if (this.#candidates.count === 0) this.#look(order, request, decision, nowMs, undefined, all);
    if (this.#candidates.tier[0] === TIERS.full) this.#admitToFull(decision);
    decision.chosen = this.#spreadOverSites();
    return decision;
  }

  /** Walks the sites outwards until enough of them have a server that takes the session; to the end if need be. */
  #look(
    order: ArrayLike<number>,
    request: RankingRequest,
    decision: Decision,
    nowMs: number,
    among: ReadonlySet<string> | undefined,
    all: boolean,
  ): void {
    this.#candidates.clear();
    // A manifest names few sites: the walk need not go on to the end of the world when it has met them all.
    const named = among === undefined ? null : this.#fleet.sitesOf(among);
    // With enough sites that take the session, an answer has two servers of the first, and one of each other.
    const skips = !all && named === null && order.length >= MOST_SITES;
    let sitesMet = 0;
    let sitesThatTake = 0;
    for (let siteRank = 0; siteRank < order.length && sitesThatTake < MOST_SITES; siteRank++) {
      const site = order[siteRank]!;
      if (named !== null) {
        if (sitesMet === named.size) break;
        if (!named.has(site)) continue;
        sitesMet++;
      }
      if (this.#lookAtSite(site, siteRank, request, decision, nowMs, among, skips)) sitesThatTake++;
    }
    if (skips && sitesThatTake < MOST_SITES) this.#look(order, request, decision, nowMs, among, true);
  }

  /**
   * @param skips servers need not be looked at that two others of the site come before
   * @returns whether a server of it takes the session
   */
  #lookAtSite(
    site: number,
    siteRank: number,
    request: RankingRequest,
    decision: Decision,
    nowMs: number,
    among: ReadonlySet<string> | undefined,
    skips: boolean,
  ): boolean {
    const { session, key, nominalBps, playing, stays, explores } = decision;
    const { admission } = this.#tuning;
    const fleet = this.#fleet;
    const nodes = this.#nodes;
    const candidates = this.#candidates;
    const count = fleet.serverCount[site]!;
    const from = fleet.ownersAt(site, key);
    const bound = count < 2 ? Infinity : this.#loadBound(site, nowMs);
    const pathShare = this.#pathShare(request, site, nowMs);
    // The server that it plays from stands before its neighbours wherever it is in the ring.
    const enough = skips && (playing < 0 || fleet.servers[playing]!.site !== site) ? 2 : count;
    let takes = false;
    /** those that take it and are not over their bound: who comes later in the ring comes after them */
    let before = 0;
    for (let turn = 0; turn < count && before < enough; turn++) {
      const server = fleet.owners[from + turn]!;
      if (among !== undefined && !among.has(fleet.servers[server]!.id)) continue;
      const standing = nodes.standingAt(server, nowMs);
      const score = nodes.scoreAt(server);
      let flags = turn === 0 ? 0 : FLAGS.standIn;
      if (server === playing) flags |= FLAGS.playsHere;
      const explored = explores && isWorthExploring(standing, score, pathShare);
      if (standing !== UP && !explored) {
        candidates.add(server, site, siteRank, turn, TIER_OF[standing]!, 0, flags);
        continue;
      }
      const capacityBps = nodes.capacityBpsAt(server);
      const load = this.#reservations.reservedBps(server) / capacityBps;
      const loadWith = server === playing ? load : load + nominalBps / capacityBps;
      if (server === playing && stays) {
        takes = true;
        const place = this.#isHandedOn(server, bound, session, nowMs) ? turn + OVER_BOUND_TURNS : -1;
        candidates.add(server, site, siteRank, place, TIERS.takes, 0, flags);
        continue;
      }
      if (loadWith > admission.fullShare) {
        candidates.add(server, site, siteRank, turn, TIERS.full, loadWith, flags | FLAGS.full);
        continue;
      }
      const open = stays ? returnShare(loadWith, admission) : openShare(loadWith, admission);
      const hash = fleet.hashes[server]!;
      const turnedBy = beyond(mix32(hash ^ session), explored ? 1 : score * pathShare);
      const spilledBy = beyond(mix32(hash ^ session ^ 0x9e3779b9), open);
      let order = turn;
      if (load > bound) {
        flags |= FLAGS.overBound;
        order += OVER_BOUND_TURNS;
      }
      if (pathShare < 1) flags |= FLAGS.pathFails;
      if (explored) flags |= FLAGS.explored;
      if (turnedBy < 1 && spilledBy < 1) {
        takes = true;
        if (load <= bound) before++;
        candidates.add(server, site, siteRank, order, TIERS.takes, 0, flags);
        continue;
      }
      if (turnedBy >= 1) flags |= FLAGS.turnedAway;
      if (spilledBy >= 1) flags |= FLAGS.spilled;
      candidates.add(server, site, siteRank, order, TIERS.turnsAway, Math.max(turnedBy, spilledBy), flags);
    }
    return takes;
  }

  #reserve({ admission, playing, nominalBps }: Decision, nowMs: number): void {
    const first = this.#candidates.server[this.#chosen[0]!]!;
    if (admission.verdict === 'refused' || first === playing) return;
    this.#reservations.reserve(first, admission.maxBitrateBps ?? nominalBps, nowMs);
    this.#boundMs[this.#fleet.servers[first]!.site] = -Infinity;
  }

  /** How probably the candidate takes a session that differs from this one in its points alone. As `#lookAtSite` has it. */
  #chanceOf(
    at: number,
    request: RankingRequest,
    { playing, nominalBps }: Decision,
    { stays, explores }: { stays: boolean; explores: boolean },
    nowMs: number,
  ): number {
    const server = this.#candidates.server[at]!;
    if (server === playing && stays) return 1;
    const standing = this.#nodes.standingAt(server, nowMs);
    const score = this.#nodes.scoreAt(server);
    const pathShare = this.#pathShare(request, this.#candidates.site[at]!, nowMs);
    const explored = explores && isWorthExploring(standing, score, pathShare);
    if (standing !== UP && !explored) return 0;
    const { admission } = this.#tuning;
    const load = this.#loadShare(server);
    const loadWith = server === playing ? load : load + nominalBps / this.#nodes.capacityBpsAt(server);
    if (loadWith > admission.fullShare) return 0;
    const open = stays ? returnShare(loadWith, admission) : openShare(loadWith, admission);
    return explored ? open : score * pathShare * open;
  }

  /** Whether the server that it plays from keeps the session: healthy for it, and not beyond its limit. */
  #keepsPlaying({ playing, session }: Decision, nowMs: number): boolean {
    if (this.#nodes.standingAt(playing, nowMs) !== UP) return false;
    const hash = this.#fleet.hashes[playing]!;
    if (beyond(mix32(hash ^ session), this.#nodes.scoreAt(playing)) >= 1) return false;
    const load = this.#reportedShare(playing);
    const { limitShare } = this.#tuning.admission;
    if (load <= limitShare) return true;
    // Others every few seconds, or those who are left by chance would stay beyond the limit for good.
    const turn = mix32(Math.floor(nowMs / SHED_BUCKET_MS));
    return beyond(mix32(hash ^ session ^ turn), limitShare / load) < 1;
  }

  /** A neighbour that has recovered gets its part again, by reported evidence, and no faster than reports can follow. */
  #isHandedOn(server: number, bound: number, session: number, nowMs: number): boolean {
    const load = this.#reportedShare(server);
    if (load <= bound) return false;
    const turn = mix32(Math.floor(nowMs / SHED_BUCKET_MS));
    return beyond(mix32(this.#fleet.hashes[server]! ^ session ^ turn), bound / load) >= 1;
  }

  #pathShare({ subscriber }: ClientPlace, site: number, nowMs: number): number {
    if (this.#paths === null || subscriber === undefined) return 1;
    return this.#paths.pathShareAt(subscriber.network, site, nowMs);
  }

  /** A few sessions, others each minute, try what was turned away, or nobody would learn that it has recovered. */
  #explores(session: number, nowMs: number): boolean {
    const { exploreShare } = this.#tuning;
    if (exploreShare === 0) return false;
    return mix32(session ^ mix32(Math.floor(nowMs / EXPLORE_BUCKET_MS) ^ 0x2545f491)) / 2 ** 32 < exploreShare;
  }

  /** What is promised for certain, over capacity. */
  #reportedShare(server: number): number {
    return this.#nodes.reservedBpsAt(server) / this.#nodes.capacityBpsAt(server);
  }

  /** Reservations over capacity. */
  #loadShare(server: number): number {
    return this.#reservations.reservedBps(server) / this.#nodes.capacityBpsAt(server);
  }

  /** Consistent hashing with bounded load (Mirrokni, Thorup, Zadimoghaddam 2018): no server much above its site's mean. */
  #loadBound(site: number, nowMs: number): number {
    const ageMs = nowMs - this.#boundMs[site]!;
    if (ageMs >= 0 && ageMs < BOUND_KEPT_MS) return this.#bound[site]!;
    let reserved = 0;
    let capacity = 0;
    const first = this.#fleet.firstServer[site]!;
    for (let server = first, end = first + this.#fleet.serverCount[site]!; server < end; server++) {
      reserved += this.#reservations.reservedBps(server);
      capacity += this.#nodes.capacityBpsAt(server);
    }
    this.#boundMs[site] = nowMs;
    return (this.#bound[site] = (reserved / capacity) * this.#tuning.boundedLoad + BOUND_SLACK);
  }

  /** Quality falls on the expectation that all are full; a session is refused only when they have said so. */
  #admitToFull(decision: Decision): void {
    const { nominalBps, priority, playing } = decision;
    const { admission } = this.#tuning;
    const best = this.#candidates.server[0]!;
    const isCertain = this.#reportedShare(best) >= admission.fullShare;
    const isSeated = playing >= 0 || !isCertain;
    decision.admission = whenAllAreFull(this.#loadShare(best), nominalBps, priority, isSeated, admission);
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

interface Decision {
  session: number;
  /** where in a site's ring */
  key: number;
  /** number of the server it plays from, or −1 */
  playing: number;
  /** that server keeps it */
  stays: boolean;
  /** it is one of the few that try what was turned away */
  explores: boolean;
  priority: Priority;
  nominalBps: number;
  admission: Admission;
  chosen: number;
}

/** Each session has a fixed point in 0…1 at each server, which takes those below its share. @returns below 1: taken */
function beyond(hash: number, share: number): number {
  if (share >= 1) return 0;
  return share <= 0 ? Number.MAX_VALUE : hash / 2 ** 32 / share;
}

/** A server that its own reports or its probes call bad is watched by them; what only viewers can tell needs viewers. */
function isWorthExploring(standing: number, score: number, pathShare: number): boolean {
  if (standing === PROBATION) return true;
  return standing === UP && score > 0 && (score < 1 || pathShare < 1);
}
