import test from 'ava';
import { sampleResult, SAMPLE_BOTTLENECK } from './sample-result.fixture.ts';
import { terminalSummary } from './terminal.ts';

test('the summary fits a screen, its labels stand under each other', (t) => {
  const lines = terminalSummary(sampleResult()).split('\n');
  t.true(lines.length <= 25, `${lines.length} lines`);
  for (const line of lines) t.regex(line, /^(?:[a-zI][A-Za-z -]{0,11} +| {13})\S/);
});

test('it names the figures, the bottleneck, the losing ISP and the checks', (t) => {
  const text = terminalSummary(sampleResult());
  t.regex(text, /^viewers {6}50,000 came/m);
  t.regex(text, /^edges .*94\.7 % hits.* fills/m);
  t.true(text.includes(SAMPLE_BOTTLENECK));
  t.regex(text, /^losing ISP {3}Paris Broadband 1/m);
  t.regex(text, /^checks {7}all 4 passed$/m);
});

test('a failed check is named with seed and moment, and a run cut short says so', (t) => {
  const result = sampleResult();
  const text = terminalSummary({
    ...result,
    ended: { atSeconds: 65, reason: 'check' },
    checks: [{ name: 'no flow starved', ok: false, looks: 9, violations: ['at 64.2 s: flow 7 got nothing for 10 s'] }],
  });
  t.regex(text, /^checks {7}FAILED: no flow starved, seed 1\n {15}at 64\.2 s/m);
  t.regex(text, /1 min 5 s of 10 min \(a check failed\)/);
});

test('what was not measured is a dash, not a number', (t) => {
  const result = sampleResult();
  const summary = {
    ...result.summary,
    startupP50Ms: null,
    startupP95Ms: null,
    meanBitrateBps: null,
    latencyP50Ms: null,
    latencyP95Ms: null,
  };
  const text = terminalSummary({ ...result, summary: { ...summary, bottlenecks: [], losingIsp: null } });
  t.regex(text, /^start-up {5}p50 –, p95 –$/m);
  t.regex(text, /^bottlenecks {2}none/m);
  t.notRegex(text, /null|NaN|undefined/);
});
