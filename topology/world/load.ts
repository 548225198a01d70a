import { distanceKm } from '../model/geography.ts';
import type { AccessPlan, MetroPlan, SitePlan } from './plan.ts';
import type { ReachTier, ReachTiers } from './reach.ts';

/** Bits per second at the forecast’s peak. */
export interface Load {
  /** by site: what its servers send to viewers */
  readonly sites: Float64Array;
  /** by name of link */
  readonly links: Map<string, number>;
  /** of all viewers’ traffic, handed to the viewers’ network, or to one it buys from, without transit of ours */
  readonly directShare: number;
}

/** Of an access’s demand, what its second-best sites are sized for too, so that losing a site does not stop a country. */
export const FALLBACK_SHARE = 0.3;

/**
 * The forecast’s peak on the best routes: every line takes the same; its metro’s best sites carry it, equal ones in
 * equal parts, and a stated share of it once more by the second best.
 */
export function spreadLoad(
  peakBps: number,
  access: readonly AccessPlan[],
  metros: readonly MetroPlan[],
  sites: readonly SitePlan[],
  tiers: ReachTiers,
): Load {
  const allLines = access.reduce((sum, { lines }) => sum + lines, 0);
  const bySite = new Float64Array(sites.length);
  const links = new Map<string, number>();
  let direct = 0;
  for (const { network, metro, lines } of access) {
    const demand = (peakBps * lines) / allLines;
    nearestGroups(tiers, network, metros[metro]!, metros, sites).forEach(({ group, tier }, rank) => {
      const part = ((rank === 0 ? 1 : FALLBACK_SHARE) * demand) / group.length;
      for (const site of group) {
        bySite[site]! += part;
        for (const link of tier.linksFrom(site)) addLoad(links, link, part);
        if (rank === 0 && tier.direct) direct += part;
      }
    });
  }
  return { sites: bySite, links, directShare: direct / peakBps };
}

export function addLoad(links: Map<string, number>, link: string, bps: number): void {
  links.set(link, (links.get(link) ?? 0) + bps);
}

/** The best and the second-best sites of a metro: the nearest of the first tier, then the next nearest, then the next tier. */
function nearestGroups(
  tiers: ReachTiers,
  network: number,
  metro: MetroPlan,
  metros: readonly MetroPlan[],
  sites: readonly SitePlan[],
): { group: number[]; tier: ReachTier }[] {
  const groups: { group: number[]; tier: ReachTier }[] = [];
  for (const tier of tiers.of(network)) {
    const byMetro = Map.groupBy(tier.sites, (site) => sites[site]!.metro);
    const order = [...byMetro]
      .map(([at, group]) => ({ group, km: distanceKm(metros[at]!, metro) }))
      .sort((a, b) => a.km - b.km || a.group[0]! - b.group[0]!);
    for (const { group } of order) {
      groups.push({ group, tier });
      if (groups.length === 2) return groups;
    }
  }
  return groups;
}
