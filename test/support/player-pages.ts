import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { type Browser, chromium, type Page, type Request } from 'playwright-core';

/**
 * Real players in Debian's Chromium, each on a page of its own:
 *
 *     const pages = await PlayerPages.open(t);               // one browser; closed with the test
 *     const player = await pages.play('dash.js', mpdUrl);     // 'hls.js' | 'dash.js' | 'shaka', started, muted
 *     await player.until(({ state }) => state.playing);       // polls; fails with what the player said and fetched
 *     player.host                                             // where the newest segment came from
 *     player.segments, player.steering                        // everything fetched so far: url, host, status, when
 *     await player.state()                                    // currentTime, stalls, errors, …
 *
 * A pathway is told by the host name of the segments: give each edge a loopback address of its own (DeliveryWorld does).
 * Requests are seen from outside the page, so that nothing depends on what a player calls its events; `atMs` is the
 * test's own performance.now(), when the answer was complete.
 */

export type PlayerKind = 'hls.js' | 'dash.js' | 'shaka';

/** What a page asked for, complete or failed. */
export interface Fetched {
  atMs: number;
  url: string;
  host: string;
  /** 0: no answer */
  status: number;
}

/** A content steering request, and what came back; null when that was no JSON. */
export interface Steered extends Fetched {
  answer: SteeringAnswer | null;
}

export interface SteeringAnswer {
  VERSION: number;
  TTL: number;
  'RELOAD-URI': string;
  'PATHWAY-PRIORITY': string[];
  'PATHWAY-CLONES'?: { 'BASE-ID': string; ID: string; 'URI-REPLACEMENT': { HOST: string } }[];
}

export interface PlayerState {
  /** the picture has moved at least once, and the player neither paused nor ended */
  playing: boolean;
  currentTime: number;
  /** of the page's performance.now(): to be compared with other states of this page */
  nowMs: number;
  bufferedSeconds: number;
  /** times the picture stopped for want of media after it had begun */
  stalls: number;
  stalledMs: number;
  /** as the player names them; those that end playback say "(fatal)" */
  errors: string[];
}

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  '--autoplay-policy=no-user-gesture-required',
  // Pages play side by side, and none may be slowed down for being in the background.
  ...['--disable-background-timer-throttling', '--disable-renderer-backgrounding'],
  '--disable-backgrounding-occluded-windows',
];
const POLL_MS = 200;
const DEFAULT_BOUND_MS = 40_000;
/** Of a page and its player's code, on a machine that is busy with other things. */
const LOAD_BOUND_MS = 120_000;

export class PlayerPages {
  readonly #browser: Browser;
  readonly #pageUrl: string;

  private constructor(browser: Browser, pageUrl: string) {
    this.#browser = browser;
    this.#pageUrl = pageUrl;
  }

