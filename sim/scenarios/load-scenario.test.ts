import { mkdtempSync, rmSync, writeFileSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import test from 'ava';
import { generateWorld } from '../../topology/world/generate.ts';
import { writeTopology } from '../../topology/load/topology-file.ts';
import { forecastBps, libraryNames, loadScenario } from './load-scenario.ts';
import { parseOverride, variantOverrides } from './overrides.ts';

const folder = mkdtempSync(join(tmpdir(), 'undercard-scenarios-'));
writeTopology(generateWorld({ sites: 3, servers: 6, seed: 1, peakBps: 1e9 }), join(folder, 'world.json'));
writeFileSync(join(folder, 'nowhere.csv'), 'seconds,arrivals,country\n0,5,AQ\n');
writeFileSync(join(folder, 'late.csv'), '20,5\n');
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
  [
    'a kind that is misspelt',
    `${BASE}faults:\n  - { kind: exchange-donw, exchange: a, fromSeconds: 5 }\n`,
    /:4: faults\.0\.kind: there is no "exchange-donw", did you mean "exchange-down"\?; one of site-down, /,
  ],
  [
    'no kind at all',
    `${BASE}audience: { arrival: { atSeconds: 5 } }\n`,
    /:3: audience\.arrival\.kind: is missing: one of flash-crowd, steady/,
  ],
  [
    'a field of another kind',
    `${BASE}faults:\n  - { kind: steering-down, exchange: a, fromSeconds: 5 }\n`,
    /:4: faults\.0: "exchange" does not go with what else is here; remove one of them$/,
  ],
  [
    'two sources of the network',
    'name: x\ntopology: { file: world.json, generate: {} }\n',
    /:2: topology: "(?:file|generate)" does not go with what else is here/,
  ],
  [
    'sizes of a rendition that is not there',
    `${BASE}event: { segmentBytes: { v1081: [5] } }\n`,
    /:3: event\.segmentBytes\.v1081: no rendition "v1081"; did you mean "v1080"\?/,
  ],
  [
    'an origin twice',
    `${BASE}origin: { regions: [us-east, us-east] }\n`,
    /:3: origin\.regions\.1: "us-east" is there twice/,
  ],
  [
    'an origin down where none is',
    `${BASE}faults:\n  - { kind: origin-down, region: sa-east, fromSeconds: 5 }\n`,
    /:4: faults\.0\.region: no origin in region "sa-east"; /,
  ],
  [
    'a variant of an unknown field',
    `${BASE}variants:\n  a: { steering.policy: nearest }\n  b: { "steering policy": nearest }\n`,
    /:5: variants\.b: "steering policy" is no field; /,
  ],
  [
    'a trace from where nobody lives',
    `${BASE}audience: { arrival: { kind: trace, file: nowhere.csv } }\n`,
    /:3: .*nowhere\.csv:2: nobody lives in AQ here; /,
  ],
  [
    'a trace after the end',
    `${BASE}durationSeconds: 20\naudience: { arrival: { kind: trace, file: late.csv } }\n`,
    /:4: .*late\.csv: nobody arrives before the end \(durationSeconds: 20\)/,
  ],
  ['two documents', 'name: x\n---\nname: y\n', /^s\d+\.yaml:\d: a second document begins here/],
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

test('a run that is cut short leaves out what would go wrong later', (t) => {
  const cut = loadScenario('exchange-down', [parseOverride('durationSeconds=100')!]);
  if (cut.kind === 'bad') return t.fail(cut.reason);
  t.deepEqual(
    cut.scenario.faults.map(({ fromSeconds }) => fromSeconds),
    [80],
  );
  t.is(cut.shipped.faults.length, 3);
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

test('a bad override is blamed itself, and not another', (t) => {
  const refused = (reason: RegExp, ...sets: string[]) =>
    t.regex(outcome(BASE, [...sets, 'durationSeconds=20']), reason);
  refused(/^--set audience\.viewrs=5: .*did you mean "viewers"/, 'audience.viewers=5', 'audience.viewrs=5');
  refused(/^--set audience\.devices\.7\.share=2: audience\.devices is a list of 3: /, 'audience.devices.7.share=2');
  refused(/^--set audience\.devices\.x=2: audience\.devices is a list of 3: /, 'audience.devices.x=2');
  refused(/^--set faults\.0\.kind=steering-down: faults\.0\.fromSeconds: is missing/, 'faults.0.kind=steering-down');
  refused(/^--set audience\.arrival\.kind=trace: audience\.arrival\.file: is missing/, 'audience.arrival.kind=trace');
  refused(/^--set topology\.generate\.countries=\[XX\]: /, 'topology.generate.countries=[XX]');
  t.is(parseOverride('audience.__proto__.viewers=5'), null);
});

test('another kind drops what only the old one had, in whatever order it is set, and keeps the rest', (t) => {
  const file = join(folder, 'kinds.yaml');
  writeFileSync(
    file,
    `${BASE}audience: { restarts: { kind: naive, patienceSeconds: 6 }, arrival: { kind: steady, rampSeconds: 7 } }\n`,
  );
  const sets = ['audience.restarts.kind=guided', 'audience.arrival.atSeconds=9', 'audience.arrival.kind=flash-crowd'];
  for (const order of [sets, sets.toReversed()]) {
    const loaded = loadScenario(
      file,
      order.map((set) => parseOverride(set)!),
    );
    if (loaded.kind === 'bad') return t.fail(loaded.reason);
    const { restarts, arrival } = loaded.scenario.audience;
    t.like(restarts, { kind: 'guided', patienceSeconds: 6 });
    t.deepEqual(arrival, { kind: 'flash-crowd', atSeconds: 9, widthSeconds: 60, earlyShare: 0.05 });
  }
});

test('variants of retry-storm differ in nothing but the kind of restart', (t) => {
  const loaded = loadScenario('retry-storm');
  if (loaded.kind === 'bad') return t.fail(loaded.reason);
  const [naive, guided] = ['naive', 'guided'].map((variant) => {
    const one = loadScenario('retry-storm', variantOverrides(loaded.scenario, variant));
    return one.kind === 'bad' ? null : one.scenario;
  });
  t.is(naive?.audience.restarts.patienceSeconds, loaded.scenario.audience.restarts.patienceSeconds);
  t.deepEqual({ ...guided!.audience.restarts, kind: 'naive' }, { ...naive!.audience.restarts });
});

test('a variant that is wrong is told with its line', (t) => {
  const file = join(folder, 'variants.yaml');
  writeFileSync(file, `${BASE}variants:\n  b: { steering.polcy: nearest }\n`);
  const shipped = loadScenario(file);
  if (shipped.kind === 'bad') return t.fail(shipped.reason);
  const loaded = loadScenario(file, variantOverrides(shipped.scenario, 'b'));
  t.regex(
    loaded.kind === 'bad' ? loaded.reason : '',
    /variants\.yaml:4: variants\.b\.steering\.polcy: .*did you mean "policy"/,
  );
});

test('a network that is named in an override takes the place of the scenario’s, from where it was typed', (t) => {
  const loaded = loadScenario('first-light', [
    parseOverride(`topology.file=${relative('.', join(folder, 'world.json'))}`)!,
  ]);
  t.is(loaded.kind === 'bad' ? loaded.reason : loaded.topology.sites.length, 3);
  t.is(outcome(BASE, ['topology.generate.sites=5', 'topology.generate.servers=5']), 'good');
});

test('a network without an edge is refused', (t) => {
  const world = generateWorld({ sites: 3, servers: 3, seed: 1, peakBps: 1e9 });
  const sites = world.sites.map((site) => ({
    ...site,
    servers: site.servers.map((one) => ({ ...one, role: 'shield' as const })),
  }));
  writeTopology({ ...world, sites }, join(folder, 'shields.json'));
  t.regex(outcome('name: x\ntopology: { file: shields.json }\n'), /:2: topology: no site has a server of role edge/);
});

test('the network is built for the forecast: viewers, their share, and what their devices may see', (t) => {
  const loaded = loadScenario('fight-night', [
    parseOverride('audience.devices=[{name: tv, share: 1}, {name: phone, share: 1, maxHeight: 720}]')!,
  ]);
  if (loaded.kind === 'bad') return t.fail(loaded.reason);
  const { audience } = loaded.scenario;
  t.is(forecastBps(loaded.scenario), audience.viewers * audience.forecastShare * ((5.8e6 + 3.2e6) / 2 + 128_000));
});
