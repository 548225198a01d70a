import { cappedLadder, ladderOf } from '../player/ladder.ts';
import type { Simulation } from '../run/simulation.ts';
import { optimumOf, type CarryingProblem, type CarryingRoute } from './optimum.ts';

const BITS_A_MEGABYTE = 8;
const MEGA = 1e6;

/** What a run carried in a part of its time, beside the cheapest way to carry as much. Prices are US dollars a month. */
export interface CostBesideOptimum {
  cost: number;
  optimumCost: number;
  /** of servers that are never fuller than admission by reservation lets them be */
  reservedOptimumCost: number;
  /** of what viewers would take at most, the share that no steering could have carried */
  unservedShare: number;
  /** Mbit/s carried at each price, as the run had it and as the optimum has it; the cheapest first */
  byPrice: { price: number; rate: number; optimumRate: number }[];
}

/** Counts from the moment it is made. */
export class CarriedTraffic {
  readonly #simulation: Simulation;
  readonly #fromMs: number;
  readonly #before: ReadonlyMap<number, number>;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#fromMs = simulation.world.engine.nowMs;
    this.#before = new Map([...simulation.deliveries.pairs].map(([number, { bytes }]) => [number, bytes]));
  }

  async besideOptimum(): Promise<CostBesideOptimum> {
    const { world, deliveries } = this.#simulation;
    const seconds = (world.engine.nowMs - this.#fromMs) / 1000;
    const routes = carryingRoutes(this.#simulation);
    const priceOf = new Map(routes.map(({ site, place, price }) => [`${site} ${place}`, price]));
    const demand = world.places.map(() => 0);
    const byPrice = new Map<number, { rate: number; optimumRate: number }>();
    const at = (price: number) => {
      const row = byPrice.get(price) ?? { rate: 0, optimumRate: 0 };
      byPrice.set(price, row);
      return row;
    };
    let cost = 0;
    for (const [number, { server, place, bytes }] of deliveries.pairs) {
      const rate = ((bytes - (this.#before.get(number) ?? 0)) / MEGA / seconds) * BITS_A_MEGABYTE;
      const price = priceOf.get(`${world.caches[server]!.siteIndex} ${place}`);
      if (price === undefined) throw new Error(`${world.caches[server]!.node.id} served a place that it cannot reach`);
      demand[place]! += rate;
      at(price).rate += rate;
      cost += rate * price;
    }
    const problem = problemOf(this.#simulation, routes);
    const optimum = await optimumOf({ ...problem, demand });
    optimum.carried.forEach((rate, index) => (at(routes[index]!.price).optimumRate += rate));
    const nominal = nominalDemand(this.#simulation);
    const total = (rates: readonly number[]) => rates.reduce((sum, rate) => sum + rate, 0);
    // A session reserves what it takes at most; what all take is less, and so is what fits into a full server.
    const usable = this.#simulation.scenario.steering.admission.fullShare * (total(demand) / total(nominal));
    const siteCapacity = problem.siteCapacity.map((capacity) => capacity * usable);
    const reserved = await optimumOf({ ...problem, demand, siteCapacity });
    const { unserved } = await optimumOf({ ...problem, demand: nominal });
    return {
      cost,
      optimumCost: optimum.cost,
      reservedOptimumCost: reserved.cost,
      unservedShare: unserved / total(nominal),
      byPrice: [...byPrice].map(([price, rates]) => ({ price, ...rates })).sort((a, b) => a.price - b.price),
    };
  }
}

/** The ways from sites with edges to places with subscribers; what others pay for costs us nothing. */
function carryingRoutes({ world }: Simulation): CarryingRoute[] {
  const { topology, ways } = world;
  return world.places.flatMap(({ network, metro }, place) =>
    ways
      .routesTo(network, metro)
      .filter(({ site }) => topology.sites[site]!.servers.some(({ role }) => role === 'edge'))
      .map(({ site, links }) => ({
        site,
        place,
        links,
        price: links.reduce((sum, directed) => sum + priceOf(topology.links[directed >> 1]!), 0),
      })),
  );
}

function priceOf({ from, pricePerMbpsMonth }: { from: string; pricePerMbpsMonth: number }): number {
  return /^(?:site|region):/.test(from) ? pricePerMbpsMonth : 0;
}

function problemOf({ world }: Simulation, routes: readonly CarryingRoute[]): Omit<CarryingProblem, 'demand'> {
  const capacitiesBps = world.ways.capacitiesBps();
  const siteCapacity = world.topology.sites.map(({ servers }) =>
    servers.reduce((sum, { role, nicBps }) => sum + (role === 'edge' ? nicBps / MEGA : 0), 0),
  );
  return { siteCapacity, linkCapacity: (link) => capacitiesBps[link]! / MEGA, routes };
}

/** What those who are there would take at the best quality that their device and their line allow. */
function nominalDemand({ viewers, world, scenario }: Simulation): number[] {
  const ladder = ladderOf(world.keys.event);
  const nominalBps = scenario.audience.devices.map(({ maxHeight = Infinity, maxBitrateBps = Infinity }) =>
    cappedLadder(ladder, { maxHeight, maxBitrateBps }).variantBps.at(-1)!,
  );
  const demand = world.places.map(() => 0);
  viewers.traits.forEach(({ place, device, accessBps }, viewer) => {
    if (viewers.playerOf(viewer) === null) return;
    demand[place]! += Math.min(nominalBps[device]!, accessBps) / MEGA;
  });
  return demand;
}