  static async open(t: Pick<ExecutionContext, 'teardown'>): Promise<PlayerPages> {
    const server = http.createServer((request, response) => answerPage(request.url!, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    t.teardown(() => browser.close());
    return new PlayerPages(browser, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  get browserVersion(): string {
    return this.#browser.version();
  }

  /**
   * Opens a page and begins to play.
   * @param config the player's own configuration, merged over its defaults
   * @param prepare the page before anything is in it
   */
  async play(
    kind: PlayerKind,
    manifestUrl: string,
    config: object = {},
    prepare?: (page: Page) => Promise<void>,
  ): Promise<PlayerPage> {
    const page = await this.#browser.newPage({ viewport: { width: 480, height: 320 } });
    await prepare?.(page);
    const player = new PlayerPage(kind, page);
    const wish = encodeURIComponent(JSON.stringify({ kind, manifestUrl, config }));
    await page.goto(`${this.#pageUrl}/${kind}#${wish}`, { timeout: LOAD_BOUND_MS });
    return player;
  }
}

export class PlayerPage {
  readonly kind: PlayerKind;
  readonly page: Page;
  /** media segments, in the order in which they came; not init segments */
  readonly segments: Fetched[] = [];
  readonly steering: Steered[] = [];
  readonly manifests: Fetched[] = [];
  readonly #complaints: string[] = [];

  constructor(kind: PlayerKind, page: Page) {
    this.kind = kind;
    this.page = page;
    page.on('pageerror', (error) => void this.#complaints.push(error.message));
    page.on('requestfinished', (request) => void this.#finished(request).catch(() => {}));
    page.on('requestfailed', (request) => this.#note(request, 0));
  }

  /** Of the newest segment that came whole, or null before the first. */
  get host(): string | null {
    return this.segments.findLast(({ status }) => status === 200)?.host ?? null;
  }

  /** Hosts of the segments that came whole since `sinceMs`, each once, in order of first use. */
  hostsSince(sinceMs: number): string[] {
    const whole = this.segments.filter(({ status, atMs }) => status === 200 && atMs >= sinceMs);
    return [...new Set(whole.map(({ host }) => host))];
  }

  async state(): Promise<PlayerState> {
    const state = (await this.page.evaluate('look()')) as PlayerState;
    return { ...state, errors: [...state.errors, ...this.#complaints] };
  }

  /** Waits until `holds`, and fails with what is known of the player when it does not come to that. */
  async until(
    holds: (now: { player: PlayerPage; state: PlayerState }) => boolean,
    what: string,
    boundMs = DEFAULT_BOUND_MS,
  ): Promise<PlayerState> {
    const endMs = performance.now() + boundMs;
    for (;;) {
      const state = await this.state();
      if (holds({ player: this, state })) return state;
      if (performance.now() > endMs) {
        throw new Error(`${this.kind}: waited ${boundMs} ms in vain for ${what}; ${this.#describe(state)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #finished(request: Request): Promise<void> {
    const response = await request.response();
    const noted = this.#note(request, response?.status() ?? 0);
    if (noted === 'steering') {
      const answer = (await response!.json().catch(() => null)) as SteeringAnswer | null;
      this.steering.push({ ...fetched(request, response!.status()), answer });
    }
  }

  #note(request: Request, status: number): 'steering' | 'other' {
    const { pathname } = new URL(request.url());
    if (/\/\d+\.m4s$/.test(pathname)) this.segments.push(fetched(request, status));
    else if (/\.(?:m3u8|mpd)$/.test(pathname)) this.manifests.push(fetched(request, status));
    else if (pathname.startsWith('/v1/steer/')) {
      if (status !== 0) return 'steering';
      this.steering.push({ ...fetched(request, 0), answer: null });
    }
    return 'other';
  }

  #describe(state: PlayerState): string {
    const recent = this.segments.slice(-6).map(({ status, url }) => `${status} ${url}`);
    const steered = this.steering.at(-1)?.answer?.['PATHWAY-PRIORITY'] ?? 'nothing';
    return `${JSON.stringify(state)}; last segments: ${recent.join(', ')}; steered to ${String(steered)}`;
  }
}

function fetched(request: Request, status: number): Fetched {
  const url = request.url();
  return { atMs: performance.now(), url, host: new URL(url).hostname, status };
}

const { resolve } = createRequire(import.meta.url);
const SCRIPTS: Record<PlayerKind, string> = {
  'hls.js': resolve('hls.js/dist/hls.min.js'),
  'dash.js': resolve('dashjs'),
  shaka: resolve('shaka-player'),
};

function answerPage(url: string, response: http.ServerResponse): void {
  const [, kind, file] = url.split('/') as [string, PlayerKind, string | undefined];
  if (!(kind in SCRIPTS)) response.writeHead(404).end();
  else if (file === 'player.js') {
    response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(readFileSync(SCRIPTS[kind]));
  } else response.writeHead(200, { 'Content-Type': 'text/html' }).end(pageOf(kind));
}

const BEGIN: Record<PlayerKind, string> = {
  'hls.js': `const player = new Hls(config);
player.on(Hls.Events.ERROR, (_, { details, fatal }) => complain(details, fatal));
player.loadSource(manifestUrl);
player.attachMedia(video);`,
  'dash.js': `const player = dashjs.MediaPlayer().create();
player.updateSettings(config);
player.on('error', ({ error }) => complain(error.code + ' ' + error.message, true));
player.initialize(video, manifestUrl, true);`,
  shaka: `shaka.polyfill.installAll();
const player = new shaka.Player();
player.configure(config);
player.addEventListener('error', ({ detail }) => complain(detail.code + ' ' + detail.data, detail.severity === 2));
player.attach(video).then(() => player.load(manifestUrl)).catch((error) => complain(error.code + ' ' + error.data, true));`,
};

const pageOf = (kind: PlayerKind) => `<!doctype html><meta charset="utf-8"><title>${kind}</title>
<style>body { margin: 0; background: #222; color: #eee; font: 14px sans-serif } video { width: 480px; height: 270px }</style>
<video muted autoplay playsinline></video><div>${kind} <span id="facts"></span></div>
<script src="/${kind}/player.js"></script><script>
const { manifestUrl, config } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const video = document.querySelector('video');
const seen = { started: false, stalls: 0, stalledMs: 0, stalledSince: null, errors: [] };
const complain = (what, fatal) => seen.errors.push(what + (fatal ? ' (fatal)' : ''));
video.addEventListener('waiting', () => {
  // Before the first picture and while seeking to the live edge it waits too; that is no stall.
  if (!seen.started || video.seeking || seen.stalledSince !== null) return;
  seen.stalls++;
  seen.stalledSince = performance.now();
});
video.addEventListener('timeupdate', () => {
  if (video.currentTime > 0 && !video.paused && !video.seeking && video.readyState >= 3) seen.started = true;
  if (seen.stalledSince === null || video.readyState < 3) return;
  seen.stalledMs += performance.now() - seen.stalledSince;
  seen.stalledSince = null;
});
function look() {
  const { buffered, currentTime } = video;
  let bufferedSeconds = 0;
  for (let range = 0; range < buffered.length; range++) {
    if (buffered.start(range) <= currentTime && currentTime <= buffered.end(range)) {
      bufferedSeconds = buffered.end(range) - currentTime;
    }
  }
  return { playing: seen.started && !video.paused && !video.ended, currentTime, nowMs: performance.now(), bufferedSeconds,
    stalls: seen.stalls, stalledMs: seen.stalledMs, errors: seen.errors };
}
setInterval(() => {
  const { currentTime, bufferedSeconds, stalls, errors } = look();
  document.querySelector('#facts').textContent = currentTime.toFixed(1) + ' s, buffer ' + bufferedSeconds.toFixed(1) +
    ' s, ' + stalls + ' stalls, ' + errors.length + ' errors';
}, 250);
${BEGIN[kind]}
</script>`;
