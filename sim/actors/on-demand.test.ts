import test from 'ava';
import { runSmall } from '../run/small-world.fixture.ts';

const CATALOGUE = { titles: 50, viewers: 100, meanTitleSeconds: 600 };
const NOBODY = { viewers: 1 };

test('nobody asks for a chunk while the one before is coming: a full link has no more transfers than people', (t) => {
  const faults = [{ kind: 'capacity-reduced', link: 'access-polder', left: 0.0005, fromSeconds: 20 }];
  const { simulation } = runSmall({ durationSeconds: 90, audience: NOBODY, catalogue: CATALOGUE, faults });
  t.true(simulation.onDemand!.chunksFailed > 0, 'they give up what takes too long');
  t.true(simulation.world.network.active <= 100, String(simulation.world.network.active));
});

test('what was lost with a dark site is given up, and asked of another', (t) => {
  const faults = [{ kind: 'site-down', site: 'singapore', fromSeconds: 20 }];
  const { simulation, result } = runSmall({ durationSeconds: 90, audience: NOBODY, catalogue: CATALOGUE, faults });
  t.true(simulation.onDemand!.chunksFailed > 0);
  t.true(simulation.world.wire.active < 200, `${simulation.world.wire.active} exchanges are left`);
  t.true(result.series.edgeBps.at(-1)! > 0.8 * 100 * 4e6, String(result.series.edgeBps.at(-1)));
});

test('steering that is down is asked nothing', (t) => {
  const faults = [{ kind: 'steering-down', fromSeconds: 0, forSeconds: 20 }];
  const { simulation, result } = runSmall({ durationSeconds: 20, audience: NOBODY, catalogue: CATALOGUE, faults });
  t.is(result.summary.steeringDecisions, 0);
  t.is(simulation.onDemand!.chunksAsked, 0);
});
