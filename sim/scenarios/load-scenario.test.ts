import { mkdtempSync, rmSync, writeFileSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { generateWorld } from '../../topology/world/generate.ts';
import { writeTopology } from '../../topology/load/topology-file.ts';
import { forecastBps, libraryNames, loadScenario } from './load-scenario.ts';
import { parseOverride, variantOverrides } from './overrides.ts';

const folder = mkdtempSync(join(tmpdir(), 'undercard-scenarios-'));
writeTopology(generateWorld({ sites: 3, servers: 6, seed: 1, peakBps: 1e9 }), join(folder, 'world.json'));
let files = 0;

test.after.always(() => rmSync(folder, { recursive: true }));

/** @returns the reason, or the word good */
function outcome(text: string, sets: string[] = [], name = `s${files++}.yaml`): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  const loaded = loadScenario(
    file,
    sets.map((set) => parseOverride(set)!),
  );
  return loaded.kind === 'bad' ? loaded.reason.replaceAll(`${folder}/`, '') : 'good';
}

const BASE = 'name: x\ntopology: { file: world.json }\n';

test('every scenario that comes along can be loaded, and says what it is about', (t) => {
  t.deepEqual(libraryNames(), ['exchange-down', 'fight-night', 'first-light', 'retry-storm']);
  for (const name of libraryNames()) {
    const loaded = loadScenario(name);
    t.is(loaded.kind, 'scenario', loaded.kind === 'bad' ? loaded.reason : '');
    if (loaded.kind === 'bad') continue;
    t.is(loaded.scenario.name, name);
    t.truthy(loaded.scenario.title);
    t.true(loaded.scenario.description!.length > 100);
    for (const variant of Object.keys(loaded.scenario.variants ?? {}))
      t.is(loadScenario(name, variantOverrides(loaded.scenario, variant)).kind, 'scenario');
  }
});

test('a name alone is enough, and so is a name and a network', (t) => {
  t.is(outcome('name: x\n'), 'good');
  t.is(outcome(BASE), 'good');
});

const BAD: [what: string, text: string, reason: RegExp][] = [
  ['a wrong type', `${BASE}durationSeconds: long\n`, /^s\d+\.yaml:3: durationSeconds: expected a number, got "long"/],
  [
    'an unknown key',
    `${BASE}audience: { viewrs: 5 }\n`,
    /^s\d+\.yaml:3: audience: unknown key "viewrs", did you mean "viewers"\?$/,
  ],
  [
    'an unknown key of the edge’s own section',
    `${BASE}edge: { policy: { waitMS: 5 } }\n`,
    /:3: edge\.policy: unknown key "waitMS", did you mean "waitMs"\?/,
  ],
  ['a negative capacity', `${BASE}origin: { egressBps: -5 }\n`, /:3: origin\.egressBps: .*-5/],
  ['an empty audience', `${BASE}audience: { viewers: 0 }\n`, /:3: audience\.viewers: .*0/],
  [
    'shares that are all 0',
    `${BASE}audience:\n  devices: [{ name: tv, share: 0 }]\n`,
    /:4: audience\.devices: all shares are 0: an empty audience/,
  ],
  [
    'an audience where nobody lives',
    `${BASE}audience: { countries: { AQ: 1 } }\n`,
    /:3: audience\.countries\.AQ: nobody lives in AQ here/,
  ],
  [
    'a crowd after the end',
    `${BASE}audience: { arrival: { kind: flash-crowd, atSeconds: 9999 } }\n`,
    /atSeconds: the crowd comes at 9999 s, after the end/,
  ],
  [
    'a fault on nothing',
    `${BASE}faults:\n  - { kind: site-down, site: nowhere, fromSeconds: 5 }\n`,
    /:4: faults\.0\.site: no site "nowhere"; known: /,
  ],
  ['a fault of no kind', `${BASE}faults:\n  - { kind: site-dwon, site: a, fromSeconds: 5 }\n`, /:4: faults\.0\.kind: /],
  [
    'a fault after the end',
    `${BASE}faults:\n  - { kind: steering-down, fromSeconds: 9999 }\n`,
    /:4: faults\.0\.fromSeconds: 9999 is after the end/,
  ],
  [
    'a capacity reduced nowhere',
    `${BASE}faults:\n  - { kind: capacity-reduced, left: 0.5, fromSeconds: 5 }\n`,
    /:4: faults\.0: name one of link, server, site, exchange/,
  ],
  [
    'a pipeline twice',
    `${BASE}event:\n  pipelines: [{ id: a }, { id: a }]\n`,
    /:4: event\.pipelines\.1\.id: "a" is there twice/,
  ],
  ['an origin in no region', `${BASE}origin: { regions: [mars] }\n`, /:3: origin\.regions\.0: no region "mars"/],
  ['a topology that is not there', 'name: x\ntopology: { file: none.json }\n', /:2: .*none\.json: no such file/],
  [
    'too few servers',
    'name: x\ntopology: { generate: { sites: 10, servers: 5 } }\n',
    /:2: topology\.generate: 5 servers for 10 sites/,
  ],
  [
    'a trace that is none',
    `${BASE}audience: { arrival: { kind: trace, file: world.json } }\n`,
    /:3: .*world\.json:1: must be seconds,arrivals/,
  ],
  ['YAML that is none', 'name: [x\n', /^s\d+\.yaml:\d+: /],
  ['a name twice', 'name: x\nname: y\n', /^s\d+\.yaml:2: the key "name" is there twice/],
];

