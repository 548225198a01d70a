import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadInput } from '../../runtime/bad-input.ts';
import { stopAsked } from '../../runtime/service.ts';
import { compare } from '../../sim/report/compare.ts';
import { csvFiles } from '../../sim/report/csv.ts';
import { renderReport, type ReportOptions } from '../../sim/report/report.ts';
import { runsTable, summariseRuns } from '../../sim/report/runs.ts';
import { terminalSummary } from '../../sim/report/terminal.ts';
import type { SimulationResult } from '../../sim/run/result.ts';
import { runScenario } from '../../sim/run/run-scenario.ts';
import { loadScenario } from '../../sim/scenarios/load-scenario.ts';
import { parseOverride, variantOverrides, type Override } from '../../sim/scenarios/overrides.ts';
import type { Scenario } from '../../sim/scenarios/scenario.ts';
import { Progress } from './progress.ts';
import { RunRecord } from './run-record.ts';

export interface SimulateOptions {
  /** overrides as typed: `steering.policy=nearest` */
  sets: readonly string[];
  runs: number;
  variant: string | null;
  /** folder for files; null: out/<scenario> */
  out: string | null;
  json: boolean;
  /** of other people’s CDNs to be rehearsed; null: the topology’s own sites */
  cdns?: string | null;
  /** a file for what steering decides; null: none */
  record?: string | null;
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** One scenario, in all the variants and over all the seeds that are asked for. @returns the exit code */
export async function runScenarios(name: string, options: SimulateOptions): Promise<number> {
  const overrides = options.sets.map(readOverride);
  const { scenario } = load(name, overrides, options.cdns);
  const variants = variantsOf(scenario, options.variant);
  const overridesOf = (variant: string | null) =>
    variant === null ? overrides : [...variantOverrides(scenario, variant), ...overrides];
  // What is wrong with the last is told before the first has run.
  for (const variant of variants) if (variant !== null) load(name, overridesOf(variant), options.cdns);
  checkRecord(options, variants);
  const folder = options.out ?? join('out', scenario.name);
  makeFolder(folder);
  const stop = new AbortController();
  void stopAsked().then(() => stop.abort());

  const results = new Map<string | null, SimulationResult[]>();
  for (const variant of variants) {
    const here = variant === null ? folder : join(folder, variant);
    const done = await runSeeds(name, scenario.seed, overridesOf(variant), variant, here, options, stop.signal);
    if (done.length > 0) results.set(variant, done);
    if (stop.signal.aborted) break;
  }
  const all = [...results.values()].flat();
  if (all.length === 0) {
    console.error('undercard: stopped before the first seed was through; nothing is written');
    return 1;
  }
  await print(textOf(results, scenario, options));
  if (!options.json) await print(`files        ${filesOf([...results.keys()], folder, options.runs)}`);
  const failed = all.find(({ ended }) => ended.reason === 'check');
  if (failed !== undefined) {
    const { name: check, violations } = failed.checks.find(({ ok }) => !ok)!;
    console.error(`undercard: a check failed, seed ${failed.seed}: ${check}: ${violations[0]}`);
  }
  return failed === undefined ? 0 : 1;
}

async function runSeeds(
  name: string,
  firstSeed: number,
  overrides: readonly Override[],
  variant: string | null,
  folder: string,
  { runs, cdns, record: recordFile }: SimulateOptions,
  signal: AbortSignal,
): Promise<SimulationResult[]> {
  const results: SimulationResult[] = [];
  for (let run = 0; run < runs && !signal.aborted; run++) {
    const seed = firstSeed + run;
    const loaded = load(name, [...overrides, { path: ['seed'], value: seed, said: `seed=${seed}` }], cdns);
    const progress = new Progress(
      [variant ?? loaded.scenario.name, runs > 1 ? `seed ${seed}` : null].filter((part) => part !== null).join(' '),
    );
    const record = recordFile === null || recordFile === undefined ? null : new RunRecord(recordFile, loaded.scenario);
    const input = record === null ? loaded : { ...loaded, record: record.start };
    const result = await runScenario(input, { version, signal, onProgress: progress.show });
    record?.close();
    progress.end();
    // Of several seeds what was cut short would only spoil the means.
    if (runs > 1 && result.ended.reason === 'interrupted') break;
    writeFiles(
      result,
      { shipped: loaded.shipped, named: name, cdnsFile: cdns },
      runs > 1 ? join(folder, `seed-${seed}`) : folder,
    );
    results.push(result);
    if (result.ended.reason === 'check') break;
  }
  if (runs > 1 && results.length > 0) {
    makeFolder(folder);
    write(join(folder, 'runs.json'), json(summariseRuns(name, version, results)));
  }
  return results;
}

/** A record is of one run. @throws BadInput */
function checkRecord({ record, runs, cdns }: SimulateOptions, variants: readonly (string | null)[]): void {
  if (record === null || record === undefined) return;
  if (cdns !== null && cdns !== undefined)
    throw new BadInput('--record is of the topology’s own sites: leave out --cdns');
  if (runs === 1 && variants.length === 1) return;
  const mend = runs > 1 ? 'leave out --runs' : `name one with --variant (${variants.join(', ')})`;
  throw new BadInput(`--record is of one run: ${mend}`);
}

function textOf(
  results: ReadonlyMap<string | null, readonly SimulationResult[]>,
  { name, title }: Scenario,
  { json: asJson, runs }: SimulateOptions,
): string {
  if (asJson) {
    const summaries = [...results].flatMap(([variant, ofVariant]) =>
      ofVariant.map(({ seed, ended, summary, checks }) => ({ variant, seed, ended, summary, checks })),
    );
    return JSON.stringify({ scenario: name, version, runs: summaries });
  }
  const parts = [...results].map(([variant, ofVariant]) => {
    const heading = variant === null ? [] : [`— ${title ?? name}: ${variant} —`];
    const body =
      runs > 1 && ofVariant.length > 0
        ? runsTable(summariseRuns(name, version, ofVariant))
        : ofVariant.map((result) => terminalSummary(result)).join('\n\n');
    return [...heading, body].join('\n');
  });
  const [first, second] = [...results];
  if (first !== undefined && second !== undefined && results.size === 2 && second[1].length > 0) {
    parts.push(`— side by side —\n${compare(first[1], second[1], [String(first[0]), String(second[0])])}`);
  }
  return parts.join('\n\n');
}

function load(name: string, overrides: readonly Override[], cdns: string | null | undefined) {
  const loaded = loadScenario(name, overrides, cdns ?? undefined);
  if (loaded.kind === 'bad') throw new BadInput(loaded.reason);
  return loaded;
}

function readOverride(said: string): Override {
  const override = parseOverride(said);
  if (override === null) {
    throw new BadInput(
      `--set "${said}": write field=value, for example steering.policy=nearest, the value as in YAML ([a, b], {key: value})`,
    );
  }
  return override;
}

function variantsOf({ variants, name }: Scenario, wanted: string | null): (string | null)[] {
  const names = Object.keys(variants ?? {});
  if (wanted === null) return names.length === 0 ? [null] : names;
  if (names.includes(wanted)) return [wanted];
  const known = names.length === 0 ? 'it has no variants' : `known: ${names.join(', ')}`;
  throw new BadInput(`--variant "${wanted}": scenario ${name} has none of that name; ${known}`);
}

/** Where to look first. */
function filesOf(variants: readonly (string | null)[], folder: string, runs: number): string {
  const folders = variants.map((variant) => (variant === null ? folder : join(folder, variant)));
  if (runs > 1) return folders.map((one) => `${join(one, 'runs.json')}, ${join(one, 'seed-*')}`).join(', ');
  return folders.map((one) => join(one, 'report.html')).join(', ') + ', and result.json and CSV files beside';
}

function writeFiles(result: SimulationResult, options: ReportOptions, folder: string): void {
  makeFolder(folder);
  write(join(folder, 'result.json'), json(result));
  for (const { name, text } of csvFiles(result)) write(join(folder, name), text);
  write(join(folder, 'report.html'), renderReport(result, options));
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    // Told before the run, and not after it.
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new BadInput(`--out ${folder}: cannot be used (${(error as Error).message}); name another folder`);
  }
}

/** The whole file or none: what was there before stays until the new one is complete. */
function write(file: string, text: string): void {
  const unfinished = `${file}.${process.pid}.part`;
  try {
    writeFileSync(unfinished, text);
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new BadInput(`${file}: cannot be written (${(error as Error).message}); name another folder with --out`);
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

/** Resolves when it is written: the process may end then. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
}
