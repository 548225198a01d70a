import type { Position, Site } from '../../../topology/model/site.ts';

/** Sites that lie so near each other that the map has one mark for them. */
export interface SiteSpot extends Position {
  /** as indices into the sites file */
  sites: number[];
  servers: number;
  capacityBps: number;
}

/** More marks no map shows apart, and the page stays light with a world of thousands of sites. */
export const MOST_SPOTS = 2000;

/** At eight degrees there are some thousand cells on Earth. */
const GRIDS_DEGREES = [0.01, 0.1, 0.25, 0.5, 1, 2, 4, 8];

/** In the order of their first sites, by the finest grid on which there are not too many. */
export function siteSpots(sites: readonly Site[]): SiteSpot[] {
  let spots: number[][] = [];
  for (const degrees of GRIDS_DEGREES) {
    spots = gather(sites, degrees);
    if (spots.length <= MOST_SPOTS) break;
  }
  return spots.map((members) => spotOf(sites, members));
}

function gather(sites: readonly Site[], degrees: number): number[][] {
  const cells = new Map<string, number[]>();
  sites.forEach(({ latitude, longitude }, index) => {
    const key = `${Math.floor(latitude / degrees)} ${Math.floor(longitude / degrees)}`;
    const members = cells.get(key);
    if (members === undefined) cells.set(key, [index]);
    else members.push(index);
  });
  return [...cells.values()];
}

function spotOf(all: readonly Site[], members: number[]): SiteSpot {
  const sites = members.map((index) => all[index]!);
  const edges = sites.flatMap((site) => site.edges);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    latitude: round(mean(sites.map(({ latitude }) => latitude))),
    longitude: round(mean(sites.map(({ longitude }) => longitude))),
    sites: members,
    servers: edges.length,
    capacityBps: edges.reduce((sum, { capacityBps }) => sum + capacityBps, 0),
  };
}

/** To a kilometre. */
function round(degrees: number): number {
  return Math.round(degrees * 100) / 100;
}
