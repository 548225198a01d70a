import { loadTopology } from '../../topology/load/topology-file.ts';
import type { Topology } from '../../topology/model/topology.ts';
import { readCoverageZones, type CoverageZonesOutcome } from './coverage-zones-file.ts';

export type ReadTask =
  { kind: 'topology'; file: string } | { kind: 'coverage-zones'; file: string; siteIds: readonly string[] };

export type TopologyOutcome = { kind: 'topology'; topology: Topology } | { kind: 'bad'; reason: string };

/** Reads and checks a file; what is wrong is one line. All that comes of it can be handed to another thread. */
export function readHere(task: ReadTask): TopologyOutcome | CoverageZonesOutcome {
  if (task.kind === 'coverage-zones') return readCoverageZones(task.file, task.siteIds);
  const outcome = loadTopology(task.file);
  return outcome.kind === 'bad' ? outcome : { kind: 'topology', topology: outcome.topology };
}
