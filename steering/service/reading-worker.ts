// A thread that reads one file and ends: parsing and checking tens of megabytes must not keep viewers waiting.
import { parentPort, workerData } from 'node:worker_threads';
import { loadTopology } from '../../topology/load/topology-file.ts';
import { readCoverageZones } from './coverage-zones-file.ts';
import type { ReadTask } from './read-apart.ts';

function read(task: ReadTask): unknown {
  if (task.kind === 'coverage-zones') return readCoverageZones(task.file, task.siteIds);
  const outcome = loadTopology(task.file);
  return outcome.kind === 'bad' ? outcome : { kind: 'topology', topology: outcome.topology };
}

parentPort!.postMessage(read(workerData as ReadTask));
