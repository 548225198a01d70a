import { fileURLToPath } from 'node:url';
import { loadTopology } from '../../../topology/load/topology-file.ts';
import { makeResult } from '../../run/make-result.ts';
import type { SimulationResult } from '../../run/result.ts';
import { Simulation } from '../../run/simulation.ts';
import { scaleCapacities } from '../../scenarios/scale-capacities.ts';
import { scenarioSchema } from '../../scenarios/scenario.ts';
import { atMost, type Check, exactly, relatively, type Rung, type RungContext, STANDARD_ERRORS } from '../rung.ts';

const TOPOLOGY = fileURLToPath(new URL('../../../topology/examples/three-sites.yaml', import.meta.url));
/** Of viewers' mean bitrates, over their mean, in this world: the standard errors below rest on it. */
const BITRATE_DEVIATION = 0.5;

export const determinism: Rung = {
  id: 'determinism',
  title: 'Same seed, same bytes',
  source: 'a simulation is a function of scenario, seed and version',
  run({ seed, quick, progress }) {
    const changes = { seed, audience: { viewers: quick ? 30 : 120 } };
    const one = JSON.stringify(simulate(changes, 1));
    progress(0.4);
    const again = JSON.stringify(simulate(changes, 1));
    progress(0.8);
    const inPieces = JSON.stringify(simulate(changes, 1, 1009));
    const other = JSON.stringify(simulate({ ...changes, seed: seed + 1 }, 1));
    return [
      exactly('bytes of result.json that differ in a second run', 0, differing(one, again)),
      exactly('bytes that differ when it is stopped every 1,009 events', 0, differing(one, inPieces)),
      exactly('another seed gives other bytes (1: yes)', 1, differing(one, other) > 0 ? 1 : 0),
    ];
  },
};

export const conservation: Rung = {
  id: 'conservation',
  title: 'Nothing is lost between tiers',
  source: 'bytes delivered = hits + fills at every tier; the checkers that watch every run',
  run({ seed, quick }) {
    const faults = [
      { kind: 'server-down', server: 'edge-1', fromSeconds: 15, forSeconds: 10 },
      { kind: 'exchange-down', exchange: 'ix-new-york', fromSeconds: 20, forSeconds: 10 },
    ];
    const result = simulate({ seed, audience: { viewers: quick ? 40 : 300 }, faults }, 0.2);
    const [edge, , origin] = result.tiers as [SimulationResult['tiers'][0], unknown, SimulationResult['tiers'][0]];
    return [
      ...result.checks.map(({ name, violations }) => exactly(`violations: ${name}`, 0, violations.length)),
      atMost(
        'edges’ fills from above, in bytes, over the origin’s, where nothing stands between',
        1,
        edge.filledBytes === 0
          ? 0
          : result.sites.reduce((sum, site) => sum + site.filledFromAboveBytes, 0) / origin.sentBytes,
        'headers are sent, and bodies that are under way at the end',
      ),
    ];
  },
};

export const scaleInvariance: Rung = {
  id: 'scale-invariance',
  title: 'Viewers and capacities × k leave ratios alone',
  source: 'reference/simulation.md §2, rung 4',
  run(context) {
    return [...compareScales(context, 4)];
  },
};

function compareScales({ seed, quick, progress }: RungContext, factor: number): Check[] {
  const viewers = quick ? 100 : 400;
  const audience = (count: number) => ({ viewers: count, arrival: { kind: 'steady', rampSeconds: 20 } });
  // Narrow servers: what is compared is how viewers share what is short.
  const small = simulate({ seed, audience: audience(viewers) }, viewers / 4000);
  progress(1 / (1 + factor));
  const large = simulate({ seed: seed + 1, audience: audience(viewers * factor) }, (viewers * factor) / 4000);
  const error = BITRATE_DEVIATION * Math.sqrt(1 / viewers + 1 / (viewers * factor));
  const reason = `${STANDARD_ERRORS} standard errors of two means over ${viewers} and ${viewers * factor} viewers, deviation ${BITRATE_DEVIATION}`;
  return [
    relatively(
      'mean bitrate, four times as large against as it is',
      small.summary.meanBitrateBps!,
      large.summary.meanBitrateBps!,
      STANDARD_ERRORS * error,
      reason,
    ),
    relatively(
      'bytes a viewer',
      small.summary.deliveredBytes / viewers,
      large.summary.deliveredBytes / viewers / factor,
      STANDARD_ERRORS * error,
      reason,
    ),
    relatively(
      'utilisation of the fullest server',
      peakUtilisation(small),
      peakUtilisation(large),
      0.2,
      'a maximum over six servers; smaller crowds have higher peaks',
    ),
  ];
}

function peakUtilisation({ servers }: SimulationResult): number {
  return Math.max(...servers.map(({ meanUtilisation }) => meanUtilisation));
}

function simulate(changes: Record<string, unknown>, capacityScale: number, eventsMax = Infinity): SimulationResult {
  const loaded = loadTopology(TOPOLOGY);
  if (loaded.kind === 'bad') throw new Error(loaded.reason);
  const scenario = scenarioSchema.parse({
    name: 'rung',
    durationSeconds: 60,
    topology: { file: TOPOLOGY },
    ...changes,
  });
  const simulation = new Simulation({ scenario, topology: scaleCapacities(loaded.topology, capacityScale) });
  while (!simulation.advance(Infinity, eventsMax));
  return makeResult(simulation, 'rung', 'end');
}

function differing(a: string, b: string): number {
  let count = Math.abs(a.length - b.length);
  for (let index = 0; index < Math.min(a.length, b.length); index++) if (a[index] !== b[index]) count++;
  return count;
}
