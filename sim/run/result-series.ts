import type { LinkResult, Series, ServerResult } from './result.ts';
import { ratio } from './series-book.ts';
import type { Simulation } from './simulation.ts';

const MOST_SERVER_ROWS = 200;
const MOST_LINK_ROWS = 100;
const MOST_ISP_ROWS = 20;

export function seriesOf(
  simulation: Simulation,
  links: readonly LinkResult[],
  servers: readonly ServerResult[],
  losingIsp: string | null,
): Series {
  const { world, links: book, series, stepMs, deliveries } = simulation;
  const serverNumber = new Map<string, number>([
    ...world.caches.map(({ node }) => [node.id, node.server] as const),
    ...world.origins.map(({ id, server }) => [id, server] as const),
  ]);
  const topServers = servers
    .toSorted((a, b) => b.peakUtilisation - a.peakUtilisation || (a.id < b.id ? -1 : 1))
    .slice(0, MOST_SERVER_ROWS);
  const topLinks = links
    .toSorted((a, b) => b.peakUtilisation - a.peakUtilisation || (a.id < b.id ? -1 : 1))
    .slice(0, MOST_LINK_ROWS);
  const linkNumber = new Map(world.topology.links.map(({ id }, index) => [id, index]));
  const rates = (link: number) => book.steps.map((step) => step[link]!);
  const networkBytes = series.networks.map((_id, network) =>
    world.places.reduce(
      (total, _place, place) => total + (series.networkOf[place] === network ? deliveries.bytes[place]! : 0),
      0,
    ),
  );
  const topIsps = [...series.networks.keys()]
    .sort((a, b) => networkBytes[b]! - networkBytes[a]! || a - b)
    .filter((network, index) => index < MOST_ISP_ROWS || series.networks[network] === losingIsp);
  const siteRates = world.topology.sites.map((site) => {
    const here = world.caches.filter((cache) => cache.site === site);
    const capacityBps = here.reduce((total, { server }) => total + server.nicBps, 0);
    const bps = book.steps.map((step) =>
      here.reduce((total, { node }) => total + step[world.ways.serverLink(node.server)]!, 0),
    );
    return { bps, utilisation: bps.map((rate) => rate / capacityBps) };
  });
  return {
    stepSeconds: stepMs / 1000,
    ...series.rows,
    servers: {
      ids: topServers.map(({ id }) => id),
      utilisation: topServers.map(({ id, capacityBps }) =>
        rates(world.ways.serverLink(serverNumber.get(id)!)).map((rate) => rate / capacityBps),
      ),
    },
    links: {
      ids: topLinks.map(({ id }) => id),
      utilisation: topLinks.map(({ id, direction, capacityBps }) =>
        rates(2 * linkNumber.get(id)! + (direction === 'forth' ? 0 : 1)).map((rate) => rate / capacityBps),
      ),
    },
    sites: {
      ids: world.topology.sites.map(({ id }) => id),
      bps: siteRates.map(({ bps }) => bps),
      utilisation: siteRates.map(({ utilisation }) => utilisation),
    },
    isps: {
      ids: topIsps.map((network) => series.networks[network]!),
      bps: topIsps.map((network) => series.ispBytes.map((step) => (step[network]! * 8000) / stepMs)),
      stalledShare: topIsps.map((network) =>
        series.ispStalled.map((step, index) => ratio(step[network]!, series.ispPresent[index]![network]!) ?? 0),
      ),
    },
  };
}
