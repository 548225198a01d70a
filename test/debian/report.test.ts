import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { chromium, type Browser, type Page } from 'playwright-core';
import { count, percent } from '../../runtime/page/format.js';
import { renderReport } from '../../sim/report/report.ts';
import { sampleResult, SAMPLE_BOTTLENECK } from '../../sim/report/sample-result.fixture.ts';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
];
const result = sampleResult();

let browser: Browser;
let folder: string;
let address: string;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
  const file = join(folder, 'report.html');
  writeFileSync(file, renderReport(result));
  address = pathToFileURL(file).href;
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
});

test.after.always(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the page; whatever it complains of, or asks of a network, is in `wrong`. */
async function open(viewport = { width: 1280, height: 900 }): Promise<{ page: Page; wrong: string[] }> {
  const page = await browser.newPage({ viewport });
  const wrong: string[] = [];
  page.on('console', (message) => void wrong.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => void wrong.push(error.message));
  page.on('request', (request) => {
    if (!/^(?:file|data):/.test(request.url())) wrong.push(request.url());
  });
  await page.goto(address);
  await page.waitForSelector('#flow svg text');
  return { page, wrong };
}

const texts = (page: Page, selector: string) => page.locator(selector).allTextContents();

test.serial('the page opens from a file without a complaint, and shows the figures of the result', async (t) => {
  const { page, wrong } = await open();
  const tiles = (await texts(page, '#tiles > div')).join('\n');
  t.true(tiles.includes(count(result.summary.peakPresent)));
  t.true(tiles.includes(percent(result.summary.stallRatio)));
  t.true(tiles.includes(percent(result.summary.edgeOffload)));
  const verdict = (await texts(page, '#verdict dd')).join('\n');
  t.true(verdict.includes(SAMPLE_BOTTLENECK) && verdict.includes('Paris Broadband 1'));
  t.is(await page.locator('#map .site').count(), result.sites.length);
  t.is(await page.locator('#checks-tag').textContent(), '4 checks passed');
  t.deepEqual(wrong, []);
});

test.serial('each plot over time has one band for each fault', async (t) => {
  const { page } = await open();
  const bands = await page
    .locator('.time-plot, .heat-axes')
    .evaluateAll((plots) =>
      (plots as unknown as { querySelectorAll(query: string): { length: number } }[]).map(
        (plot) => plot.querySelectorAll('.fault .band').length,
      ),
    );
  t.is(bands.length, 1 + 12 + 2, 'the slider, the plots, the heat maps');
  t.true(
    bands.every((found) => found === result.faults.length),
    bands.join(', '),
  );
});

test.serial('the slider moves the map: a site that fails is empty, one that fills up is red', async (t) => {
  const { page, wrong } = await open();
  const radius = async (id: string) => Number(await page.locator(`[data-site="${id}"] .disc`).getAttribute('r'));
  const at = async (seconds: number) => {
    await page.locator('#moment').fill(String(seconds / result.series.stepSeconds - 1));
    return page.locator('#now').textContent();
  };
  t.regex((await at(290))!, /^4:50 · .*fault: 1 capacity-reduced/);
  const before = await radius('ix-frankfurt');
  t.regex((await at(340))!, /2 exchange-down fra-ix$/);
  t.true((await radius('ix-frankfurt')) < before / 4, 'nothing is sent from the exchange that is down');
  const { ids, utilisation } = result.series.sites;
  const loads = utilisation[ids.indexOf('ix-amsterdam')]!;
  await at(result.series.timesSeconds[loads.indexOf(Math.max(...loads))]!);
  const disc = page.locator('[data-site="ix-amsterdam"] .disc');
  t.is(await disc.getAttribute('class'), 'disc full');
  t.is(await disc.getAttribute('fill'), 'rgb(255 45 65)');
  await at(560);
  t.true(Math.abs((await radius('ix-frankfurt')) / before - 1) < 0.1);
  t.deepEqual(wrong, []);
});

test.serial('keys move the slider, and the plots follow', async (t) => {
  const { page } = await open();
  const moment = () => page.locator('#plots .at').first().textContent();
  const before = await moment();
  await page.locator('#moment').focus();
  for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowRight');
  t.not(await moment(), before);
  t.is(new Set(await texts(page, '#plots .at')).size, 1, 'all plots show the same moment');
});

test.serial('play moves on and stops at the end', async (t) => {
  const { page } = await open();
  const step = async () => Number(await page.locator('#moment').inputValue());
  await page.locator('#moment').fill('280');
  await page.locator('#play').click();
  for (let look = 0; look < 150 && (await step()) < 299; look++) await page.waitForTimeout(100);
  t.is(await step(), 299);
  t.regex((await page.locator('#play').textContent())!, /Play/);
});

test.serial('a table sorts by its heads, both ways', async (t) => {
  const { page } = await open();
  const names = () => texts(page, '#isps-table tbody th');
  const head = page.locator('#isps-table thead button', { hasText: 'stood still' });
  await head.click();
  t.regex((await names())[0]!, /^Paris Broadband 1/, 'the greatest first');
  t.is(await page.locator('#isps-table th[aria-sort]').getAttribute('aria-sort'), 'descending');
  await head.click();
  t.regex((await names()).at(-1)!, /^Paris Broadband 1/);
  await page.locator('#isps-table thead button', { hasText: 'ISP' }).click();
  const sorted = await names();
  t.deepEqual(sorted, sorted.toSorted());
  t.is(sorted.length, result.isps.length);
});

test.serial('arcs can be hidden by kind', async (t) => {
  const { page } = await open();
  const isShown = () =>
    page
      .locator('.arcs.fill')
      .evaluate(
        (layer) =>
          (layer as unknown as { getAttribute(name: string): string | null }).getAttribute('display') !== 'none',
      );
  t.true(await isShown());
  await page.locator('[data-arcs="fill"]').uncheck();
  t.false(await isShown());
});

test.serial('a pointer over a heat map reads name and value', async (t) => {
  const { page } = await open();
  const map = page.locator('.heat canvas').first();
  await map.scrollIntoViewIfNeeded();
  const box = (await map.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + 7);
  const tip = (await page.locator('.tip').textContent())!;
  t.regex(tip, new RegExp(`^${SAMPLE_BOTTLENECK}at \\d:\\d\\d[\\d.]+ %`));
  t.regex(tip, /peering/);
});

test.serial('on a phone nothing sticks out at the side', async (t) => {
  const { page, wrong } = await open({ width: 390, height: 844 });
  t.is(await page.evaluate('document.documentElement.scrollWidth'), 390);
  t.deepEqual(wrong, []);
});
