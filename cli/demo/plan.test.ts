import test from 'ava';
import { relayLinksSchema } from '../../runtime/relay-links.ts';
import { chooseAddresses } from '../../sim/load/viewer-addresses.ts';
import { DemoPlan } from './plan.ts';
import { DEMO_TOPOLOGY, openWorld } from './world.ts';

const WORLD = openWorld(DEMO_TOPOLOGY, 1, { rttMs: undefined, rateBps: undefined });

function planOf(accessRelays: boolean): DemoPlan {
  const options = {
    port: 8080,
    viewers: 50,
    seed: 1,
    eventId: 'demo',
    spreadMs: 10_000,
    accessRelays,
    durationMs: null,
  };
  return new DemoPlan(options, WORLD, '/folder');
}

/** host:port of every listener that a process is told to open. */
function listeners(plan: DemoPlan): string[] {
  const own = plan
    .processes()
    .flatMap(({ args }) => args.filter((_arg, at) => /^--(?:listen|admin)$/.test(args[at - 1] ?? '')));
  const relayed = plan.options.accessRelays ? plan.accessLinks() : [];
  return [...own, ...[...plan.backboneLinks(), ...relayed].map(({ listen }) => listen)];
}

for (const accessRelays of [false, true]) {
  test(`nobody listens where somebody else does, and all on two ports (relays to viewers: ${accessRelays})`, (t) => {
    const all = listeners(planOf(accessRelays));
    t.is(new Set(all).size, all.length);
    t.deepEqual(
      [...new Set(all.map((listener) => listener.split(':')[1]!))].sort((a, b) => (a < b ? -1 : 1)),
      ['8080', '8081'],
    );
  });

  test(`relays’ files can be read, and lead to listeners (relays to viewers: ${accessRelays})`, (t) => {
    const plan = planOf(accessRelays);
    const links = [...plan.backboneLinks(), ...(accessRelays ? plan.accessLinks() : [])];
    t.notThrows(() => relayLinksSchema.parse({ links }));
    const all = listeners(plan);
    for (const { to } of links) t.true(all.includes(to), to);
  });
}

test('round trips of the backbone are those of the topology’s ways', (t) => {
  const links = planOf(false).backboneLinks();
  const amsterdam = WORLD.routing.fillPath(3, 0)!;
  t.is(links[0]!.rttMs, 2 * amsterdam.oneWayMs);
  t.is(links[0]!.rateBps, 1e9);
  t.is(links.at(-1)!.rttMs, 2, 'from the shield to the origin');
});

test('viewers’ ways are those that routing finds, by where they connect from; players keep the edges’ addresses', (t) => {
  const plan = planOf(true);
  const [edge] = plan.accessLinks();
  t.is(edge!.listen, new URL(plan.url('edge-1')).host);
  t.is(edge!.rateBps, 1e9);
  const book = JSON.parse(plan.addressesJson()) as Record<string, { from: string }>;
  const route = WORLD.routing.routesTo('albion', 'london').find(({ site }) => site === 0)!;
  t.is(edge!.rttMsFrom![book['albion/london']!.from], 2 * route.oneWayMs);
  t.is(planOf(false).url('edge-1'), plan.url('edge-1'));
});

test('viewers come in proportion to subscribers', (t) => {
  const choice = chooseAddresses(planOf(false).addressesJson(), 1);
  if (choice.kind !== 'ok') throw new Error(choice.problem);
  const count = 4000;
  const places = Array.from({ length: count }, (_, viewer) => choice.placeFor(viewer));
  const lines = WORLD.places.reduce((sum, { subscribers }) => sum + subscribers, 0);
  for (const { name, subscribers } of WORLD.places) {
    const share = places.filter((place) => place === name).length / count;
    t.true(Math.abs(share - subscribers / lines) < 0.03, `${name}: ${share}`);
  }
});
