import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { findErrors } from '../../topology/model/check-references.ts';
import { checkTopology } from '../../topology/model/check.ts';
import { makeResult } from '../run/make-result.ts';
import type { CdnResult, SimulationResult } from '../run/result.ts';
import { Simulation, type SimulationInput } from '../run/simulation.ts';
import { loadScenario } from '../scenarios/load-scenario.ts';
import { parseOverride } from '../scenarios/overrides.ts';

const THREE = [
  { id: 'alpha', baseUrl: 'https://alpha.example', weight: 2 },
  { id: 'beta', baseUrl: 'https://beta.example', weight: 1 },
  { id: 'gamma', baseUrl: 'https://gamma.example', weight: 1, footprint: { countrycode: ['US'] } },
];
const SMALL = [
  'topology.generate={ sites: 8, servers: 12, seed: 1, countries: [US, DE, GB] }',
  'audience.viewers=100',
  'durationSeconds=60',
  'audience.arrival={ kind: steady, rampSeconds: 10 }',
  'audience.forecastShare=1',
];

function cdnsFile(t: ExecutionContext, file: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'undercard-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'cdns.yaml');
  writeFileSync(path, stringify(file));
  return path;
}

function load(t: ExecutionContext, file: object, sets: readonly string[] = []) {
  return loadScenario(
    'first-light',
    [...SMALL, ...sets].map((set) => parseOverride(set)!),
    cdnsFile(t, file),
  );
}

function good(t: ExecutionContext, file: object, sets: readonly string[] = []): SimulationInput {
  const loaded = load(t, file, sets);
  if (loaded.kind === 'bad') throw new Error(loaded.reason);
  return loaded;
}

function run(input: SimulationInput): SimulationResult {
  const simulation = new Simulation(input);
  simulation.advance(Infinity);
  return makeResult(simulation, '0.0.0', 'end');
}

const of = (result: SimulationResult, id: string): CdnResult => result.cdns!.find((cdn) => cdn.id === id)!;

test('CDNs stand where our sites stood at exchanges, within their footprint, with maxBps split by subscribers', (t) => {
  const { topology, cdns } = good(t, { cdns: [{ ...THREE[0], maxBps: 40e9 }, THREE[1], THREE[2]] });
  t.deepEqual(findErrors(topology), []);
  t.false(
    checkTopology(topology).some(({ message }) => message.startsWith('an island')),
    'everybody is served, every site is filled',
  );
  const sitesOf = (cdn: number) => topology.sites.filter(({ id }) => cdns!.cdnOfSite.get(id) === cdn);
  t.is(sitesOf(0).length + sitesOf(1).length + sitesOf(2).length, topology.sites.length, 'no site of ours is left');
  const sent = sitesOf(0).flatMap(({ servers }) => servers.map(({ nicBps }) => nicBps));
  t.true(Math.abs(sent.reduce((sum, bps) => sum + bps, 0) - 40e9) < 1e3);
  const countryOf = new Map(topology.metros.map(({ id, country }) => [id, country]));
  t.deepEqual(new Set(sitesOf(2).map(({ metro }) => countryOf.get(metro))), new Set(['US']));
  t.true(sitesOf(0).some(({ metro }) => countryOf.get(metro) !== 'US'));
});

test('a rehearsal shares sessions as the service does, and its books agree', (t) => {
  const input = good(t, { cdns: THREE, balance: { nominalBps: 4e6 } });
  const result = run(input);
  t.deepEqual(
    result.checks.filter(({ ok }) => !ok),
    [],
  );
  const all = result.cdns!.reduce((sum, { deliveredBytes }) => sum + deliveredBytes, 0);
  t.true(Math.abs(all / result.summary.deliveredBytes - 1) < 1e-4);
  t.is(
    result.cdns!.reduce((sum, { firstChoices }) => sum + firstChoices, 0),
    result.summary.steeringDecisions,
  );
  // Europe two to one, America two to one to one: alpha has from half to two thirds, and five deviations of a hundred viewers.
  const { deliveredShare } = of(result, 'alpha');
  t.true(deliveredShare > 0.25 && deliveredShare < 0.9, `${deliveredShare}`);
  for (const cdn of result.cdns!) {
    const off = cdn.estimatedBytes / cdn.deliveredBytes;
    t.true(off > 0.5 && off < 2, `${cdn.id}: estimated ${cdn.estimatedBytes}, delivered ${cdn.deliveredBytes}`);
    t.is(cdn.cost, null);
    t.is(cdn.owedShare, null);
  }
  t.true(result.assumptions.some((sentence) => sentence.includes('other people’s CDNs')));
  t.deepEqual(run(input), result, 'the same again');
});

