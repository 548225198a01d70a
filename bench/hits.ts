import type { Command } from 'commander';
import { parseCount } from '../runtime/units.ts';
import { BenchFailure } from './parts/bench-failure.ts';
import { askOnce, BROWSER_FIELDS } from './parts/browser-request.ts';
import { cpuTimeUs } from './parts/cpu-time.ts';
import { ensureInstalled } from './parts/debian-packages.ts';
import { clearProgress, progress } from './parts/progress.ts';
import { checkWritable, describeMachine, warnIfBusy, writeJson } from './parts/report.ts';
import { median } from './parts/statistics.ts';
import { formatNumber, formatSize, formatTable } from './parts/table.ts';
import { bodyOf, pathOf, type TestObject } from './parts/test-object.ts';
import { inWorkplace, type Workplace } from './parts/workplace.ts';
import { CONNECTIONS, doubtIn, runWrk } from './parts/wrk.ts';
import { startEdge } from './peers/edge.ts';
import { startNginx } from './peers/nginx.ts';
import { startOrigin, type Origin } from './peers/origin.ts';
import type { CountingPeer } from './peers/peer.ts';

const SIZES_BYTES = [2 ** 10, 2 ** 16, 2 ** 20];
const WARM_UP_SECONDS = 1;

interface Flags {
  rounds: string;
  seconds: string;
  json?: string;
}

/** What one round of one peer gave. */
interface Measure {
  requestsPerS: number;
  cpuUsPerRequest: number;
  p50Ms: number;
  p99Ms: number;
}

const MEASURES = ['requestsPerS', 'cpuUsPerRequest', 'p50Ms', 'p99Ms'] as const satisfies readonly (keyof Measure)[];

interface PeerResult {
  peer: string;
  medians: Measure;
  rounds: Measure[];
}

interface SizeResult {
  sizeBytes: number;
  peers: PeerResult[];
  /** edge / peer, for each of the others */
  ratios: Ratio[];
}

interface Ratio {
  against: string;
  ofMedians: Measure;
  /** of neighbouring rounds: how far the one above may be trusted */
  least: Measure;
  largest: Measure;
}

export function register(program: Command): void {
  program
    .command('hits')
    .description('cache hits: the edge against nginx proxy_cache, each on one core; 1 KB, 64 KB, 1 MB')
    .option('--rounds <n>', 'rounds of each peer and size, interleaved; medians count', '5')
    .option('--seconds <n>', 'length of one round', '5')
    .option('--json <file>', 'write every figure to this file as well')
    .action(benchHits);
}

async function benchHits(flags: Flags): Promise<void> {
  const rounds = parseCount(flags.rounds, '--rounds', 1, 100);
  const seconds = parseCount(flags.seconds, '--seconds', 1, 300);
  if (flags.json !== undefined) checkWritable(flags.json);
  const machine = describeMachine();
  warnIfBusy(machine);
  const result = await inWorkplace(async (place) => {
    await ensureInstalled(['nginx', 'wrk']);
    const origin = await startOrigin(place);
    const nginx = await startNginx(place, origin);
    const edge = await startEdge(place, origin);
    const peers = [nginx.plain, nginx.openFileCache, edge];
    const results: SizeResult[] = [];
    for (const sizeBytes of SIZES_BYTES) {
      const measured = await measureSize(place, origin, peers, sizeBytes, { rounds, seconds });
      results.push({ sizeBytes, peers: measured, ratios: ratiosOf(measured) });
    }
    return {
      bench: 'hits',
      machine,
      versions: { nginx: nginx.plain.version, edge: edge.version },
      settings: {
        rounds,
        seconds,
        connections: CONNECTIONS,
        requestFields: BROWSER_FIELDS.length,
        cores: place.cores,
        nginxCacheOn: place.cacheMedium,
      },
      results,
    };
  });
  clearProgress();
  const { settings } = result;
  console.log(
    `Cache hits, medians of ${rounds} × ${seconds} s. One core a server, wrk -t1 -c${CONNECTIONS} on another, ` +
      `${settings.requestFields} request fields.\n${result.versions.nginx} (cache on ${settings.nginxCacheOn}), ` +
      `${result.versions.edge}; ${machine.processor}, ${machine.cores} cores.\n`,
  );
  console.log(tableOf(result.results));
  writeJson(flags.json, result);
}

