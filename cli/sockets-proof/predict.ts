import type { HopTimes } from '../../sim/actors/ways.ts';
import { Simulation } from '../../sim/run/simulation.ts';
import type { DemoPlan } from '../demo/plan.ts';
import { predictionInput, predictionOf, viewersOf } from '../demo/prediction.ts';
import type { Findings } from './bounds.ts';
import { listenToSimulation } from './forced.ts';
import { KILLED, TIMELINE } from './timeline.ts';

/** What the simulator says of the proof's run, with rankings at two moments. */
export function predictFindings(plan: DemoPlan, hops: HopTimes | null): Findings {
  const { begunMs, endMs, killMs, beforeKillMs, settledMs } = TIMELINE;
  const outages = [{ name: KILLED, fromMs: killMs, untilMs: Infinity }];
  const simulation = new Simulation(predictionInput(plan, { begunMs, durationMs: endMs, outages, hops }));
  const forced = listenToSimulation(simulation.world, plan);
  const rankings = [beforeKillMs, settledMs].map((atMs) => {
    simulation.advance(atMs);
    return { atMs, servers: rankingsNow(simulation, plan) };
  });
  simulation.advance(endMs);
  return { ...predictionOf(simulation), rankings, forced: forced() };
}

/** As steering's own policy would answer each viewer now. */
function rankingsNow({ world }: Simulation, plan: DemoPlan): Map<string, string> {
  const path = `/live/${plan.options.eventId}/master.m3u8`;
  return new Map(
    viewersOf(plan).map(({ session, place }) => {
      const home = world.places.find(({ network, metro }) => `${network}/${metro}` === place)!;
      const { country, network, metro } = home;
      const { servers } = world.desk.peek({ country, client: session, path, subscriber: { network, metro } });
      return [session, servers.map(({ id }) => id).join(' ')];
    }),
  );
}
