import test from 'ava';
import { loadTopology } from '../../topology/load/topology-file.ts';
import { scenarioSchema } from '../scenarios/scenario.ts';
import { Simulation, type RosterEntry, type SimulationInput } from './simulation.ts';

const loaded = loadTopology(new URL('../../topology/examples/three-sites.yaml', import.meta.url).pathname);
if (loaded.kind === 'bad') throw new Error(loaded.reason);
const { topology } = loaded;

const entry = (atMs: number, place: string, session: string): RosterEntry => ({
  atMs,
  place,
  session,
  playerSeed: 7,
  accessBps: 1e9,
});

function run(input: Partial<SimulationInput>, segmentBytes?: Record<string, number[]>): Simulation {
  const event = { begunSeconds: 12, ...(segmentBytes === undefined ? {} : { segmentBytes }) };
  const audience = { viewers: 1, restarts: { kind: 'none' } };
  const transport = { lastMileMs: 0 };
  const scenario = scenarioSchema.parse({ name: 'roster', durationSeconds: 20, event, audience, transport });
  const simulation = new Simulation({ scenario, topology, roster: [], ...input });
  simulation.advance(20_000);
  simulation.close();
  return simulation;
}

const startups = (input: Partial<SimulationInput>) => run(input).sessions.startupMs;

test('who is on the roster comes, then and there, and nobody else', (t) => {
  const roster = [entry(1000, 'polder/amsterdam', 'a'), entry(4000, 'nusantara/jakarta', 'b')];
  const { viewers, world, arrived } = run({ roster });
  t.is(arrived, 2);
  t.deepEqual(
    viewers.traits.map(({ place }) => `${world.places[place]!.network}/${world.places[place]!.metro}`),
    roster.map(({ place }) => place),
  );
  t.deepEqual(
    [0, 1].map((viewer) => viewers.playerOf(viewer)!.report(20_000, 0).startedMs),
    [1000, 4000],
  );
  t.throws(() => run({ roster: [entry(0, 'nobody/nowhere', 'c')] }), { message: /nobody\/nowhere/ });
});

test('segments are as large as the event says, in turn from its first on', (t) => {
  const { keys } = run({}, { v720: [100, 200, 300] }).world;
  const v720 = keys.event.renditions.findIndex(({ id }) => id === 'v720');
  const sizes = [4, 5, 6, 7].map((number) => keys.sizeBytes(keys.segment(v720, number)));
  t.deepEqual(sizes, [100, 200, 300, 100]);
});

test('what processes take comes on top of every way, and direct viewers have none', (t) => {
  const roster = [entry(1000, 'hudson/chicago', 'a')];
  const [usual] = startups({ roster });
  const [slow] = startups({ roster, hops: { nearMs: 5, farMs: 5 } });
  const [direct] = startups({ roster, directViewers: true });
  t.true(slow! > usual! + 50, `${usual} ${slow}`);
  t.true(direct! < usual!, `${direct}`);
});
