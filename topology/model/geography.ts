import type { Position } from './site.ts';

/** Mean radius (IUGG R1). */
const EARTH_RADIUS_KM = 6371.009;
const RADIANS = Math.PI / 180;

/** Great-circle distance by the haversine formula, which stays exact for points near each other. */
export function distanceKm(a: Position, b: Position): number {
  const halfNorth = ((b.latitude - a.latitude) * RADIANS) / 2;
  const halfEast = ((b.longitude - a.longitude) * RADIANS) / 2;
  const chord =
    Math.sin(halfNorth) ** 2 +
    Math.cos(a.latitude * RADIANS) * Math.cos(b.latitude * RADIANS) * Math.sin(halfEast) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)));
}
