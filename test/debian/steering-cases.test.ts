import test, { type ExecutionContext } from 'ava';
import { DeliveryWorld } from '../support/delivery-world.ts';
import { PlayerPages, type PlayerPage } from '../support/player-pages.ts';
import { SITES, STEERING_FLAGS } from '../players/watch-case.ts';

/**
 * Some cells of the table in docs/players.md, seen anew: if hls.js changes, or the cases do, the page is to be made again
 * (`npm run players`). What must not happen is looked for while the picture moves on, by its own clock.
 */

const BOUND_MS = 90_000;

const closers: (() => unknown)[] = [];
let world: DeliveryWorld;
let pages: PlayerPages;

test.before(async (t) => {
  t.timeout(BOUND_MS);
  const scope = { teardown: (close: () => unknown) => void closers.push(close) } as Pick<ExecutionContext, 'teardown'>;
  world = await DeliveryWorld.open(scope, { sites: SITES, steeringFlags: STEERING_FLAGS });
  pages = await PlayerPages.open(scope);
});

test.after.always(async () => {
  for (const close of closers.toReversed()) await close();
});

async function play(query: { case: string; ttl?: string; after?: string }): Promise<PlayerPage> {
  const url = world.playUrl('m3u8', { ...query, session: query.case, maxHeight: '240' });
  return pages.play('hls.js', url);
}

test('hls.js without a TTL asks again at once, without end', async (t) => {
  t.timeout(BOUND_MS * 2);
  const player = await play({ case: 'ttl-missing', ttl: '3600' });
  await player.until(() => player.steering.length > 50, 'fifty steering requests', BOUND_MS);
  // A default of 5 minutes, which others take, would have made one.
  t.true(player.steering.every(({ status }) => status === 200));
  await player.page.close();
});

test('hls.js asks no more after a 410, and plays on', async (t) => {
  t.timeout(BOUND_MS * 3);
  const player = await play({ case: '410', ttl: '2', after: '1' });
  await player.until(() => player.steering.at(-1)?.status === 410, 'the 410', BOUND_MS);
  const { currentTime } = await player.state();
  await player.until(({ state }) => state.currentTime > currentTime + 15, 'fifteen more seconds of picture', BOUND_MS);
  t.deepEqual(
    player.steering.map(({ status }) => status),
    [200, 410],
  );
  await player.page.close();
});

test('hls.js plays from a clone that its manifest did not know', async (t) => {
  t.timeout(BOUND_MS * 2);
  const player = await play({ case: 'clone', ttl: '5', after: '1' });
  await player.until(
    () => player.steering.some(({ answer }) => answer?.['PATHWAY-CLONES'] !== undefined),
    'a clone',
    BOUND_MS,
  );
  const [clone] = player.steering.find(({ answer }) => answer?.['PATHWAY-CLONES'] !== undefined)!.answer![
    'PATHWAY-CLONES'
  ]!;
  const { HOST: host } = clone!['URI-REPLACEMENT'];
  await player.until(() => player.host === host, `segments from ${host}`, BOUND_MS);
  t.not(player.segments[0]!.host, host, 'not from the start');
  await player.page.close();
});

test('Shaka takes a 410 for a failure like any other: it asks again, and plays', async (t) => {
  t.timeout(BOUND_MS * 2);
  const url = world.playUrl('mpd', { case: '410', session: 'shaka', maxHeight: '240' });
  const player = await pages.play('shaka', url);
  await player.until(() => player.steering.length >= 2, 'it to ask again after a 410', BOUND_MS);
  t.true(player.steering.every(({ status }) => status === 410));
  const state = await player.until(({ state: now }) => now.playing, 'a picture', BOUND_MS);
  t.deepEqual(state.errors, []);
  await player.page.close();
});
