import test from 'ava';
import { scenarioSchema } from '../scenarios/scenario.ts';
import { rerunCommand } from './rerun.ts';

const shipped = scenarioSchema.parse({ name: 'fight-night', audience: { viewers: 10_000 } });

test('name, seed and viewers are always there', (t) => {
  t.is(rerunCommand(shipped), 'undercard sim run fight-night --seed 1 --viewers 10000');
  t.is(rerunCommand(shipped, shipped), 'undercard sim run fight-night --seed 1 --viewers 10000');
});

test('a scenario from a file is called by its file', (t) => {
  t.is(
    rerunCommand(shipped, shipped, './my night.yaml'),
    "undercard sim run './my night.yaml' --seed 1 --viewers 10000",
  );
});

test('what a section has no longer is gone after the command, too', (t) => {
  const run = scenarioSchema.parse({
    name: 'fight-night',
    audience: { viewers: 10_000, arrival: { kind: 'diurnal', peakHour: 20, lowShare: 0.5 } },
  });
  const command = rerunCommand(run, shipped);
  t.true(command.endsWith(` --set audience.arrival='{"kind":"diurnal","peakHour":20,"lowShare":0.5}'`), command);
});

test('what was set otherwise than in the file is named, quoted for a shell', (t) => {
  const run = structuredClone(shipped);
  run.seed = 7;
  run.steering.policy = 'nearest';
  run.title = `it's $HOME`;
  run.origin.regions = ['us-east'];
  const command = rerunCommand(run, shipped);
  t.true(command.startsWith('undercard sim run fight-night --seed 7 --viewers 10000 '));
  t.true(command.includes(' --set steering.policy=nearest'));
  t.true(command.includes(String.raw`--set title='it'\''s $HOME'`));
  t.true(command.includes(`--set origin.regions='["us-east"]'`));
  t.is(command.match(/--set/g)?.length, 3);
});
