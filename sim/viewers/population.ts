import { type Random, WeightedChoice } from '../engine/random.ts';
import type { Audience } from '../scenarios/audience-schema.ts';

/** Subscribers of one network in one metro, as viewers may live there. */
export interface HomePlace {
  country: string;
  subscribers: number;
}

/** Who one viewer is. */
export interface ViewerTraits {
  /** index into the places */
  place: number;
  /** index into the audience's devices */
  device: number;
  accessBps: number;
  start: 'live' | 'start-over' | 'behind';
  behindMs: number;
  /** how long it stays; Infinity: to the end */
  stayMs: number;
  /** when it pauses, after its arrival; Infinity: never */
  pauseAfterMs: number;
  pauseMs: number;
  /** of a roster's: what steering knows it by, and its player's seed; else drawn from the run's seed */
  session?: string;
  playerSeed?: number;
}

/** Draws viewers as the audience is described. */
export class Population {
  readonly #audience: Audience;
  readonly #random: Random;
  /** by place: how many of the audience live there, as a share */
  readonly shares: Float64Array;
  readonly #everywhere: WeightedChoice;
  readonly #byCountry = new Map<string, { places: readonly number[]; choice: WeightedChoice }>();
  readonly #devices: WeightedChoice;
  readonly #speeds: WeightedChoice;
  readonly #starts: WeightedChoice;

  /** @throws RangeError when nobody lives where the audience is said to be */
  constructor(audience: Audience, places: readonly HomePlace[], random: Random) {
    this.#audience = audience;
    this.#random = random;
    const weights = placeWeights(audience, places);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#everywhere = new WeightedChoice(weights);
    this.shares = weights.map((weight) => weight / total);
    this.#devices = new WeightedChoice(audience.devices.map(({ share }) => share));
    this.#speeds = new WeightedChoice(audience.accessSpeeds.map(({ share }) => share));
    const { live, startOver, behind } = audience.starts;
    this.#starts = new WeightedChoice([live, startOver, behind]);
    const countries = Map.groupBy(places.keys(), (place) => places[place]!.country);
    for (const [country, here] of countries) {
      const weights = here.map((place) => places[place]!.subscribers);
      if (weights.some((weight) => weight > 0))
        this.#byCountry.set(country, { places: here, choice: new WeightedChoice(weights) });
    }
  }

  /** @param country where it lives, or null: as the audience is spread */
  draw(country: string | null): ViewerTraits {
    const { starts, stay, pauses, accessSpeeds } = this.#audience;
    const random = this.#random;
    const home = country === null ? undefined : this.#byCountry.get(country);
    const place = home === undefined ? this.#everywhere.pick(random) : home.places[home.choice.pick(random)]!;
    const device = this.#devices.pick(random);
    const accessBps = accessSpeeds[this.#speeds.pick(random)]!.rateBps;
    const start = (['live', 'start-over', 'behind'] as const)[this.#starts.pick(random)]!;
    const behindMs = starts.behindSeconds * 1000 * random.uniform();
    const stayMs =
      stay.kind === 'to-the-end'
        ? Infinity
        : 1000 *
          (stay.kind === 'exponential'
            ? random.exponential(stay.meanSeconds)
            : random.logNormal(stay.medianSeconds, stay.deviation));
    const pausing = random.uniform() < pauses.share;
    const pauseMs = 1000 * random.exponential(pauses.meanSeconds);
    const pauseAfterMs = pausing ? 1000 * random.exponential(pauses.meanSeconds) : Infinity;
    return { place, device, accessBps, start, behindMs, stayMs, pauseAfterMs, pauseMs };
  }
}

function placeWeights({ countries }: Audience, places: readonly HomePlace[]): Float64Array {
  if (countries === undefined) return Float64Array.from(places, ({ subscribers }) => subscribers);
  const totals = new Map<string, number>();
  for (const { country, subscribers } of places) totals.set(country, (totals.get(country) ?? 0) + subscribers);
  return Float64Array.from(places, ({ country, subscribers }) => {
    const total = totals.get(country)!;
    return total === 0 ? 0 : ((countries[country] ?? 0) * subscribers) / total;
  });
}
