import { createRequire } from 'node:module';
import test, { type ExecutionContext } from 'ava';
import { DeliveryWorld } from '../support/delivery-world.ts';
import { type PlayerKind, type PlayerPage, PlayerPages, type Steered } from '../support/player-pages.ts';

/**
 * hls.js, dash.js and Shaka as they come, side by side in Chromium, from steering's personal manifests: one event, in which
 * one thing happens after the other. Each player's place is told by the host of the segments that reach it.
 *
 * Shaka is there twice: its released build takes no clones (a minifier renames the fields it looks for; see
 * steering/README.md), its debug build does.
 */

const TTL_SECONDS = 8;
/** This machine's speed decides nothing: what happens in seconds may take minutes. */
const BOUND_MS = 180_000;

const shakaDebug = createRequire(import.meta.url).resolve('shaka-player/dist/shaka-player.compiled.debug.js');

interface Player {
  name: string;
  page: PlayerPage;
  takesClones: boolean;
}

const PLAYERS: { name: string; kind: PlayerKind; takesClones: boolean }[] = [
  { name: 'hls.js', kind: 'hls.js', takesClones: true },
  { name: 'dash.js', kind: 'dash.js', takesClones: true },
  { name: 'shaka', kind: 'shaka', takesClones: false },
  { name: 'shaka-debug', kind: 'shaka', takesClones: true },
];

const closers: (() => unknown)[] = [];
let world: DeliveryWorld;
const players: Player[] = [];

test.before(async (t) => {
  t.timeout(BOUND_MS * 4);
  const scope = { teardown: (close: () => unknown) => void closers.push(close) } as Pick<ExecutionContext, 'teardown'>;
  world = await DeliveryWorld.open(scope, {
    // extra-1 is in the best place, and steering does not know it to begin with.
    sites: { extra: ['extra-1'], near: ['near-1'], mid: ['mid-1'], far: ['far-1'] },
    unlisted: ['extra-1'],
    steeringConfig: { pace: { leastTtlSeconds: TTL_SECONDS, mostTtlSeconds: TTL_SECONDS }, exploreShare: 0 },
  });
  const pages = await PlayerPages.open(scope);
  // One after the other: a page that loads beside three others is the heaviest moment of all.
  for (const { name, kind, takesClones } of PLAYERS) {
    const manifest = kind === 'hls.js' ? 'm3u8' : 'mpd';
    // The lowest picture: four players decode on two processors.
    const url = world.playUrl(manifest, { session: name, maxHeight: '240' });
    const page = await pages.play(kind, url, {}, async (opened) => {
      if (name === 'shaka-debug') await opened.route('**/player.js', (route) => route.fulfill({ path: shakaDebug }));
    });
    players.push({ name, page, takesClones });
  }
});

test.after.always(async () => {
  for (const close of closers.toReversed()) await close();
});

const each = (work: (player: Player) => Promise<void>) => Promise.all(players.map(work));

const servedBy = ({ page }: Player) => world.edgeAt(page.host);

const firstOf = ({ answer }: Steered) => answer?.['PATHWAY-PRIORITY'][0];

async function untilServedBy(player: Player, edge: string): Promise<void> {
  await player.page.until(() => servedBy(player) === edge, `a segment from ${edge}`, BOUND_MS);
}

/** Waits until the picture has moved on by more than is in the buffer now: what it shows then came from now on. */
async function playsOn(t: ExecutionContext, player: Player): Promise<void> {
  const { currentTime, bufferedSeconds } = await player.page.state();
  const wanted = currentTime + bufferedSeconds + 2;
  const { stalls, playing } = await player.page.until(
    ({ state }) => state.currentTime > wanted,
    `the picture to get to ${wanted}`,
    BOUND_MS,
  );
  t.true(playing, player.name);
  t.log(`${player.name}: from ${servedBy(player)}, ${stalls} stalls`);
}

