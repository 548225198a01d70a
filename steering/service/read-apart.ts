import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { CoverageZonesOutcome } from './coverage-zones-file.ts';
import { readHere, type ReadTask, type TopologyOutcome } from './read-here.ts';

/** Up to here a file is read in some tens of milliseconds, less than a thread takes to begin. YAML is slower than JSON. */
const SMALL_BYTES = 2 ** 18;
const SMALL_YAML_BYTES = 2 ** 16;
/** A topology of 256 MB of JSON, the largest that is read, takes some 3 GB on the way. */
const MOST_HEAP_MB = 4096;

/** Reads and checks a topology, a large one in a thread of its own, so that nobody waits; what is wrong is one line. */
export function readTopologyApart(file: string): Promise<TopologyOutcome> {
  return readApart({ kind: 'topology', file });
}

/** The same for coverage zones. @param siteIds of the sites file, which the zones name */
export function readCoverageZonesApart(file: string, siteIds: readonly string[]): Promise<CoverageZonesOutcome> {
  return readApart({ kind: 'coverage-zones', file, siteIds });
}

async function readApart<Outcome>(task: ReadTask): Promise<Outcome | { kind: 'bad'; reason: string }> {
  const most = task.file.endsWith('.json') ? SMALL_BYTES : SMALL_YAML_BYTES;
  // What is not there is told by the reading.
  const size = await stat(task.file).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size <= most) return readHere(task) as Outcome;
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
