import { createHash } from 'node:crypto';
import test from 'ava';
import type { SimulationResult } from '../run/result.ts';
import { pageData } from './page-data.ts';
import { renderReport } from './report.ts';
import { sampleResult } from './sample-result.fixture.ts';

const result = sampleResult();
const page = renderReport(result);
const HOSTILE = `<script>alert(1)</script><img src=x onerror="alert(2)">' " --> </script>`;

test('the page is one file that loads nothing, and says so to the browser', (t) => {
  t.notRegex(page, /\b(?:src|href)="(?!#|data:,)/);
  t.notRegex(page, /@import|url\(|fetch\(|XMLHttpRequest|WebSocket|importScripts|sendBeacon/);
  // The namespace of SVG is a name, not an address.
  t.deepEqual([...new Set(page.match(/https?:\/\/[^\s"'<)]+/g))], ['http://www.w3.org/2000/svg']);
  const script = /<script type="module">([\s\S]*?)<\/script>/.exec(page)![1]!;
  const digest = createHash('sha256').update(script).digest('base64');
  t.true(page.includes(`script-src &#39;sha256-${digest}&#39;`));
});

test('a run of 40 sites and 300 steps stays below 3 MB', (t) => {
  t.true(Buffer.byteLength(page) < 3e6, `${Buffer.byteLength(page)} bytes`);
});

test('the same result gives the same bytes', (t) => {
  t.is(renderReport(sampleResult()), page);
});

test('no name in a result becomes part of the page’s code', (t) => {
  const hostile = JSON.parse(JSON.stringify(result), (name, value: unknown) =>
    typeof value === 'string' &&
    ['name', 'text', 'title', 'description', 'target', 'metro', 'from', 'to', 'network'].includes(name)
      ? HOSTILE
      : value,
  ) as SimulationResult;
  hostile.assumptions = [HOSTILE];
  hostile.checks[0]!.violations = [HOSTILE];
  hostile.summary.failures = { [HOSTILE]: 4 };
  const made = renderReport(hostile);
  t.is(made.match(/<script/g)?.length, 2, 'the data and the page’s own script');
  t.is(made.match(/<\/script/g)?.length, 2);
  t.false(made.includes('<img') || made.includes('onerror="'));
  t.true(made.includes('&#60;script&#62;alert(1)&#60;/script&#62;'), 'it is shown as text');
  const data = JSON.parse(/<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(made)![1]!) as {
    faults: { text: string }[];
  };
  t.is(data.faults[0]!.text, HOSTILE, 'and reaches the page as it is');
});

test('without script there are the verdict, the key figures and all tables', (t) => {
  const dead = page.replace(/<script[\s\S]*?<\/script>/g, '');
  for (const { id } of [...result.isps, ...result.sites]) t.true(dead.includes(id), id);
  t.is(
    dead.match(/<tr(?: class="marked")?>/g)?.length,
    4 + result.isps.length + result.sites.length + result.links.length + result.tiers.length,
  );
  t.true(dead.includes('id="scenario"') && dead.includes('undercard sim run sample-night --seed 1'));
});

test('the losing ISP and the full link are marked', (t) => {
  const marked = [...page.matchAll(/<tr class="marked">\s*<th[^>]*data-value="([^"]*)"/g)].map((found) => found[1]);
  t.deepEqual(marked, ['Paris Broadband 1', 'peer-isp-fr-1']);
});

test('rounding for the page makes nothing full that was not', (t) => {
  const { series } = result;
  const links = {
    ids: ['nearly', 'full'],
    utilisation: [0.9499, 0.95].map((share) => series.timesSeconds.map(() => share)),
  };
  const rows = pageData({ ...result, series: { ...series, links } }).links;
  const row = (id: string) => rows.find((found) => found.id === id)!;
  t.true(row('nearly').values.every((value) => value < 950));
  t.is(row('nearly').fullSeconds, 0);
  t.true(row('full').values.every((value) => value >= 950));
  t.is(row('full').fullSeconds, 600);
});

test('a run that ended before anything happened makes a page too', (t) => {
  const { series } = result;
  const none = Object.fromEntries(
    Object.entries(series).map(([name, value]) => [
      name,
      Array.isArray(value)
        ? []
        : typeof value === 'number'
          ? value
          : Object.fromEntries(Object.keys(value).map((key) => [key, []])),
    ]),
  ) as unknown as SimulationResult['series'];
  const empty = {
    ...result,
    series: none,
    isps: [],
    sites: [],
    servers: [],
    links: [],
    arcs: [],
    faults: [],
    tiers: [],
  };
  t.notRegex(
    renderReport({ ...empty, summary: { ...result.summary, bottlenecks: [], losingIsp: null } }).replace(
      /<script[\s\S]*?<\/script>/g,
      '',
    ),
    /NaN|undefined/,
  );
});
