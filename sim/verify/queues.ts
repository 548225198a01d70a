import { Engine } from '../engine/engine.ts';
import { Random } from '../engine/random.ts';
import { Batches } from './batches.ts';

/** A service or holding time with mean 1. */
export type Law = (random: Random) => number;

export const exponentialLaw: Law = (random) => random.exponential(1);
export const fixedLaw: Law = () => 1;
/** Deviation of the logarithm 1: the variance is e − 1 times the squared mean. */
export const logNormalLaw: Law = (random) => random.logNormal(Math.exp(-0.5), 1);

/** Timers fired between two looks at how far it is. */
const STEP_EVENTS = 100_000;

export interface QueueOptions {
  servers: number;
  /** mean arrivals in a mean service time */
  load: number;
  law: Law;
  customers: number;
  seed: number;
  name: string;
  progress: (share: number) => void;
}

/**
 * Customers before the first that counts: many relaxation times 1/(1 − √ρ)² of the slowest queue here, which begins empty.
 */
const WARM_UP = 30_000;

/** One server, first come first served. @returns times in system */
export function singleServer({ load, law, customers, seed, name, progress }: QueueOptions): Batches {
  const engine = new Engine();
  const { timers } = engine;
  const arrivals = new Random(seed, `${name} arrivals`);
  const services = new Random(seed, `${name} services`);
  const times = new Batches(customers);
  // Those inside, in order of arrival, in a ring that grows.
  let came = new Float64Array(1024);
  let head = 0;
  let inside = 0;
  let left = 0;

  const arrival = timers.make(
    timers.kind((_payload, timer, nowMs) => {
      if (inside === came.length) grow();
      came[(head + inside) % came.length] = nowMs;
      if (inside++ === 0) timers.set(departure, nowMs + law(services));
      timers.set(timer, nowMs + arrivals.exponential(1 / load));
    }),
    0,
  );
  const departure = timers.make(
    timers.kind((_payload, timer, nowMs) => {
      if (++left > WARM_UP) times.add(nowMs - came[head]!);
      head = (head + 1) % came.length;
      if (--inside > 0) timers.set(timer, nowMs + law(services));
    }),
    0,
  );
  timers.set(arrival, 0);
  while (!times.full) {
    engine.run(Infinity, STEP_EVENTS);
    progress(times.count / customers);
  }
  return times;

  function grow(): void {
    const larger = new Float64Array(came.length * 2);
    for (let index = 0; index < inside; index++) larger[index] = came[(head + index) % came.length]!;
    came = larger;
    head = 0;
  }
}

/** Servers without a waiting room. @returns for each call 1 when it was lost, else 0 */
export function lossSystem({ servers, load, law, customers, seed, name, progress }: QueueOptions): Batches {
  const engine = new Engine();
  const { timers } = engine;
  const arrivals = new Random(seed, `${name} arrivals`);
  const holdings = new Random(seed, `${name} holdings`);
  const lost = new Batches(customers);
  let calls = 0;
  let busy = 0;

  const end = timers.kind((_payload, timer) => {
    busy--;
    timers.free(timer);
  });
  const arrival = timers.make(
    timers.kind((_payload, timer, nowMs) => {
      const isLost = busy >= servers;
      if (!isLost) {
        busy++;
        timers.set(timers.make(end, 0), nowMs + law(holdings));
      }
      if (++calls > WARM_UP) lost.add(isLost ? 1 : 0);
      timers.set(timer, nowMs + arrivals.exponential(1 / load));
    }),
    0,
  );
  timers.set(arrival, 0);
  while (!lost.full) {
    engine.run(Infinity, STEP_EVENTS);
    progress(lost.count / customers);
  }
  return lost;
}

/** Servers with one queue. @returns for each call 1 when it had to wait, else 0 */
export function waitingSystem({ servers, load, law, customers, seed, name, progress }: QueueOptions): Batches {
  const engine = new Engine();
  const { timers } = engine;
  const arrivals = new Random(seed, `${name} arrivals`);
  const services = new Random(seed, `${name} services`);
  const waited = new Batches(customers);
  let calls = 0;
  let inside = 0;

  const end = timers.kind((_payload, timer, nowMs) => {
    // Whoever waits takes the server over.
    if (inside-- > servers) timers.set(timer, nowMs + law(services));
    else timers.free(timer);
  });
  const arrival = timers.make(
    timers.kind((_payload, timer, nowMs) => {
      const waits = inside++ >= servers;
      if (!waits) timers.set(timers.make(end, 0), nowMs + law(services));
      if (++calls > WARM_UP) waited.add(waits ? 1 : 0);
      timers.set(timer, nowMs + arrivals.exponential(1 / load));
    }),
    0,
  );
  timers.set(arrival, 0);
  while (!waited.full) {
    engine.run(Infinity, STEP_EVENTS);
    progress(waited.count / customers);
  }
  return waited;
}
