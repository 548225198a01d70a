import { parseLivePath } from '../../topology/model/event.ts';
import { HashRing } from '../../topology/model/ring.ts';
import type { ServersAnswer } from '../../topology/model/servers-answer.ts';
import type { EdgeServer, Site } from '../../topology/model/site.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';
import type { HealthVerdict, Standing } from './health.ts';
import type { NodeTable } from './node-table.ts';
import type { Reason } from './reasons.ts';
import type { ClientPlace, SiteOrder } from './site-order.ts';

/** A manifest names each of them once a rendition; more help nobody. */
export const MOST_SERVERS = 6;

const LEAST_TTL_SECONDS = 10;
const MOST_TTL_SECONDS = 30;
const TTL_BUCKET_MS = 30_000;

export interface RankingRequest extends ClientPlace {
  /** what is asked for; all of one live event counts as one */
  path: string;
  /** the only servers that this client can use, because its manifest names them; unknown ones are ignored */
  among?: ReadonlySet<string>;
}

export type Ranking = Pick<ServersAnswer, 'ttlSeconds' | 'servers' | 'backoff'>;
export type RankedServer = Ranking['servers'][number];

/** How a server stands to one session, the best first. */
const TIERS = { takes: 0, turnsAway: 1, doubtful: 2, draining: 3, down: 4 };
const TIER_OF: Record<Exclude<Standing, 'up'>, number> = {
  unheard: TIERS.doubtful,
  suspect: TIERS.doubtful,
  probation: TIERS.doubtful,
  draining: TIERS.draining,
  down: TIERS.down,
};

interface Candidate {
  site: Site;
  siteIndex: number;
  /** place of the site in the client's order */
  siteRank: number;
  edge: EdgeServer;
  /** place in the site's ring for this session */
  turn: number;
  tier: number;
  /** among those that turn the session away: how far it is beyond their share; the least first */
  excess: number;
  verdict: HealthVerdict;
}

interface RingedSite {
  site: Site;
  ring: HashRing;
  edges: ReadonlyMap<string, EdgeServer>;
}

/**
 * The servers for one client, best first. Sites in the policy's order; inside a site by the ring, so that losing a server moves
 * its own sessions only; a strained server keeps that share of its sessions which its score says, always the same ones.
 * A pure function of the request, what the nodes reported, and the time.
 */
export class ServerRanking {
  readonly #sites: readonly RingedSite[];
  readonly #nodes: NodeTable;
  readonly #order: SiteOrder;

  constructor(sites: readonly Site[], order: SiteOrder, nodes: NodeTable) {
    this.#sites = sites.map((site) => ({
      site,
      ring: new HashRing(site.edges.map(({ id }) => id)),
      edges: new Map(site.edges.map((edge) => [edge.id, edge])),
    }));
    this.#nodes = nodes;
    this.#order = order;
  }

  /** Never empty: with nothing healthy all are named, for playback must not depend on this opinion. */
  rank(request: RankingRequest, nowMs: number): Ranking {
    const { client, path, among } = request;
    const key = stableHash(`${client} ${contentOf(path)}`);
    let candidates = this.#candidates(request, key, nowMs, among);
    if (candidates.length === 0) candidates = this.#candidates(request, key, nowMs, undefined);
    candidates.sort(compareCandidates);
    const chosen = spreadOverSites(candidates);
    return {
      ttlSeconds: ttlSeconds(client, nowMs),
      servers: chosen.map((candidate, rank) => ({
        id: candidate.edge.id,
        site: candidate.site.id,
        baseUrl: candidate.edge.url,
        rank,
        reasons: this.#reasonsOf(candidate, request),
      })),
      backoff: backoffFor(chosen),
    };
  }

  /** Walks the sites outwards until enough of them have a server that takes the session; to the end if need be. */
  #candidates(place: ClientPlace, key: number, nowMs: number, among: ReadonlySet<string> | undefined): Candidate[] {
    const candidates: Candidate[] = [];
    let sitesThatTake = 0;
    const order = this.#order.order(place);
    for (let siteRank = 0; siteRank < order.length && sitesThatTake < MOST_SERVERS - 1; siteRank++) {
      const siteIndex = order[siteRank]!;
      const { site, ring, edges } = this.#sites[siteIndex]!;
      let takes = false;
      ring.owners(key, edges.size).forEach((id, turn) => {
        if (among !== undefined && !among.has(id)) return;
        const verdict = this.#nodes.verdict(id, nowMs);
        const place = placeOf(id, key, verdict);
        takes ||= place.tier === TIERS.takes;
        candidates.push({ site, siteIndex, siteRank, edge: edges.get(id)!, turn, verdict, ...place });
      });
      if (takes) sitesThatTake++;
    }
    return candidates;
  }

  #reasonsOf({ site, siteIndex, siteRank, turn, tier, verdict }: Candidate, place: ClientPlace): Reason[] {
    const reasons: Reason[] = [this.#order.reason(place, siteIndex, siteRank)];
    if (site.country === place.country) reasons.push('same-country');
    reasons.push(turn === 0 ? 'owner' : 'stand-in', ...verdict.reasons);
    if (tier === TIERS.turnsAway) reasons.push('turned-away');
    return reasons;
  }
}

