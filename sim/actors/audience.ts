import type { Engine } from '../engine/engine.ts';
import type { Random } from '../engine/random.ts';
import { diurnalShare, type ArrivalTime } from '../viewers/arrivals.ts';
import type { Population, ViewerTraits } from '../viewers/population.ts';
import type { Viewers } from './viewers.ts';

export interface AudienceOptions {
  arrivals: readonly ArrivalTime[];
  /** who leaves is replaced at once */
  replaced: boolean;
  /** the audience follows the sun: so many at its worldwide peak */
  diurnal: { viewers: number; peakHour: number; lowShare: number } | null;
  longitudeOf: (place: number) => number;
}

const ADJUST_EVERY_MS = 10_000;
/** Draws for one that lives where people watch now. */
const MOST_DRAWS = 20;

/** When viewers come, pause, go on and leave. */
export class AudienceDriver {
  readonly #options: AudienceOptions;
  readonly #engine: Engine;
  readonly #viewers: Viewers;
  readonly #population: Population;
  readonly #random: Random;
  readonly #leaveKind: number;
  readonly #pauseKind: number;
  readonly #resumeKind: number;
  readonly #arriveTimer: number;
  readonly #present: number[] = [];
  readonly #placeInPresent: number[] = [];
  #next = 0;

  constructor(
    options: AudienceOptions,
    parts: { engine: Engine; viewers: Viewers; population: Population; random: Random },
  ) {
    this.#options = options;
    this.#engine = parts.engine;
    this.#viewers = parts.viewers;
    this.#population = parts.population;
    this.#random = parts.random;
    const { timers } = parts.engine;
    this.#leaveKind = timers.kind((viewer, timer) => {
      timers.free(timer);
      this.#leave(viewer);
    });
    this.#pauseKind = timers.kind((viewer, timer) => {
      timers.free(timer);
      this.#viewers.pause(viewer);
      this.#after(this.#resumeKind, viewer, this.#viewers.traits[viewer]!.pauseMs);
    });
    this.#resumeKind = timers.kind((viewer, timer) => {
      timers.free(timer);
      this.#viewers.resume(viewer);
    });
    this.#arriveTimer = timers.make(
      timers.kind(() => this.#arriveDue()),
      0,
    );
    if (options.diurnal === null) this.#armArrival();
    else {
      const adjust = timers.kind((_payload, timer, nowMs) => {
        this.#followTheSun();
        timers.set(timer, nowMs + ADJUST_EVERY_MS);
      });
      timers.set(timers.make(adjust, 0), 0);
    }
  }

  get present(): number {
    return this.#present.length;
  }

  #armArrival(): void {
    const next = this.#options.arrivals[this.#next];
    if (next !== undefined) this.#engine.timers.set(this.#arriveTimer, Math.max(this.#engine.nowMs, next.atMs));
  }

  #arriveDue(): void {
    const { country, traits } = this.#options.arrivals[this.#next++]!;
    this.#arrive(traits ?? this.#population.draw(country));
    this.#armArrival();
  }

  #arrive(traits: ViewerTraits): void {
    const viewer = this.#viewers.arrive(traits);
    this.#placeInPresent[viewer] = this.#present.push(viewer) - 1;
    if (traits.stayMs !== Infinity) this.#after(this.#leaveKind, viewer, traits.stayMs);
    if (traits.pauseAfterMs !== Infinity) this.#after(this.#pauseKind, viewer, traits.pauseAfterMs);
  }

  #leave(viewer: number): void {
    const place = this.#placeInPresent[viewer]!;
    if (place < 0) return;
    this.#viewers.leave(viewer);
    const last = this.#present.pop()!;
    if (last !== viewer) {
      this.#present[place] = last;
      this.#placeInPresent[last] = place;
    }
    this.#placeInPresent[viewer] = -1;
    if (this.#options.replaced) this.#arrive(this.#population.draw(null));
  }

  /** So many come or go that as many are there as the local hours say. */
  #followTheSun(): void {
    const { viewers, ...day } = this.#options.diurnal!;
    const shareAt = ({ place }: ViewerTraits) =>
      diurnalShare(day, this.#options.longitudeOf(place), this.#engine.wallMs);
    let drawn = 0;
    let watching = 0;
    const candidates: ViewerTraits[] = [];
    // The share of all who would watch now, from a sample of them.
    while (drawn < 200) {
      const traits = this.#population.draw(null);
      watching += shareAt(traits);
      candidates.push(traits);
      drawn++;
    }
    const target = Math.round((viewers * watching) / drawn);
    for (let missing = target - this.#present.length; missing > 0; missing--) {
      let traits = candidates[this.#random.index(candidates.length)]!;
      for (let draw = 0; draw < MOST_DRAWS; draw++) {
        traits = this.#population.draw(null);
        if (this.#random.uniform() < shareAt(traits)) break;
      }
      this.#arrive(traits);
    }
    for (let surplus = this.#present.length - target; surplus > 0; surplus--) {
      this.#leave(this.#present[this.#random.index(this.#present.length)]!);
    }
  }

  #after(kind: number, viewer: number, delayMs: number): void {
    const { timers, nowMs } = this.#engine;
    timers.set(timers.make(kind, viewer), nowMs + delayMs);
  }
}
