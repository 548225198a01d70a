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
/** Those who are there when the run begins come over this long. */
const FIRST_RAMP_MS = 30_000;
/** Moments of a day at which its peak is looked for. */
const DAY_LOOKS = 96;
const DAY_MS = 86_400_000;
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
  readonly #comeKind: number;
  /** of the diurnal audience: the largest share of it that watches at one moment of the day */
  readonly #peakShare: number;
  /** who is about to come */
  #coming = 0;
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
    this.#comeKind = timers.kind((_payload, timer) => {
      timers.free(timer);
      this.#coming--;
      this.#arrive(this.#drawAwake());
    });
    const looks = Array.from({ length: DAY_LOOKS }, (_look, index) => (index * DAY_MS) / DAY_LOOKS);
    this.#peakShare = Math.max(...looks.map((wallMs) => this.#shareAt(wallMs)));
    if (options.diurnal === null) this.#armArrival();
    else {
      const adjust = timers.kind((_payload, timer, nowMs) => {
        this.#followTheSun(nowMs === 0 ? FIRST_RAMP_MS : ADJUST_EVERY_MS);
        timers.set(timer, nowMs + ADJUST_EVERY_MS);
      });
      timers.set(timers.make(adjust, 0), 0);
    }
  }

  get present(): number {
    return this.#present.length;
  }

  /** Somebody has left, perhaps without being asked to: who has given up is not there any more. */
  left(viewer: number): void {
    const place = this.#placeInPresent[viewer] ?? -1;
    if (place < 0) return;
    const last = this.#present.pop()!;
    if (last !== viewer) {
      this.#present[place] = last;
      this.#placeInPresent[last] = place;
    }
    this.#placeInPresent[viewer] = -1;
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

  /** Whoever had given up before is replaced only now, when they would have left. */
  #leave(viewer: number): void {
    this.#viewers.leave(viewer);
    this.left(viewer);
    if (this.#options.replaced) this.#arrive(this.#population.draw(null));
  }

  /** So many come or go that as many are there as the local hours say; who comes does so some time in what follows. */
  #followTheSun(withinMs: number): void {
    const { viewers } = this.#options.diurnal!;
    const target = Math.round((viewers * this.#shareAt(this.#engine.wallMs)) / this.#peakShare);
    for (let missing = target - this.#present.length - this.#coming; missing > 0; missing--) {
      this.#coming++;
      this.#after(this.#comeKind, 0, withinMs * this.#random.uniform());
    }
    for (let surplus = this.#present.length - target; surplus > 0; surplus--) {
      this.#leave(this.#present[this.#random.index(this.#present.length)]!);
    }
  }

  /** Share of all who would watch at a moment. */
  #shareAt(wallMs: number): number {
    const { diurnal, longitudeOf } = this.#options;
    if (diurnal === null) return 1;
    return this.#population.shares.reduce(
      (sum, share, place) => sum + share * diurnalShare(diurnal, longitudeOf(place), wallMs),
      0,
    );
  }

  /** One that lives where people watch now. */
  #drawAwake(): ViewerTraits {
    const { diurnal, longitudeOf } = this.#options;
    let traits = this.#population.draw(null);
    for (let draw = 1; draw < MOST_DRAWS; draw++) {
      if (this.#random.uniform() < diurnalShare(diurnal!, longitudeOf(traits.place), this.#engine.wallMs)) break;
      traits = this.#population.draw(null);
    }
    return traits;
  }

  #after(kind: number, viewer: number, delayMs: number): void {
    const { timers, nowMs } = this.#engine;
    timers.set(timers.make(kind, viewer), nowMs + delayMs);
  }
}
