// Each distribution as bars (how many) and a line (what share is at most so much), with its quantiles marked.
import { niceTicks } from './axis.js';
import { count, milliseconds, percent, rate } from './format.js';
import { el, hideTip, onWidth, set, showTip, svg } from './dom.js';

const HEIGHT = 190;

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

function drawBars(picture, width, { p50, p95, p99, histogram }, unit) {
  const { low, high, counts } = histogram;
  const frame = { left: 40, right: width - 12, top: 36, bottom: HEIGHT - 20 };
  const total = counts.reduce((sum, value) => sum + value, 0);
  set(picture, { width, viewBox: `0 0 ${width} ${HEIGHT}` });
  if (total === 0 || !(high > low)) {
    picture.replaceChildren(svg('text', { class: 'tick', x: frame.left, y: 60 }, 'nothing was measured'));
    return;
  }
  const x = (value) =>
    frame.left + ((Math.min(Math.max(value, low), high) - low) / (high - low)) * (frame.right - frame.left);
  const y = (share) => frame.bottom - share * (frame.bottom - frame.top);
  const tallest = Math.max(...counts);
  const step = (frame.right - frame.left) / counts.length;
  let below = 0;
  let line = `M${frame.left} ${y(0)}`;
  const bars = counts.map((value, at) => {
    below += value;
    line += `L${(frame.left + (at + 1) * step).toFixed(1)} ${y(below / total).toFixed(1)}`;
    const [from, to] = [low + ((high - low) * at) / counts.length, low + ((high - low) * (at + 1)) / counts.length];
    const bar = svg('rect', {
      class: 'bar',
      x: frame.left + at * step + 0.5,
      width: Math.max(0.5, step - 1),
      y: y(value / tallest),
      height: Math.max(0, frame.bottom - y(value / tallest)),
    });
    // The whole height answers, not only the bar.
    const target = svg('rect', {
      class: 'target',
      x: frame.left + at * step,
      width: step,
      y: frame.top,
      height: frame.bottom - frame.top,
    });
    const sofar = below;
    target.addEventListener('pointermove', (event) =>
      showTip(event, `${unit(from)} to ${at === counts.length - 1 ? 'more' : unit(to)}`, [
        ['sessions', `${count(value)} (${percent(value / total)})`],
        ['up to here', percent(sofar / total)],
      ]),
    );
    target.addEventListener('pointerleave', hideTip);
    return [bar, target];
  });
  const marks = [
    ['p50', p50],
    ['p95', p95],
    ['p99', p99],
  ].flatMap(([name, value], at) =>
    value === null
      ? []
      : [
          svg('path', { class: `quantile ${name}`, d: `M${x(value)} ${frame.top - 2}V${frame.bottom}` }),
          svg(
            'text',
            {
              class: 'quantile-name',
              x: x(value),
              y: 10 + at * 9,
              'text-anchor': x(value) > width - 80 ? 'end' : 'start',
            },
            `${name} ${unit(value)}${value > high ? ' →' : ''}`,
          ),
        ],
  );
  picture.replaceChildren(
    ...[0, 0.5, 1].flatMap((share) => [
      svg('path', { class: 'grid', d: `M${frame.left} ${y(share)}H${frame.right}` }),
      svg('text', { class: 'tick', x: frame.left - 5, y: y(share) + 3.5, 'text-anchor': 'end' }, `${share * 100} %`),
    ]),
    ...bars.map(([bar]) => bar),
    svg('path', { class: 'cdf', d: line }),
    ...niceTicks(low, high, width < 420 ? 3 : 4).map((tick) =>
      svg(
        'text',
        { class: 'tick', x: x(tick), y: HEIGHT - 6, 'text-anchor': x(tick) > width - 40 ? 'end' : 'middle' },
        unit(tick),
      ),
    ),
    ...marks,
    ...bars.map(([, target]) => target),
  );
}
