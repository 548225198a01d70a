import { makeResult } from '../run/make-result.ts';
import { Simulation } from '../run/simulation.ts';
import { loadScenario } from '../scenarios/load-scenario.ts';
import { variantOverrides, type Override } from '../scenarios/overrides.ts';
import type { Series, SimulationResult } from '../run/result.ts';
import { CarriedTraffic, type CostBesideOptimum } from './carried-traffic.ts';
import { scenarioFile, type Policy, type StudyCase } from './study-case.ts';

/** What the table has of one run; null: not measured. */
export interface StudyNumbers {
  switchesPerViewerMinute: number;
  /** of the minute with most of them */
  worstSwitchesPerViewerMinute: number;
  stallRatio: number;
  startupP95Ms: number | null;
  meanBitrateBps: number | null;
  healthMissShare: number;
  costUsdMonth: number;
  reducedShare: number;
  refusedShare: number;
  reloads: number;
  /** bytes from the best site, in the last 20 seconds */
  lastRank0Share: number;
  costOverOptimum: number | null;
  /** over the optimum of servers that are no fuller than admission by reservation lets them be */
  costOverReservedOptimum: number | null;
  optimumUnservedShare: number | null;
}

export interface StudyRow {
  name: string;
  variant: string | null;
  policy: Policy;
  seed: number;
  viewers: number;
  durationSeconds: number;
  numbers: StudyNumbers;
  /** where the optimum is known: Mbit/s at each price of a way */
  byPrice?: CostBesideOptimum['byPrice'];
}

export interface StudyRunOptions {
  policy: Policy;
  seed: number;
  /** instead of the scenario's */
  viewers: number | null;
  durationSeconds?: number;
  /** aborted: nothing comes of the run */
  signal?: AbortSignal;
  onProgress?: (share: number) => void;
}

const EVENTS_A_TURN = 20_000;
const MINUTE_SECONDS = 60;
const LAST_SECONDS = 20;

/** @returns null when it was stopped @throws Error for an invariant that broke */
export async function studyRun(studyCase: StudyCase, options: StudyRunOptions): Promise<StudyRow | null> {
  const input = studyInput(studyCase, options);
  const simulation = new Simulation(input);
  let carried: CarriedTraffic | null = null;
  if (studyCase.optimumFromSeconds !== null) {
    if (!(await advance(simulation, studyCase.optimumFromSeconds * 1000, options))) return null;
    carried = new CarriedTraffic(simulation);
  }
  if (!(await advance(simulation, simulation.durationMs, options))) return null;
  const optimum = await carried?.besideOptimum();
  const { reduced, refused, decisions } = simulation.world.desk;
  const result = makeResult(simulation, '', 'end');
  const broken = result.checks.find(({ ok }) => !ok);
  if (broken !== undefined) throw new Error(`${studyCase.name}: ${broken.name}: ${broken.violations[0]}`);
  return {
    name: studyCase.name,
    variant: studyCase.variant,
    policy: options.policy,
    seed: options.seed,
    viewers: input.scenario.audience.viewers,
    durationSeconds: input.scenario.durationSeconds,
    numbers: {
      ...numbersOf(result),
      reducedShare: reduced / Math.max(1, decisions),
      refusedShare: refused / Math.max(1, decisions),
      costOverOptimum: optimum === undefined ? null : optimum.cost / optimum.optimumCost,
      costOverReservedOptimum: optimum === undefined ? null : optimum.cost / optimum.reservedOptimumCost,
      optimumUnservedShare: optimum?.unservedShare ?? null,
    },
    ...(optimum === undefined ? {} : { byPrice: optimum.byPrice }),
  };
}

/** @throws Error for a scenario that is wrong */
export function studyInput(
  { variant, ...studyCase }: StudyCase,
  { policy, seed, viewers, durationSeconds }: StudyRunOptions,
) {
  const file = scenarioFile({ variant, ...studyCase });
  const set = (path: string[], value: unknown): Override => ({
    path,
    value,
    said: `${path.join('.')}=${String(value)}`,
  });
  const overrides = [
    set(['steering', 'policy'], policy),
    set(['seed'], seed),
    ...(viewers === null ? [] : [set(['audience', 'viewers'], viewers)]),
    ...(durationSeconds === undefined ? [] : [set(['durationSeconds'], durationSeconds)]),
  ];
  const plain = loadScenario(file, overrides);
  if (plain.kind === 'bad') throw new Error(plain.reason);
  if (variant === null) return plain;
  const loaded = loadScenario(file, [...variantOverrides(plain.scenario, variant), ...overrides]);
  if (loaded.kind === 'bad') throw new Error(loaded.reason);
  return loaded;
}

/** @returns whether it got there */
async function advance(simulation: Simulation, untilMs: number, options: StudyRunOptions): Promise<boolean> {
  while (!simulation.advance(untilMs, EVENTS_A_TURN)) {
    if (options.signal?.aborted === true) return false;
    options.onProgress?.(simulation.world.engine.nowMs / simulation.durationMs);
    // Signals get their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return true;
}

type Measured = Omit<
  StudyNumbers,
  'reducedShare' | 'refusedShare' | 'costOverOptimum' | 'costOverReservedOptimum' | 'optimumUnservedShare'
>;

function numbersOf({ summary, series }: SimulationResult): Measured {
  const last = Math.ceil(LAST_SECONDS / series.stepSeconds);
  const lastBytes = sum(series.rank0Bps.slice(-last)) + sum(series.healthMissBps.slice(-last));
  return {
    switchesPerViewerMinute: switchRate(series, 0, series.present.length),
    worstSwitchesPerViewerMinute: worstSwitchRate(series),
    stallRatio: summary.stallRatio,
    startupP95Ms: summary.startupP95Ms,
    meanBitrateBps: summary.meanBitrateBps,
    healthMissShare: summary.healthMissBytes / Math.max(1, summary.deliveredBytes),
    costUsdMonth: summary.costUsdMonth,
    reloads: summary.reloads,
    lastRank0Share: sum(series.rank0Bps.slice(-last)) / Math.max(1, lastBytes),
  };
}

/** Of any minute in a row; a run that is shorter is one. */
function worstSwitchRate(series: Series): number {
  const steps = series.present.length;
  const window = Math.min(steps, Math.round(MINUTE_SECONDS / series.stepSeconds));
  let worst = 0;
  for (let from = 0; from + window <= steps; from++) worst = Math.max(worst, switchRate(series, from, from + window));
  return worst;
}

/** Switches over minutes of viewers being there. */
function switchRate({ serverSwitchesPerSecond, present, stepSeconds }: Series, from: number, to: number): number {
  const switches = sum(serverSwitchesPerSecond.slice(from, to)) * stepSeconds;
  const minutes = (sum(present.slice(from, to)) * stepSeconds) / MINUTE_SECONDS;
  return minutes === 0 ? 0 : switches / minutes;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
