import { fileURLToPath } from 'node:url';
import { loadTopology } from '../../topology/load/topology-file.ts';
import type { Topology } from '../../topology/model/topology.ts';
import { scenarioSchema, type Scenario } from '../scenarios/scenario.ts';
import { makeResult } from './make-result.ts';
import type { SimulationResult } from './result.ts';
import { Simulation } from './simulation.ts';

const FILE = fileURLToPath(new URL('../../topology/examples/three-sites.yaml', import.meta.url));

/** Three sites, six edges and a shield in New York, so that all tiers are there. */
export function smallTopology(): Topology {
  const loaded = loadTopology(FILE);
  if (loaded.kind === 'bad') throw new Error(loaded.reason);
  const { topology } = loaded;
  const withShield = topology.sites.map((site) =>
    site.id === 'new-york'
      ? { ...site, servers: [...site.servers, { ...site.servers[0]!, id: 'shield-1', role: 'shield' as const }] }
      : site,
  );
  const hasShield = topology.sites.some(({ servers }) => servers.some(({ role }) => role === 'shield'));
  return hasShield ? topology : { ...topology, sites: withShield };
}

/** A minute with sixty viewers. @param changes fields of the scenario, as in YAML */
export function smallScenario(changes: Record<string, unknown> = {}): Scenario {
  const { audience, ...rest } = changes;
  return scenarioSchema.parse({
    name: 'small',
    durationSeconds: 60,
    topology: { file: 'three-sites.yaml' },
    audience: { viewers: 60, arrival: { kind: 'steady', rampSeconds: 10 }, ...(audience as object | undefined) },
    ...rest,
  });
}

export function runSmall(changes: Record<string, unknown> = {}): { simulation: Simulation; result: SimulationResult } {
  const simulation = new Simulation({ scenario: smallScenario(changes), topology: smallTopology() });
  simulation.advance(Infinity);
  return { simulation, result: makeResult(simulation, '0.0.0', 'end') };
}
