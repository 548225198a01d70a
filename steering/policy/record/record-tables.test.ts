import test from 'ava';
import { RecordTables } from './record-tables.ts';
import type { RankingRequest } from '../ranking.ts';
import type { PlacedSites, SiteOrder } from '../location/site-order.ts';

const TOTAL = 500;

/** One place of 500 sites until told that something has changed. */
class OnePlace implements SiteOrder {
  sites: PlacedSites = OnePlace.make();

  static make(): PlacedSites {
    return {
      sites: Uint16Array.from({ length: TOTAL }, (_, rank) => TOTAL - 1 - rank),
      reasons: Uint8Array.from({ length: TOTAL }, (_, rank) => (rank === 0 ? 5 : 6)),
    };
  }

  placed(): PlacedSites {
    return this.sites;
  }

  order(): ArrayLike<number> {
    return this.sites.sites;
  }

  reason() {
    return 'nearest-site' as const;
  }

  known() {
    return [];
  }
}

const asked: RankingRequest = { country: 'DE', client: 'a', path: '/live/demo' };

function tables(order = new OnePlace()) {
  const lines: unknown[][] = [];
  const made = new RecordTables(order, (text) => lines.push(JSON.parse(`${text}]`) as unknown[]));
  return { made, lines, order };
}

test('a name gets a number when it is first used, and a line that says so, once', (t) => {
  const { made, lines } = tables();
  const list = ['nearest-site', 'owner', 'busy'];
  t.deepEqual([made.word('servers'), made.word('x'), made.word('servers')], [0, 1, 0]);
  t.deepEqual([made.list(list), made.list(list), made.list([...list])], [2, 2, 2]);
  t.deepEqual([made.content('/live/demo/v1/1.m4s'), made.content('/live/demo/v2/9.m4s')], [0, 0]);
  t.deepEqual(lines, [
    ['w', 0, 'servers'],
    ['w', 1, 'x'],
    ['w', 2, 'nearest-site owner busy'],
    ['c', 0, '/live/demo'],
  ]);
});

test('of an order of sites as much is told as decisions looked at, in steps', (t) => {
  const { made, lines } = tables();
  const told = () => lines.reduce((sum, line) => sum + (line.at(-2) as number[]).length, 0);
  t.is(made.place(asked, 3, false), 0);
  t.is(told(), 64);
  t.deepEqual(lines[0]!.at(-1), [5, 1, 6, 63]);
  made.place(asked, 64, false);
  t.is(lines.length, 1);
  made.place(asked, 65, false);
  t.is(told(), 128);
  made.place(asked, 499, false);
  t.is(told(), 499);
  made.place(asked, 500, false);
  t.is(told(), TOTAL);
  const sites = lines.flatMap((line) => line.at(-2) as number[]);
  t.deepEqual(sites, [...OnePlace.make().sites]);
});

test('a place is told anew when its order has changed, and for another country', (t) => {
  const { made, lines, order } = tables();
  t.is(made.place(asked, 1, false), 0);
  t.is(made.place({ ...asked, country: null }, 1, false), 1);
  order.sites = OnePlace.make();
  t.is(made.place(asked, 1, false), 2);
  t.is(made.place(asked, 1, false), 2);
  t.is(lines.length, 3);
});

test('full tables are emptied together: what is remembered is bounded', (t) => {
  const { made, lines } = tables();
  let count = 0;
  while (!made.isFull) made.content(`/x/${count++}`);
  t.is(count, 65_536);
  made.clear();
  t.false(made.isFull);
  t.is(made.content('/x/5'), 0);
  lines.length = 0;
  for (let at = 0; !made.isFull; at++) made.word(`${at}${'long'.repeat(500)}`);
  t.true(lines.length < 5000, `${lines.length}`);
});
