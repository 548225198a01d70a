import test from 'ava';
import { runSmall } from '../run/small-world.fixture.ts';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

test('who follows the sun comes little by little, and nobody comes and goes for nothing', (t) => {
  const arrival = { kind: 'diurnal', peakHour: 20, lowShare: 0.3 };
  const { result } = runSmall({ durationSeconds: 120, audience: { viewers: 400, arrival } });
  const { arrivals, present } = result.series;
  const there = present.at(-1)!;
  t.true(there > 0.3 * 400 && there <= 400, String(there));
  t.true(Math.max(...arrivals) < 0.1 * there, 'not all in one moment');
  t.true(sum(arrivals.slice(31)) <= 3, 'in two minutes the sun hardly moves');
});

test('an audience of one place is whole at its peak hour', (t) => {
  // Runs begin at 08:00 UTC.
  const arrival = { kind: 'diurnal', peakHour: 8, lowShare: 0.3 };
  const { simulation } = runSmall({ audience: { viewers: 50, arrival, countries: { GB: 1 } } });
  t.is(simulation.present, 50);
});

test('who has given up is not counted as there: the sun’s audience is filled up', (t) => {
  const faults = ['amsterdam', 'new-york', 'singapore'].map((site) => ({
    ...{ kind: 'site-down', site, fromSeconds: 0, forSeconds: 30 },
  }));
  const restarts = { patienceSeconds: 2, most: 0 };
  const arrival = { kind: 'diurnal', peakHour: 8, lowShare: 0.3 };
  const { simulation, result } = runSmall({
    durationSeconds: 90,
    audience: { viewers: 50, arrival, countries: { GB: 1 }, restarts },
    faults,
  });
  t.true(result.summary.gaveUp > 0);
  t.is(simulation.audience.present, simulation.present);
  t.is(simulation.present, 50);
});