/** All paths of a live event are one content: a viewer must not change servers with each segment. */
function contentOf(path: string): string {
  const live = parseLivePath(path);
  if (live !== null) return `/live/${live.eventId}`;
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** A server of score s takes the sessions whose own fixed point in 0…1 lies below s. */
function placeOf(id: string, key: number, { standing, score }: HealthVerdict): Pick<Candidate, 'tier' | 'excess'> {
  if (standing !== 'up') return { tier: TIER_OF[standing], excess: 0 };
  const point = stableHash(id, key) / 2 ** 32;
  if (point < score) return { tier: TIERS.takes, excess: 0 };
  return { tier: TIERS.turnsAway, excess: score === 0 ? Number.MAX_VALUE : point / score };
}

function compareCandidates(a: Candidate, b: Candidate): number {
  return a.tier - b.tier || a.excess - b.excess || a.siteRank - b.siteRank || a.turn - b.turn;
}

/**
 * The first server, a second one of its site, then the best of every other site: a dead process and a dead site are
 * both survived. Then whoever is left. Two sites at least wherever two exist.
 */
function spreadOverSites(sorted: readonly Candidate[]): Candidate[] {
  const lead = sorted[0]!.site;
  const taken = new Map<Site, number>();
  const first: Candidate[] = [];
  const others: Candidate[] = [];
  for (const candidate of sorted) {
    const before = taken.get(candidate.site) ?? 0;
    const welcome = candidate.tier === TIERS.takes && before < (candidate.site === lead ? 2 : 1);
    (welcome ? first : others).push(candidate);
    taken.set(candidate.site, before + 1);
  }
  const chosen = [...first, ...others].slice(0, MOST_SERVERS);
  const elsewhere = sorted.find(({ site }) => site !== lead);
  if (elsewhere !== undefined && !chosen.some(({ site }) => site !== lead)) chosen[chosen.length - 1] = elsewhere;
  return chosen;
}

/** Spread over the whole span, anew each half minute, so that clients that came together do not stay together. */
function ttlSeconds(client: string, nowMs: number): number {
  const span = MOST_TTL_SECONDS - LEAST_TTL_SECONDS + 1;
  return LEAST_TTL_SECONDS + (stableHash(`ttl ${client}`, Math.floor(nowMs / TTL_BUCKET_MS)) % span);
}

/** With all of them going or gone, more patience and longer pauses. */
function backoffFor(chosen: readonly Candidate[]): Ranking['backoff'] {
  const serving = chosen.some(({ tier }) => tier <= TIERS.doubtful);
  return serving ? { maxRetries: 3, retryAfterSeconds: 1 } : { maxRetries: 6, retryAfterSeconds: 4 };
}
