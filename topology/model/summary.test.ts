import { readFileSync } from 'node:fs';
import test from 'ava';
import { parse } from 'yaml';
import { describeSummary } from '../map/summary-text.ts';
import { Routing } from './routing.ts';
import { summarize } from './summary.ts';
import { topologySchema } from './topology.ts';

const topology = topologySchema.parse(
  parse(readFileSync(new URL('../examples/three-sites.yaml', import.meta.url), 'utf8')),
);

test('a summary counts what is there, and shares the subscribers out by their best route', (t) => {
  const summary = summarize(new Routing(topology));
  t.like(summary.counts, {
    metros: 7,
    countries: 6,
    networks: { isp: 6, transit: 1, cdn: 1 },
    sites: { ix: 2, embedded: 1 },
    servers: { edge: 6, shield: 0 },
    prefixes: { ipv4: 7, ipv6: 7 },
    announcements: null,
  });
  t.is(summary.subscribers, 8000);
  t.deepEqual(summary.servingBps, { ix: 4e9, embedded: 2e9 });
  t.deepEqual(summary.links.backbone, { count: 3, capacityBps: 5e9 });
  // Embedded: merlion and nusantara; private: polder and hudson; peering: rhein; transit: albion.
  t.deepEqual(summary.reachShares, {
    embedded: 1500 / 8000,
    private: 4000 / 8000,
    peering: 1500 / 8000,
    transit: 1000 / 8000,
    none: 0,
  });
  t.like(summary.isps[0], { id: 'hudson', subscribers: 2800, reach: 'private' });
  t.like(summary.countries[0], { country: 'US', sites: 1, servingBps: 2e9, subscribers: 2800 });
});

test('without any route there is no latency, and it is said', (t) => {
  const cut = summarize(new Routing(topology, { isUsable: (link) => topology.links[link]!.kind === 'access' }));
  t.is(cut.reachShares.none, 1);
  t.is(cut.isps[0]!.oneWayMs, null);
  t.regex(describeSummary(cut), /none 100\.0 %/);
});

test('the text has the largest first, with units', (t) => {
  const text = describeSummary(summarize(new Routing(topology)));
  t.regex(text, /edges can send 4 Gbit\/s at exchanges, 2 Gbit\/s embedded/);
  t.regex(text, /embedded 18\.8 %, private 50\.0 %, peering 18\.8 %, transit 12\.5 %/);
  t.true(text.indexOf('Hudson Cable') < text.indexOf('Rhein Netz'));
});
