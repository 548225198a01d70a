import { Engine } from '../../engine/engine.ts';
import { Random } from '../../engine/random.ts';
import { FlowNetwork } from '../../network/flow-network.ts';
import { EXPONENTIAL_MOMENTS, sojournMeanVariance } from '../closed-forms/queues.ts';
import { exponentialLaw, fixedLaw, type Law, logNormalLaw } from '../queues.ts';
import { shareOneLink } from '../shared-link.ts';
import { type Check, estimate, exactly, type Rung, type RungContext, within } from '../rung.ts';

const MBPS = 1e6;
const ROUNDING = 1e-9;
const ROUNDING_REASON = 'rounding of a few hundred additions';
const LARGE_BYTES = 1e12;
const NOTHING = { done: () => {} };

interface Flow {
  links: readonly number[];
  capBps: number;
  weight: number;
}

export const flowSharing: Rung = {
  id: 'flow-sharing',
  title: 'Max-min fair sharing of links',
  source:
    'each flow is at its cap, or crosses a full link on which nobody has more for its weight (Bertsekas and Gallager)',
  run: (context) => [...handSolved(), ...randomNetworks(context)],
};

/** Systems whose rates anybody can work out. Mbit/s. */
const HAND_SOLVED: {
  name: string;
  capacities: number[];
  flows: (Partial<Flow> & { links: number[]; rate: number })[];
}[] = [
  {
    name: 'parking lot',
    capacities: [10, 10, 10],
    flows: [
      { links: [0, 1, 2], rate: 5 },
      { links: [0], rate: 5 },
      { links: [1], rate: 5 },
      { links: [2], rate: 5 },
    ],
  },
  {
    name: 'parking lot, one link narrow',
    capacities: [10, 4, 10],
    flows: [
      { links: [0, 1, 2], rate: 2 },
      { links: [0], rate: 8 },
      { links: [1], rate: 2 },
      { links: [2], rate: 8 },
    ],
  },
  {
    name: 'weights',
    capacities: [12],
    flows: [
      { links: [0], weight: 1, rate: 2 },
      { links: [0], weight: 2, rate: 4 },
      { links: [0], weight: 3, rate: 6 },
    ],
  },
  {
    name: 'a cap',
    capacities: [12],
    flows: [
      { links: [0], capBps: 2 * MBPS, rate: 2 },
      { links: [0], rate: 5 },
      { links: [0], rate: 5 },
    ],
  },
  {
    // Link 1 fills first, at 2 each; then link 0 has 8 left for one.
    name: 'two bottlenecks',
    capacities: [10, 4],
    flows: [
      { links: [0, 1], rate: 2 },
      { links: [1], rate: 2 },
      { links: [0], rate: 8 },
    ],
  },
];

function handSolved(): Check[] {
  return HAND_SOLVED.map(({ name, capacities, flows }) => {
    const engine = new Engine();
    const network = new FlowNetwork(
      engine.timers,
      capacities.map((capacity) => capacity * MBPS),
      NOTHING,
    );
    const started = flows.map(({ links, capBps = Infinity, weight = 1 }, tag) =>
      network.start(tag, network.path(links), capBps, weight, LARGE_BYTES, 0),
    );
    const farthest = flows.reduce(
      (most, { rate }, place) => Math.max(most, Math.abs(network.rateBps(started[place]!) / MBPS - rate)),
      0,
    );
    const rates = flows.map(({ rate }) => rate).join(', ');
    return within(`${name} (${rates}): farthest off`, 0, farthest, ROUNDING, ROUNDING_REASON);
  });
}

