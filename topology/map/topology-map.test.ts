import { fileURLToPath } from 'node:url';
import test from 'ava';
import * as fc from 'fast-check';
import { loadTopology } from '../load/topology-file.ts';
import { smallWorld } from '../model/small-worlds.fixture.ts';
import type { Topology } from '../model/topology.ts';
import { arcPath } from './arc.js';
import { worldOutlines } from './base-map.ts';
import { MAP_HEIGHT, MAP_WIDTH, project } from './projection.js';
import { placeLabels } from './labels.ts';
import { mapFeatures } from './map-features.ts';
import { topologyMap } from './topology-map.ts';

const base = worldOutlines();

function example(): Topology {
  const outcome = loadTopology(fileURLToPath(new URL('../examples/three-sites.yaml', import.meta.url)));
  if (outcome.kind === 'bad') throw new Error(outcome.reason);
  return outcome.topology;
}

/** Subpaths as lists of points. */
function pointsOf(path: string): [number, number][][] {
  return path
    .split('M')
    .slice(1)
    .map((part) =>
      part
        .replace('Z', '')
        .split('L')
        .map((pair) => pair.split(',').map(Number) as [number, number]),
    );
}

test('the map is the Equal Earth projection: symmetric, the date line at its edges', (t) => {
  t.deepEqual(project({ latitude: 0, longitude: 180 })[0], MAP_WIDTH);
  t.deepEqual(project({ latitude: 0, longitude: -180 })[0], 0);
  const [x, y] = project({ latitude: 45, longitude: 60 });
  const [mirrored] = project({ latitude: 45, longitude: -60 });
  t.true(Math.abs(x + mirrored - MAP_WIDTH) < 1e-9);
  // The paper's own figures, of a globe of radius 1: the equator is 5.41 wide, a pole 3.24 (60 % of it).
  const pole = project({ latitude: 90, longitude: 180 })[0] - MAP_WIDTH / 2;
  t.true(Math.abs(pole / (MAP_WIDTH / 2) - 0.5925) < 0.001, String(pole));
  t.true(y > 0 && y < MAP_HEIGHT);
});

test('countries are inside the map, and none has a band across it', (t) => {
  t.true(base.paths.length > 170, String(base.paths.length));
  for (const path of base.paths) {
    for (const ring of pointsOf(path)) {
      ring.forEach(([x, y], at) => {
        t.true(x >= 0 && x <= MAP_WIDTH && y > -10 && y < MAP_HEIGHT + 10, `${x},${y}`);
        const [before] = ring[(at + ring.length - 1) % ring.length]!;
        t.true(Math.abs(x - before) < MAP_WIDTH / 10, path.slice(0, 80));
      });
    }
  }
});

const place = fc.record({
  latitude: fc.integer({ min: -50, max: 70 }),
  longitude: fc.integer({ min: -180, max: 180 }),
});

test('an arc begins and ends at its places, and crosses the map’s edge at most once', (t) => {
  fc.assert(
    fc.property(place, place, (a, b) => {
      const parts = pointsOf(arcPath(a, b));
      const near = (point: readonly number[], other: readonly number[]) =>
        Math.abs(point[1]! - other[1]!) < 0.2 &&
        (Math.abs(point[0]! - other[0]!) < 0.2 || Math.abs(a.longitude) === 180 || Math.abs(b.longitude) === 180);
      if (!near(parts[0]![0]!, project(a)) || !near(parts.at(-1)!.at(-1)!, project(b)) || parts.length > 2)
        return false;
      return parts.every((points) =>
        points.every(([x], at) => at === 0 || Math.abs(x - points[at - 1]![0]) < MAP_WIDTH / 20),
      );
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('what is drawn is summed by metro, and by pair of metros', (t) => {
  const { spots, arcs, subscribers } = mapFeatures(example());
  t.deepEqual(spots.map(({ metro, kind, bps }) => `${metro.id} ${kind} ${bps}`).sort(), [
    'amsterdam ix 2000000000',
    'new-york ix 2000000000',
    'singapore embedded 2000000000',
  ]);
  t.deepEqual(
    arcs.map(({ kind, names, bps }) => `${kind} ${names} ${bps}`),
    [
      'interconnect Amsterdam – Frankfurt 4000000000',
      'backbone Amsterdam – Frankfurt region 2000000000',
      'backbone New York – Virginia region 2000000000',
      'interconnect New York – Singapore 1000000000',
      'backbone Amsterdam – New York 1000000000',
    ],
  );
  t.is(subscribers.length, 7);
});

test('labels neither cover each other nor more than their most', (t) => {
  const labels = Array.from({ length: 30 }, (_, at) => ({
    text: `Town ${at}`,
    x: 100 + (at % 6) * 40,
    y: 100 + at * 3,
    radius: 5,
  }));
  const placed = placeLabels(labels, labels, 12, 8);
  t.true(placed.length > 2 && placed.length <= 8);
  t.is(new Set(placed.map(({ x, y }) => `${x},${y}`)).size, placed.length);
});

test('the map is one well-formed SVG, the same each time, whatever the names are', (t) => {
  const topology = { ...example(), name: '<b>"&' };
  const svg = topologyMap(topology, base);
  t.is(svg, topologyMap(structuredClone(topology), base));
  t.true(svg.includes('&#60;b&#62;&#34;&#38;'));
  t.true(svg.includes('synthetic'));
  t.false(topologyMap({ ...topology, synthetic: false }, base).includes('synthetic'));
  fc.assert(
    fc.property(smallWorld, (world) => {
      const drawn = topologyMap(world, base);
      if (/NaN|undefined|Infinity/.test(drawn)) return false;
      // Each element that is opened is closed, in order.
      const open: string[] = [];
      for (const [, end, name, itself] of drawn.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
        if (end) {
          if (open.pop() !== name) return false;
        } else if (!itself) open.push(name!);
      }
      return open.length === 0;
    }),
    { numRuns: 50 },
  );
});
