import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as after } from 'node:timers/promises';
import type { Command } from 'commander';
import { parseCount } from '../runtime/units.ts';
import { BenchFailure } from './parts/bench-failure.ts';
import { BROWSER_FIELDS } from './parts/browser-request.ts';
import { cpuTimeUs } from './parts/cpu-time.ts';
import { ensureInstalled } from './parts/debian-packages.ts';
import { clearProgress, progress } from './parts/progress.ts';
import { checkWritable, describeMachine, warnIfBusy, writeJson } from './parts/report.ts';
import { median } from './parts/statistics.ts';
import { formatNumber, formatTable } from './parts/table.ts';
import { inWorkplace, type Child, type Workplace } from './parts/workplace.ts';
import { CONNECTIONS, runWrk } from './parts/wrk.ts';
import { COMMAND, NODE } from './peers/edge.ts';
import { fetchText } from './peers/peer.ts';
import type { DecisionCost } from './processes/decisions.ts';

const processFile = (name: string) => fileURLToPath(new URL(`./processes/${name}.ts`, import.meta.url));
const WORLD_BOUND_MS = 300_000;
const READY_BOUND_MS = 60_000;
const DECISIONS_BOUND_MS = 600_000;
/** Long enough for every client to have asked: the first answer of each network and metro costs more. */
const WARM_SECONDS = 8;
const RELOAD_BOUND_MS = 60_000;

interface Flags {
  sites: string;
  servers: string;
  decisions: string;
  rounds: string;
  seconds: string;
  seed: string;
  json?: string;
}

/** What one round of answers over HTTP gave. */
interface Measure {
  requestsPerS: number;
  cpuUsPerRequest: number;
  p50Ms: number;
  p99Ms: number;
}

interface Listener {
  name: string;
  child: Child;
  url: URL;
  /** Lua that makes the requests */
  requests: string;
}

interface Reload {
  /** from the moment the file is another one until answers come from it, of which up to 2 s pass before it is looked at */
  tookMs: number;
  /** of answers meanwhile, asked for one after the other */
  slowestMs: number;
}

export function register(program: Command): void {
  program
    .command('steering')
    .description('steering: decisions a second, CPU an answer over HTTP beside the bare listener, a changed topology')
    .option('--sites <n>', 'of the generated world', '6000')
    .option('--servers <n>', 'edge servers in it', '18000')
    .option('--decisions <n>', 'to be taken without HTTP', '2000000')
    .option('--rounds <n>', 'rounds of each route over HTTP, interleaved; medians count', '3')
    .option('--seconds <n>', 'length of one round', '5')
    .option('--seed <n>', 'of the world and of who asks', '1')
    .option('--json <file>', 'write every figure to this file as well')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  if (flags.json !== undefined) checkWritable(flags.json);
  const sites = parseCount(flags.sites, '--sites', 3, 6000);
  const servers = parseCount(flags.servers, '--servers', sites, 18_000);
  const decisions = parseCount(flags.decisions, '--decisions', 200_000, 1e9);
  const rounds = parseCount(flags.rounds, '--rounds', 1, 100);
  const seconds = parseCount(flags.seconds, '--seconds', 1, 300);
  const seed = parseCount(flags.seed, '--seed', 0, 4_294_967_295);
  const machine = describeMachine();
  warnIfBusy(machine);
  const world = [String(sites), String(servers)];
  const result = await inWorkplace(async (place) => {
    await ensureInstalled(['wrk']);
    const server = place.cores.server;
    progress(`decisions: ${servers} servers at ${sites} sites`);
    const args = [processFile('decisions'), ...world, String(decisions), '65536', String(seed)];
    const decided = JSON.parse(await place.run('decisions', server, NODE, args, DECISIONS_BOUND_MS)) as DecisionCost;
    progress('making the world');
    const made = [processFile('steering-world'), place.dir, ...world, String(seed)];
    await place.run('world', server, NODE, made, WORLD_BOUND_MS);
    const steering = await startSteering(place, seed);
    const answers = await measureAnswers(place, steering, { rounds, seconds });
    const residentBytes = residentBytesOf(steering.child.pid);
    const reload = await measureReload(place, steering);
    return {
      bench: 'steering',
      machine,
      settings: { sites, servers, rounds, seconds, seed },
      decided,
      answers,
      residentBytes,
      reload,
    };
  });
  clearProgress();
  print(result);
  writeJson(flags.json, result);
}

