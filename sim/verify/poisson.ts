import type { Engine } from '../engine/engine.ts';
import type { Random } from '../engine/random.ts';

/** Calls `arrive` at the points of a Poisson process from now on, for as long as the engine runs. */
export function poissonArrivals(engine: Engine, random: Random, meanGapMs: number, arrive: () => void): void {
  const { timers } = engine;
  const kind = timers.kind((_payload, timer, nowMs) => {
    arrive();
    timers.set(timer, nowMs + random.exponential(meanGapMs));
  });
  timers.set(timers.make(kind, 0), engine.nowMs + random.exponential(meanGapMs));
}
