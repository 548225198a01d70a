// Each distribution as bars (how many) and a line (what share is at most so much), with its quantiles marked.
import { niceTicks, tickText } from './axis.js';
import { count, milliseconds, percent, rate } from '../../../runtime/page/format.js';
import { el, hideTip, onWidth, set, showTip, svg } from '../../../runtime/page/dom.js';

const HEIGHT = 190;
const FEWEST_BARS = 6;

export function drawDistributions(parent, data) {
  const { startupMs, stallRatio, bitrateBps, latencyMs } = data.distributions;
  one(parent, 'Start-up', 'from the wish to watch to the first picture', startupMs, milliseconds);
  one(parent, 'Time stood still', 'share of each session from its first picture on', stallRatio, percent);
  one(parent, 'Bitrate', 'mean of each session', bitrateBps, rate);
  one(parent, 'Latency', 'camera to screen, mean of each session', latencyMs, milliseconds);
}

function one(parent, title, what, distribution, unit) {
  const picture = svg('svg', {
    height: HEIGHT,
    role: 'img',
    'aria-label': `${title}: ${quantiles(distribution, unit)}`,
  });
  const body = el('div', { class: 'plot-body' }, picture);
  parent.append(
    el(
      'figure',
      { class: 'plot' },
      el('figcaption', {}, el('h3', {}, title), el('span', { class: 'at' }, `${count(distribution.count)} sessions`)),
      el('p', { class: 'note' }, `${what}; ${quantiles(distribution, unit)}`),
      body,
    ),
  );
  onWidth(body, (width) => drawBars(picture, width, distribution, unit));
}

function quantiles({ p50, p95, p99 }, unit) {
  return `p50 ${unit(p50)}, p95 ${unit(p95)}, p99 ${unit(p99)}`;
}

function drawBars(picture, width, distribution, unit) {
  const { low, counts } = distribution.histogram;
  const total = counts.reduce((sum, value) => sum + value, 0);
  const frame = { left: 40, right: width - 12, top: 36, bottom: HEIGHT - 20 };
  set(picture, { width, viewBox: `0 0 ${width} ${HEIGHT}` });
  if (total === 0) {
    picture.replaceChildren(svg('text', { class: 'tick', x: frame.left, y: 60 }, 'nothing was measured'));
    return;
  }
  const high = shownEnd(distribution);
  const x = (value) =>
    frame.left + ((Math.min(Math.max(value, low), high) - low) / (high - low)) * (frame.right - frame.left);
  const y = (share) => frame.bottom - share * (frame.bottom - frame.top);
  const bars = barsOf(distribution, high, total);
  const tallest = Math.max(...counts);
  picture.replaceChildren(
    ...[0, 0.5, 1].flatMap((share) => [
      svg('path', { class: 'grid', d: `M${frame.left} ${y(share)}H${frame.right}` }),
      svg('text', { class: 'tick', x: frame.left - 5, y: y(share) + 3.5, 'text-anchor': 'end' }, `${share * 100} %`),
    ]),
    // A bar or two would only be a block of colour.
    ...(bars.length < FEWEST_BARS ? [] : bars).map(({ from, to, value }) =>
      svg('rect', {
        class: 'bar',
        x: x(from) + 0.5,
        width: Math.max(0.5, x(to) - x(from) - 1),
        y: y(value / tallest),
        height: frame.bottom - y(value / tallest),
      }),
    ),
    svg('path', { class: 'cdf', d: cdfPath(distribution, total, x, y) }),
    ...niceTicks(low, high, width < 420 ? 3 : 4).map((tick) =>
      svg(
        'text',
        { class: 'tick', x: x(tick), y: HEIGHT - 6, 'text-anchor': x(tick) > width - 40 ? 'end' : 'middle' },
        tickText(unit, tick),
      ),
    ),
    ...quantileMarks(distribution, width, frame, x, high, unit),
    ...bars.map((bar) => target(bar, x, frame, total, unit)),
  );
}

/** What is far beyond nearly all would squeeze the rest into a corner. */
function shownEnd({ p99, histogram: { low, high } }) {
  const end = p99 === null || p99 <= low ? high : Math.min(high, low + (p99 - low) * 1.25);
  return end > low ? end : low + 1;
}

function barsOf({ histogram: { low, high, counts } }, end, total) {
  let below = 0;
  return counts
    .map((value, at) => {
      below += value;
      const [from, to] = [low + ((high - low) * at) / counts.length, low + ((high - low) * (at + 1)) / counts.length];
      return { from, to, value, share: below / total, open: at === counts.length - 1 };
    })
    .filter(({ from }) => from < end);
}

/** Through the exact quantiles and the edges of the bars, whichever there are. */
function cdfPath({ p5, p25, p50, p75, p95, p99, max, histogram }, total, x, y) {
  const exact = [p5, p25, p50, p75, p95, p99, max].map((value, at) => [
    value,
    [0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1][at],
  ]);
  // The last bar is open: its edge is not where it ends.
  const edges = barsOf(
    histogram.high > histogram.low ? { histogram } : { histogram: { ...histogram, counts: [] } },
    Infinity,
    total,
  )
    .filter(({ open }) => !open)
    .map(({ to, share }) => [to, share]);
  const points = [...exact.filter(([value]) => value !== null), ...edges].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let highest = 0;
  return points.reduce(
    (path, [value, share]) => {
      highest = Math.max(highest, share);
      return `${path}L${x(value).toFixed(1)} ${y(highest).toFixed(1)}`;
    },
    `M${x(histogram.low)} ${y(0)}`,
  );
}

function quantileMarks({ p50, p95, p99 }, width, frame, x, high, unit) {
  const known = [
    ['p50', p50],
    ['p95', p95],
    ['p99', p99],
  ].filter(([, value]) => value !== null);
  return known.flatMap(([name, value], at) => [
    svg('path', { class: `quantile ${name}`, d: `M${x(value)} ${frame.top - 2}V${frame.bottom}` }),
    svg(
      'text',
      { class: 'quantile-name', x: x(value), y: 10 + at * 9, 'text-anchor': x(value) > width - 90 ? 'end' : 'start' },
      `${name} ${unit(value)}${value > high ? ' →' : ''}`,
    ),
  ]);
}

/** The whole height answers, not only the bar. */
function target({ from, to, value, share, open }, x, frame, total, unit) {
  const area = svg('rect', {
    class: 'target',
    x: x(from),
    width: Math.max(0, x(to) - x(from)),
    y: frame.top,
    height: frame.bottom - frame.top,
  });
  area.addEventListener('pointermove', (event) =>
    showTip(event, `${unit(from)} to ${open ? 'more' : unit(to)}`, [
      ['sessions', `${count(value)} (${percent(value / total)})`],
      ['up to here', percent(share)],
    ]),
  );
  area.addEventListener('pointerleave', hideTip);
  return area;
}
