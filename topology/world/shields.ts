import { distanceKm } from '../model/geography.ts';
import { CLOUD_REGIONS, nearest } from './geography-groups.ts';
import type { AccessPlan, MetroPlan, SitePlan } from './plan.ts';

/**
 * Sites that house shields: for each cloud region, those with the most subscribers nearest to them first, the exchange
 * site that is nearest to the region and free.
 */
export function chooseShields(
  count: number,
  sites: readonly SitePlan[],
  access: readonly AccessPlan[],
  metros: readonly MetroPlan[],
): number[] {
  const lines = CLOUD_REGIONS.map(() => 0);
  const regionOf = metros.map((metro) => nearest(metro, CLOUD_REGIONS));
  for (const { metro, lines: here } of access) lines[regionOf[metro]!]! += here;
  const regions = CLOUD_REGIONS.map((_, index) => index).sort((a, b) => lines[b]! - lines[a]! || a - b);
  const chosen: number[] = [];
  for (const region of regions.slice(0, count)) {
    const km = (site: number) => distanceKm(CLOUD_REGIONS[region]!, metros[sites[site]!.metro]!);
    const free = sites.flatMap(({ kind }, site) => (kind === 'ix' && !chosen.includes(site) ? [site] : []));
    const taken = new Set(chosen.map((site) => sites[site]!.metro));
    // A metro of its own, where there is one.
    free.sort(
      (a, b) => Number(taken.has(sites[a]!.metro)) - Number(taken.has(sites[b]!.metro)) || km(a) - km(b) || a - b,
    );
    if (free.length > 0) chosen.push(free[0]!);
  }
  return chosen;
}
