import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import got from 'got';
import { z } from 'zod';
import type { LoadSnapshot } from '../../sim/load/snapshot.ts';
import type { Check, Rung } from '../../sim/verify/rung.ts';
import { serversAnswerSchema } from '../../topology/model/servers-answer.ts';
import { writePlanFiles } from '../demo/demo.ts';
import { measureHops } from '../demo/calibration.ts';
import { Fleet } from '../demo/fleet.ts';
import { Observer } from '../demo/observer.ts';
import { DemoPlan } from '../demo/plan.ts';
import { viewersOf } from '../demo/prediction.ts';
import { DEMO_TOPOLOGY, DemoWorld, openWorld } from '../demo/world.ts';
import { compareFindings, type Findings } from './bounds.ts';
import { predictFindings } from './predict.ts';
import { KILLED, LONGER, RATE_BPS, TIMELINE, VIEWERS } from './timeline.ts';

export interface SocketsProofOptions {
  /** where the prediction is written, before anything is started */
  predictionFile?: string | undefined;
  say: (text: string) => void;
}

/** The last look at an edge that is about to be killed comes this long before. */
const LOOK_AHEAD_MS = 200;
const SETTLE_MS = 300;
/** Together less than until the next thing that is to happen. */
const HEALTH_LOOKS = 8;
const HEALTH_LOOK_MS = 400;

/**
 * One small run, predicted by the simulator, written down, and then done by the real services on loopback: 3 sites, 6
 * edges, 60 viewers, a minute; the ways to viewers, to steering and between tiers are relays with the topology's round
 * trips and rates; an edge is killed at 20 s.
 */
export function socketsProof({ predictionFile, say }: SocketsProofOptions): Rung {
  return {
    id: 'sockets',
    title: 'the simulator against the real services on loopback',
    source: `3 sites, 6 edges, ${VIEWERS} viewers, ${TIMELINE.endMs / 1000} s, relays for all ways, ${KILLED} killed at ${TIMELINE.killMs / 1000} s`,
    run: async ({ seed, progress }): Promise<Check[]> => {
      const folder = await mkdtemp(join(tmpdir(), 'undercard-sockets-'));
      const plan = new DemoPlan(await optionsOf(seed), proofWorld(seed), folder);
      const file = predictionFile ?? join(folder, 'prediction.json');
      const writeDown = async (prediction: Findings) => {
        await writeFile(file, `${JSON.stringify(prediction, withMaps, 2)}\n`);
        say(`the prediction is in ${file}`);
      };
      const { predicted, measured } = await run(plan, folder, { progress, say, writeDown });
      await writeFile(join(folder, 'measured.json'), `${JSON.stringify(measured, withMaps, 2)}\n`);
      const checks = compareFindings(predicted, measured);
      if (checks.every(({ ok }) => ok) && predictionFile !== undefined)
        await rm(folder, { recursive: true, force: true });
      else say(`what was predicted and measured, and the logs of all processes, are in ${folder}`);
      return checks;
    },
  };
}

/** The demo's world, with narrower and longer links. */
function proofWorld(seed: number): DemoWorld {
  const { topology } = openWorld(DEMO_TOPOLOGY, seed, { rttMs: undefined, rateBps: RATE_BPS });
  const links = topology.links.map((link) =>
    link.latencyMs === undefined ? link : { ...link, latencyMs: LONGER * link.latencyMs },
  );
  const sites = topology.sites.map((site) => ({
    ...site,
    servers: site.servers.map((server) => (server.role === 'edge' ? { ...server, nicBps: RATE_BPS } : server)),
  }));
  return new DemoWorld({ ...topology, sites, links, pathStretch: LONGER * topology.pathStretch }, seed, DEMO_TOPOLOGY);
}

async function optionsOf(seed: number) {
  const { spreadMs, endMs: durationMs } = TIMELINE;
  return { port: await freePort(), viewers: VIEWERS, seed, eventId: 'demo', spreadMs, accessRelays: true, durationMs };
}

interface RunEvents {
  progress: (share: number) => void;
  say: (text: string) => void;
  /** called before the first viewer comes */
  writeDown: (prediction: Findings) => Promise<void>;
}

