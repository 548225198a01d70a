// Equal Earth (Šavrič, Patterson, Jenny 2018): areas are true, so that circles and countries may be compared by eye.
// JavaScript, because pages in a browser project by the very same code as those who make them.

export const NORTH = 84;
export const SOUTH = -57;

const A1 = 1.340264;
const A2 = -0.081106;
const A3 = 0.000893;
const A4 = 0.003796;
const ROOT3 = Math.sqrt(3);

export const MAP_WIDTH = 1600;
const SCALE = MAP_WIDTH / (2 * equalEarth(0, 180)[0]);
const TOP = equalEarth(NORTH, 0)[1];
export const MAP_HEIGHT = Math.round((TOP - equalEarth(SOUTH, 0)[1]) * SCALE);

export function project({ latitude, longitude }) {
  const [x, y] = equalEarth(latitude, longitude);
  return [MAP_WIDTH / 2 + x * SCALE, (TOP - y) * SCALE];
}

function equalEarth(latitude, longitude) {
  const theta = Math.asin((ROOT3 / 2) * Math.sin((latitude * Math.PI) / 180));
  const square = theta * theta;
  const sixth = square * square * square;
  const x =
    (2 * ROOT3 * ((longitude * Math.PI) / 180) * Math.cos(theta)) /
    (3 * (9 * A4 * sixth * square + 7 * A3 * sixth + 3 * A2 * square + A1));
  return [x, theta * (A4 * sixth * square + A3 * sixth + A2 * square + A1)];
}
