import type { Site } from '../../topology/model/site.ts';
import { mix32 } from '../../topology/model/stable-hash.ts';
import { openShare, returnShare } from './admission.ts';
import { Candidates, FLAGS, TIERS } from './candidates.ts';
import type { Fleet } from './fleet.ts';
import { STANDINGS, type HealthVerdict, type Standing } from './health/health.ts';
import type { ClientPlace } from './location/site-order.ts';
import type { HealthReason } from './reasons.ts';
import { Reservations, type ReportedLoad } from './reservations.ts';
import type { SteeringPolicyConfig } from './steering-config.ts';

/** The first site gives two servers of an answer, every other one. */
export const MOST_SITES = 5;

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

/** A session, as it looks for servers. */
export interface Seeker {
  session: number;
  /** where in a site's ring */
  key: number;
  /** number of the server it plays from, or −1 */
  playing: number;
  nominalBps: number;
}

/**
 * Walks sites outwards for one session, and puts their servers in order: which take it, which turn it away and how far it is
 * beyond their share, which are full, going or gone.
 */
export class CandidateSearch {
  /** of the session that was searched for last */
  readonly candidates = new Candidates();
  readonly #fleet: Fleet;
  readonly #nodes: ServerStates;
  readonly #paths: PathShares | null;
  readonly #tuning: SteeringPolicyConfig;
  readonly #reservations: Reservations;
  /** by site: load above which its servers hand sessions on, and since when that has been so */
  readonly #bound: Float64Array;
  readonly #boundMs: Float64Array;
  /** of the session: the server that it plays from keeps it; it is one of the few that try what was turned away */
  #stays = false;
  #explores = false;
  /** servers of it were not looked at */
  #hasSkipped = false;

  constructor(
    sites: readonly Site[],
    fleet: Fleet,
    nodes: ServerStates,
    paths: PathShares | null,
    tuning: SteeringPolicyConfig,
  ) {
    this.#fleet = fleet;
    this.#nodes = nodes;
    this.#paths = paths;
    this.#tuning = tuning;
    this.#reservations = new Reservations(nodes, fleet.servers.length, tuning.admission);
    this.#bound = new Float64Array(sites.length);
    this.#boundMs = new Float64Array(sites.length).fill(-Infinity);
  }

  /**
   * Fills `candidates`; never with none, where there are servers.
   * @param order of the sites
   * @param among the only servers that count, unless none of them is one
   * @param all every server of the sites that are looked at becomes a candidate, whether an answer can use it or not
   */
  search(
    order: ArrayLike<number>,
    place: ClientPlace,
    seeker: Seeker,
    nowMs: number,
    among: ReadonlySet<string> | undefined,
    all: boolean,
  ): void {
    this.#explores = this.#isExplorer(seeker.session, nowMs);
    this.#stays = seeker.playing >= 0 && this.#keepsPlaying(seeker, nowMs);
    this.#look(order, place, seeker, nowMs, among, all);
    if (this.candidates.count === 0) this.#look(order, place, seeker, nowMs, undefined, all);
  }

  /** The session goes to the server. */
  reserve(server: number, bps: number, nowMs: number): void {
    this.#reservations.reserve(server, bps, nowMs);
    this.#boundMs[this.#fleet.servers[server]!.site] = -Infinity;
  }

  /** Bits per second: promised as far as is known, and counted ahead of the reports. */
  reservedBps(server: number): number {
    return this.#reservations.reservedBps(server);
  }

