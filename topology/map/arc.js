import { project } from './projection.js';

const DEGREES_A_STEP = 3;
/** How far, of its length, an arc bows towards the nearer pole: as a cable's way does, though none crosses a pole. */
const BOW = 0.1;
const MOST_LATITUDE = 72;

export function arcPath(a, b) {
  const around = ((((b.longitude - a.longitude + 180) % 360) + 360) % 360) - 180;
  const up = b.latitude - a.latitude;
  const degrees = Math.hypot(around, up);
  const steps = Math.max(1, Math.ceil(degrees / DEGREES_A_STEP));
  const side = a.latitude + b.latitude >= 0 ? 1 : -1;
  // What leads straight to north or south has no side to bow to.
  const bow = degrees === 0 ? 0 : side * BOW * Math.abs(around);
  const most = Math.max(MOST_LATITUDE, Math.abs(a.latitude), Math.abs(b.latitude));
  const pointAt = (share, longitude) => {
    const bowed = a.latitude + share * up + bow * Math.sin(Math.PI * share);
    const [x, y] = project({ latitude: Math.min(most, Math.max(-most, bowed)), longitude });
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  // Where it comes to the edge of the map: at most once, as it goes less than half round.
  const edge = Math.sign(around) * 180;
  const leaves = around === 0 ? Infinity : (edge - a.longitude) / around;
  let path = `M${pointAt(0, a.longitude)}`;
  for (let step = 1; step <= steps; step++) {
    const [before, share] = [(step - 1) / steps, step / steps];
    if (before <= leaves && share > leaves) path += `L${pointAt(leaves, edge)}M${pointAt(leaves, -edge)}`;
    path += `L${pointAt(share, a.longitude + share * around - (share > leaves ? 2 * edge : 0))}`;
  }
  return path;
}
