import { Engine } from '../../engine/engine.ts';
import { Random } from '../../engine/random.ts';
import { arrivalTimes } from '../../viewers/arrivals.ts';
import { type Check, estimate, type Rung, type RungContext } from '../rung.ts';

/** Minutes: a crowd that comes for the beginning, over a steady trickle. */
const END = 60;
const KICK_OFF = 20;
const MOMENTS = [15, 22, 30, 55];

function arrivalsPerMinute(minute: number): number {
  return 4 + 60 * Math.exp(-(((minute - KICK_OFF) / 4) ** 2));
}
const MOST_A_MINUTE = arrivalsPerMinute(KICK_OFF);

interface Stay {
  name: string;
  draw: (random: Random) => number;
  /** P(stay > minutes) */
  beyond: (minutes: number) => number;
}

const STAYS: Stay[] = [
  { name: 'exponential', draw: (random) => random.exponential(12), beyond: (minutes) => Math.exp(-minutes / 12) },
  { name: 'uniform', draw: (random) => random.between(2, 30), beyond: (minutes) => Math.min(1, (30 - minutes) / 28) },
];

export const flashCrowd: Rung = {
  id: 'flash-crowd',
  title: 'Viewers in a flash crowd',
  source: 'M(t)/G/∞: Poisson with mean ∫ λ(u) P(stay > t − u) du (Eick, Massey, Whitt 1993)',
  run: (context) => [
    ...STAYS.flatMap((stay, at) => checkStay(stay, at / STEPS, context)),
    ...checkAudience(STAYS[0]!, STAYS.length / STEPS, context),
  ],
};

const STEPS = STAYS.length + 1;

function checkStay(stay: Stay, before: number, { seed, quick, progress }: RungContext): Check[] {
  const runs = quick ? 200 : 1500;
  const samples = MOMENTS.map(() => new Float64Array(runs));
  for (let run = 0; run < runs; run++) {
    progress(before + run / runs / STEPS);
    for (const [at, watching] of simulate(stay, seed, run).entries()) samples[at]![run] = watching;
  }
  return MOMENTS.flatMap((minute, at) => {
    const mean = expectedAt(minute, stay);
    const got = samples[at]!;
    const gotMean = got.reduce((sum, value) => sum + value, 0) / runs;
    const variance = got.reduce((sum, value) => sum + (value - gotMean) ** 2, 0) / (runs - 1);
    const basis = `${runs} runs`;
    const label = `${stay.name}, minute ${minute}`;
    // Fourth moment of a Poisson variable: 3m² + m.
    const ratioError = Math.sqrt((2 + 1 / mean) / runs);
    return [
      estimate(`${label}: viewers`, mean, gotMean, Math.sqrt(mean / runs), basis),
      estimate(`${label}: variance / mean`, 1, variance / mean, ratioError, basis),
    ];
  });
}

const AUDIENCE = { kind: 'flash-crowd', atSeconds: 20 * 60, widthSeconds: 4 * 60, earlyShare: 0.1 } as const;
const AUDIENCE_VIEWERS = 400;

/** A scenario's audience: so many in all, each of whom is there with the same probability: binomial. */
function checkAudience(stay: Stay, before: number, { seed, quick, progress }: RungContext): Check[] {
  const runs = quick ? 100 : 1000;
  const watching = MOMENTS.map(() => 0);
  for (let run = 0; run < runs; run++) {
    progress(before + run / runs / STEPS);
    const random = new Random(seed, `audience ${run}`);
    const engine = new Engine();
    const { timers } = engine;
    let here = 0;
    const leave = timers.kind(() => void here--);
    const come = timers.kind((timer, _own, nowMs) => {
      here++;
      timers.set(timer, nowMs + stay.draw(random) * 60_000);
    });
    for (const { atMs } of arrivalTimes(AUDIENCE, AUDIENCE_VIEWERS, END * 60_000, random)) {
      timers.set(timers.make(come, timers.make(leave, 0)), atMs);
    }
    for (const [at, minute] of MOMENTS.entries()) {
      engine.run(minute * 60_000);
      watching[at]! += here;
    }
  }
  return MOMENTS.map((minute, at) => {
    const share = audienceShareAt(minute, stay);
    const error = Math.sqrt((AUDIENCE_VIEWERS * share * (1 - share)) / runs);
    const what = `a scenario’s audience, minute ${minute}: viewers`;
    return estimate(what, AUDIENCE_VIEWERS * share, watching[at]! / runs, error, `binomial, ${runs} runs`);
  });
}

/** The early come evenly over at most 10 s, the others by the normal law. */
function audienceShareAt(minute: number, { beyond }: Stay): number {
  const { atSeconds, widthSeconds, earlyShare } = AUDIENCE;
  const early = integral(0, 1 / 6, (from) => 6 * beyond(minute - from));
  const width = widthSeconds / 60;
  const density = (from: number) =>
    Math.exp(-(((from - atSeconds / 60) / width) ** 2) / 2) / (width * Math.sqrt(2 * Math.PI));
  const rest = integral(0, minute, (from) => density(from) * beyond(minute - from));
  return earlyShare * early + (1 - earlyShare) * rest;
}

/** @returns viewers at each of the moments */
function simulate(stay: Stay, seed: number, run: number): number[] {
  const engine = new Engine();
  const { timers } = engine;
  const random = new Random(seed, `flash crowd ${stay.name} ${run}`);
  let watching = 0;
  const leave = timers.kind((_payload, timer) => {
    watching--;
    timers.free(timer);
  });
  const arrive = timers.kind((_payload, timer, nowMs) => {
    // Thinning (Lewis and Shedler 1979): of points as dense as the peak those are kept that the rate allows.
    if (random.uniform() * MOST_A_MINUTE < arrivalsPerMinute(nowMs / 60_000)) {
      watching++;
      timers.set(timers.make(leave, 0), nowMs + stay.draw(random) * 60_000);
    }
    timers.set(timer, nowMs + random.exponential(60_000 / MOST_A_MINUTE));
  });
  timers.set(timers.make(arrive, 0), random.exponential(60_000 / MOST_A_MINUTE));
  return MOMENTS.map((minute) => {
    engine.run(minute * 60_000);
    return watching;
  });
}

function expectedAt(minute: number, { beyond }: Stay): number {
  return integral(0, minute, (from) => arrivalsPerMinute(from) * Math.max(0, beyond(minute - from)));
}

/** By the trapezoidal rule, in thousands of steps: exact to more places than chance leaves. */
function integral(from: number, to: number, of: (at: number) => number): number {
  const steps = 5000;
  const width = (to - from) / steps;
  let sum = (of(from) + of(to)) / 2;
  for (let step = 1; step < steps; step++) sum += of(from + step * width);
  return sum * width;
}
