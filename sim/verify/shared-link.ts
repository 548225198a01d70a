import { Engine } from '../engine/engine.ts';
import { Random } from '../engine/random.ts';
import { FlowNetwork } from '../network/flow-network.ts';
import { Batches } from './batches.ts';
import type { Law } from './queues.ts';

export interface SharedLinkOptions {
  /** share of the link that the transfers take in the mean */
  load: number;
  law: Law;
  transfers: number;
  seed: number;
  name: string;
  progress: (share: number) => void;
}

export interface SharedLinkTimes {
  /** of transfers, in units of what the mean size takes alone */
  times: Batches;
  /** times by what each size takes alone */
  slowdowns: Batches;
}

const MEAN_BYTES = 1_000_000;
const LINK_BPS = 8e6;
const UNIT_MS = (MEAN_BYTES * 8000) / LINK_BPS;
/** Many times 1/(1 − √ρ)² of any load here. */
const WARM_UP = 2000;

/** Transfers that come at random and share one link of the real flow network. */
export function shareOneLink({ load, law, transfers, seed, name, progress }: SharedLinkOptions): SharedLinkTimes {
  const engine = new Engine();
  const { timers } = engine;
  const random = new Random(seed, name);
  const times = new Batches(transfers);
  const slowdowns = new Batches(transfers);
  const startedMs: number[] = [];
  const sizes: number[] = [];
  const freeTags: number[] = [];
  let ended = 0;
  const network = new FlowNetwork(timers, [LINK_BPS], {
    done(tag, nowMs) {
      freeTags.push(tag);
      if (++ended <= WARM_UP) return;
      const time = (nowMs - startedMs[tag]!) / UNIT_MS;
      times.add(time);
      slowdowns.add(time / sizes[tag]!);
    },
  });
  const path = network.path([0]);
  const arrival = timers.make(
    timers.kind((_payload, timer, nowMs) => {
      const tag = freeTags.pop() ?? startedMs.length;
      startedMs[tag] = nowMs;
      const size = law(random);
      sizes[tag] = size;
      network.start(tag, path, Infinity, 1, size * MEAN_BYTES, nowMs);
      timers.set(timer, nowMs + random.exponential(UNIT_MS / load));
    }),
    0,
  );
  timers.set(arrival, 0);
  while (!times.full) {
    engine.run(Infinity, 20_000);
    progress(times.count / transfers);
  }
  return { times, slowdowns };
}