/** What steering would tell somebody who comes now. */
async function ranksFirst(edge: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${world.steeringUrl}/v1/servers?path=/live/demo/&session=somebody`);
    const { servers } = (await answer.json()) as { servers: { id: string }[] };
    if (servers[0]!.id === edge) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test.serial('each starts on the first pathway of its manifest', async (t) => {
  t.timeout(BOUND_MS);
  await each(async (player) => {
    const { page, name } = player;
    await page.until(({ state }) => state.playing && state.currentTime > 1, 'the picture to move', BOUND_MS);
    t.deepEqual(page.hostsSince(0).map(world.edgeAt.bind(world)), ['near-1'], name);
    const { errors } = await page.state();
    t.false(
      errors.some((error) => error.endsWith('(fatal)')),
      `${name}: ${errors.join()}`,
    );
    const folder = process.env['UNDERCARD_SCREENSHOTS'];
    if (folder !== undefined) await page.page.screenshot({ path: `${folder}/${name}.png` });
  });
});

test.serial('each moves with the first answer that names another edge first: its own is drained', async (t) => {
  t.timeout(BOUND_MS * 2);
  await world.drain('near-1');
  await ranksFirst('mid-1');
  await each(async (player) => {
    await untilServedBy(player, 'mid-1');
    const { page, name } = player;
    const movedMs = page.segments.find(({ host }) => world.edgeAt(host) === 'mid-1')!.atMs;
    const told = page.steering.filter((steered) => firstOf(steered) === 'mid-1' && steered.atMs < movedMs);
    t.true(told.length === 1, `${name}: ${told.length} answers before it moved`);
    t.log(`${name}: ${((movedMs - told[0]!.atMs) / 1000).toFixed(1)} s after the answer`);
    await playsOn(t, player);
  });
});

test.serial('each goes on from the next edge of its priority when its own is killed', async (t) => {
  t.timeout(BOUND_MS * 2);
  world.kill('mid-1');
  await each(async (player) => {
    await untilServedBy(player, 'far-1');
    await playsOn(t, player);
  });
});

test.serial('each takes a better edge that its manifest did not know, as a clone', async (t) => {
  t.timeout(BOUND_MS * 2);
  await world.list('extra-1');
  await ranksFirst('extra-1');
  await each(async (player) => {
    const { page, name, takesClones } = player;
    const isTold = (steered: Steered) => firstOf(steered) === 'extra-1';
    await page.until(() => page.steering.some(isTold), 'the clone to be named first', BOUND_MS);
    const { answer } = page.steering.find(isTold)!;
    const [clone] = answer!['PATHWAY-CLONES']!;
    t.is(clone!.ID, 'extra-1', name);
    const port = name === 'dash.js' ? `:${new URL(world.url('extra-1')).port}` : '';
    t.is(clone!['URI-REPLACEMENT'].HOST, `${world.hostOf('extra-1')}${port}`, name);
    if (takesClones) await untilServedBy(player, 'extra-1');
    await playsOn(t, player);
    if (!takesClones) t.false(page.hostsSince(0).includes(world.hostOf('extra-1')), `${name} takes clones now`);
  });
});

test.serial(
  'each plays on with steering killed, and finds another edge by itself when its own is killed, too',
  async (t) => {
    t.timeout(BOUND_MS * 2);
    world.kill('steering');
    const since = performance.now();
    await each(async (player) => {
      const { page } = player;
      const failed = () => page.steering.some(({ status, atMs }) => status === 0 && atMs > since);
      await page.until(failed, 'steering to be asked in vain', BOUND_MS);
      await playsOn(t, player);
    });
    world.kill('extra-1');
    await each(async (player) => {
      await untilServedBy(player, 'far-1');
      await playsOn(t, player);
    });
  },
);

test.serial('each returns to the first edge once that and steering are back', async (t) => {
  t.timeout(BOUND_MS * 2);
  // The drained one: hls.js keeps away from an edge that failed it for five minutes, Shaka for one, dash.js for a TTL.
  await world.start('near-1');
  await world.start('steering');
  await ranksFirst('near-1');
  await each(async (player) => {
    await untilServedBy(player, 'near-1');
    await playsOn(t, player);
    const told = player.page.steering.findLast(({ answer }) => answer !== null)!;
    t.is(firstOf(told), 'near-1', player.name);
  });
});
