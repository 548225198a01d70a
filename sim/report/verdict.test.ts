import test from 'ava';
import type { SimulationResult } from '../run/result.ts';
import { sampleResult, SAMPLE_BOTTLENECK, SAMPLE_LOSER } from './sample-result.fixture.ts';
import { firstFullSeconds, verdict } from './verdict.ts';

const line = (result: SimulationResult, label: string) => verdict(result).find((found) => found.label === label);

test('the verdict names what broke first, the bottleneck, the losing ISP and the cost', (t) => {
  const result = sampleResult();
  const loser = result.isps.find(({ id }) => id === SAMPLE_LOSER)!;
  const first = line(result, 'First broke')!;
  t.regex(first.text, /^At 3:00 the fault capacity-reduced set in \(.*; at 3:\d\d .*stood still/);
  t.is(first.tone, 'bad');
  t.true(line(result, 'Bottleneck')!.text.includes(SAMPLE_BOTTLENECK));
  t.regex(
    line(result, 'Bottleneck')!.detail!,
    /100 % of 21\.\d Gbit\/s at its peak · first full at 3:\d\d · next: ix-amsterdam-1/,
  );
  t.true(line(result, 'Who lost')!.text.includes(loser.name));
  t.regex(line(result, 'What it cost')!.text, /US\$ 2\d,\d{3} for a month/);
  t.true(verdict(result).length <= 5);
});

test('causes are told in their order: what comes first by the clock, a fault before the stalls it makes', (t) => {
  const result = sampleResult();
  // The same run with its first fault later than the stalls.
  const faults = result.faults.map((fault) => ({ ...fault, fromSeconds: fault.fromSeconds + 60 }));
  t.regex(line({ ...result, faults }, 'First broke')!.text, /^At 3:0\d more than 1 % of the viewers stood still/);
});

test('when nothing broke it says so, and blames nobody', (t) => {
  const result = sampleResult();
  const calm: SimulationResult = {
    ...result,
    faults: [],
    summary: { ...result.summary, bottlenecks: [], losingIsp: null, neverPlayed: 0, stallRatio: 0 },
    series: { ...result.series, stalled: result.series.stalled.map(() => 0) },
  };
  t.is(line(calm, 'First broke'), undefined);
  t.is(line(calm, 'What broke')!.tone, 'good');
  t.regex(line(calm, 'Bottleneck')!.text, /^There was none/);
  t.regex(line(calm, 'Who lost')!.text, /^No ISP/);
});

test('when everybody lost alike, no ISP is blamed, and nothing is called good', (t) => {
  const result = sampleResult();
  const { summary, series } = result;
  const dark: SimulationResult = {
    ...result,
    faults: [],
    summary: { ...summary, bottlenecks: [], losingIsp: null, neverPlayed: summary.arrived, stallRatio: 0 },
    series: { ...series, stalled: series.stalled.map(() => 0) },
  };
  t.is(line(dark, 'What broke')!.tone, 'bad');
  t.regex(line(dark, 'What broke')!.text, /and yet ([\d,]+) of \1 viewers never had a picture\.$/);
  t.regex(line(dark, 'What broke')!.detail!, /^failed requests: \d/);
  t.is(line(dark, 'Who lost')!.tone, 'bad');
  const still = { ...dark, summary: { ...dark.summary, neverPlayed: 0, stallRatio: 0.53, viewersStalledShare: 1 } };
  t.regex(line(still, 'Who lost')!.text, /^No ISP stands out: 100 % of the viewers met a stall, 53 % of the time/);
});

test('a failed check comes before everything else', (t) => {
  const result = sampleResult();
  const checks = [{ name: 'bytes conserved', ok: false, looks: 3, violations: ['at 12 s: 5 bytes too many'] }];
  const [first] = verdict({ ...result, checks });
  t.is(first!.label, 'Do not trust');
  t.regex(`${first!.text} ${first!.detail}`, /bytes conserved.*seed 1: at 12 s/);
});

test('a run that was stopped says of which part its figures are', (t) => {
  const result = sampleResult();
  t.regex(
    line({ ...result, ended: { atSeconds: 90, reason: 'interrupted' } }, 'Cut short')!.text,
    /stopped at 1:30 of 10:00/,
  );
});

test('full first is when it stayed full, not a step by chance', (t) => {
  const result = sampleResult();
  const row = result.series.timesSeconds.map((_, at) => (at === 3 || at >= 10 ? 1 : 0.2));
  const links = { ids: ['x'], utilisation: [row] };
  t.is(
    firstFullSeconds({ ...result, series: { ...result.series, links } }, 'link', 'x'),
    result.series.timesSeconds[11]! - 2,
  );
  t.is(firstFullSeconds(result, 'link', 'no such link'), null);
});

test('a result with nobody in it has a verdict too', (t) => {
  const result = sampleResult();
  const nobody: SimulationResult = {
    ...result,
    isps: [],
    links: [],
    servers: [],
    tiers: [],
    faults: [],
    summary: { ...result.summary, bottlenecks: [], losingIsp: null, costUsdMonth: 0, deliveredBytes: 0 },
    series: { ...result.series, timesSeconds: [], present: [], stalled: [] },
  };
  t.notThrows(() => verdict(nobody));
  for (const { text, detail } of verdict(nobody)) t.notRegex(`${text} ${detail}`, /NaN|undefined|Infinity/);
});
