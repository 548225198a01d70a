import type { Position } from '../model/site.ts';
import { MAP_WIDTH, project } from './base-map.ts';

const DEGREES_A_STEP = 3;
/** How far, of its length, an arc bows towards the nearer pole: as a cable's way does, though none crosses a pole. */
const BOW = 0.1;
const MOST_LATITUDE = 72;

/** A bowed line from place to place as an SVG path's `d`; at the edge of the map it goes on at the other. */
export function arcPath(a: Position, b: Position): string {
  const around = ((((b.longitude - a.longitude + 180) % 360) + 360) % 360) - 180;
  const up = b.latitude - a.latitude;
  const degrees = Math.hypot(around, up);
  const steps = Math.max(1, Math.ceil(degrees / DEGREES_A_STEP));
  const side = a.latitude + b.latitude >= 0 ? 1 : -1;
  // What leads straight to north or south has no side to bow to.
  const bow = degrees === 0 ? 0 : side * BOW * Math.abs(around);
  let path = '';
  let lastX = Number.NaN;
  for (let step = 0; step <= steps; step++) {
    const share = step / steps;
    const straight = a.latitude + share * up;
    const bowed = straight + bow * Math.sin(Math.PI * share);
    const most = Math.max(MOST_LATITUDE, Math.abs(a.latitude), Math.abs(b.latitude));
    const longitude = ((((a.longitude + share * around + 180) % 360) + 360) % 360) - 180;
    const [x, y] = project({ latitude: Math.min(most, Math.max(-most, bowed)), longitude });
    path += `${Math.abs(x - lastX) < MAP_WIDTH / 3 ? 'L' : 'M'}${x.toFixed(1)},${y.toFixed(1)}`;
    lastX = x;
  }
  return path;
}
