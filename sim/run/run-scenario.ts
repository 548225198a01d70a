import { TimeWentBack } from '../engine/engine.ts';
import { makeResult } from './make-result.ts';
import type { SimulationResult } from './result.ts';
import { Simulation, type SimulationInput } from './simulation.ts';

export interface RunOptions {
  /** of undercard, for the result */
  version: string;
  /** aborted: the run ends where it is, with what there is */
  signal?: AbortSignal;
  onProgress?: (progress: RunProgress) => void;
}

export interface RunProgress {
  simulatedMs: number;
  durationMs: number;
  /** share of the work done, as far as can be told */
  share: number;
  present: number;
  segments: number;
  events: number;
}

/** @returns whether there is nothing left to do */
function turn(simulation: Simulation): boolean {
  try {
    return simulation.advance(simulation.durationMs, EVENTS_A_TURN);
  } catch (error) {
    if (!(error instanceof TimeWentBack)) throw error;
    simulation.checks.timeWentBack(error.message);
    return true;
  }
}

/** Between two looks at the clock and the signal. */
const EVENTS_A_TURN = 20_000;

/** Runs a scenario to its end, or until it is stopped or an invariant breaks. */
export async function runScenario(input: SimulationInput, options: RunOptions): Promise<SimulationResult> {
  const simulation = new Simulation(input);
  const { engine } = simulation.world;
  let reason: SimulationResult['ended']['reason'] = 'end';
  while (!turn(simulation)) {
    options.onProgress?.({
      simulatedMs: engine.nowMs,
      durationMs: simulation.durationMs,
      share: engine.nowMs / simulation.durationMs,
      present: simulation.present,
      segments: simulation.viewers.segmentRequests,
      events: engine.events,
    });
    if (simulation.checks.failed) reason = 'check';
    else if (options.signal?.aborted) reason = 'interrupted';
    if (reason !== 'end') break;
    // Signals and timers get their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const result = makeResult(simulation, options.version, reason);
  return result.checks.every(({ ok }) => ok) ? result : { ...result, ended: { ...result.ended, reason: 'check' } };
}
