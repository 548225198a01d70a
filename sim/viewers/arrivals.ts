import type { Random } from '../engine/random.ts';
import type { Arrival } from '../scenarios/audience-schema.ts';
import type { ViewerTraits } from './population.ts';

/** One line of an arrival trace: so many come evenly from here to the next line. */
export interface TraceLine {
  atMs: number;
  arrivals: number;
  /** ISO 3166-1; null: as the audience is spread */
  country: string | null;
}

export interface ArrivalTime {
  atMs: number;
  country: string | null;
  /** of a roster: who comes; else it is drawn */
  traits?: ViewerTraits;
}

/**
 * When viewers come, in order of time.
 * @param viewers how many; a trace says it itself
 * @returns moments from 0 on; those after the run's end are left out
 */
export function arrivalTimes(
  arrival: Exclude<Arrival, { kind: 'trace' }> | { kind: 'trace'; lines: readonly TraceLine[] },
  viewers: number,
  durationMs: number,
  random: Random,
): ArrivalTime[] {
  const times: ArrivalTime[] = [];
  const add = (atMs: number, country: string | null = null) => {
    if (atMs < durationMs) times.push({ atMs, country });
  };
  switch (arrival.kind) {
    case 'steady':
      for (let viewer = 0; viewer < viewers; viewer++) add(arrival.rampSeconds * 1000 * random.uniform());
      break;
    case 'diurnal':
      // They come and go as the hours say, moment by moment: sim/actors/audience.ts.
      break;
    case 'flash-crowd': {
      const early = Math.round(viewers * arrival.earlyShare);
      // Those who are there already do not all begin in the same instant either.
      const earlyMs = Math.max(1000, Math.min(arrival.atSeconds * 500, 10_000));
      for (let viewer = 0; viewer < early; viewer++) add(earlyMs * random.uniform());
      for (let viewer = early; viewer < viewers; viewer++) {
        const atMs = (arrival.atSeconds + arrival.widthSeconds * random.normal()) * 1000;
        add(atMs < 0 ? earlyMs * random.uniform() : atMs);
      }
      break;
    }
    case 'trace':
      arrival.lines.forEach(({ atMs, arrivals, country }, index) => {
        const untilMs = arrival.lines[index + 1]?.atMs ?? durationMs;
        for (let viewer = 0; viewer < arrivals; viewer++) add(atMs + (untilMs - atMs) * random.uniform(), country);
      });
      break;
  }
  return times.sort((a, b) => a.atMs - b.atMs);
}

/** Share of a metro's peak that is there at a moment: a sine over its local day (from its longitude). */
export function diurnalShare(
  { peakHour, lowShare }: { peakHour: number; lowShare: number },
  longitude: number,
  wallMs: number,
): number {
  const localHour = (wallMs / 3_600_000 + longitude / 15) % 24;
  const phase = Math.cos(((localHour - peakHour) / 24) * 2 * Math.PI);
  return lowShare + ((1 - lowShare) * (1 + phase)) / 2;
}
