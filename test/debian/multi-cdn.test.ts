import http from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { Child } from '../../cli/demo/child.ts';
import { NginxCdn } from '../support/nginx-cdn.ts';
import { PlayerPages, type PlayerKind } from '../support/player-pages.ts';

/** A real origin fed by the test stream, three nginx in front of it as the CDNs, and steering between them. */
interface MultiCdn {
  steeringUrl: string;
  originUrl: string;
  cdns: Record<'alpha' | 'beta' | 'gamma', NginxCdn>;
  /** of one rendition */
  playlistPath: string;
  cdnAt(host: string | null): string | null;
}

const WEIGHTS = { alpha: 5, beta: 3, gamma: 2 };
/** A player begins three segments behind live: so many are there before anybody comes. */
const SEGMENTS_BEFORE = 4;

async function openMultiCdn(t: ExecutionContext): Promise<MultiCdn> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-multi-cdn-'));
  const { pid } = process;
  const host = `127.150.${(pid >> 8) & 255}.${pid & 255 || 1}`;
  const children: Child[] = [];
  t.teardown(async () => {
    await Promise.all(children.map((child) => child.stop()));
    await rm(folder, { recursive: true });
  });
  const start = async (name: string, args: string[]) => {
    const child = new Child(name, args, join(folder, `${name}.log`), { onUnexpectedEnd: () => {} });
    children.push(child);
    const { urls } = (await child.start()) as { urls?: Record<string, string> };
    return urls ?? {};
  };
  const origin = await start('origin', ['origin', '--listen', `${host}:0`, '--json']);
  const originUrl = Object.values(origin)[0]!;
  await start('pipeline', [
    'test-stream',
    '--origin',
    originUrl,
    '--event',
    'demo',
    '--start-ms',
    String(Date.now()),
    '--json',
  ]);
  const cdns = {
    alpha: await NginxCdn.open(t, originUrl),
    beta: await NginxCdn.open(t, originUrl),
    gamma: await NginxCdn.open(t, originUrl),
  };
  const file = {
    cdns: Object.entries(cdns).map(([id, { url }]) => ({ id, baseUrl: url, weight: WEIGHTS[id as keyof typeof cdns] })),
    sources: [originUrl],
    manifests: [
      { name: 'demo', url: `${originUrl}/live/demo/master.m3u8` },
      { name: 'demo-dash', url: `${originUrl}/live/demo/manifest.mpd` },
    ],
    probes: { everySeconds: 1, rampSeconds: 0 },
  };
  const cdnsFile = join(folder, 'cdns.yaml');
  await writeFile(cdnsFile, stringify(file));
  const steering = await start('steering', ['steering', '--cdns', cdnsFile, '--listen', `${host}:0`, '--json']);
  let playlistPath = '';
  const segments = async () => {
    const [, uri] = /^([^#\n]+\.m3u8)/m.exec((await get(`${originUrl}/live/demo/master.m3u8`)).body) ?? [];
    if (uri === undefined) return 0;
    playlistPath = new URL(uri, `${originUrl}/live/demo/master.m3u8`).pathname;
    return (await get(originUrl + playlistPath)).body.split('#EXTINF').length - 1;
  };
  await until(async () => (await segments()) >= SEGMENTS_BEFORE, 'the stream to run');
  return {
    steeringUrl: steering.steering!,
    originUrl,
    cdns,
    playlistPath,
    cdnAt: (at) => Object.entries(cdns).find(([, cdn]) => cdn.host === at)?.[0] ?? at,
  };
}

test.serial('sessions are shared by the weights, over 200 of them, and /r/ leads each to its CDN', async (t) => {
  t.timeout(300_000);
  const world = await openMultiCdn(t);
  const counts: Record<string, number> = { alpha: 0, beta: 0, gamma: 0 };
  for (let viewer = 0; viewer < 200; viewer++) {
    const session = `viewer-${viewer}`;
    const playlist = await get(`${world.steeringUrl}/play/demo.m3u8?session=${session}`);
    const first = firstOf(playlist.body);
    counts[first]!++;
    const redirect = await get(`${world.steeringUrl}/r${world.playlistPath}?session=${session}`);
    t.is(redirect.status, 302);
    const location = new URL(redirect.headers.location!);
    t.is(world.cdnAt(location.hostname), first);
    t.is(location.pathname, world.playlistPath);
    if (viewer < 10) t.true((await get(location.href)).body.startsWith('#EXTM3U'), 'nginx has it');
  }
  // Five deviations of each share.
  const within = (count: number, share: number) =>
    Math.abs(count - 200 * share) <= 5 * Math.sqrt(200 * share * (1 - share));
  t.true(within(counts.alpha!, 0.5) && within(counts.beta!, 0.3) && within(counts.gamma!, 0.2), JSON.stringify(counts));
});

for (const kind of ['hls.js', 'dash.js', 'shaka'] as const satisfies PlayerKind[]) {
  test.serial(
    `${kind} plays a manifest that was handed on, and goes on at another CDN when its own is switched off`,
    async (t) => {
      t.timeout(300_000);
      const world = await openMultiCdn(t);
      const pages = await PlayerPages.open(t);
      const path = kind === 'hls.js' ? '/live/demo/master.m3u8' : '/live/demo/manifest.mpd';
      const url = `${world.steeringUrl}/v1/manifest?url=${encodeURIComponent(world.originUrl + path)}&session=somebody`;
      const first = firstOf((await get(url)).body);
      const player = await pages.play(kind, url);
      await player.until(({ player: page, state }) => state.playing && page.segments.length >= 3, 'it to play');
      t.is(world.cdnAt(player.host), first, 'it begins at the first CDN');
      t.true(player.segments.every(({ host }) => world.cdnAt(host) === first));

      const stoppedMs = performance.now();
      await world.cdns[first as keyof typeof world.cdns].stop();
      const before = await player.state();
      await player.until(
        ({ player: page }) => page.hostsSince(stoppedMs).some((host) => world.cdnAt(host) !== first),
        'another CDN',
      );
      const after = await player.until(
        ({ state }) => state.currentTime > before.currentTime + 15,
        'playback to go on',
        90_000,
      );
      // dash.js calls every segment that it has to fetch elsewhere an error (27), and goes on.
      t.deepEqual(
        after.errors.filter((error) => error.includes('(fatal)') && !error.startsWith('27 ')),
        [],
      );
      t.true(after.playing);
      // Probes have noticed it, too: whoever comes now is sent elsewhere from the start.
      await until(async () => firstOf((await get(url)).body) !== first, 'steering to notice');
      const asked = await world.cdns[world.cdnAt(player.host) as keyof typeof world.cdns].requests();
      t.true(
        asked.some((line) => /\.m4s HTTP\/1\.1 200/.test(line)),
        'the segments came through nginx',
      );
    },
  );
}

/** The CDN that a manifest begins with. */
function firstOf(manifest: string): string {
  return /(?:PATHWAY-ID|serviceLocation)="(\w+)"/.exec(manifest)![1]!;
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** As curl without -L: redirects are for the caller. */
function get(url: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      })
      .on('error', reject);
  });
}

async function until(holds: () => Promise<boolean>, what: string, boundMs = 60_000): Promise<void> {
  const endMs = performance.now() + boundMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