for (const [what, text, reason] of BAD) {
  test(`refused in one line with its place: ${what}`, (t) => {
    const said = outcome(text);
    t.regex(said, reason);
    t.false(said.includes('\n'));
  });
}

test('a file of 2 GB is refused unread', (t) => {
  const file = join(folder, 'huge.yaml');
  writeFileSync(file, '');
  truncateSync(file, 2 * 2 ** 30);
  const loaded = loadScenario(file);
  t.regex(loaded.kind === 'bad' ? loaded.reason : '', /huge\.yaml: .*too large/);
});

test('a scenario of no name is told what there is', (t) => {
  const loaded = loadScenario('fight-nihgt');
  t.regex(loaded.kind === 'bad' ? loaded.reason : '', /did you mean "fight-night"\?/);
});

test('any field can be overridden, and a bad override is named', (t) => {
  t.is(
    outcome(BASE, ['steering.policy=nearest', 'audience.viewers=7', 'faults=[{kind: steering-down, fromSeconds: 1}]']),
    'good',
  );
  t.regex(outcome(BASE, ['steering.policy=nearst']), /^--set steering\.policy=nearst: .*did you mean "nearest"\?/);
  t.regex(
    outcome(BASE, ['steering.polcy=nearest']),
    /^--set steering\.polcy=nearest: steering: unknown key "polcy", did you mean "policy"\?/,
  );
  t.regex(outcome(BASE, ['audience.countries={AQ: 1}']), /^--set audience\.countries=\{AQ: 1\}: .*nobody lives in AQ/);
  t.is(outcome(BASE, ['audience.arrival.kind=flash-crowd']), 'good', 'another kind begins with its own defaults');
  t.is(parseOverride('steering.policy'), null);
  t.is(parseOverride('=5'), null);
});

test('the network is built for the forecast: viewers, their share, and what their devices may see', (t) => {
  const loaded = loadScenario('fight-night', [
    parseOverride('audience.devices=[{name: tv, share: 1}, {name: phone, share: 1, maxHeight: 720}]')!,
  ]);
  if (loaded.kind === 'bad') return t.fail(loaded.reason);
  const { audience } = loaded.scenario;
  t.is(forecastBps(loaded.scenario), audience.viewers * audience.forecastShare * ((5.8e6 + 3.2e6) / 2 + 128_000));
});
