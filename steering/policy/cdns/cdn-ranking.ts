import type { Cdns } from '../../../topology/model/cdns.ts';
import { mix32, stableHash } from '../../../topology/model/stable-hash.ts';
import { ADMITTED, openShare, returnShare } from '../admission.ts';
import { AnswerPace, backoffFor } from '../answer-pace.ts';
import { CdnBalance, type Deciders } from './cdn-balance.ts';
import { CdnFootprints, type CdnOffer, type ClientClass, type FootprintClient } from './cdn-footprints.ts';
import { nextPricePerGB } from './cdn-price.ts';
import type { CdnTraffic, Lease } from './cdn-traffic.ts';
import { contentOf } from '../content.ts';
import type { HealthVerdict } from '../health/health.ts';
import { MOST_SERVERS, type Explanation, type Ranking } from '../ranking.ts';
import { RankedServers } from '../ranked-servers.ts';
import type { Reason } from '../reasons.ts';
import { rendezvousScore } from './rendezvous.ts';
import { DEFAULT_STEERING } from '../steering-config.ts';

export interface CdnRequest extends FootprintClient {
  /** what stays the same while one viewer watches */
  client: string;
  path: string;
  /** the only CDNs that this client can use, because its manifest names them; unknown ones are ignored */
  among?: ReadonlySet<string> | undefined;
  /** bits per second that the session takes; the configuration's without it, until its player says */
  nominalBps?: number | undefined;
  playing?: string | null | undefined;
  /** the network that carries the client’s traffic */
  network?: string | undefined;
  /** without it short: the client will ask again */
  lease?: Lease | undefined;
}

/** What probes and players say of the CDNs, by number in the file. */
export interface CdnStates {
  verdictAt(cdn: number, nowMs: number): HealthVerdict;
  /** share of a network’s sessions that its way to the CDN still deserves, by what its players tell, 0 to 1 */
  pathShareAt?(network: string, cdn: number): number;
}

export interface CdnRankingParts {
  states: CdnStates;
  traffic: CdnTraffic;
  /** delivered this month, by CDN */
  monthBytes: (cdn: number) => number;
}

/** How a CDN stands to one session, the best first. */
const TIER = { takes: 0, turnsAway: 1, full: 2, doubtful: 3, outside: 4, down: 5 };
type Tier = (typeof TIER)[keyof typeof TIER];

/** `capacityBps` of a CDN whose file has no `maxBps`. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER;

const TUNING = DEFAULT_STEERING.admission;
const SPILL_SALT = 0x9e3779b9;

interface Candidate {
  offer: CdnOffer;
  /** place in the order that its decider makes */
  turn: number;
  tier: Tier;
  /** among those of the tiers `turnsAway` and `full`: how far beyond its share; the least first */
  excess: number;
  verdict: HealthVerdict;
  reasons: Reason[];
}

/**
 * Other people's CDNs for one client, best first; answers as `ServerRanking` does, each CDN a site with one server. Which
 * decider (weights, a commitment, the price) has a session, and its place in that decider's order, come from the session's
 * hash, so a session keeps its CDN, and when one CDN goes only its own sessions move. A CDN takes the share that its health and
 * its `maxBps` leave. It keeps no reservations of servers, for CDNs report none: `CdnTraffic` stands for them.
 */
export class CdnRanking {
  readonly balance: CdnBalance;
  readonly footprints: CdnFootprints;
  readonly #cdns: Cdns['cdns'];
  readonly #config: Cdns['balance'];
  readonly #parts: CdnRankingParts;
  readonly #pace = new AnswerPace(DEFAULT_STEERING.pace);
  readonly #named: RankedServers;

  constructor(cdns: Pick<Cdns, 'cdns' | 'balance'>, parts: CdnRankingParts) {
    this.#cdns = cdns.cdns;
    this.#config = cdns.balance;
    this.#parts = parts;
    this.balance = new CdnBalance(cdns);
    this.footprints = new CdnFootprints(cdns.cdns);
    const named = cdns.cdns.map(({ id, baseUrl }) => ({ id, site: id, baseUrl }));
    this.#named = new RankedServers(named, MOST_SERVERS);
  }

  /** What shares are worked out from has changed with time: to be called every few seconds. */
  rebalance(nowMs: number, wallMs: number): void {
    const { traffic, monthBytes, states } = this.#parts;
    this.balance.update(
      {
        classes: this.footprints.list,
        classBps: (number) => traffic.classBps(number),
        monthBytes,
        serves: (cdn) => tierOf(states.verdictAt(cdn, nowMs)) < TIER.doubtful,
      },
      nowMs,
      wallMs,
    );
  }