interface Steering {
  child: Child;
  url: URL;
  admin: URL;
}

/** The shipped service on the generated world, each node of which has said that it is well. */
async function startSteering(place: Workplace, seed: number): Promise<Steering> {
  progress('starting steering');
  const config = join(place.dir, 'steering.yaml');
  // No node is there: none is probed, and the one report each of them gives stands for those it would give.
  writeFileSync(
    config,
    'suspectAfterMs: 3600000\ndownAfterMs: 3600000\nprobes: { enabled: false }\npace: { answersPerSecond: 1e9 }\n',
  );
  const files = ['--sites', join(place.dir, 'sites.json'), '--topology', join(place.dir, 'topology.json')];
  const addresses = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--trusted-proxy', '127.0.0.1'];
  const others = ['--config', config, '--events-from', 'http://127.0.0.1:9', '--json'];
  const child = place.serve('steering', place.cores.server, NODE, [
    COMMAND,
    'steering',
    ...files,
    ...addresses,
    ...others,
  ]);
  const { urls } = JSON.parse(await place.firstLine(child, READY_BOUND_MS)) as {
    urls: { listen: string; admin: string };
  };
  progress('every node reports');
  const told = [processFile('steering-reports'), urls.listen, join(place.dir, 'sites.json'), String(seed)];
  await place.run('reports', place.cores.load, NODE, told, READY_BOUND_MS);
  return { child, url: new URL(urls.listen), admin: new URL(urls.admin) };
}

