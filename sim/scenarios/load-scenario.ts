import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCdns } from '../../topology/load/cdns-file.ts';
import { parseChecked, readChecked, type Places } from '../../topology/load/checked-yaml.ts';
import { readBoundedText } from '../../topology/load/bounded-text.ts';
import { loadTopology } from '../../topology/load/topology-file.ts';
import { nearestName } from '../../topology/model/near-name.ts';
import type { Topology } from '../../topology/model/topology.ts';
import { generateWorld } from '../../topology/world/generate.ts';
import { rehearseCdns, type RehearsalOutcome } from '../cdns/cdn-world.ts';
import { scaleCapacities } from './scale-capacities.ts';
import type { SimulationInput } from '../run/simulation.ts';
import type { TraceLine } from '../viewers/arrivals.ts';
import { readTrace } from './arrival-trace.ts';
import { applyOverrides, blamedFor, wrongVariantField, type Override } from './overrides.ts';
import { countriesWithPeople, scenarioProblem } from './scenario-check.ts';
import { scenarioSchema, type Scenario } from './scenario.ts';

const LIBRARY = fileURLToPath(new URL('./library', import.meta.url));
const MOST_BYTES = 4 * 2 ** 20;

export type ScenarioOutcome =
  | ({ kind: 'scenario'; /** as its file has it, without overrides */ shipped: Scenario } & SimulationInput)
  | { kind: 'bad'; reason: string };

/** The scenarios that come with us, by name. */
export function libraryNames(): string[] {
  return readdirSync(LIBRARY)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();
}

/**
 * Reads a scenario with its topology and trace; whatever is wrong is one line with file and line.
 * @param name one of the library, or a file
 * @param cdnsFile of other people’s CDNs that take the place of the topology’s sites
 */
export function loadScenario(name: string, overrides: readonly Override[] = [], cdnsFile?: string): ScenarioOutcome {
  const found = fileOf(name);
  if (found.kind === 'bad') return found;
  const read = readChecked(found.file, scenarioSchema, { mostBytes: MOST_BYTES });
  if (read.kind === 'bad') return read;
  const wrong = wrongVariantField(read.value);
  if (wrong !== null) {
    const place = read.places.at(['variants', wrong.name, wrong.field]);
    const mend = 'write a field with its path, such as steering.policy';
    return { kind: 'bad', reason: `${place}: variants.${wrong.name}: "${wrong.field}" is no field; ${mend}` };
  }
  const changed = applyOverrides(read.value, overrides);
  if (changed.kind === 'bad')
    return { kind: 'bad', reason: `${placeOf(changed.blamed, read.places)}: ${changed.message}` };
  const scenario = cutShort(read.value, changed.scenario);
  const completed = complete(scenario, read.places, dirname(found.file), overrides, cdnsFile);
  return completed.kind === 'bad' ? completed : { ...completed, shipped: read.value };
}

/** A run that is made shorter than its file has it ends before some of its faults: these are left out, not wrong. */
function cutShort(written: Scenario, scenario: Scenario): Scenario {
  const { durationSeconds, faults } = scenario;
  if (durationSeconds >= written.durationSeconds) return scenario;
  const isLate = (fromSeconds: number) => fromSeconds > durationSeconds && fromSeconds <= written.durationSeconds;
  return { ...scenario, faults: faults.filter(({ fromSeconds }) => !isLate(fromSeconds)) };
}

/** @param text YAML @param folder that its files are relative to */
export function parseScenario(text: string, name: string, folder = '.'): ScenarioOutcome {
  const read = parseChecked(text, name, scenarioSchema);
  return read.kind === 'bad' ? read : complete(read.value, read.places, folder);
}

/** What a forecast counts for one viewer: the best that its device may see, and sound. */
export function forecastBps({ event, audience }: Scenario): number {
  const videos = event.renditions.filter(({ kind }) => kind === 'video');
  const audioBps = Math.max(0, ...event.renditions.map(({ kind, bandwidth }) => (kind === 'audio' ? bandwidth : 0)));
  const total = audience.devices.reduce((sum, { share }) => sum + share, 0);
  let mean = 0;
  for (const { share, maxHeight = Infinity, maxBitrateBps = Infinity } of audience.devices) {
    const seen = videos.filter(
      ({ height = 0, bandwidth }) => height <= maxHeight && bandwidth + audioBps <= maxBitrateBps,
    );
    const bandwidths = (seen.length > 0 ? seen : videos).map(({ bandwidth }) => bandwidth);
    const best = seen.length > 0 ? Math.max(...bandwidths) : Math.min(...bandwidths);
    mean += (share / total) * (videos.length === 0 ? 0 : best);
  }
  return audience.viewers * audience.forecastShare * (mean + audioBps);
}

function fileOf(name: string): { kind: 'file'; file: string } | { kind: 'bad'; reason: string } {
  const isPath = /[/\\]|\.(?:ya?ml|json)$/i.test(name);
  if (isPath) return { kind: 'file', file: name };
  const file = join(LIBRARY, `${name}.yaml`);
  if (existsSync(file)) return { kind: 'file', file };
  const near = nearestName(name, libraryNames());
  const known = near === null ? `known are ${libraryNames().join(', ')}` : `did you mean "${near}"?`;
  return {
    kind: 'bad',
    reason: `scenario "${name}": there is none of that name, ${known} (or name a file: ./${name}.yaml)`,
  };
}