  /** Never empty: with nothing healthy all are named, for playback must not depend on this opinion. */
  rank(request: CdnRequest, nowMs: number): Ranking {
    this.#pace.count(nowMs);
    const { traffic } = this.#parts;
    const { client, lease = 'short' } = request;
    const decision = this.#decide(request, nowMs);
    const bps = this.#bpsOf(request);
    traffic.place(client, decision.candidates[0]!.offer.cdn, decision.clientClass.number, bps, lease, nowMs);
    return this.#answer(request, decision, nowMs);
  }

  /** The same with every CDN that was looked at; nothing is counted. */
  explain(request: CdnRequest, nowMs: number): Explanation {
    const decision = this.#decide(request, nowMs);
    const candidates = decision.candidates.map(({ offer, turn, tier, verdict, reasons }) => ({
      id: this.#cdns[offer.cdn]!.id,
      site: this.#cdns[offer.cdn]!.id,
      siteRank: turn,
      standing: verdict.standing,
      score: verdict.score,
      reservedBps: this.#parts.traffic.cdnBps(offer.cdn),
      capacityBps: this.#cdns[offer.cdn]!.maxBps ?? NO_LIMIT,
      reasons: [...reasons],
      taken: tier === TIER.takes,
    }));
    return { ...this.#answer(request, decision, nowMs), candidates };
  }

  #decide(request: CdnRequest, nowMs: number): Decision {
    const { client, among } = request;
    const clientClass = this.footprints.classOf(request);
    const key = stableHash(client);
    const inside = this.#candidates(request, key, clientClass, nowMs);
    const outside = this.#outside(clientClass.outside, key, nowMs);
    const lastResort = this.#config.outsideFootprint === 'last' || inside.length === 0;
    let candidates = inside.length < 2 && lastResort ? [...inside, ...outside] : inside;
    if (among !== undefined) {
      // A player goes only where its manifest does, even out of a footprint: the alternative is nowhere.
      const named = [...inside, ...outside].filter(({ offer }) => among.has(this.#cdns[offer.cdn]!.id));
      if (named.length > 0) candidates = named;
    }
    return { key, clientClass, candidates: candidates.sort(compareCandidates) };
  }

  /** CDNs inside whose footprint the client is, in the order of the decider whose session this is. */
  #candidates(request: CdnRequest, key: number, clientClass: ClientClass, nowMs: number): Candidate[] {
    const { client, playing } = request;
    const { inside } = clientClass;
    const decider = pickDecider(this.balance.decidersOf(clientClass), key, this.#cdns);
    const sorted = this.#byWeight(inside, key);
    if (decider === 'price') {
      const prices = new Map(inside.map((offer) => [offer, this.#priceOf(offer)]));
      sorted.sort((a, b) => compareNumbers(prices.get(a)!, prices.get(b)!));
    } else if (decider !== 'weight') {
      sorted.sort((a, b) => Number(b.cdn === decider) - Number(a.cdn === decider));
    }
    const weighing: Weighing = {
      key,
      counted: this.#parts.traffic.cdnOf(client),
      bps: this.#bpsOf(request) * this.#config.instances,
      network: request.network,
    };
    return sorted.map((offer, turn) => {
      const { id, backup } = this.#cdns[offer.cdn]!;
      const reasons: Reason[] = [turn === 0 ? reasonOf(decider) : 'stand-in'];
      if (backup) reasons.push('backup');
      const verdict = this.#parts.states.verdictAt(offer.cdn, nowMs);
      reasons.push(...verdict.reasons);
      if (playing === id) reasons.push('plays-here');
      // After every other one of its tier.
      const order = backup ? turn + inside.length : turn;
      const candidate: Candidate = { offer, turn: order, tier: tierOf(verdict), excess: 0, verdict, reasons };
      if (candidate.tier === TIER.takes) this.#weigh(candidate, weighing);
      return candidate;
    });
  }

  #outside(offers: readonly CdnOffer[], key: number, nowMs: number): Candidate[] {
    return this.#byWeight(offers, key).map((offer, turn) => {
      const verdict = this.#parts.states.verdictAt(offer.cdn, nowMs);
      const tier = tierOf(verdict) === TIER.down ? TIER.down : TIER.outside;
      const reasons: Reason[] = ['outside-footprint', ...verdict.reasons];
      return { offer, turn: 2 * this.#cdns.length + turn, tier, excess: 0, verdict, reasons };
    });
  }

  #byWeight(offers: readonly CdnOffer[], key: number): CdnOffer[] {
    const scoresBy = (weightOf: (offer: CdnOffer) => number) =>
      new Map(offers.map((offer) => [offer, rendezvousScore(this.#cdns[offer.cdn]!.id, key, weightOf(offer))]));
    const scores = scoresBy(({ weight }) => weight);
    // Those without weight come last, and among themselves evenly: the first of the file must not take it all.
    const evenly = scoresBy(() => 1);
    return offers.toSorted(
      (a, b) =>
        compareNumbers(scores.get(b)!, scores.get(a)!) ||
        compareNumbers(evenly.get(b)!, evenly.get(a)!) ||
        a.cdn - b.cdn,
    );
  }

  /** Whether this session belongs to the share that the CDN's health and its load leave. */
  #weigh(candidate: Candidate, { key, counted, bps, network }: Weighing): void {
    const { offer, verdict, reasons } = candidate;
    const { states } = this.#parts;
    const path = network === undefined ? 1 : (states.pathShareAt?.(network, offer.cdn) ?? 1);
    if (path < 1) reasons.push('path-fails');
    const { id, maxBps } = this.#cdns[offer.cdn]!;
    const hash = stableHash(id);
    const turnedBy = beyond(mix32(hash ^ key), verdict.score * path);
    if (turnedBy >= 1) {
      reasons.push('turned-away');
      candidate.tier = TIER.turnsAway;
      candidate.excess = turnedBy;
      return;
    }
    if (maxBps === undefined) return;
    const load = this.#parts.traffic.cdnBps(offer.cdn) / maxBps;
    const point = mix32(hash ^ key ^ SPILL_SALT);
    if (counted === offer.cdn) {
      // What it takes is taken already; only what is beyond the limit has to go.
      if (beyond(point, Math.min(1, TUNING.limitShare / load)) < 1) return;
    } else {
      const loadWith = load + bps / maxBps;
      const open = counted >= 0 ? returnShare(loadWith, TUNING) : openShare(loadWith, TUNING);
      if (beyond(point, open) < 1) return;
    }
    const full = load >= TUNING.fullShare;
    reasons.push(full ? 'full' : 'spilled');
    candidate.tier = full ? TIER.full : TIER.turnsAway;
    candidate.excess = load;
  }

  #bpsOf({ client, nominalBps = this.#config.nominalBps }: CdnRequest): number {
    return this.#parts.traffic.bpsOf(client) ?? nominalBps;
  }

  #priceOf(offer: CdnOffer): number {
    return nextPricePerGB(offer, this.#cdns[offer.cdn]!, this.#parts.monthBytes(offer.cdn));
  }

  #answer({ path }: CdnRequest, { key, candidates }: Decision, nowMs: number): Ranking {
    const { tier } = candidates[0]!;
    const state = tier === TIER.full ? 'full' : tier === TIER.down ? 'out' : 'serving';
    return {
      ttlSeconds: this.#pace.ttlSeconds(key, nowMs),
      servers: candidates
        .slice(0, MOST_SERVERS)
        .map(({ offer, reasons }, rank) => this.#named.at(offer.cdn, rank, reasons)),
      backoff: backoffFor(contentOf(path).priority, state),
      // How much goes to other people's CDNs is known by estimate alone: no viewer is refused for that.
      admission: ADMITTED,
    };
  }
}

/** What a CDN is weighed for. */
interface Weighing {
  key: number;
  /** the CDN that the session counts at, or −1 */
  counted: number;
  /** of the session, for all instances */
  bps: number;
  network: string | undefined;
}

interface Decision {
  key: number;
  clientClass: ClientClass;
  /** the best first, never empty */
  candidates: Candidate[];
}

/** `weight`, `price`, or the number of the CDN whose commitment it is. */
type Decider = 'weight' | 'price' | number;

function reasonOf(decider: Decider): Reason {
  return decider === 'weight' ? 'by-weight' : decider === 'price' ? 'cheapest' : 'commitment';
}

/** By rendezvous, so that shares that change move only the difference. */
function pickDecider({ weight, price, commitment }: Deciders, key: number, cdns: Cdns['cdns']): Decider {
  let best: Decider = 'weight';
  let bestScore = rendezvousScore('decider weight', key, weight);
  const consider = (decider: Decider, name: string, share: number) => {
    const score = rendezvousScore(`decider ${name}`, key, share);
    if (score <= bestScore) return;
    best = decider;
    bestScore = score;
  };
  consider('price', 'price', price);
  commitment.forEach((share, cdn) => {
    if (share > 0) consider(cdn, `commitment ${cdns[cdn]!.id}`, share);
  });
  return best;
}

function tierOf({ standing }: HealthVerdict): Tier {
  if (standing === 'up' || standing === 'unheard') return TIER.takes;
  return standing === 'down' ? TIER.down : TIER.doubtful;
}

function compareCandidates(a: Candidate, b: Candidate): number {
  return a.tier - b.tier || a.excess - b.excess || a.turn - b.turn;
}

/** Infinities are equal. */
function compareNumbers(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** Each session has a fixed point in 0…1 at each CDN, which takes those below its share. @returns below 1: taken */
function beyond(hash: number, share: number): number {
  if (share >= 1) return 0;
  return share <= 0 ? Number.MAX_VALUE : hash / 2 ** 32 / share;
}