async function measureAnswers(
  place: Workplace,
  steering: Steering,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Record<string, Measure>> {
  const clients = readFileSync(join(place.dir, 'addresses.txt'), 'utf8').trim().split('\n');
  const sample = await fetch(new URL('/v1/servers?path=/live/fight-night/&session=s1', steering.url), {
    headers: { 'X-Forwarded-For': clients[0]! },
  });
  const { length } = await sample.text();
  const bare = place.serve('bare', place.cores.server, NODE, [processFile('bare-listener'), String(length)]);
  const { url } = JSON.parse(await place.firstLine(bare, READY_BOUND_MS)) as { url: string };
  const servers = requestsOf('/v1/servers?path=/live/fight-night/&session=');
  const hls = requestsOf('/v1/steer/hls?event=fight-night&bps=5000000&session=');
  const listeners: Listener[] = [
    { name: 'bare listener', child: bare, url: new URL(url), requests: servers },
    { name: '/v1/servers', child: steering.child, url: steering.url, requests: servers },
    { name: '/v1/steer/hls', child: steering.child, url: steering.url, requests: hls },
  ];
  const measures = new Map(listeners.map(({ name }) => [name, [] as Measure[]]));
  for (const { name, url: warmed, requests } of listeners) {
    progress(`answers: warming ${name}`);
    await runWrk(place, warmed, WARM_SECONDS, requests);
  }
  for (let round = 1; round <= rounds; round++) {
    for (const { name, child, url: asked, requests } of listeners) {
      progress(`answers: round ${round} of ${rounds}, ${name}`);
      const before = cpuTimeUs(child.pid);
      const ran = await runWrk(place, asked, seconds, requests);
      const cpuUs = cpuTimeUs(child.pid) - before;
      if (ran.errors > 0) throw new BenchFailure(`${name}: wrk counted ${ran.errors} errors`);
      measures.get(name)!.push({
        requestsPerS: ran.requests / (ran.durationUs / 1e6),
        cpuUsPerRequest: cpuUs / ran.requests,
        p50Ms: ran.p50Us / 1000,
        p99Ms: ran.p99Us / 1000,
      });
    }
  }
  return Object.fromEntries([...measures].map(([name, list]) => [name, mediansOf(list)]));
}

/** Clients of the world in turn, through a proxy as in front of many a service; each a session of its own. */
function requestsOf(path: string): string {
  return `
local requests = {}
local at = 0
init = function(args)
  for line in io.lines('addresses.txt') do
    wrk.headers['X-Forwarded-For'] = line
    requests[#requests + 1] = wrk.format('GET', '${path}s' .. #requests)
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
`;
}

/** Another file takes the topology's place, as an operator would put it there, while somebody keeps asking. */
async function measureReload(place: Workplace, { url, admin }: Steering): Promise<Reload> {
  progress('a changed topology');
  const version = async () => {
    const state = JSON.parse(await fetchText(new URL('/state', admin))) as {
      inputs: { input: string; version: number }[];
    };
    return state.inputs.find(({ input }) => input === 'topology')!.version;
  };
  const before = await version();
  const asked = new URL('/v1/servers?path=/live/fight-night/', url);
  renameSync(join(place.dir, 'another-topology.json'), join(place.dir, 'topology.json'));
  const began = performance.now();
  let slowestMs = 0;
  while ((await version()) === before) {
    if (performance.now() - began > RELOAD_BOUND_MS) throw new BenchFailure('the changed topology was not taken in');
    slowestMs = Math.max(slowestMs, await timeOf(asked));
    await after(5);
  }
  const tookMs = performance.now() - began;
  // The first answers of each place are made from the new routes.
  for (let more = 0; more < 50; more++) slowestMs = Math.max(slowestMs, await timeOf(asked));
  return { tookMs, slowestMs };
}

async function timeOf(url: URL): Promise<number> {
  const began = performance.now();
  await fetchText(url);
  return performance.now() - began;
}

function mediansOf(list: readonly Measure[]): Measure {
  const of = (name: keyof Measure) => median(list.map((measure) => measure[name]));
  return {
    requestsPerS: of('requestsPerS'),
    cpuUsPerRequest: of('cpuUsPerRequest'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
  };
}

function residentBytesOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1024;
}

interface Result {
  machine: { processor: string; cores: number };
  settings: { sites: number; servers: number; rounds: number; seconds: number; seed: number };
  decided: DecisionCost;
  answers: Record<string, Measure>;
  residentBytes: number;
  reload: Reload;
}

function print({ machine, settings, decided, answers, residentBytes, reload }: Result): void {
  const { sites, servers, rounds, seconds, seed } = settings;
  console.log(
    `Steering between ${servers} servers at ${sites} sites (generated, seed ${seed}); clients of ${decided.places} networks ` +
      `and metros. One core; ${machine.processor}, ${machine.cores} cores.\n`,
  );
  console.log(
    `Decisions, no HTTP: ${formatNumber(1e6 / decided.cpuUs)} a second of CPU, ${formatNumber(decided.cpuUs)} µs each; ` +
      `p50 ${formatNumber(decided.p50Us)} µs, p99 ${formatNumber(decided.p99Us)} µs; a report ${formatNumber(decided.reportUs)} µs; ` +
      `the first one of each place ${formatNumber((decided.firstAnswersMs * 1000) / decided.places)} µs; ` +
      `${formatNumber(decided.maxRssBytes / 1e6)} MB with the topology.\n`,
  );
  const columns = [
    { title: 'answers over HTTP', align: 'left' },
    { title: 'a second', align: 'right' },
    { title: 'CPU µs', align: 'right' },
    { title: 'beyond bare', align: 'right' },
    { title: 'p50 ms', align: 'right' },
    { title: 'p99 ms', align: 'right' },
  ] as const;
  const bare = answers['bare listener']!.cpuUsPerRequest;
  console.log(
    formatTable(
      columns,
      Object.entries(answers).map(([name, { requestsPerS, cpuUsPerRequest, p50Ms, p99Ms }]) => [
        name,
        formatNumber(requestsPerS),
        formatNumber(cpuUsPerRequest),
        name === 'bare listener' ? '' : formatNumber(cpuUsPerRequest - bare),
        formatNumber(p50Ms),
        formatNumber(p99Ms),
      ]),
    ),
  );
  console.log(
    `\nMedians of ${rounds} × ${seconds} s, wrk -t1 -c${CONNECTIONS} on another core, ${BROWSER_FIELDS.length + 1} request fields, ` +
      `8,192 clients by X-Forwarded-For.\nThe service holds ${formatNumber(residentBytes / 1e6)} MB. A changed topology answers ` +
      `after ${formatNumber(reload.tookMs / 1000)} s (it is looked for every 2 s); the slowest answer meanwhile took ${formatNumber(reload.slowestMs)} ms.`,
  );
}