async function measureSize(
  place: Workplace,
  origin: Origin,
  peers: readonly CountingPeer[],
  sizeBytes: number,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<PeerResult[]> {
  const what = `hits, ${formatSize(sizeBytes)}`;
  // An object for each: two of the peers share a cache.
  const contenders = peers.map((peer, at) => ({
    peer,
    object: { sizeBytes, delayMs: 0, name: `hits-${at}` },
    measures: [] as Measure[],
  }));
  for (const { peer, object } of contenders) {
    progress(`${what}: warming ${peer.name}`);
    await warm(place, peer, object);
  }
  for (let round = 1; round <= rounds; round++) {
    for (const { peer, object, measures } of contenders) {
      progress(`${what}: round ${round} of ${rounds}, ${peer.name}`);
      measures.push(await measure(place, origin, peer, object, seconds));
    }
  }
  return contenders.map(({ peer, measures }) => ({
    peer: peer.name,
    medians: eachMeasure((name) => median(measures.map((measure) => measure[name]))),
    rounds: measures,
  }));
}

/** Fills the cache, sees that it answers from there, and lets the server get into its stride. */
async function warm(place: Workplace, peer: CountingPeer, object: TestObject): Promise<void> {
  const url = new URL(pathOf(object), peer.url);
  const body = bodyOf(object);
  const first = await askOnce(url, body);
  if (peer.isHit(first.head)) throw new BenchFailure(`${peer.name}: the first request was a hit already`);
  await askHit(peer, url, body);
  await runWrk(place, url, WARM_UP_SECONDS);
}

async function askHit(peer: CountingPeer, url: URL, body: Uint8Array): Promise<number> {
  const { head, wireBytes } = await askOnce(url, body);
  if (!peer.isHit(head)) throw new BenchFailure(`${peer.name}: not a hit:\n${head}`);
  return wireBytes;
}

async function measure(
  place: Workplace,
  origin: Origin,
  peer: CountingPeer,
  object: TestObject,
  seconds: number,
): Promise<Measure> {
  const url = new URL(pathOf(object), peer.url);
  const body = bodyOf(object);
  const answerBytes = await askHit(peer, url, body);
  const [servedBefore, originBefore] = [await peer.servedCount(), await origin.requests()];
  const cpuBeforeUs = cpuTimeUs(peer.child.pid);
  const run = await runWrk(place, url, seconds);
  const cpuUs = cpuTimeUs(peer.child.pid) - cpuBeforeUs;
  const servedCount = (await peer.servedCount()) - servedBefore;
  const originRequests = (await origin.requests()) - originBefore;
  await askHit(peer, url, body);
  const doubt = doubtIn(run, { answerBytes, servedCount, originRequests });
  if (doubt !== null) throw new BenchFailure(`${peer.name}, ${formatSize(object.sizeBytes)}: ${doubt}`);
  return {
    requestsPerS: run.requests / (run.durationUs / 1e6),
    cpuUsPerRequest: cpuUs / run.requests,
    p50Ms: run.p50Us / 1000,
    p99Ms: run.p99Us / 1000,
  };
}

/** The edge, which is the last, against each of the others. */
function ratiosOf(peers: readonly PeerResult[]): Ratio[] {
  const edge = peers.at(-1)!;
  return peers.slice(0, -1).map((other) => {
    const ofRounds = (name: keyof Measure) => edge.rounds.map((round, at) => round[name] / other.rounds[at]![name]);
    return {
      against: other.peer,
      ofMedians: eachMeasure((name) => edge.medians[name] / other.medians[name]),
      least: eachMeasure((name) => Math.min(...ofRounds(name))),
      largest: eachMeasure((name) => Math.max(...ofRounds(name))),
    };
  });
}

function eachMeasure(value: (name: keyof Measure) => number): Measure {
  return Object.fromEntries(MEASURES.map((name) => [name, value(name)])) as unknown as Measure;
}

function tableOf(results: readonly SizeResult[]): string {
  const cells = (measure: Measure) => MEASURES.map((name) => formatNumber(measure[name]));
  const rows = results.flatMap(({ sizeBytes, peers, ratios }) => [
    ...peers.map(({ peer, medians }, at) => [at === 0 ? formatSize(sizeBytes) : '', peer, ...cells(medians)]),
    ...ratios.flatMap(({ against, ofMedians, least, largest }) => [
      ['', `edge / ${against}`, ...cells(ofMedians)],
      [
        '',
        '  of single rounds',
        ...MEASURES.map((name) => `${formatNumber(least[name])}–${formatNumber(largest[name])}`),
      ],
    ]),
  ]);
  return formatTable(
    [
      { title: 'object', align: 'left' },
      { title: '', align: 'left' },
      { title: 'requests/s', align: 'right' },
      { title: 'CPU µs/request', align: 'right' },
      { title: 'p50 ms', align: 'right' },
      { title: 'p99 ms', align: 'right' },
    ],
    rows,
  );
}
