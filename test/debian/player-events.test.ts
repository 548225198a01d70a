import test from 'ava';
import type { Page } from 'playwright-core';
import { DeliveryWorld } from '../support/delivery-world.ts';
import { PlayerPages, type PlayerKind } from '../support/player-pages.ts';

const EVENTS = ['rr', 'ps', 'e', 't'];
const KEYS = ['e', 'ts', 'sid', 'sta', 'rc', 'ttfb', 'ttlb', 'd', 'url'];

/** How each player is told to post to steering. */
const CONFIGS: Record<PlayerKind, (url: string) => object> = {
  'hls.js': (url) => ({
    cmcd: { version: 2, eventTargets: [{ url, events: EVENTS, includeKeys: KEYS, interval: 5 }] },
  }),
  'dash.js': (url) => ({
    streaming: {
      cmcd: {
        enabled: true,
        version: 2,
        eventTargets: [
          { enabled: true, url, events: EVENTS, enabledKeys: KEYS, interval: 5, includeInRequests: ['segment'] },
        ],
      },
    },
  }),
  shaka: (url) => ({
    cmcd: { enabled: true, version: 2, eventTargets: [{ enabled: true, url, events: EVENTS, interval: 5 }] },
  }),
};

async function countedBy(world: DeliveryWorld, what: 'bodies' | 'events'): Promise<Record<string, number>> {
  const metrics = await (await fetch(`${world.adminUrl('steering')}/metrics`)).text();
  const lines = metrics.matchAll(
    new RegExp(`undercard_steering_cmcd_${what}_total\\{outcome="([a-z-]+)",[^}]*\\} (\\d+)`, 'g'),
  );
  return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]));
}

test('hls.js, dash.js and Shaka Player post their CMCD events, and steering reads every line; dash.js tells of failures', async (t) => {
  const world = await DeliveryWorld.open(t, { sites: { near: ['near-1', 'near-2'], far: ['far-1'] } });
  const pages = await PlayerPages.open(t);
  for (const kind of ['hls.js', 'shaka', 'dash.js'] as const) {
    const before = await countedBy(world, 'events');
    const posted: string[] = [];
    const watch = async (page: Page) => {
      page.on('response', (response) => {
        const request = response.request();
        if (!request.url().includes('/v1/cmcd') || request.method() !== 'POST') return;
        posted.push(`${response.status()} ${request.headers()['content-type']}`);
      });
    };
    const told = async (outcome: string) => {
      const after = await countedBy(world, 'events');
      return (after[outcome] ?? 0) - (before[outcome] ?? 0);
    };
    const manifest = world.playUrl(kind === 'hls.js' ? 'm3u8' : 'mpd', { session: `events-${kind}` });
    const player = await pages.play(kind, manifest, CONFIGS[kind](`${world.steeringUrl}/v1/cmcd`), watch);
    await player.until(({ state }) => state.playing && posted.length >= 5, 'playback and five posted bodies');
    t.true((await told('well')) >= 1, kind);
    if (kind === 'dash.js') {
      // The others tell of responses that came, and of errors that end playback.
      world.kill(world.edgeAt(player.host)!);
      for (const endMs = performance.now() + 40_000; (await told('failed')) < 2;) {
        if (performance.now() > endMs) throw new Error('dash.js told nothing of its dead edge');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    t.deepEqual([...new Set(posted)], ['204 application/cmcd'], kind);
    await player.page.close();
    for (const outcome of ['not-cmcd', 'too-long', 'left-out', 'absurd'])
      t.is(await told(outcome), 0, `${kind} ${outcome}`);
  }
  t.deepEqual(Object.keys(await countedBy(world, 'bodies')), ['accepted']);
});
