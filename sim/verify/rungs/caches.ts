import { Random, WeightedChoice, zipfWeights } from '../../engine/random.ts';
import { Batches } from '../batches.ts';
import { CacheTrial } from '../cache-trial.ts';
import { beladyMisses, cheMissRatio, normalised } from '../closed-forms/caches.ts';
import { atLeast, type Check, estimate, exactly, type Rung, type RungContext, within } from '../rung.ts';

const OBJECTS = 100_000;

interface CacheCase {
  alpha: number;
  room: number;
  lru: number;
  fifo: number;
}

/** Miss ratios by Che's approximation, as the reference has them. */
const CASES: CacheCase[] = [
  { alpha: 0.8, room: 100, lru: 0.93221, fifo: 0.94266 },
  { alpha: 0.8, room: 1000, lru: 0.79567, fifo: 0.82079 },
  { alpha: 0.8, room: 10_000, lru: 0.53131, fifo: 0.57163 },
  { alpha: 1, room: 1000, lru: 0.49383, fifo: 0.53521 },
  { alpha: 1, room: 10_000, lru: 0.26266, fifo: 0.29898 },
];

const REQUESTS = 400_000;
const QUICK_REQUESTS = 100_000;
/** Requests before the first that counts, in rooms: several times the T of every case here. */
const WARM_UP_ROOMS = 15;
/** The reference’s gate; the nearest wrong rule, FIFO for LRU, is five times as far at the least. */
const GATE = 0.002;
const QUICK_GATE = 0.004;

function cheRung(eviction: 'lru' | 'fifo', title: string): Rung {
  return {
    id: `che-${eviction}`,
    title,
    source:
      eviction === 'lru'
        ? 'Che, Tung, Wang 2002: Σ(1 − e^(−pT)) = C'
        : 'Martina, Garetto, Leonardi 2014: Σ pT/(1 + pT) = C',
    run(context) {
      const cases = context.quick ? CASES.slice(0, 1) : CASES;
      return cases.flatMap((row, at) => {
        const progress = (share: number) => context.progress((at + share) / cases.length);
        return checkCase(row, eviction, { ...context, progress });
      });
    },
  };
}

export const cheLru = cheRung('lru', 'LRU in the edge machine');
export const cheFifo = cheRung('fifo', 'FIFO in the edge machine');

function checkCase(row: CacheCase, eviction: 'lru' | 'fifo', { seed, quick, progress }: RungContext): Check[] {
  const { alpha, room } = row;
  const weights = zipfWeights(OBJECTS, alpha);
  const solved = cheMissRatio(normalised(weights), room, eviction);
  const label = `Zipf ${alpha}, room for ${room}`;
  const popularity = normalised(weights);
  const choice = new WeightedChoice(weights);
  const random = new Random(seed, `che ${alpha} ${room}`);
  const trial = new CacheTrial(popularity, room, eviction);
  const requests = quick ? QUICK_REQUESTS : REQUESTS;
  const warmUp = WARM_UP_ROOMS * room;
  const missing = new Batches(requests);
  for (let request = 0; request < warmUp + requests; request++) {
    if (request === warmUp) trial.resetCounts();
    // How likely it is to miss, before chance says whether it does: a mean of these has hardly an error of its own.
    if (request >= warmUp) missing.add(1 - trial.storedWeight);
    if (request % 20_000 === 0) progress(request / (warmUp + requests));
    trial.request(choice.pick(random));
  }
  const error = Math.sqrt((solved * (1 - solved)) / requests);
  const reason = 'the reference’s gate: what the approximation is off by, and a sampling error far below it';
  return [
    within(`equation, ${label}`, row[eviction], solved, 5e-6, 'the reference has five places'),
    within(`not stored, ${label}`, solved, missing.mean, quick ? QUICK_GATE : GATE, reason, missing.standardError),
    estimate(`missed, ${label}`, missing.mean, trial.misses / requests, error, `${requests} requests`),
  ];
}

const TRACE_REQUESTS = 100_000;
const QUICK_TRACE_REQUESTS = 20_000;
const TRACE_OBJECTS = 10_000;
const ROOMS = [50, 100, 200, 400, 800, 1600];

export const cacheBounds: Rung = {
  id: 'cache-bounds',
  title: 'Bounds of every cache',
  source: 'Belady 1966; Mattson et al. 1970 (inclusion)',
  run({ seed, quick, progress }) {
    const weights = zipfWeights(TRACE_OBJECTS, 0.8);
    const trace = zipfTrace(weights, seed, quick ? QUICK_TRACE_REQUESTS : TRACE_REQUESTS);
    const distinct = new Set(trace).size;
    const checks: Check[] = [];
    let smaller: Uint8Array | null = null;
    let lost = 0;
    for (const [at, room] of ROOMS.entries()) {
      progress(at / ROOMS.length);
      const best = beladyMisses(trace, TRACE_OBJECTS, room);
      for (const eviction of ['lru', 'fifo'] as const) {
        const { misses, hits } = replay(trace, weights, room, eviction);
        const what = `${eviction}, room for ${room}: misses, at least Belady’s`;
        checks.push(atLeast(what, Math.max(best, distinct), misses, 'no policy knows the future'));
        if (eviction === 'fifo') continue;
        // What a smaller LRU cache holds, a larger one holds.
        if (smaller !== null)
          for (let index = 0; index < trace.length; index++) if (smaller[index]! > hits[index]!) lost++;
        smaller = hits;
      }
    }
    checks.push(exactly('hits of a smaller LRU that a larger one misses', 0, lost));
    const all = replay(trace, weights, TRACE_OBJECTS, 'lru').misses;
    checks.push(exactly('misses with room for all: distinct objects', distinct, all));
    return checks;
  },
};

function zipfTrace(weights: Float64Array, seed: number, requests: number): Int32Array {
  const choice = new WeightedChoice(weights);
  const random = new Random(seed, 'cache bounds');
  return Int32Array.from({ length: requests }, () => choice.pick(random));
}

function replay(
  trace: Int32Array,
  weights: Float64Array,
  room: number,
  eviction: 'lru' | 'fifo',
): { misses: number; hits: Uint8Array } {
  const trial = new CacheTrial(weights, room, eviction);
  const hits = new Uint8Array(trace.length);
  for (let index = 0; index < trace.length; index++) hits[index] = trial.request(trace[index]!) ? 1 : 0;
  return { misses: trial.misses, hits };
}
