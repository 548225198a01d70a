import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { chromium, type Browser, type Page } from 'playwright-core';
import { createLog } from '../../runtime/log.ts';
import type { RunningService } from '../../runtime/service.ts';
import { explainAnswerSchema } from '../../steering/policy/explain-answer.ts';
import { steeringPolicySchema } from '../../steering/policy/steering-config.ts';
import { startSteering } from '../../steering/service/steering.ts';
import { MAP_HEIGHT, MAP_WIDTH } from '../../topology/map/projection.js';
import type { Topology } from '../../topology/model/topology.ts';

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
/** What surely comes may take its time on a busy machine. */
const PATIENCE_MS = 60_000;
const TOKEN = 'a-token-for-the-admin';
/** The loopback network has room for everybody: no other test listens here. */
const HOST = `127.140.${(process.pid >> 8) & 255}.${process.pid & 255}`;
const PUBLIC = `http://${HOST}:18090`;
const ADMIN = `http://${HOST}:18091`;

interface Edge {
  id: string;
  site: string;
  url: string;
  capacityBps: number;
}

let folder: string;
let steering: RunningService;
let browser: Browser;
let edges: Edge[];
let world: { examples: { address: string }[]; spots: { name: string[] } };
let sequence = 0;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'explain-'));
  const topologyFile = join(folder, 'world.json');
  const wish = ['--sites', '12', '--servers', '30', '--seed', '1', '--out', topologyFile];
  await promisify(execFile)(process.execPath, [MAIN, 'topology', 'generate', ...wish]);
  const sites = sitesOf(JSON.parse(readFileSync(topologyFile, 'utf8')) as Topology);
  edges = sites.flatMap(({ id, edges: its }) => its.map((edge) => ({ ...edge, site: id })));
  writeFileSync(join(folder, 'sites.json'), JSON.stringify({ sites }));
  [browser, steering] = await Promise.all([
    chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS }),
    openSteering(HOST),
  ]);
  world = (await (await fetch(`${ADMIN}/v1/explain/world`)).json()) as typeof world;
  for (const edge of edges) await report(edge);
});

test.after.always(async () => {
  await browser?.close();
  await steering?.close();
  rmSync(folder, { recursive: true, force: true });
});

function openSteering(host: string, token?: string): Promise<RunningService> {
  return startSteering({
    id: 'steering',
    listen: { host, port: 18_090 },
    admin: { address: { host, port: 18_091 }, token },
    sitesFile: join(folder, 'sites.json'),
    topologyFile: join(folder, 'world.json'),
    eventsFrom: new URL('http://127.0.0.1:9'),
    trustedProxies: [],
    allowIpParameter: true,
    // Nobody reports but the test, when it wants to: silence says nothing.
    tuning: steeringPolicySchema.parse({ suspectAfterMs: 3_600_000, downAfterMs: 3_600_000 }),
    log: createLog('steering', 'silent'),
  });
}

function sitesOf({ sites, metros }: Topology) {
  let server = 0;
  return sites.flatMap(({ id, kind, metro, servers }) => {
    const { country, latitude, longitude } = metros.find((each) => each.id === metro)!;
    const its = servers
      .filter(({ role }) => role === 'edge')
      .map((each) => ({ id: each.id, url: `http://127.9.9.${++server}:8080`, capacityBps: each.nicBps }));
    return its.length === 0 ? [] : [{ id, country, latitude, longitude, kind, edges: its }];
  });
}

async function report({ id, site, url, capacityBps }: Edge, changes: object = {}): Promise<void> {
  const well = { state: 'up', egressBps: 0, connections: 0, requestsPerSecond: 0, errorShare: 0, eventLoopDelayMs: 1 };
  const body = { id, role: 'edge', site, url, capacityBps, sequence: ++sequence, ...well, ...changes };
  const { status } = await fetch(`${PUBLIC}/v1/nodes/${id}/report`, { method: 'POST', body: JSON.stringify(body) });
  if (status !== 204) throw new Error(`report of ${id}: ${status}`);
}

