import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLoopDescription } from '../../origin/test-stream/loop.ts';
import type { LoadSnapshot } from '../../sim/load/snapshot.ts';
import type { Check, Rung } from '../../sim/verify/rung.ts';
import { writePlanFiles } from '../demo/demo.ts';
import { measureRelayedHops } from '../demo/calibration.ts';
import { Fleet } from '../demo/fleet.ts';
import { Observer } from '../demo/observer.ts';
import { DemoPlan } from '../demo/plan.ts';
import { freePort } from './free-port.ts';
import { compareFindings, type Findings } from './bounds.ts';
import { readRecordings } from './forced.ts';
import { predictFindings } from './predict.ts';
import { askRankings } from './ask-rankings.ts';
import { WARM_UP_SEGMENT, warmUp } from './warm-up.ts';
import { proofWorld } from './world.ts';
import { KILLED, STEERING, TIMELINE, VIEWERS } from './timeline.ts';

export interface SocketsProofOptions {
  /** where the prediction is written, before anything is started */
  predictionFile?: string | undefined;
  say: (text: string) => void;
}

/** The last look at an edge that is about to be killed comes this long before. */
const LOOK_AHEAD_MS = 200;
const SETTLE_MS = 300;

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

async function optionsOf(seed: number) {
  const { spreadMs, endMs: durationMs } = TIMELINE;
  return {
    port: await freePort(),
    viewers: VIEWERS,
    seed,
    eventId: 'demo',
    spreadMs,
    accessRelays: true,
    recorded: true,
    durationMs,
    steering: STEERING,
  };
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
    await warmUp(plan, folder);
    const hops = await measureRelayedHops(plan, WARM_UP_SEGMENT);
    say(`an exchange takes this machine itself ${(2 * hops.farMs).toFixed(1)} ms`);
    const predicted = predictFindings(plan, hops);
    await writeDown(predicted);
    const until = (atMs: number) => new Promise<void>((resolve) => setTimeout(resolve, startAtMs + atMs - Date.now()));
    await observer.look();
    const before = { edges: observer.edges, shield: observer.shields, origin: observer.origin };
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
    if (origin === null || before.origin === null) throw new Error('the origin did not answer');
    const tiers = {
      edges: since(edges, before.edges),
      shield: since(shield, before.shield),
      origin: since(origin, before.origin),
    };
    const viewers = await final.promise;
    // What they recorded is whole when they have ended.
    await fleet.stop();
    const forced = await readRecordings(plan, readLoopDescription().segmentDurationMs);
    return { predicted, measured: { viewers, tiers, rankings, forced } };
  } finally {
    clearInterval(ticking);
    await fleet.stop();
  }
}

/** Without what was there before the viewers came. */
function since<Counters extends Record<string, number>>(now: Counters, before: Counters): Counters {
  return Object.fromEntries(Object.entries(now).map(([name, value]) => [name, value - before[name]!])) as Counters;
}

function withMaps(_name: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
