import { Worker } from 'node:worker_threads';
import type { Topology } from '../../topology/model/topology.ts';
import type { CoverageZonesOutcome } from './coverage-zones-file.ts';

export type ReadTask =
  { kind: 'topology'; file: string } | { kind: 'coverage-zones'; file: string; siteIds: readonly string[] };

export type TopologyOutcome = { kind: 'topology'; topology: Topology } | { kind: 'bad'; reason: string };

/** A topology of 256 MB of JSON, the largest that is read, takes some 3 GB on the way. */
const MOST_HEAP_MB = 4096;

/** Reads and checks a topology in a thread of its own; what is wrong is one line. */
export function readTopologyApart(file: string): Promise<TopologyOutcome> {
  return readApart({ kind: 'topology', file });
}

/** The same for coverage zones. @param siteIds of the sites file, which the zones name */
export function readCoverageZonesApart(file: string, siteIds: readonly string[]): Promise<CoverageZonesOutcome> {
  return readApart({ kind: 'coverage-zones', file, siteIds });
}

function readApart<Outcome>(task: ReadTask): Promise<Outcome | { kind: 'bad'; reason: string }> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./reading-worker.ts', import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MB },
    });
    const fail = (what: string) => resolve({ kind: 'bad', reason: `${task.file}: cannot be read: ${what}` });
    worker.once('message', (outcome: Outcome) => resolve(outcome));
    worker.once('error', (error) => fail(error.message));
    worker.once('exit', (code) => fail(`the reading thread ended with ${code}`));
  });
}
