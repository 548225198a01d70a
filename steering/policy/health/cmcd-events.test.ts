import test from 'ava';
import { CmcdEvents, type CmcdEvent } from './cmcd-events.ts';
import { ServerHosts } from './server-hosts.ts';
import { makeSites } from '../world.fixture.ts';

const NOTHING: CmcdEvent = {
  e: undefined,
  sid: 'session-1',
  url: undefined,
  cdn: undefined,
  h: undefined,
  rc: undefined,
  ttfb: undefined,
  ttlb: undefined,
  d: undefined,
  sta: undefined,
};
const FIRST = 'http://127.0.1.11:8080/live/demo/v1/7.m4s';
const SECOND = 'http://127.0.1.12:8080/live/demo/v1/8.m4s';

function reader() {
  const signs: string[] = [];
  const events = new CmcdEvents(new ServerHosts(makeSites([2])), (server, network, client, sign) => {
    signs.push(`${server} ${sign}`);
    return network === 'loud' ? 'client-limit' : client === 13 ? 'crowded' : null;
  });
  let nowMs = 0;
  const take = (changes: Partial<CmcdEvent>, afterMs = 10, network = 'isp') => {
    nowMs += afterMs;
    return events.take({ ...NOTHING, ...changes }, network, 1, nowMs);
  };
  return { take, signs: () => signs.splice(0) };
}

test('a response is a sign of the server that its URL names, by its status', (t) => {
  const { take, signs } = reader();
  const outcomeOf = (rc: number) => take({ e: 'rr', url: FIRST, rc });
  for (const rc of [200, 206, 304, 302]) t.is(outcomeOf(rc), 'well');
  for (const rc of [0, 500, 503, 504, 408, 429]) t.is(outcomeOf(rc), 'failed');
  for (const rc of [404, 410, 403, 416]) t.is(outcomeOf(rc), 'ignored', 'what is not there is the player’s mistake');
  t.deepEqual(new Set(signs()), new Set(['0 well', '0 failed']));
});

test('an answer that takes much longer than it plays is as bad as none; one that was held for its segment is not', (t) => {
  const { take } = reader();
  const outcomeOf = (changes: Partial<CmcdEvent>) => take({ e: 'rr', url: FIRST, rc: 200, ...changes });
  t.is(outcomeOf({ ttfb: 2100, ttlb: 2400, d: 2000 }), 'well');
  t.is(outcomeOf({ ttfb: 4900 }), 'well');
  t.is(outcomeOf({ ttfb: 5100 }), 'failed');
  t.is(outcomeOf({ ttlb: 5100, d: 2000 }), 'failed');
  t.is(outcomeOf({ ttlb: 11_000, d: 6000 }), 'well');
  t.is(outcomeOf({ ttlb: 12_500, d: 6000 }), 'failed');
});

const playing = (url: string): Partial<CmcdEvent> => ({ e: 'rr', url, rc: 200, sta: 'p' });

test('stalls and errors name no server: they count against the one that the session had its last answer from', (t) => {
  const { take, signs } = reader();
  take(playing(FIRST));
  take(playing(SECOND));
  take({ ...playing(FIRST), sid: 'session-2' });
  signs();
  t.is(take({ e: 'ps', sta: 'r' }), 'stalled');
  t.is(take({ e: 'e', sid: 'session-2' }), 'broken');
  t.is(take({ e: 'e', sid: 'session-3' }), 'no-server');
  t.is(take({ e: 'e', sid: undefined, cdn: 'fra-1' }), 'broken', 'or the one that it names');
  t.is(take({ e: 'ps', sta: 'f', sid: undefined, h: '127.0.1.12' }), 'broken');
  t.deepEqual(signs(), ['1 stalled', '0 broken', '0 broken', '1 broken']);
});

test('a stall is what interrupts playing: starting, seeking and pausing are none, whatever players call them', (t) => {
  const { take, signs } = reader();
  t.is(take({ e: 'ps', sta: 'r' }), 'ignored', 'nothing has played');
  take({ e: 'rr', url: FIRST, rc: 200, sta: 's' });
  t.is(take({ e: 'ps', sta: 'r' }), 'ignored', 'it starts');
  take({ e: 'ps', sta: 'p' });
  take({ e: 'ps', sta: 'k' });
  t.is(take({ e: 'ps', sta: 'r' }), 'ignored', 'it seeks');
  take({ e: 'ps', sta: 'p' });
  take({ e: 'ps', sta: 'a' });
  t.is(take({ e: 'ps', sta: 'r' }), 'ignored', 'it was paused');
  take({ e: 'ps', sta: 'p' });
  signs();
  t.is(take({ e: 'ps', sta: 'r' }), 'stalled');
  t.deepEqual(signs(), ['0 stalled']);
});

test('one trouble counts once, however many events tell of it', (t) => {
  const { take, signs } = reader();
  take(playing(FIRST));
  signs();
  t.is(take({ e: 'ps', sta: 'r' }), 'stalled');
  t.is(take({ e: 'ps', sta: 'f' }), 'repeated');
  t.is(take({ e: 'e' }), 'repeated');
  t.is(take({ e: 'e' }, 6000), 'broken');
  t.deepEqual(signs(), ['0 stalled', '0 broken']);
});

test('what says nothing of a server of ours is told apart', (t) => {
  const { take, signs } = reader();
  t.is(take({ e: 'rr', url: 'https://steering.example/play/demo.mpd', rc: 200 }), 'foreign');
  t.is(take({ e: 'rr', rc: 200 }), 'no-server');
  t.is(take({ e: 'rr', url: FIRST }), 'ignored');
  for (const sta of ['s', 'p', 'a', 'e', 'k', undefined]) t.is(take({ e: 'ps', sta, cdn: 'fra-1' }), 'ignored');
  for (const e of ['t', 'c', 'bc', 'pr', undefined]) t.is(take({ e, cdn: 'fra-1' }), 'ignored');
  t.is(take({ e: 'rr', url: FIRST, rc: 200 }, 10, 'loud'), 'client-limit');
  t.deepEqual(signs(), ['0 well']);
});

test('numbers that cannot be are refused', (t) => {
  const { take, signs } = reader();
  for (const rc of [-1, 1000, 200.5]) t.is(take({ e: 'rr', url: FIRST, rc }), 'absurd');
  for (const time of [-1, 600_001]) {
    for (const key of ['ttlb', 'd']) t.is(take({ e: 'rr', url: FIRST, rc: 200, [key]: time }), 'absurd');
  }
  t.deepEqual(signs(), []);
});

test('the time of day in place of the time to the first byte, as dash.js gives it, spoils nothing', (t) => {
  const { take } = reader();
  t.is(take({ e: 'rr', url: FIRST, rc: 200, ttfb: 1_795_559_106_783, ttlb: 103 }), 'well');
  t.is(take({ e: 'rr', url: FIRST, rc: 200, ttfb: 1_795_559_106_783 }), 'well');
});
