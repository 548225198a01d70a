import test from 'ava';
import { STUDY_CASES } from './study-case.ts';
import { studyRun, type StudyRow } from './study-run.ts';

// A few hundred viewers: what holds at any size.
async function run(name: string, options: Partial<Parameters<typeof studyRun>[1]> = {}): Promise<StudyRow> {
  const studyCase = STUDY_CASES.find((one) => one.name === name)!;
  return (await studyRun(studyCase, { policy: 'network', seed: 1, viewers: 200, ...options }))!;
}

test('viewers who come and go on a full network do not make the others wander', async (t) => {
  const { numbers } = await run('noise', { durationSeconds: 100 });
  t.true(numbers.worstSwitchesPerViewerMinute < 0.2, `${numbers.worstSwitchesPerViewerMinute} a viewer and minute`);
  t.true(numbers.stallRatio < 0.002, String(numbers.stallRatio));
});

test('when the exchange is back its viewers are where they belong', async (t) => {
  const { numbers } = await run('exchange-down');
  const moved = numbers.worstSwitchesPerViewerMinute;
  t.true(moved > 0.02 && moved < 0.4, `${moved} switches a viewer and minute`);
  t.true(numbers.lastRank0Share > 0.99, String(numbers.lastRank0Share));
  t.true(numbers.stallRatio < 0.003, String(numbers.stallRatio));
});

test('by network costs 6 % more than the optimum at the most, by distance or at random much more, and nothing costs less', async (t) => {
  const options = { durationSeconds: 80 };
  const network = await run('small-roomy', options);
  const others = [
    await run('small-roomy', { ...options, policy: 'nearest' }),
    await run('small-roomy', { ...options, policy: 'random' }),
  ];
  const ratio = ({ numbers }: StudyRow) => numbers.costOverOptimum!;
  t.true(ratio(network) >= 1 && ratio(network) < 1.06, String(ratio(network)));
  for (const other of others) t.true(ratio(other) > 1.3 * ratio(network), `${other.policy}: ${ratio(other)}`);
});

test('a study that is stopped has no half of a run in it', async (t) => {
  const stop = new AbortController();
  stop.abort();
  const studyCase = STUDY_CASES.find(({ name }) => name === 'step')!;
  t.is(await studyRun(studyCase, { policy: 'network', seed: 1, viewers: 200, signal: stop.signal }), null);
});