/** Opens the page; whatever it complains of, or asks of anybody but its own server, is in `wrong`. */
async function open(query = '', { width = 1280, height = 900, admin = ADMIN } = {}) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: 'dark' });
  page.setDefaultTimeout(PATIENCE_MS);
  const wrong: string[] = [];
  page.on('console', (message) => void wrong.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => void wrong.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${admin}/`) && !request.url().startsWith('data:')) wrong.push(request.url());
  });
  await page.goto(`${admin}/explain${query}`);
  return { page, wrong };
}

const texts = (page: Page, selector: string) => page.locator(selector).allTextContents();
const named = (page: Page) =>
  page.locator('#candidates tr.in:not([hidden]) .server button, #candidates tr.last .server button').allTextContents();
const answered = (page: Page) => page.locator('#candidates [data-server]').first().waitFor();

async function explained(query: string) {
  return explainAnswerSchema.parse(await (await fetch(`${ADMIN}/v1/explain?${query}`)).json());
}

test.serial(
  'the page answers at once for an address of the world, with rows, reasons and a map that keys move',
  async (t) => {
    const { page, wrong } = await open();
    await answered(page);
    const [{ address }] = world.examples as [{ address: string }];
    const answer = await explained(`ip=${address}&path=/live/demo/`);
    t.deepEqual(
      await named(page),
      answer.candidates.flatMap(({ id, rank }) => (rank === undefined ? [] : [id])),
    );
    const first = page.locator('#candidates [data-server]').first();
    t.deepEqual(await first.locator('.chip').allTextContents(), answer.candidates[0]!.reasons);
    const verdict = (await texts(page, '#verdict dd')).join('\n');
    t.true(verdict.includes(answer.client.network!.name!) && verdict.includes(answer.client.prefix!));
    t.is(await page.locator('#map .spot').count(), world.spots.name.length);
    const badges = (await texts(page, '#map .badge text')).join('·');
    for (const rank of ['1', '6']) t.true(badges.includes(rank), badges);
    t.is(await page.locator('#map .viewer').count(), 1);
    t.true((await page.locator('#map .lines .line').count()) > 0);

    const seen = () => page.locator('#map').getAttribute('viewBox');
    const before = await seen();
    await page.locator('#map').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('+');
    t.not(await seen(), before);
    await page.locator('#zoom button', { hasText: 'World' }).click();
    t.is(await seen(), `0 0 ${MAP_WIDTH} ${MAP_HEIGHT}`);
    const ring = page.locator('#map .pointed');
    t.is(await ring.getAttribute('display'), 'none');
    await page.locator('#candidates .server button').first().focus();
    t.is(await ring.getAttribute('display'), null);
    await page.locator('#map .badge').last().hover();
    t.regex((await page.locator('.tip').textContent())!, /^Named in the answer1/);
    // Whatever lies over it at this zoom.
    await page.locator('#map .spot').last().dispatchEvent('pointermove', { clientX: 200, clientY: 200 });
    t.regex((await page.locator('.tip').textContent())!, /servers\d+ of \d+ up/);
    t.deepEqual(wrong, []);
    await page.close();
  },
);

test.serial(
  'a question is typed, answered, linked to, and gone back from; what cannot be asked is told at its field',
  async (t) => {
    const { page, wrong } = await open();
    await answered(page);
    const { address } = world.examples[1]!;
    const query = `ip=${address}&path=/live/final/&session=s7`;
    const first = (await explained(query)).candidates[0]!;
    await report(
      edges.find(({ id }) => id === first.id)!,
      { state: 'draining' },
    );
    await page.locator('#ip').fill(address);
    await page.locator('#path').fill('/live/final/');
    await page.locator('summary', { hasText: 'What if' }).click();
    await page.locator('[name=session]').fill('s7');
    await page.keyboard.press('Enter');
    await page.locator(`[data-server="${first.id}"] .chip`, { hasText: 'draining' }).waitFor();
    t.not((await named(page))[0], first.id);
    t.regex((await page.locator(`[data-server="${first.id}"] .outcome`).textContent())!, /it is being drained/);
    t.true((await texts(page, '#verdict dd')).join().includes(`${first.id} (draining)`));
    t.is(page.url(), `${ADMIN}/explain?${query}`);
    t.is(await page.locator('#curl').textContent(), `curl -s '${ADMIN}/v1/explain?${query}'`);
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes('s7'));
    t.is(await page.locator('#ip').inputValue(), world.examples[0]!.address);
    const linked = await open(`?${query}`);
    await answered(linked.page);
    t.is(await linked.page.locator('[name=session]').inputValue(), 's7', 'a link brings the whole question');
    t.deepEqual([...wrong, ...linked.wrong], []);
    await linked.page.close();

    const problem = page.locator('#problem');
    await page.locator('#ip').fill('fritz.box');
    await page.locator('#ip').press('Enter');
    await page.locator('#ip[aria-invalid]').waitFor();
    t.is(await problem.textContent(), '“fritz.box” is not an IPv4 or IPv6 address; give one such as 203.0.113.7');
    await page.locator('#ip').fill('2001:db8::1');
    await page.locator('#path').fill('live/demo');
    await page.locator('#path').press('Enter');
    await page.locator('#path[aria-invalid]').waitFor();
    t.is(await problem.textContent(), '“live/demo” must begin with a slash, such as /live/demo/');
    t.is(await page.locator('[aria-invalid]').count(), 1);
    await page.locator('#path').fill('/live/demo/');
    await page.locator('#path').press('Enter');
    await problem.waitFor({ state: 'hidden' });
    t.is(await page.locator('[aria-invalid]').count(), 0);
    await page.close();
    await report(edges.find(({ id }) => id === first.id)!);
  },
);

test.serial('counters, sites and the map move when players ask and nodes report', async (t) => {
  const { page, wrong } = await open();
  await answered(page);
  const { address } = world.examples[0]!;
  const figure = page.locator('[data-tile=answers] dd');
  await page.locator('[data-tile=answers] dd', { hasText: /\d\/s/ }).waitFor();
  for (let viewer = 0; viewer < 40; viewer++) {
    await fetch(`${PUBLIC}/v1/servers?path=/live/demo/&ip=${address}&session=v${viewer}`);
  }
  await page.locator('[data-tile=answers] dd', { hasText: /[1-9].*servers/ }).waitFor();
  await page
    .locator('#spots td', { hasText: /[1-9].*\/s/ })
    .first()
    .waitFor();
  t.regex((await figure.textContent())!, /servers/);
  t.regex((await page.locator('[data-tile=locatedBy] dd').textContent())!, /^prefix 100 %/);
  t.is((await page.locator('[data-tile=nodes] dd').textContent())!.slice(0, 8), '30 of 30');
  for (const each of edges) {
    await report(each, { egressBps: each.capacityBps * 0.94, reservedBps: each.capacityBps * 0.94 });
  }
  await page.locator('#map .spot.u4').first().waitFor();
  t.true((await page.locator('#tiles .spark').first().getAttribute('d'))!.startsWith('M'));
  t.deepEqual(wrong, []);
  if (process.env.UNDERCARD_SCREENSHOT)
    await page.screenshot({ path: process.env.UNDERCARD_SCREENSHOT, fullPage: true });
  await page.close();
  for (const each of edges) await report(each);
});

test.serial('on a phone nothing sticks out at the side', async (t) => {
  const { page, wrong } = await open('', { width: 390, height: 844 });
  await answered(page);
  await page.locator('#spots tbody tr').first().waitFor();
  t.is(await page.evaluate('document.documentElement.scrollWidth'), 390);
  await page.locator('summary', { hasText: 'What if' }).click();
  await page.locator('.more').click();
  t.is(await page.evaluate('document.documentElement.scrollWidth'), 390);
  t.deepEqual(wrong, []);
  await page.close();
});

test.serial('by day it is light, by night dark, and can be read in both', async (t) => {
  const { page } = await open();
  await answered(page);
  await page.locator('#link.good').waitFor();
  const luminance = (selector: string) => page.locator(selector).first().evaluate(luminancesOf);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const selector of [
      'h1',
      '.lead',
      '#verdict small',
      '.chip',
      '#candidates small',
      '.primary',
      '#link',
      '.tiles small',
    ]) {
      const [ink, ground] = await luminance(selector);
      const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
      t.true(contrast >= 4.5, `${selector} by ${colorScheme}: ${contrast.toFixed(2)}`);
      if (selector === 'h1') t.is(ground > ink, colorScheme === 'light');
    }
  }
  await page.close();
});

/** Relative luminance (WCAG 2.2) of an element's text and of what lies behind it. Runs in the page. */
function luminancesOf(element: unknown): [number, number] {
  interface Styled {
    parentElement: Styled | null;
  }
  const styleOf = (
    globalThis as unknown as { getComputedStyle(of: Styled): { color: string; backgroundColor: string } }
  ).getComputedStyle;
  const luminance = (colour: string) => {
    const [red, green, blue] = colour.match(/[\d.]+/g)!.map((text) => {
      const part = Number(text) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  let behind = element as Styled;
  while (behind.parentElement !== null && styleOf(behind).backgroundColor === 'rgba(0, 0, 0, 0)') {
    behind = behind.parentElement;
  }
  return [luminance(styleOf(element as Styled).color), luminance(styleOf(behind).backgroundColor)];
}

test.serial('a hidden page asks nothing, and goes on when it is seen again', async (t) => {
  const page = await browser.newPage();
  await page.clock.install();
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().includes('/live')) asked++;
  });
  await page.goto(`${ADMIN}/explain`);
  await answered(page);
  const hide = (hidden: boolean) =>
    page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
      document.dispatchEvent(new Event('visibilitychange'))`);
  const passed = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) await page.clock.runFor(1000);
  };
  await hide(true);
  await page.waitForLoadState('networkidle');
  const before = asked;
  await passed(30);
  t.is(asked, before);
  const next = page.waitForRequest((request) => request.url().includes('/v1/explain/live'));
  await hide(false);
  await next;
  await page.close();
});