  /** Walks the sites outwards until enough of them have a server that takes the session; to the end if need be. */
  #look(
    order: ArrayLike<number>,
    place: ClientPlace,
    seeker: Seeker,
    nowMs: number,
    among: ReadonlySet<string> | undefined,
    all: boolean,
  ): void {
    this.candidates.clear();
    this.#hasSkipped = false;
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
      if (this.#lookAtSite(site, siteRank, place, seeker, nowMs, among, skips)) sitesThatTake++;
    }
    if (this.#hasSkipped && sitesThatTake < MOST_SITES) this.#look(order, place, seeker, nowMs, among, true);
  }

  /**
   * @param skips servers need not be looked at that two others of the site come before
   * @returns whether a server of it takes the session
   */
  #lookAtSite(
    site: number,
    siteRank: number,
    place: ClientPlace,
    seeker: Seeker,
    nowMs: number,
    among: ReadonlySet<string> | undefined,
    skips: boolean,
  ): boolean {
    const { session, key, nominalBps, playing } = seeker;
    const stays = this.#stays;
    const explores = this.#explores;
    const { admission } = this.#tuning;
    const fleet = this.#fleet;
    const nodes = this.#nodes;
    const candidates = this.candidates;
    const count = fleet.serverCount[site]!;
    const from = fleet.ownersAt(site, key);
    const bound = count < 2 ? Infinity : this.#loadBound(site, nowMs);
    const pathShare = this.#pathShare(place, site, nowMs);
    // The server that it plays from stands before its neighbours wherever it is in the ring.
    const enough = skips && (playing < 0 || fleet.servers[playing]!.site !== site) ? 2 : count;
    let takes = false;
    /** those that take it and are not over their bound: who comes later in the ring comes after them */
    let before = 0;
    for (let turn = 0; turn < count; turn++) {
      if (before >= enough) {
        this.#hasSkipped = true;
        break;
      }
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
        const order = this.#isHandedOn(server, bound, session, nowMs) ? turn + OVER_BOUND_TURNS : -1;
        candidates.add(server, site, siteRank, order, TIERS.takes, 0, flags);
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

  /**
   * How probably the candidate takes a session that differs from this one in its points alone. As the search has it.
   * @param explores whether it is one of the few that try what was turned away
   */
  chanceOf(at: number, place: ClientPlace, { playing, nominalBps }: Seeker, explores: boolean, nowMs: number): number {
    const server = this.candidates.server[at]!;
    if (server === playing && this.#stays) return 1;
    const standing = this.#nodes.standingAt(server, nowMs);
    const score = this.#nodes.scoreAt(server);
    const pathShare = this.#pathShare(place, this.candidates.site[at]!, nowMs);
    const explored = explores && isWorthExploring(standing, score, pathShare);
    if (standing !== UP && !explored) return 0;
    const { admission } = this.#tuning;
    const load = this.loadShare(server);
    const loadWith = server === playing ? load : load + nominalBps / this.#nodes.capacityBpsAt(server);
    if (loadWith > admission.fullShare) return 0;
    const open = this.#stays ? returnShare(loadWith, admission) : openShare(loadWith, admission);
    return explored ? open : score * pathShare * open;
  }

  /** Whether the server that it plays from keeps the session: healthy for it, and not beyond its limit. */
  #keepsPlaying({ playing, session }: Seeker, nowMs: number): boolean {
    if (this.#nodes.standingAt(playing, nowMs) !== UP) return false;
    const hash = this.#fleet.hashes[playing]!;
    if (beyond(mix32(hash ^ session), this.#nodes.scoreAt(playing)) >= 1) return false;
    const load = this.reportedShare(playing);
    const { limitShare } = this.#tuning.admission;
    if (load <= limitShare) return true;
    // Others every few seconds, or those who are left by chance would stay beyond the limit for good.
    const turn = mix32(Math.floor(nowMs / SHED_BUCKET_MS));
    return beyond(mix32(hash ^ session ^ turn), limitShare / load) < 1;
  }

  /** A neighbour that has recovered gets its part again, by reported evidence, and no faster than reports can follow. */
  #isHandedOn(server: number, bound: number, session: number, nowMs: number): boolean {
    const load = this.reportedShare(server);
    if (load <= bound) return false;
    const turn = mix32(Math.floor(nowMs / SHED_BUCKET_MS));
    return beyond(mix32(this.#fleet.hashes[server]! ^ session ^ turn), bound / load) >= 1;
  }

  #pathShare({ subscriber }: ClientPlace, site: number, nowMs: number): number {
    if (this.#paths === null || subscriber === undefined) return 1;
    return this.#paths.pathShareAt(subscriber.network, site, nowMs);
  }

  /** A few sessions, others each minute, try what was turned away, or nobody would learn that it has recovered. */
  #isExplorer(session: number, nowMs: number): boolean {
    const { exploreShare } = this.#tuning;
    if (exploreShare === 0) return false;
    return mix32(session ^ mix32(Math.floor(nowMs / EXPLORE_BUCKET_MS) ^ 0x2545f491)) / 2 ** 32 < exploreShare;
  }

  /** What is promised for certain, over capacity. */
  reportedShare(server: number): number {
    return this.#nodes.reservedBpsAt(server) / this.#nodes.capacityBpsAt(server);
  }

  /** Reservations over capacity. */
  loadShare(server: number): number {
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
