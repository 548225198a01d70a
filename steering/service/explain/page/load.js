// How full and how well, as classes of the style sheet: one colour means one thing on the whole page.

export const LOADS = [
  { name: 'u0', below: 0.25, text: 'below 25 %' },
  { name: 'u1', below: 0.5, text: '25–50' },
  { name: 'u2', below: 0.75, text: '50–75' },
  { name: 'u3', below: 0.9, text: '75–90' },
  { name: 'u4', below: 0.98, text: '90–98' },
  { name: 'u5', below: Infinity, text: 'full' },
];

/** @param load in thousandths, or null before the first report */
export function loadClass(load) {
  if (load === null) return 'unheard';
  return LOADS.find(({ below }) => load / 1000 < below).name;
}

export function standingClass({ up, doubtful, draining, down }) {
  if (up > 0) return doubtful + draining + down > 0 ? 'partly' : 'well';
  return draining + down > 0 ? 'dead' : '';
}