function complete(
  scenario: Scenario,
  places: Places,
  folder: string,
  overrides: readonly Override[] = [],
  cdnsFile?: string,
): ScenarioOutcome {
  const where = (path: readonly PropertyKey[]) => {
    const blamed = blamedFor(overrides, path);
    return blamed === undefined ? places.at(path) : placeOf(blamed, places);
  };
  // What was typed is relative to where it was typed.
  const fileAt = (path: readonly PropertyKey[], file: string) => {
    const blamed = blamedFor(overrides, path);
    return resolve(blamed === undefined || blamed.variant !== undefined ? folder : '.', file);
  };
  const network = topologyOf(scenario, where, fileAt);
  if (network.kind === 'bad') return network;
  const rehearsed = cdnsFile === undefined ? null : rehearse(cdnsFile, scenario, network.topology);
  if (rehearsed?.kind === 'bad') return rehearsed;
  const topology = rehearsed?.rehearsal.topology ?? network.topology;
  const traced = traceOf(scenario, topology, where, fileAt);
  if (traced.kind === 'bad') return traced;
  const problem = scenarioProblem(
    scenario,
    topology,
    rehearsed?.rehearsal.cdns.cdns.map(({ id }) => id),
  );
  if (problem !== null) {
    return { kind: 'bad', reason: `${where(problem.path)}: ${problem.path.join('.')}: ${problem.message}` };
  }
  return {
    kind: 'scenario',
    scenario,
    shipped: scenario,
    topology,
    ...(traced.lines === null ? {} : { trace: traced.lines }),
    ...(rehearsed === null ? {} : { cdns: rehearsed.rehearsal }),
  };
}

function rehearse(file: string, scenario: Scenario, topology: Topology): RehearsalOutcome {
  const loaded = loadCdns(file);
  if (loaded.kind === 'bad') return { kind: 'bad', reason: `--cdns ${loaded.reason}` };
  const { origin, audience } = scenario;
  const regions = origin.regions ?? [topology.regions[0]!.id];
  const origins = regions.map((id) => topology.regions.findIndex((region) => region.id === id));
  // Of a region that is not there the check of the scenario speaks.
  const known = origins.filter((region) => region >= 0);
  const demandBps = forecastBps({ ...scenario, audience: { ...audience, forecastShare: 1 } });
  const outcome = rehearseCdns(loaded.cdns, topology, demandBps, known);
  return outcome.kind === 'bad' ? { kind: 'bad', reason: `--cdns ${file}: ${outcome.reason}` } : outcome;
}

function placeOf({ said, variant }: Override, places: Places): string {
  if (variant === undefined) return `--set ${said}`;
  return `${places.at(['variants', variant.name, variant.field])}: variants.${variant.name}.${variant.field}`;
}

type Where = (path: readonly PropertyKey[]) => string;
type FileAt = (path: readonly PropertyKey[], file: string) => string;

function topologyOf(
  scenario: Scenario,
  where: Where,
  fileAt: FileAt,
): { kind: 'good'; topology: Topology } | { kind: 'bad'; reason: string } {
  const source = scenario.topology;
  if ('file' in source) {
    const path = ['topology', 'file'];
    const loaded = loadTopology(fileAt(path, source.file));
    if (loaded.kind === 'bad') return { kind: 'bad', reason: `${where(path)}: ${loaded.reason}` };
    return { kind: 'good', topology: scaleCapacities(loaded.topology, source.capacityScale) };
  }
  const { sites, servers } = source.generate;
  if (servers < sites) {
    const at = where(['topology', 'generate']);
    return { kind: 'bad', reason: `${at}: topology.generate: ${servers} servers for ${sites} sites, each needs one` };
  }
  const peakBps = source.generate.peakBps ?? forecastBps(scenario);
  try {
    return { kind: 'good', topology: generateWorld({ ...source.generate, peakBps }) };
  } catch (error) {
    return {
      kind: 'bad',
      reason: `${where(['topology', 'generate'])}: topology.generate: ${(error as Error).message}`,
    };
  }
}

function traceOf(
  { audience: { arrival }, durationSeconds }: Scenario,
  topology: Topology,
  where: Where,
  fileAt: FileAt,
): { kind: 'good'; lines: TraceLine[] | null } | { kind: 'bad'; reason: string } {
  if (arrival.kind !== 'trace') return { kind: 'good', lines: null };
  const path = ['audience', 'arrival', 'file'];
  const file = fileAt(path, arrival.file);
  const read = readBoundedText(file, MOST_BYTES);
  const trace = read.kind === 'text' ? readTrace(read.text, file, countriesWithPeople(topology)) : read;
  if (trace.kind === 'bad') return { kind: 'bad', reason: `${where(path)}: ${trace.reason}` };
  if (trace.lines.some(({ atMs, arrivals }) => arrivals > 0 && atMs < durationSeconds * 1000)) {
    return { kind: 'good', lines: trace.lines };
  }
  const reason = `nobody arrives before the end (durationSeconds: ${durationSeconds}): an empty audience`;
  return { kind: 'bad', reason: `${where(path)}: ${file}: ${reason}` };
}
