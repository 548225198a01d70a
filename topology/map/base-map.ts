import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology as Atlas } from 'topojson-specification';
import { MAP_HEIGHT, MAP_WIDTH, NORTH, project, SOUTH } from './projection.js';

/** Natural Earth's countries at 1:110 million, from npm's world-atlas (ISC; the data are in the public domain). */
const ATLAS = 'world-atlas/countries-110m.json';
/** ISO 3166-1 numeric. */
const ANTARCTICA = '010';

/** The map's own units: x from 0 to `width`, y down from 0 to `height`. */
export interface BaseMap {
  readonly width: number;
  readonly height: number;
  /** Each an SVG path's `d`, one a country, closed, with one decimal. */
  readonly paths: readonly string[];
  /** The edge of the globe, also a path's `d`. */
  readonly globe: string;
}

/** The countries, without Antarctica. Reads the atlas (108 kB) each time. */
export function worldOutlines(): BaseMap {
  const atlas = JSON.parse(readFileSync(createRequire(import.meta.url).resolve(ATLAS), 'utf8')) as Atlas;
  const { features } = feature(atlas, atlas.objects.countries as GeometryCollection);
  const paths = features.flatMap(({ id, geometry }) => {
    if (id === ANTARCTICA) return [];
    if (geometry.type === 'Polygon') return [pathOf(geometry.coordinates)];
    return geometry.type === 'MultiPolygon' ? [geometry.coordinates.map(pathOf).join('')] : [];
  });
  return { width: MAP_WIDTH, height: MAP_HEIGHT, paths, globe: globePath() };
}

function globePath(): string {
  const latitudes = Array.from({ length: NORTH - SOUTH + 1 }, (_, step) => SOUTH + step);
  const edge = [
    ...latitudes.map((latitude): Point => [-180, latitude]),
    ...latitudes.toReversed().map((latitude): Point => [180, latitude]),
  ];
  return closed(edge);
}

type Point = readonly [longitude: number, latitude: number];

/** A polygon's rings; what crosses the 180th meridian goes on at the other edge of the map. */
function pathOf(rings: readonly (readonly (readonly number[])[])[]): string {
  return rings
    .flatMap((ring) => {
      const whole = unwrapped(ring as readonly Point[]);
      const longitudes = whole.map(([longitude]) => longitude);
      const inside = Math.min(...longitudes) >= -180 && Math.max(...longitudes) <= 180;
      return inside ? [whole] : [-360, 0, 360].map((shift) => clipped(whole.map(([x, y]) => [x + shift, y])));
    })
    .filter((ring) => ring.length > 2)
    .map(closed)
    .join('');
}

function closed(ring: readonly Point[]): string {
  const points = ring.map(([longitude, latitude]) => {
    const [x, y] = project({ longitude, latitude });
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return `M${points.join('L')}Z`;
}

/** Longitudes without jumps: beyond ±180 where the ring crosses that meridian. */
function unwrapped(ring: readonly Point[]): Point[] {
  let shift = 0;
  return ring.map(([longitude, latitude], at) => {
    const step = at === 0 ? 0 : longitude - ring[at - 1]![0];
    if (step > 180) shift -= 360;
    else if (step < -180) shift += 360;
    return [longitude + shift, latitude];
  });
}

/** The part of a ring between the edges of the map (Sutherland and Hodgman 1974). */
function clipped(ring: readonly Point[]): Point[] {
  let kept = [...ring];
  for (const side of [1, -1]) {
    const input = kept;
    kept = [];
    input.forEach((point, at) => {
      const before = input[(at + input.length - 1) % input.length]!;
      const [inside, wasInside] = [side * point[0] <= 180, side * before[0] <= 180];
      if (inside !== wasInside) {
        const share = (side * 180 - before[0]) / (point[0] - before[0]);
        kept.push([side * 180, before[1] + share * (point[1] - before[1])]);
      }
      if (inside) kept.push(point);
    });
  }
  return kept;
}
