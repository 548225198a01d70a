import test from 'ava';
import { chromium, type Page } from 'playwright-core';
import { DemoProcess, freeDemoPort } from '../support/demo-process.ts';

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

interface Watched {
  currentTime: number;
  stalls: number;
  /** of performance.now() in the page */
  nowMs: number;
  segments: { requestedAtMs: number; edge: string; how: string }[];
}

const look = (page: Page) =>
  page.evaluate(() => {
    const { undercard } = globalThis as unknown as { undercard: Omit<Watched, 'currentTime' | 'nowMs'> };
    const video = (globalThis as unknown as { document: { querySelector(query: string): { currentTime: number } } })
      .document;
    return {
      currentTime: video.querySelector('video').currentTime,
      nowMs: performance.now(),
      stalls: undercard.stalls,
      segments: undercard.segments.map(({ requestedAtMs, edge, how }) => ({ requestedAtMs, edge, how })),
    };
  });

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('the watch page plays 30 s without a stall; its edge is killed, and the picture goes on from another', async (t) => {
  t.timeout(150_000);
  const demo = new DemoProcess(['--port', String(await freeDemoPort()), '--viewers', '30']);
  const urls = await demo.ready;
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  t.teardown(async () => {
    await browser.close();
    demo.signal('SIGTERM');
    await demo.ended;
  });
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  // What any viewer meets: a live event that has run for a moment.
  await wait(8000);
  await page.goto(`${urls.watch}/`);
  await page.waitForFunction('undercard.startedAtMs !== null && document.querySelector("video").currentTime > 0.5');

  const start = await look(page);
  await wait(30_000);
  const before = await look(page);
  t.is(before.stalls, 0, 'no stall in 30 s');
  t.true(before.currentTime - start.currentTime >= 29, `${before.currentTime - start.currentTime} s were played in 30`);

  const serving = before.segments.at(-1)!.edge;
  t.true(serving in urls.edges, `Cache-Status names an edge: ${serving}`);
  const answer = await page.evaluate(
    async (name) => (await fetch(`kill?name=${name}`, { method: 'POST', headers: { 'Undercard-Demo': '1' } })).status,
    serving,
  );
  t.is(answer, 200);
  const killed = await look(page);
  await wait(5000);
  const soon = await look(page);
  const since = soon.segments.filter(({ requestedAtMs }) => requestedAtMs > killed.nowMs);
  t.true(
    since.some(({ edge }) => edge !== serving && edge in urls.edges),
    `within 5 s of the kill of ${serving}: ${JSON.stringify(since)}`,
  );
  await wait(10_000);
  const later = await look(page);
  // Both instants are the page's own: what the driver's round trips took does not count.
  const elapsedSeconds = (later.nowMs - killed.nowMs) / 1000;
  const moved = later.currentTime - killed.currentTime;
  t.true(moved >= 14.5 && moved >= elapsedSeconds - 0.5, `currentTime moved ${moved} s in ${elapsedSeconds} s`);
  if (process.env.UNDERCARD_SCREENSHOT) await page.screenshot({ path: process.env.UNDERCARD_SCREENSHOT });
});
