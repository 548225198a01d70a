import test from 'ava';
import type { ReachedSites } from '../../../topology/model/reached-sites.ts';
import type { Site } from '../../../topology/model/site.ts';
import { REACHES, type Reach } from '../../../topology/model/topology.ts';
import { Proximity } from './proximity.ts';
import { siteOrderOf, type RouteTable } from './site-order.ts';
import type { SteeringPolicyConfig } from '../steering-config.ts';
import type { Whereabouts } from './whereabouts.ts';

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

class Table implements RouteTable {
  version = 0;
  asked = 0;
  reached: [site: number, reach: Reach][] = [
    [0, 'embedded'],
    [1, 'embedded'],
    [3, 'transit'],
  ];

  sitesTo(network: string): ReachedSites {
    this.asked++;
    const reached = network === 'telecom' ? this.reached : [];
    return {
      sites: Uint16Array.from(reached, ([site]) => site),
      reaches: Uint8Array.from(reached, ([, reach]) => REACHES.indexOf(reach)),
    };
  }
}

const orderOf = (policy: SteeringPolicyConfig['policy'], table: Table | null) =>
  siteOrderOf(policy, SITES, new Proximity(SITES, COUNTRIES), table && { table, siteIds: IDS });
const named = (order: ArrayLike<number>) => Array.from(order, (index) => SITES[index]!.id);

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
  table.reached = [[2, 'peering']];
  table.version++;
  t.deepEqual(named(order.order(place)), ['fra']);
});

const WHERE: Whereabouts = { by: 'prefix', country: 'DE', subscriber: SUBSCRIBER, position: null, zone: null };
const SOUTH = { latitude: 40, longitude: 10 };
const at = (where: Whereabouts) => ({ ...CLIENT, where });
const reasons = (order: ReturnType<typeof orderOf>, where: Whereabouts) =>
  Array.from(order.order(at(where)), (site, rank) => `${SITES[site]!.id} ${order.reason(at(where), site, rank)}`);

test('who was located more closely than by country gets what is near that place', (t) => {
  const order = orderOf('network', new Table());
  const city: Whereabouts = { ...WHERE, by: 'city', subscriber: null, position: SOUTH };
  t.deepEqual(reasons(order, city), ['isp nearest-site', 'fra farther-site', 'sto farther-site']);
  const unheard: Whereabouts = { ...WHERE, subscriber: { network: 'nobody', metro: 'x' }, position: SOUTH };
  t.deepEqual(reasons(order, unheard), ['isp nearest-site', 'fra farther-site', 'sto farther-site']);
});

test('who cannot be located gets what is near the stated default, and without one the listed order', (t) => {
  const order = orderOf('network', new Table());
  const unknown: Whereabouts = { ...WHERE, by: 'default', country: null, subscriber: null };
  t.deepEqual(reasons(order, unknown), ['sto default-order', 'fra default-order', 'isp default-order']);
  t.deepEqual(reasons(order, { ...unknown, position: SOUTH }), [
    'isp default-place',
    'fra default-place',
    'sto default-place',
  ]);
});

test('a coverage zone’s sites come first, then what would have come; or no others', (t) => {
  const order = orderOf('network', new Table());
  const zone = { id: 'campus', sites: [1, 2], only: false, position: null };
  t.deepEqual(
    reasons(order, { ...WHERE, zone }),
    ['fra coverage-zone', 'isp coverage-zone', 'sto transit'],
    'fra, too',
  );
  t.deepEqual(reasons(order, { ...WHERE, zone: { ...zone, only: true } }), ['fra coverage-zone', 'isp coverage-zone']);
  const elsewhere = { ...zone, sites: [], position: { latitude: 60, longitude: 10 } };
  t.deepEqual(
    reasons(order, { ...WHERE, zone: elsewhere }),
    ['sto nearest-site', 'fra farther-site', 'isp farther-site'],
    'by distance from the zone, though the network is known',
  );
});

test('an order is looked up by the place’s object, and kept', (t) => {
  const table = new Table();
  const order = orderOf('network', table);
  const first = order.order(at(WHERE));
  for (let time = 0; time < 3; time++) t.is(order.order({ ...at(WHERE), client: `c${time}` }), first);
  t.is(table.asked, 1);
  t.deepEqual([...order.known()], [WHERE]);
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
