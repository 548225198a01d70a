import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { parseChecked, readChecked, type Places } from '../../topology/load/checked-yaml.ts';
import { readBoundedText } from '../../topology/load/bounded-text.ts';
import { describeIssues } from '../../topology/load/schema-issue.ts';
import { loadTopology } from '../../topology/load/topology-file.ts';
import { nearestName } from '../../topology/model/near-name.ts';
import type { Topology } from '../../topology/model/topology.ts';
import { generateWorld } from '../../topology/world/generate.ts';
import { scaleCapacities } from './scale-capacities.ts';
import type { SimulationInput } from '../run/simulation.ts';
import type { TraceLine } from '../viewers/arrivals.ts';
import { readTrace } from './arrival-trace.ts';
import { scenarioProblem } from './scenario-check.ts';
import { scenarioSchema, type Scenario } from './scenario.ts';

const LIBRARY = fileURLToPath(new URL('./library', import.meta.url));
const MOST_BYTES = 4 * 2 ** 20;

export type ScenarioOutcome =
  | ({ kind: 'scenario'; /** as its file has it, without overrides */ shipped: Scenario } & SimulationInput)
  | { kind: 'bad'; reason: string };

/** Fields that are to be other than the file has them: path with dots, and value. */
export interface Override {
  path: readonly (string | number)[];
  value: unknown;
  /** as it was typed, for messages */
  said: string;
}

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
 */
export function loadScenario(name: string, overrides: readonly Override[] = []): ScenarioOutcome {
  const found = fileOf(name);
  if (found.kind === 'bad') return found;
  const read = readChecked(found.file, scenarioSchema, { mostBytes: MOST_BYTES });
  if (read.kind === 'bad') return read;
  const changed = applyOverrides(read.value, overrides);
  if (changed.kind === 'bad') return changed;
  const completed = complete(changed.scenario, read.places, dirname(found.file), overrides);
  return completed.kind === 'bad' ? completed : { ...completed, shipped: read.value };
}

/** @param text YAML @param folder that its files are relative to */
export function parseScenario(text: string, name: string, folder = '.'): ScenarioOutcome {
  const read = parseChecked(text, name, scenarioSchema);
  return read.kind === 'bad' ? read : complete(read.value, read.places, folder);
}

/** @param said `steering.policy=nearest`; the value is YAML @returns null for what is no override */
export function parseOverride(said: string): Override | null {
  const match = /^([A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9_-]+)*)=(.*)$/s.exec(said);
  if (match === null) return null;
  const path = match[1]!.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  try {
    return { path, value: parse(match[2]!), said };
  } catch {
    return null;
  }
}

/** What a scenario's variant sets otherwise. */
export function variantOverrides({ variants = {} }: Scenario, variant: string): Override[] {
  return Object.entries(variants[variant] ?? {}).flatMap(([field, value]) => {
    const parsed = parseOverride(`${field}=${JSON.stringify(value)}`);
    return parsed === null ? [] : [{ ...parsed, said: `${field} (variant ${variant})` }];
  });
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

function applyOverrides(
  scenario: Scenario,

  overrides: readonly Override[],
): { kind: 'good'; scenario: Scenario } | { kind: 'bad'; reason: string } {
  if (overrides.length === 0) return { kind: 'good', scenario };
  // Over the complete scenario, so that an item of a default list can be named; the choice of a kind starts anew.
  const changed = structuredClone(scenario) as unknown as Record<string, unknown>;
  for (const { path, value, said } of overrides) {
    const problem = setAt(changed, path, value);
    if (problem !== null) return { kind: 'bad', reason: `--set ${said}: ${problem}` };
  }
  const checked = scenarioSchema.safeParse(changed);
  if (checked.success) return { kind: 'good', scenario: checked.data };
  const { path, message } = describeIssues(checked.error.issues, scenarioSchema, changed);
  const blamed = overrides.find((override) => isWithin(path, override.path) || isWithin(override.path, path));
  return { kind: 'bad', reason: `--set ${(blamed ?? overrides.at(-1)!).said}: ${message}` };
}

function setAt(root: Record<string, unknown>, path: readonly (string | number)[], value: unknown): string | null {
  let at: Record<string | number, unknown> = root;
  for (const step of path.slice(0, -1)) {
    const next = at[step];
    if (next === undefined || next === null) at[step] = {};
    else if (typeof next !== 'object') return `${String(step)} has no fields`;
    at = at[step] as Record<string | number, unknown>;
  }
  const last = path.at(-1)!;
  // Another kind has other fields: what the old one had would be unknown keys.
  if (last === 'kind') for (const key of Object.keys(at)) delete at[key];
  if (Array.isArray(at) && typeof last === 'number' && last > at.length) return `the list has ${at.length} items`;
  at[last] = value;
  return null;
}

function isWithin(path: readonly PropertyKey[], around: readonly PropertyKey[]): boolean {
  return around.every((step, index) => path[index] === step);
}

function complete(
  scenario: Scenario,
  places: Places,
  folder: string,
  overrides: readonly Override[] = [],
): ScenarioOutcome {
  const network = topologyOf(scenario, places, folder);
  if (network.kind === 'bad') return network;
  const { topology } = network;
  const traced = traceOf(scenario, places, folder);
  if (traced.kind === 'bad') return traced;
  const problem = scenarioProblem(scenario, topology);
  if (problem !== null) {
    const blamed = overrides.find(({ path }) => isWithin(problem.path, path) || isWithin(path, problem.path));
    const where = blamed === undefined ? places.at(problem.path) : `--set ${blamed.said}`;
    return { kind: 'bad', reason: `${where}: ${problem.path.join('.')}: ${problem.message}` };
  }
  return {
    kind: 'scenario',
    scenario,
    shipped: scenario,
    topology,
    ...(traced.lines === null ? {} : { trace: traced.lines }),
  };
}

function topologyOf(
  scenario: Scenario,
  places: Places,
  folder: string,
): { kind: 'good'; topology: Topology } | { kind: 'bad'; reason: string } {
  const source = scenario.topology;
  if ('file' in source) {
    const loaded = loadTopology(resolve(folder, source.file));
    if (loaded.kind === 'bad') return { kind: 'bad', reason: `${places.at(['topology', 'file'])}: ${loaded.reason}` };
    return { kind: 'good', topology: scaleCapacities(loaded.topology, source.capacityScale) };
  }
  const { sites, servers } = source.generate;
  if (servers < sites) {
    const at = places.at(['topology', 'generate']);
    return { kind: 'bad', reason: `${at}: topology.generate: ${servers} servers for ${sites} sites, each needs one` };
  }
  const peakBps = source.generate.peakBps ?? forecastBps(scenario);
  try {
    return { kind: 'good', topology: generateWorld({ ...source.generate, peakBps }) };
  } catch (error) {
    return {
      kind: 'bad',
      reason: `${places.at(['topology', 'generate'])}: topology.generate: ${(error as Error).message}`,
    };
  }
}

function traceOf(
  { audience: { arrival } }: Scenario,
  places: Places,
  folder: string,
): { kind: 'good'; lines: TraceLine[] | null } | { kind: 'bad'; reason: string } {
  if (arrival.kind !== 'trace') return { kind: 'good', lines: null };
  const file = resolve(folder, arrival.file);
  const read = readBoundedText(file, MOST_BYTES);
  const trace = read.kind === 'text' ? readTrace(read.text, file) : read;
  if (trace.kind === 'bad')
    return { kind: 'bad', reason: `${places.at(['audience', 'arrival', 'file'])}: ${trace.reason}` };
  return { kind: 'good', lines: trace.lines };
}
