// Where ticks go, and the bands of faults that every time axis carries.
import { clock } from '../../../runtime/page/format.js';
import { svg } from '../../../runtime/page/dom.js';

/** 1, 2 or 5 times a power of ten. */
export function niceTicks(low, high, most) {
  const rough = (high - low) / most;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const ticks = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) ticks.push(at * step);
  return ticks;
}

/** A figure at an axis, without the zeros that only a column of figures needs: 10 Gbit/s, not 10.0. */
export function tickText(unit, value) {
  return unit(value)
    .replace(/\.0+(?= |$|\/)/, '')
    .replace(/(\.\d*[1-9])0+(?= |$|\/)/, '$1');
}

/** The last label of an axis must not run over its end. */
export function anchorAt(x, end) {
  return x > end - 16 ? 'end' : 'middle';
}

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

export function timeTicks(endSeconds, most) {
  const step = TIME_STEPS.find((candidate) => endSeconds / candidate <= most) ?? 172_800;
  const ticks = [];
  for (let at = 0; at <= endSeconds; at += step) ticks.push(at);
  return ticks;
}

/** @returns powers of ten between the two, and at most a few of them */
export function logTicks(low, high) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const every = Math.max(1, Math.ceil((last - first + 1) / 4));
  const ticks = [];
  for (let power = last; power >= first; power -= every) ticks.unshift(10 ** power);
  return ticks;
}

const FAULT_ROWS = 3;

/** How many rows of labels a plot keeps room for above itself. */
export function faultLabelRows(faults, endSeconds) {
  return Math.min(FAULT_ROWS, 1 + Math.max(-1, ...faultRows(faults, endSeconds)));
}

/** Rows for the labels of faults, so that those at one time do not lie on each other. */
function faultRows(faults, endSeconds) {
  const rowEnds = [];
  return faults.map(({ fromSeconds, untilSeconds }) => {
    const row = rowEnds.findIndex((end) => end <= fromSeconds);
    const place = row < 0 ? rowEnds.length : row;
    rowEnds[place] = untilSeconds ?? endSeconds;
    return place;
  });
}

const LETTER_PX = 5.6;

/** Bands of the faults over a plot, each with its number and, where there is room, its kind. */
export function faultBands(faults, frame) {
  const { left, width, top, height, labelTop, endSeconds } = frame;
  const rows = faultRows(faults, endSeconds);
  const x = (seconds) => left + (Math.min(seconds, endSeconds) / endSeconds) * width;
  return faults.map(({ kind, target, fromSeconds, untilSeconds, text }, at) => {
    const [from, until] = [x(fromSeconds), x(untilSeconds ?? endSeconds)];
    const next = faults.findIndex((other, index) => index > at && rows[index] === rows[at]);
    const room = (next < 0 ? left + width : x(faults[next].fromSeconds)) - from;
    const label = `${at + 1} ${kind} ${target}`;
    const fits = Math.floor((room - 8) / LETTER_PX);
    const shown = fits >= label.length ? label : fits > 12 ? `${label.slice(0, fits - 1)}…` : String(at + 1);
    const row = Math.min(rows[at], FAULT_ROWS - 1);
    return svg(
      'g',
      { class: 'fault', 'data-fault': at },
      svg('title', {}, `${text} (${clock(fromSeconds)} to ${untilSeconds === null ? 'the end' : clock(untilSeconds)})`),
      svg('rect', { class: 'band', x: from, y: top, width: Math.max(1.5, until - from), height }),
      svg('path', { class: 'band-top', d: `M${from} ${labelTop + row * 12 + 11.5}H${Math.max(from + 1.5, until)}` }),
      rows[at] < FAULT_ROWS
        ? svg('text', { class: 'fault-label', x: from + 2, y: labelTop + row * 12 + 9 }, shown)
        : null,
    );
  });
}