test.serial('with a token the page opens, asks for it, and keeps it out of links and commands', async (t) => {
  const host = HOST.replace('127.140.', '127.141.');
  const guarded = await openSteering(host, TOKEN);
  t.teardown(() => guarded.close());
  const { page } = await open('?ip=8.8.8.8&path=/live/demo/', { admin: `http://${host}:18091` });
  await page.locator('#token').fill('not-the-token-at-all');
  await page.locator('#token').press('Enter');
  await page.locator('#problem', { hasText: 'That token is not the one.' }).waitFor();
  await page.locator('#token').fill(TOKEN);
  await page.locator('#token').press('Enter');
  await answered(page);
  t.regex(
    (await page.locator('#curl').textContent())!,
    /^curl -s -H "Authorization: Bearer \$UNDERCARD_ADMIN_TOKEN" 'http/,
  );
  t.false((await page.content()).includes(TOKEN));
  t.false(page.url().includes(TOKEN));
  await page.close();
});

test.serial('with steering gone the page says so, and finds it again', async (t) => {
  const { page } = await open();
  await answered(page);
  await page.locator('#link.good').waitFor();
  await steering.close();
  await page.locator('#link', { hasText: 'silent since' }).waitFor();
  await page.locator('#path').press('Enter');
  await page.locator('#problem', { hasText: 'Steering does not answer' }).waitFor();
  t.true((await page.locator('#candidates [data-server]').count()) > 0, 'what was known stays');
  steering = await openSteering(HOST);
  await page.locator('#link.good').waitFor();
  await page.locator('[data-tile=nodes] dd', { hasText: '30 unheard' }).waitFor();
  await page.locator('#problem').waitFor({ state: 'hidden' });
  await page.close();
});
