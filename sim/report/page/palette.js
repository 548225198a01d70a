// One colour means one thing on the whole page.

export const COLOUR = {
  edge: 'var(--edge)',
  shield: 'var(--shield)',
  origin: 'var(--origin)',
  good: 'var(--good)',
  bad: 'var(--bad)',
  warn: 'var(--warn)',
  ink: 'var(--ink)',
  dim: 'var(--dim)',
  faint: 'var(--faint)',
};

export const REACH_COLOUR = {
  embedded: 'var(--embedded)',
  private: 'var(--private)',
  peering: 'var(--peering)',
  transit: 'var(--transit)',
};

/** Utilisation: calm and cool until three quarters, warm towards full, glaring where it is full (95 %). */
const STOPS = [
  [0, 32, 42, 56],
  [0.25, 38, 84, 112],
  [0.5, 62, 138, 140],
  [0.7, 122, 158, 118],
  [0.85, 222, 186, 92],
  [0.92, 236, 140, 66],
  [0.9499, 226, 98, 62],
  [0.95, 255, 45, 65],
  [1, 255, 45, 65],
];

/** @returns [red, green, blue] */
export function utilisationRgb(share) {
  const value = Math.max(0, Math.min(1, share));
  const above = STOPS.findIndex(([at]) => at >= value);
  if (above <= 0) return STOPS[0].slice(1);
  const [low, high] = [STOPS[above - 1], STOPS[above]];
  const part = (value - low[0]) / (high[0] - low[0]);
  return [1, 2, 3].map((at) => Math.round(low[at] + part * (high[at] - low[at])));
}

export function utilisationColour(share) {
  return `rgb(${utilisationRgb(share).join(' ')})`;
}
