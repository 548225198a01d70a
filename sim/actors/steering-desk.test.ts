import test from 'ava';
import { smallScenario, smallTopology } from '../run/small-world.fixture.ts';
import { Simulation } from '../run/simulation.ts';

const REQUEST = {
  country: 'NL',
  client: 'somebody',
  path: '/live/event/master.m3u8',
  subscriber: { network: 'polder', metro: 'amsterdam' },
};

test('steering that was down knows a second later how nodes are: their reports are of the last second alone', (t) => {
  const faults = [{ kind: 'steering-down', fromSeconds: 15, forSeconds: 25 }];
  const scenario = smallScenario({ audience: { viewers: 300 }, faults });
  const simulation = new Simulation({ scenario, topology: smallTopology() });
  simulation.advance(41_100);
  const { servers } = simulation.world.desk.rank(REQUEST);
  const first = servers.slice(0, 2).map(({ id, reasons }) => `${id} ${reasons.at(-1)}`);
  t.deepEqual(first.toSorted(), ['edge-1 healthy', 'edge-2 healthy']);
});