test('a CDN that goes down loses its viewers to the others, and is used again when it is back', (t) => {
  const fault = (forSeconds: string) => `faults=[{ kind: cdn-down, cdn: alpha, fromSeconds: 20${forSeconds} }]`;
  const file = { cdns: THREE.slice(0, 2), probes: { rampSeconds: 2 } };
  const dead = run(good(t, file, [fault('')]));
  t.deepEqual(
    dead.checks.filter(({ ok }) => !ok),
    [],
  );
  t.is(dead.faults[0]!.text, 'alpha down');
  t.true(of(dead, 'alpha').deliveredBytes > 0);
  t.true(dead.series.playing.at(-1)! >= 0.95 * dead.series.present.at(-1)!, 'all play on');
  const sites = (id: string, { series }: SimulationResult) =>
    series.sites.ids.flatMap((site, at) => (site.startsWith(id) ? [series.sites.bps[at]!] : []));
  const rateAt = (id: string, result: SimulationResult, seconds: number) =>
    sites(id, result).reduce((sum, bps) => sum + bps[result.series.timesSeconds.indexOf(seconds)]!, 0);
  t.is(rateAt('alpha', dead, 55), 0);
  t.true(rateAt('beta', dead, 55) > rateAt('beta', dead, 19));

  const back = run(good(t, file, [fault(', forSeconds: 8'), 'durationSeconds=100']));
  t.is(rateAt('alpha', back, 27), 0);
  // Players that met a time-out there stay away for their own penalty; whoever did not, and whoever comes, goes there.
  t.true(rateAt('alpha', back, 100) > 0);
  t.true(of(back, 'alpha').firstChoices > of(dead, 'alpha').firstChoices);
});

test('prices and commitments are accounted for', (t) => {
  const file = {
    cdns: [
      { ...THREE[0], commitmentTB: 1000, pricePerGB: 0.03 },
      { ...THREE[1], pricePerGB: 0.01 },
    ],
    balance: { byWeight: 0.2 },
  };
  const result = run(good(t, file));
  const [alpha, beta] = [of(result, 'alpha'), of(result, 'beta')];
  t.true(Math.abs(alpha.cost! - (alpha.deliveredBytes / 1e9) * 0.03) < 1e-5 * alpha.cost!);
  t.true(Math.abs(beta.cost! - (beta.deliveredBytes / 1e9) * 0.01) < 1e-5 * beta.cost!);
  // A thousand TB in January's 31 days, in a minute of it.
  t.true(Math.abs(alpha.owedBytes! / ((1e15 * 60) / (31 * 86_400)) - 1) < 1e-5);
  t.true(Math.abs(alpha.owedShare! - alpha.deliveredBytes / alpha.owedBytes!) < 1e-4);
  t.is(beta.owedBytes, null);
  // All that weights leave is asked for: the commitment is far more than these viewers take.
  t.true(alpha.deliveredShare > 0.8, `${alpha.deliveredShare}`);
});

test('what a rehearsal cannot use is one line', (t) => {
  const reason = (file: object, sets: readonly string[] = []) => {
    const loaded = load(t, file, sets);
    return loaded.kind === 'bad' ? loaded.reason : 'it was taken';
  };
  t.regex(
    reason({ cdns: [{ id: 'a', baseUrl: 'https://a.example', wait: 1 }] }),
    /^--cdns .*cdns\.yaml:\d+: .*unknown key "wait"/,
  );
  t.regex(
    reason({ cdns: [{ ...THREE[0], footprint: { countrycode: ['NZ'] } }] }),
    /^--cdns .*: CDN alpha: nobody in the topology is in its footprint$/,
  );
  t.regex(
    reason({ cdns: THREE }, ['faults=[{ kind: cdn-down, cdn: alhpa, fromSeconds: 5 }]']),
    /no cdn "alhpa"; did you mean "alpha"\?/,
  );
  const without = loadScenario('first-light', [
    parseOverride('faults=[{ kind: cdn-down, cdn: alpha, fromSeconds: 5 }]')!,
  ]);
  t.regex(without.kind === 'bad' ? without.reason : '', /cdn-down needs other people’s CDNs: run it with --cdns FILE/);
});
