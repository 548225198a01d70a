import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { parseCount } from '../runtime/units.ts';
import { BenchFailure } from './parts/bench-failure.ts';
import { ensureInstalled } from './parts/debian-packages.ts';
import { clearProgress, progress } from './parts/progress.ts';
import { checkWritable, describeMachine, warnIfBusy, writeJson } from './parts/report.ts';
import { median } from './parts/statistics.ts';
import { formatNumber, formatTable } from './parts/table.ts';
import { pathOf, type TestObject } from './parts/test-object.ts';
import { inWorkplace, type Child } from './parts/workplace.ts';
import { NODE, startEdge } from './peers/edge.ts';
import { startNginx } from './peers/nginx.ts';
import { startOrigin, type Origin } from './peers/origin.ts';
import type { Peer } from './peers/peer.ts';
import { startVarnish } from './peers/varnish.ts';
import type { HerdOrder, HerdResult } from './processes/herd-client.ts';

const CONNECTIONS = 1000;
const SIZE_BYTES = 2 ** 16;
const ORIGIN_DELAY_MS = 200;
const ANSWER_BOUND_MS = 10_000;
const CLIENT = fileURLToPath(new URL('./processes/herd-client.ts', import.meta.url));

interface Flags {
  rounds: string;
  json?: string;
}

interface Round {
  /** requests that reached the origin */
  fills: number;
  medianMs: number;
  maxMs: number;
  /** from the moment the origin gave the body to the last byte of the last answer */
  afterOriginMs: number;
  sendMs: number;
  /** the client's own processor time: some of every maximum is its */
  clientCpuMs: number;
}

interface PeerResult {
  peer: Peer['name'];
  version: string;
  /** the most of any round */
  fills: number;
  /** medians over the rounds of each round's median and maximum */
  medianMs: number;
  maxMs: number;
  /** what the cache adds to the origin's own time, for the last to be served */
  maxBeyondOriginMs: number;
  afterOriginMs: number;
  worstMaxMs: number;
  rounds: Round[];
}

export function register(program: Command): void {
  program
    .command('herd')
    .description('1,000 connections ask at once for a cold 64 KB object that the origin takes 200 ms to give')
    .option('--rounds <n>', 'herds at each peer, interleaved; medians count', '7')
    .option('--json <file>', 'write every figure to this file as well')
    .action(benchHerd);
}

async function benchHerd(flags: Flags): Promise<void> {
  const rounds = parseCount(flags.rounds, '--rounds', 1, 100);
  if (flags.json !== undefined) checkWritable(flags.json);
  const machine = describeMachine();
  warnIfBusy(machine);
  const result = await inWorkplace(async (place) => {
    await ensureInstalled(['nginx']);
    const origin = await startOrigin(place);
    const { plain: nginx } = await startNginx(place, origin);
    const edge = await startEdge(place, origin);
    const varnish = await startVarnish(place, origin);
    const peers: Peer[] = varnish === null ? [nginx, edge] : [nginx, edge, varnish];
    const client = place.serve('herd-client', place.cores.load, NODE, [CLIENT], 'ipc');
    return {
      bench: 'herd',
      machine,
      settings: {
        rounds,
        connections: CONNECTIONS,
        sizeBytes: SIZE_BYTES,
        originDelayMs: ORIGIN_DELAY_MS,
        cores: place.cores,
        nginxCacheOn: place.cacheMedium,
      },
      results: await measureHerds(origin, peers, client, rounds),
    };
  });
  clearProgress();
  console.log(
    `${CONNECTIONS} connections ask at once for a cold 64 KB object, origin ${ORIGIN_DELAY_MS} ms; medians of ${rounds} rounds.\n` +
      `${result.results.map(({ version }) => version).join(', ')}; ${machine.processor}, ${machine.cores} cores.\n`,
  );
  console.log(tableOf(result.results));
  writeJson(flags.json, result);
}

async function measureHerds(
  origin: Origin,
  peers: readonly Peer[],
  client: Child,
  rounds: number,
): Promise<PeerResult[]> {
  const measured = new Map<Peer, Round[]>(peers.map((peer) => [peer, []]));
  // Round 0 is not counted: both server and client get into their stride.
  for (let round = 0; round <= rounds; round++) {
    for (const peer of peers) {
      progress(`herd: ${round === 0 ? 'warming' : `round ${round} of ${rounds}`}, ${peer.name}`);
      const object = { sizeBytes: SIZE_BYTES, delayMs: ORIGIN_DELAY_MS, name: `herd-${peer.name}-${round}` };
      const outcome = await oneHerd(origin, peer, client, object);
      if (round > 0) measured.get(peer)!.push(outcome);
    }
  }
  return [...measured].map(([peer, outcomes]) => summarise(peer, outcomes));
}

async function oneHerd(origin: Origin, peer: Peer, client: Child, object: TestObject): Promise<Round> {
  const order: HerdOrder = {
    host: peer.url.hostname,
    port: Number(peer.url.port),
    object,
    connections: CONNECTIONS,
    boundMs: ANSWER_BOUND_MS,
  };
  const { wrong, firstDefect, ...times } = await askClient(client, order);
  if (wrong > 0) {
    throw new BenchFailure(`${peer.name}: ${wrong} of ${CONNECTIONS} answers were not whole and right: ${firstDefect}`);
  }
  const { lastAtMs, ...rest } = times;
  const afterOriginMs = lastAtMs - (await origin.givenAtMs(pathOf(object)));
  return { fills: await origin.requests(pathOf(object)), afterOriginMs, ...rest };
}

async function askClient(client: Child, order: HerdOrder): Promise<HerdResult> {
  client.process.send(order);
  const stop = new AbortController();
  const { signal } = stop;
  try {
    const answer = await Promise.race([
      once(client.process, 'message', { signal }).then(([message]) => message as HerdResult | { failed: string }),
      after(order.boundMs + 10_000, { failed: 'no result from the client in time' }, { signal }),
    ]);
    if ('failed' in answer) throw new BenchFailure(`herd client: ${answer.failed}`);
    return answer;
  } finally {
    stop.abort();
  }
}

function summarise({ name, version }: Peer, rounds: Round[]): PeerResult {
  const maxMs = median(rounds.map((round) => round.maxMs));
  return {
    peer: name,
    version,
    fills: Math.max(...rounds.map(({ fills }) => fills)),
    medianMs: median(rounds.map((round) => round.medianMs)),
    maxMs,
    maxBeyondOriginMs: maxMs - ORIGIN_DELAY_MS,
    afterOriginMs: median(rounds.map((round) => round.afterOriginMs)),
    worstMaxMs: Math.max(...rounds.map((round) => round.maxMs)),
    rounds,
  };
}

function tableOf(results: readonly PeerResult[]): string {
  const right = (title: string) => ({ title, align: 'right' }) as const;
  return formatTable(
    [
      { title: '', align: 'left' },
      right('fills a herd'),
      right('median ms'),
      right('max ms'),
      right(`max − ${ORIGIN_DELAY_MS}`),
      right('after origin ms'),
      right('worst round ms'),
    ],
    results.map((result) => [
      result.peer,
      String(result.fills),
      formatNumber(result.medianMs),
      formatNumber(result.maxMs),
      formatNumber(result.maxBeyondOriginMs),
      formatNumber(result.afterOriginMs),
      formatNumber(result.worstMaxMs),
    ]),
  );
}
