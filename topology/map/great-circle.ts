import type { Position } from '../model/site.ts';
import { MAP_WIDTH, project } from './base-map.ts';

const RADIANS = Math.PI / 180;
const KM_A_STEP = 250;
const KM_A_RADIAN = 6371;

/** The shortest way over the globe as an SVG path's `d`; at the edge of the map it goes on at the other. */
export function greatCirclePath(a: Position, b: Position): string {
  const [from, to] = [unitVector(a), unitVector(b)];
  const dot = Math.min(1, Math.max(-1, from[0] * to[0] + from[1] * to[1] + from[2] * to[2]));
  const angle = Math.acos(dot);
  const steps = Math.max(1, Math.ceil((angle * KM_A_RADIAN) / KM_A_STEP));
  let path = '';
  let lastX = Number.NaN;
  for (let step = 0; step <= steps; step++) {
    const share = step / steps;
    const [x, y] = project(between(from, to, angle, share));
    path += `${Math.abs(x - lastX) < MAP_WIDTH / 3 ? 'L' : 'M'}${x.toFixed(1)},${y.toFixed(1)}`;
    lastX = x;
  }
  return path;
}

type Vector = readonly [number, number, number];

function unitVector({ latitude, longitude }: Position): Vector {
  const [north, east] = [latitude * RADIANS, longitude * RADIANS];
  return [Math.cos(north) * Math.cos(east), Math.cos(north) * Math.sin(east), Math.sin(north)];
}

function between(from: Vector, to: Vector, angle: number, share: number): Position {
  const sine = Math.sin(angle);
  // Of places that are the same, or opposite, every way is as short: no matter which.
  const [near, far] =
    sine < 1e-9 ? [1 - share, share] : [Math.sin((1 - share) * angle) / sine, Math.sin(share * angle) / sine];
  const [x, y, z] = from.map((one, axis) => near * one + far * to[axis]!) as [number, number, number];
  return { latitude: Math.atan2(z, Math.hypot(x, y)) / RADIANS, longitude: Math.atan2(y, x) / RADIANS };
}