/** Random networks in which flows come, go and end and capacities change, looked at after each event. */
function randomNetworks({ seed, quick, progress }: RungContext): Check[] {
  const networks = quick ? 20 : 150;
  const events = 60;
  let [looked, overCap, overLink, unfair] = [0, 0, 0, 0];
  for (let at = 0; at < networks; at++) {
    progress(at / networks / 2);
    const random = new Random(seed, `flow sharing ${at}`);
    const engine = new Engine();
    const capacities = Array.from({ length: 2 + random.index(10) }, () => random.between(1, 50) * MBPS);
    const active = new Map<number, Flow & { id: number }>();
    const network = new FlowNetwork(engine.timers, capacities, { done: (tag) => void active.delete(tag) });
    for (let event = 0; event < events; event++) {
      engine.run(engine.nowMs + random.exponential(100));
      const dice = random.uniform();
      if (dice < 0.7 || active.size === 0) startOne(event);
      else if (dice < 0.85) {
        const tag = [...active.keys()][random.index(active.size)]!;
        network.stop(active.get(tag)!.id, engine.nowMs);
        active.delete(tag);
      } else {
        const link = random.index(capacities.length);
        capacities[link] = random.between(0, 50) * MBPS;
        network.setCapacity(link, capacities[link], engine.nowMs);
      }
      lookAt(network, capacities, [...active.values()]);
    }

    function startOne(tag: number): void {
      const links = [...new Set(Array.from({ length: 1 + random.index(4) }, () => random.index(capacities.length)))];
      const capBps = random.uniform() < 0.5 ? Infinity : random.between(0.1, 20) * MBPS;
      const weight = random.uniform() < 0.5 ? 1 : random.between(0.5, 4);
      const sizeBytes = random.exponential(500_000);
      const id = network.start(tag, network.path(links), capBps, weight, sizeBytes, engine.nowMs);
      active.set(tag, { id, links, capBps, weight });
    }
  }
  return [
    exactly(`${looked} flows looked at: above their cap`, 0, overCap),
    exactly('links above their capacity', 0, overLink),
    exactly('flows that could have more without taking from a poorer one', 0, unfair),
  ];

  function lookAt(network: FlowNetwork, capacities: readonly number[], flows: (Flow & { id: number })[]): void {
    const rates = flows.map(({ id }) => network.rateBps(id));
    const loads = capacities.map(() => 0);
    const most = capacities.map(() => 0);
    flows.forEach(({ links, weight }, place) => {
      for (const link of links) {
        loads[link]! += rates[place]!;
        most[link] = Math.max(most[link]!, rates[place]! / weight);
      }
    });
    loads.forEach((load, link) => {
      if (load > capacities[link]! * (1 + ROUNDING) + ROUNDING) overLink++;
    });
    flows.forEach(({ links, capBps, weight }, place) => {
      looked++;
      const rate = rates[place]!;
      if (rate > capBps * (1 + ROUNDING)) overCap++;
      const isAtCap = rate >= capBps * (1 - ROUNDING);
      const isHeld = links.some(
        (link) => loads[link]! >= capacities[link]! * (1 - ROUNDING) && rate / weight >= most[link]! * (1 - ROUNDING),
      );
      if (!isAtCap && !isHeld) unfair++;
    });
  }
}

const LOAD = 0.7;
const SIZES: [name: string, law: Law][] = [
  ['exponential', exponentialLaw],
  ['fixed', fixedLaw],
  ['log-normal', logNormalLaw],
];

export const processorSharing: Rung = {
  id: 'processor-sharing',
  title: 'Transfers that share one link',
  source: 'M/G/1-PS: x / C(1 − ρ), whatever the law of sizes (Kleinrock 1976; Sakata et al. 1971)',
  run: (context) =>
    SIZES.flatMap(([name, law], at) => {
      const transfers = context.quick ? 30_000 : 300_000;
      const { times, slowdowns } = shareOneLink({
        load: LOAD,
        law,
        transfers,
        seed: context.seed,
        name: `processor sharing ${name}`,
        progress: (share) => context.progress((at + share) / SIZES.length),
      });
      const mean = 1 / (1 - LOAD);
      // The integral of the number inside has the same law as in M/M/1 when sizes are exponential, and varies at most so
      // much with the others here.
      const error = Math.sqrt(sojournMeanVariance(LOAD, EXPONENTIAL_MOMENTS) / transfers);
      const basis = `n = ${transfers}, variance as in M/M/1`;
      return [
        estimate(`${name} sizes: mean time`, mean, times.mean, error, basis),
        estimate(`${name} sizes: mean of time / size`, mean, slowdowns.mean, error, basis),
      ];
    }),
};
