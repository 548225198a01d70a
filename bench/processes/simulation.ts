// One simulation in a process of its own; what it took is one line of JSON on standard output.
import { loadScenario } from '../../sim/scenarios/load-scenario.ts';
import { parseOverride } from '../../sim/scenarios/overrides.ts';
import { makeResult } from '../../sim/run/make-result.ts';
import { Simulation } from '../../sim/run/simulation.ts';

/** What one run took. CPU is that of the whole process from the first event on: what compiling and collecting garbage take counts. */
export interface SimulationCost {
  viewers: number;
  simulatedSeconds: number;
  assembleMs: number;
  wallMs: number;
  cpuMs: number;
  events: number;
  /** viewers' segments that came, each with its own start and end */
  segments: number;
  /** calls of the edges' and shields' machines for a request, as they counted them */
  machineRequests: number;
  flowsStarted: number;
  sharesSolved: number;
  decisions: number;
  maxRssBytes: number;
  heapBytes: number;
  stallRatio: number;
  checksFailed: string[];
}

const [scenario, ...sets] = process.argv.slice(2);
const loaded = loadScenario(
  scenario!,
  sets.map((set) => parseOverride(set)!),
);
if (loaded.kind === 'bad') {
  console.error(loaded.reason);
  process.exit(2);
}
const began = performance.now();
const simulation = new Simulation(loaded);
const assembleMs = performance.now() - began;
const startedMs = performance.now();
const before = process.cpuUsage();
while (!simulation.advance(Infinity, 200_000)) {
  process.stderr.write(`${(simulation.world.engine.nowMs / simulation.durationMs).toFixed(4)}\n`);
}
const cpu = process.cpuUsage(before);
const wallMs = performance.now() - startedMs;
const { summary, checks } = makeResult(simulation, 'bench', 'end');
const { network, engine, desk } = simulation.world;
const cost: SimulationCost = {
  viewers: loaded.scenario.audience.viewers,
  simulatedSeconds: engine.nowMs / 1000,
  assembleMs,
  wallMs,
  cpuMs: (cpu.user + cpu.system) / 1000,
  events: engine.events,
  segments: simulation.viewers.segmentsFetched,
  machineRequests: summary.machineRequests,
  flowsStarted: network.stats.started,
  sharesSolved: network.stats.solves,
  decisions: desk.decisions,
  maxRssBytes: process.resourceUsage().maxRSS * 1024,
  heapBytes: process.memoryUsage().heapUsed,
  stallRatio: summary.stallRatio,
  checksFailed: checks.filter(({ ok }) => !ok).map(({ name }) => name),
};
console.log(JSON.stringify(cost));
