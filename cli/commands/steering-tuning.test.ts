import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { BadInput } from '../../runtime/bad-input.ts';
import { DEFAULT_STEERING } from '../../steering/policy/steering-config.ts';
import { NODE_TIMES, steeringTuningOf } from './steering-tuning.ts';

async function file(t: ExecutionContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'steering.yaml');
  await writeFile(path, text);
  return path;
}

test('without a file and flags everything is as by default', async (t) => {
  t.deepEqual(await steeringTuningOf({}), DEFAULT_STEERING);
});

test('a file says some fields, flags override it, the rest is by default', async (t) => {
  const config = await file(t, 'policy: nearest\nsuspectAfterMs: 2000\nadmission: { spillFrom: 0.7 }\n');
  const tuning = await steeringTuningOf({ config, suspectAfter: '1s' });
  t.deepEqual(tuning, {
    ...DEFAULT_STEERING,
    policy: 'nearest',
    suspectAfterMs: 1000,
    admission: { ...DEFAULT_STEERING.admission, spillFrom: 0.7 },
  });
});

const bad: [title: string, text: string, says: RegExp][] = [
  ['an unknown key', 'admision: {}\n', /steering\.yaml:1: .*admission/],
  ['a share that is none', 'admission:\n  spillFrom: 7\n', /steering\.yaml:2: /],
  ['shares in the wrong order', 'admission:\n  spillFrom: 0.96\n', /steering\.yaml:2: .*fullShare/],
];

for (const [title, text, says] of bad) {
  test(`${title} is told with its line`, async (t) => {
    const config = await file(t, text);
    const error = await t.throwsAsync(steeringTuningOf({ config }), { instanceOf: BadInput });
    t.regex(error.message, says);
  });
}

test('flags that contradict each other, or the file, are one line', async (t) => {
  const config = await file(t, 'suspectAfterMs: 1000\ndownAfterMs: 2000\n');
  const error = await t.throwsAsync(steeringTuningOf({ config, suspectAfter: '3s' }), { instanceOf: BadInput });
  t.regex(error.message, /^--suspect-after \(3s\) must be at most --down-after \(2s\): give both/);
  t.like(DEFAULT_STEERING, NODE_TIMES);
  await t.throwsAsync(steeringTuningOf({ downAfter: '1s' }), { message: /^--suspect-after \(3s\) .*\(1s\)/ });
  t.like(await steeringTuningOf({ suspectAfter: '5s' }), { suspectAfterMs: 5000, downAfterMs: 5000 });
});