/** The services come up, the machine's own speed is taken, the prediction written down; then the viewers come. */
async function run(
  plan: DemoPlan,
  folder: string,
  { progress, say, writeDown }: RunEvents,
): Promise<{ predicted: Findings; measured: Findings }> {
  await writePlanFiles(plan);
  const observer = new Observer(plan);
  const final = Promise.withResolvers<LoadSnapshot>();
  let startAtMs = Infinity;
  const fleet = new Fleet(plan, folder, {
    onProgress: () => {},
    onHappened: say,
    onViewers: (line) => {
      if ('final' in line) final.resolve(line.final as LoadSnapshot);
    },
  });
  const ticking = setInterval(() => progress(Math.max(0, (Date.now() - startAtMs) / TIMELINE.endMs)), 500);
  try {
    await fleet.start();
    startAtMs = fleet.eventStartMs + TIMELINE.begunMs;
    const hops = await measureHops(plan);
    say(
      `an exchange takes this machine ${(2 * hops.nearMs).toFixed(1)} ms, through a relay ${(2 * hops.farMs).toFixed(1)} ms`,
    );
    const predicted = predictFindings(plan, hops);
    await writeDown(predicted);
    const until = (atMs: number) => new Promise<void>((resolve) => setTimeout(resolve, startAtMs + atMs - Date.now()));
    await fleet.startViewers(startAtMs);
    if (Date.now() > startAtMs)
      throw new Error('the machine is too busy: the viewers were not up when they should have come');
    await until(TIMELINE.beforeKillMs);
    const rankings = [{ atMs: TIMELINE.beforeKillMs, servers: await askRankings(plan, say) }];
    await until(TIMELINE.killMs - LOOK_AHEAD_MS);
    await observer.look();
    await until(TIMELINE.killMs);
    await fleet.perform({ kind: 'kill', name: KILLED, atMs: TIMELINE.killMs });
    await until(TIMELINE.settledMs);
    rankings.push({ atMs: TIMELINE.settledMs, servers: await askRankings(plan, say) });
    await until(TIMELINE.endMs);
    await fleet.stopViewers();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await observer.look();
    const { edges, shields: shield, origin } = observer;
    if (origin === null) throw new Error('the origin did not answer');
    return { predicted, measured: { viewers: await final.promise, tiers: { edges, shield, origin }, rankings } };
  } finally {
    clearInterval(ticking);
    await fleet.stop();
  }
}

/**
 * What steering answers each viewer now. Asked when steering takes every living edge for healthy, as it does in the
 * simulator: an event loop that ran late is the host's load, which edges report and steering heeds; so it waits a little
 * for that to pass, and says when it has not.
 */
async function askRankings(plan: DemoPlan, say: (text: string) => void): Promise<Map<string, string>> {
  for (let looks = 0; looks < HEALTH_LOOKS; looks++) {
    const strained = await strainedEdges(plan);
    if (strained.length === 0) break;
    if (looks === HEALTH_LOOKS - 1)
      say(`steering sees strain that the simulator knows nothing of: ${strained.join(', ')}`);
    else await new Promise((resolve) => setTimeout(resolve, HEALTH_LOOK_MS));
  }
  const path = `/live/${plan.options.eventId}/master.m3u8`;
  const answers = viewersOf(plan).map(async ({ session, address }): Promise<[string, string]> => {
    const searchParams = { path, session, ip: address };
    const answer = serversAnswerSchema.parse(await got(`${plan.url('steering')}/v1/servers`, { searchParams }).json());
    const ranked = answer.servers.toSorted((a, b) => a.rank - b.rank);
    return [session, ranked.map(({ id }) => id).join(' ')];
  });
  return new Map(await Promise.all(answers));
}

/** Edges that report, and of which steering thinks that they should get fewer sessions. */
async function strainedEdges(plan: DemoPlan): Promise<string[]> {
  const { nodes } = stateSchema.parse(await got(`${plan.adminUrl('steering')}/state`).json());
  return nodes
    .filter(({ standing, score }) => standing === 'up' && score < 1)
    .map(({ id, reasons }) => `${id} (${reasons.join(', ')})`);
}

const stateSchema = z.object({
  nodes: z.array(z.object({ id: z.string(), standing: z.string(), score: z.number(), reasons: z.array(z.string()) })),
});

/** A port that is free, with the next one, wherever the demo listens. */
async function freePort(): Promise<number> {
  const isFree = (host: string, port: number) =>
    new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
    });
  for (let port = 23_080; port < 24_080; port += 20) {
    const hosts = ['127.0.0.1', '127.0.0.9', '127.0.0.10', '127.0.0.11', '127.0.1.11'];
    const looked = await Promise.all(hosts.flatMap((host) => [isFree(host, port), isFree(host, port + 1)]));
    if (looked.every(Boolean)) return port;
  }
  throw new Error('no port is free on 127.0.0.x');
}

function withMaps(_name: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
