// Steering's decisions in a process of its own, without HTTP; what they took is one line of JSON on standard output.
import { NodeTable } from '../../steering/policy/health/node-table.ts';
import { Proximity } from '../../steering/policy/location/proximity.ts';
import { ServerRanking } from '../../steering/policy/ranking.ts';
import { siteOrderOf } from '../../steering/policy/location/site-order.ts';
import { DEFAULT_STEERING } from '../../steering/policy/steering-config.ts';
import type { Whereabouts } from '../../steering/policy/location/whereabouts.ts';
import { loadCountryPositions } from '../../topology/load/country-positions.ts';
import { Routing } from '../../topology/model/routing.ts';
import { sitesOf } from '../../topology/model/sites-of.ts';
import { Random } from '../../sim/engine/random.ts';
import { generateWorld } from '../../topology/world/generate.ts';

/** What a run of decisions took. CPU is that of the whole process, garbage and compiling included. */
export interface DecisionCost {
  sites: number;
  servers: number;
  places: number;
  /** to take in the topology: routes of every place that asks are found when it first asks */
  routingMs: number;
  rankingMs: number;
  firstAnswersMs: number;
  reports: number;
  reportUs: number;
  decisions: number;
  cpuUs: number;
  p50Us: number;
  p99Us: number;
  maxRssBytes: number;
  heapBytes: number;
}

const NOMINAL_BPS = 5e6;
const [sites = '6000', servers = '18000', decisions = '2000000', askers = '65536', seed = '1'] = process.argv.slice(2);

const topology = generateWorld({ sites: Number(sites), servers: Number(servers), seed: Number(seed) });
const list = sitesOf(topology, (id) => `https://${id}.cdn.example`);
const startedMs = performance.now();
const routing = new Routing(topology);
const routedMs = performance.now();
const nodes = new NodeTable(list, DEFAULT_STEERING, 0);
const order = siteOrderOf('network', list, new Proximity(list, loadCountryPositions()), {
  table: { version: 0, sitesTo: (network, metro) => routing.sitesTo(network, metro) },
  siteIds: topology.sites.map(({ id }) => id),
});
const ranking = new ServerRanking(list, order, nodes);
const rankedMs = performance.now();

// Who asks comes from where the lines are.
const random = new Random(Number(seed), 'decisions');
const countries = new Map(topology.metros.map(({ id, country }) => [id, country]));
const places = topology.access.map(({ network, metro, subscribers }) => {
  const where: Whereabouts = {
    by: 'prefix',
    country: countries.get(metro)!,
    subscriber: { network, metro },
    position: null,
    zone: null,
  };
  return { where, subscribers };
});
const cumulative = new Float64Array(places.length);
places.reduce((sum, { subscribers }, at) => (cumulative[at] = sum + subscribers), 0);
const drawPlace = () => {
  const point = random.uniform() * cumulative.at(-1)!;
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > point) high = middle;
    else low = middle + 1;
  }
  return places[low]!.where;
};

const ask = (at: number, where: Whereabouts, nowMs: number) =>
  ranking.rank(
    {
      country: where.country,
      client: `session-${at}`,
      where,
      path: '/live/fight-night/',
      nominalBps: NOMINAL_BPS / 1000,
    },
    nowMs,
  );

// Every node is well, and says so each second; loads differ, so that some servers spill.
const loads = list.flatMap(({ edges }) => edges.map(() => 0.9 * random.uniform()));
let reports = 0;
let reportCpu = 0;
let sequence = 0;
function reportAll(nowMs: number): void {
  const before = process.cpuUsage();
  sequence++;
  let number = 0;
  for (const site of list) {
    for (const { id, url, capacityBps } of site.edges) {
      const load = loads[number++]!;
      nodes.report(
        {
          id,
          role: 'edge',
          site: site.id,
          url,
          state: 'up',
          sequence,
          egressBps: 0.7 * load * capacityBps,
          reservedBps: load * capacityBps,
          capacityBps,
          connections: 0,
          requestsPerSecond: 100,
          errorShare: 0,
          eventLoopDelayMs: 1,
        },
        nowMs,
      );
    }
  }
  reports += number;
  reportCpu += cpuUs(before);
}
for (let second = 1; second <= 3; second++) reportAll(second * 1000);

const asked = Array.from({ length: Number(askers) }, drawPlace);
const used = new Set(asked);
const firstMs = performance.now();
let at = 0;
for (const where of used) ask(at++, where, 3000);
const firstAnswersMs = performance.now() - firstMs;
const PER_SECOND = 200_000;
const total = Math.max(PER_SECOND, Number(decisions));
const took: number[] = [];
let cpu = 0;
let counted = 0;
// The first second is for the compiler.
for (let second = 0; counted < total; second++) {
  const startMs = 4000 + second * 1000;
  reportAll(startMs);
  const before = process.cpuUsage();
  for (let number = 0; number < PER_SECOND; number++) {
    const where = asked[(number * 40_503 + second) % asked.length]!;
    const nowMs = startMs + (number * 1000) / PER_SECOND;
    if ((number & 15) !== 0) {
      ask(at++, where, nowMs);
      continue;
    }
    const fromMs = performance.now();
    ask(at++, where, nowMs);
    if (second > 0) took.push(performance.now() - fromMs);
  }
  if (second === 0) continue;
  cpu += cpuUs(before);
  counted += PER_SECOND;
}
took.sort((a, b) => a - b);
const cost: DecisionCost = {
  sites: list.length,
  servers: list.reduce((sum, { edges }) => sum + edges.length, 0),
  places: used.size,
  routingMs: routedMs - startedMs,
  rankingMs: rankedMs - routedMs,
  firstAnswersMs,
  reports,
  reportUs: reportCpu / reports,
  decisions: counted,
  cpuUs: cpu / counted,
  p50Us: took[took.length >> 1]! * 1000,
  p99Us: took[Math.floor(took.length * 0.99)]! * 1000,
  maxRssBytes: process.resourceUsage().maxRSS * 1024,
  heapBytes: process.memoryUsage().heapUsed,
};
console.log(JSON.stringify(cost));

function cpuUs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}
