import type { Bottleneck, Isp, LinkResult, ServerResult, SimulationResult, Summary } from './result.ts';
import type { Simulation } from './simulation.ts';

const MOST = 10;
/** Below this nothing is near its limit. */
const NEAR_SHARE = 0.9;
/** Below these an ISP has lost nothing worth a sentence: share of time, and of bitrate. */
const LEAST_STALL = 0.002;
const LEAST_SHORTFALL = 0.05;
/** Of fewer nobody can say whether it was more than bad luck. */
const LEAST_VIEWERS = 30;
/** How much a lost picture weighs against a poor one. */
const STALL_WEIGHT = 4;

const KIND_NAMES: Record<LinkResult['kind'], string> = {
  access: 'access network',
  peering: 'peering port',
  private: 'private interconnect',
  transit: 'transit link',
  backbone: 'backbone link',
};

/** What was fullest, the longest full first. */
export function bottlenecksOf(
  simulation: Simulation,
  links: readonly LinkResult[],
  servers: readonly ServerResult[],
): Bottleneck[] {
  const { world, links: book } = simulation;
  const found: Bottleneck[] = links
    .filter(({ peakUtilisation }) => peakUtilisation >= NEAR_SHARE)
    .map((link) => ({
      kind: 'link',
      id: link.id,
      peakUtilisation: link.peakUtilisation,
      fullSeconds: link.fullSeconds,
      text: `${kindName(link)} ${link.id} (${nameOf(link.from, simulation)} → ${nameOf(link.to, simulation)}) ${fullness(link)}`,
    }));
  for (const server of servers) {
    if (server.peakUtilisation < NEAR_SHARE) continue;
    const number = world.serverOf.get(server.id) ?? world.origins.find(({ id }) => id === server.id)!.server;
    const fullSeconds = book.fullSeconds[world.ways.serverLink(number)]!;
    found.push({
      kind: server.role === 'origin' ? 'origin' : 'server',
      id: server.id,
      peakUtilisation: server.peakUtilisation,
      fullSeconds,
      text: `${server.role} ${server.id} at ${server.site} ${fullness({ ...server, fullSeconds })}`,
    });
  }
  return found
    .sort((a, b) => b.fullSeconds - a.fullSeconds || b.peakUtilisation - a.peakUtilisation || (a.id < b.id ? -1 : 1))
    .slice(0, MOST);
}

function kindName({ kind, from, to }: Pick<LinkResult, 'kind' | 'from' | 'to'>): string {
  const betweenNetworks = from.startsWith('network:') && to.startsWith('network:');
  return kind === 'peering' && betweenNetworks ? 'peering link' : KIND_NAMES[kind];
}

function fullness({ fullSeconds, peakUtilisation }: { fullSeconds: number; peakUtilisation: number }): string {
  const peak = `${Math.round(peakUtilisation * 100)} % at its peak`;
  return fullSeconds >= 1 ? `was full for ${Math.round(fullSeconds)} s` : `reached ${peak}`;
}

function nameOf(endpoint: string, { world }: Simulation): string {
  const id = endpoint.slice(endpoint.indexOf(':') + 1);
  if (endpoint.startsWith('network:')) return world.topology.networks.find((network) => network.id === id)?.name ?? id;
  return id;
}

/** Whose viewers lost most against everybody's: time without a picture first, bitrate second. */
export function losingIspOf(
  isps: readonly Isp[],
  links: readonly LinkResult[],
  { stallRatio, meanBitrateBps, sessions, arrived }: Summary,
): SimulationResult['summary']['losingIsp'] {
  const neverShare = sessions === 0 ? 0 : isps.reduce((sum, { neverPlayed }) => sum + neverPlayed, 0) / sessions;
  const loss = (isp: Isp) => {
    const still = Math.max(0, isp.stallRatio - stallRatio) + Math.max(0, isp.neverPlayed / isp.sessions - neverShare);
    const shortfall =
      meanBitrateBps === null || isp.meanBitrateBps === null ? 0 : Math.max(0, 1 - isp.meanBitrateBps / meanBitrateBps);
    return { isp, still, shortfall, score: isp.viewers * (STALL_WEIGHT * still + shortfall) };
  };
  const worst = isps
    .filter(({ viewers }) => viewers >= LEAST_VIEWERS)
    .map(loss)
    .filter(({ still, shortfall }) => still >= LEAST_STALL || shortfall >= LEAST_SHORTFALL)
    .sort((a, b) => b.score - a.score || (a.isp.id < b.isp.id ? -1 : 1))[0];
  if (worst === undefined) return null;
  const { isp, still, shortfall } = worst;
  const name = `${isp.name} (AS${isp.asn}${isp.country === null ? '' : `, ${isp.country}`}; ${percent(isp.viewers / arrived)} of the viewers)`;
  const without = isp.neverPlayed === 0 ? '' : `, ${isp.neverPlayed} of its ${isp.sessions} sessions had none`;
  const stood = `no picture for ${percent(isp.stallRatio)} of the time (everybody ${percent(stallRatio)})${without}`;
  const poor = `${megabits(isp.meanBitrateBps ?? 0)} where everybody has ${megabits(meanBitrateBps ?? 0)}`;
  // What it lost, and nothing of what it did not.
  const losses = [
    ...(still >= LEAST_STALL ? [{ weight: STALL_WEIGHT * still, text: stood }] : []),
    ...(shortfall >= LEAST_SHORTFALL ? [{ weight: shortfall, text: poor }] : []),
  ];
  const what = losses
    .sort((a, b) => b.weight - a.weight)
    .map(({ text }) => text)
    .join('; ');
  const full = links.find(
    ({ from, to, fullSeconds }) =>
      fullSeconds >= 1 && [from, to].some((end) => end === `network:${isp.id}` || end.startsWith(`access:${isp.id}/`)),
  );
  const why =
    full === undefined ? '' : `; its ${kindName(full)} ${full.id} was full for ${Math.round(full.fullSeconds)} s`;
  return { id: isp.id, text: `${name}: ${what}${why}` };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;
}

function megabits(rateBps: number): string {
  return `${(rateBps / 1e6).toFixed(2)} Mbit/s`;
}
