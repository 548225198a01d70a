import test from 'ava';
import type { Route } from '../../topology/model/topology.ts';
import type { Site } from '../../topology/model/site.ts';
import { Proximity } from './proximity.ts';
import { siteOrderOf, type RouteTable } from './site-order.ts';
import type { SteeringPolicyConfig } from './steering-config.ts';

const site = (id: string, latitude: number): Site => ({
  id,
  country: 'DE',
  latitude,
  longitude: 10,
  kind: 'ix',
  edges: [{ id: `${id}-1`, url: `http://${id}-1`, capacityBps: 1e9 }],
});
/** In the order of the sites file; the nearest to Germany's people is fra. */
const SITES = [site('sto', 59), site('fra', 50), site('isp', 48)];
/** The topology numbers its sites otherwise, and has one that is not ours. */
const IDS = ['other', 'isp', 'fra', 'sto'];
const COUNTRIES = new Map([['DE', { latitude: 51, longitude: 10 }]]);
const CLIENT = { country: 'DE', client: 'someone' };
const SUBSCRIBER = { network: 'telecom', metro: 'berlin' };

const route = (index: number, reach: Route['reach']): Route => ({
  site: index,
  reach,
  links: [],
  oneWayMs: 5,
  prefixLength: 16,
  localPreference: 100,
  asPath: ['telecom'],
  med: 0,
});

class Table implements RouteTable {
  version = 0;
  asked = 0;
  routes: Route[] = [route(0, 'embedded'), route(1, 'embedded'), route(3, 'transit')];

  routesTo(network: string): readonly Route[] {
    this.asked++;
    return network === 'telecom' ? this.routes : [];
  }
}

const orderOf = (policy: SteeringPolicyConfig['policy'], table: Table | null) =>
  siteOrderOf(policy, SITES, new Proximity(SITES, COUNTRIES), table && { table, siteIds: IDS });
const named = (order: readonly number[]) => order.map((index) => SITES[index]!.id);

test('sites come as the client’s network hears them; one that it does not hear is no answer', (t) => {
  const order = orderOf('network', new Table());
  const place = { ...CLIENT, subscriber: SUBSCRIBER };
  t.deepEqual(
    named(order.order(place)),
    ['isp', 'sto'],
    'fra did not hear the prefix, and the first route’s site is not ours',
  );
  t.is(order.reason(place, 2, 0), 'embedded');
  t.is(order.reason(place, 0, 1), 'transit');
});

test('who is no known subscriber, or one whom no site hears, gets the nearest', (t) => {
  const order = orderOf('network', new Table());
  t.deepEqual(named(order.order(CLIENT)), ['fra', 'isp', 'sto']);
  t.deepEqual(named(order.order({ ...CLIENT, subscriber: { network: 'nobody', metro: 'berlin' } })), [
    'fra',
    'isp',
    'sto',
  ]);
  t.is(order.reason(CLIENT, 1, 0), 'nearest-site');
  t.is(order.reason({ ...CLIENT, country: null }, 0, 0), 'default-order');
});

test('routes are asked for once, and again when they have changed', (t) => {
  const table = new Table();
  const order = orderOf('network', table);
  const place = { ...CLIENT, subscriber: SUBSCRIBER };
  for (let time = 0; time < 3; time++) order.order(place);
  t.is(table.asked, 1);
  table.routes = [route(2, 'peering')];
  table.version++;
  t.deepEqual(named(order.order(place)), ['fra']);
});

test('nearest ignores networks; without routes network is nearest', (t) => {
  const place = { ...CLIENT, subscriber: SUBSCRIBER };
  t.deepEqual(named(orderOf('nearest', new Table()).order(place)), ['fra', 'isp', 'sto']);
  t.deepEqual(named(orderOf('network', null).order(place)), ['fra', 'isp', 'sto']);
});

test('in turn each reachable site is first as often; by chance the same client gets the same order', (t) => {
  const place = { ...CLIENT, subscriber: SUBSCRIBER };
  const turns = orderOf('round-robin', new Table());
  t.deepEqual(
    [1, 2, 3, 4].map(() => named(turns.order(place))[0]),
    ['sto', 'isp', 'sto', 'isp'],
  );
  const chance = orderOf('random', new Table());
  t.deepEqual(chance.order(place), chance.order(place));
  const firsts = Array.from(
    { length: 1000 },
    (_, client) => named(chance.order({ ...place, client: `c${client}` }))[0],
  );
  const share = firsts.filter((id) => id === 'isp').length / 1000;
  t.true(share > 0.43 && share < 0.57, String(share));
});
