// One small plot over time. All of them share the axis, the crosshair and the bands of faults.
import { anchorAt, faultBands, faultLabelRows, logTicks, niceTicks, tickText, timeTicks } from './axis.js';
import { clock } from '../../../runtime/page/format.js';
import { el, onWidth, set, svg } from '../../../runtime/page/dom.js';

/** Room for the figures of the axis; the slider below the map is set in by the same (page.css). */
const LEFT = 66;

/**
 * @param plot {title, note, unit, series: [{name, values, colour, kind: 'line' | 'area' | 'faint'}], log, zero, top, limit}
 *   areas are stacked in their order; a faint line has no entry in the legend
 */
export class TimePlot {
  #moment;
  #plot;
  #faults;
  #svg;
  #readouts = [];
  #clock;
  #cross;
  #chosen;
  /** where the axes are, once it is drawn */
  #frame = { left: 0, top: 0, width: 0, height: 0, labelTop: 0, endSeconds: 0 };
  #drawn = false;
  #log;

  constructor(plot, moment, faults) {
    this.#moment = moment;
    this.#plot = plot;
    this.#faults = faults;
    this.#log = plot.log ?? false;
    this.#svg = svg('svg', { class: 'time-plot', height: plot.height ?? 150, role: 'img', 'aria-label': plot.title });
    this.#clock = el('span', { class: 'at' });
    const legend = plot.series
      .filter(({ kind }) => kind !== 'faint')
      .map((series) => {
        const readout = el('b');
        this.#readouts.push({ readout, series });
        return el('li', {}, el('i', { style: `background:${series.colour}` }), `${series.name} `, readout);
      });
    const body = el('div', { class: 'plot-body' }, this.#svg);
    this.element = el(
      'figure',
      { class: 'plot', tabindex: 0, 'aria-label': `${plot.title}; arrow keys move the moment` },
      el('figcaption', {}, el('h3', {}, plot.title), this.#logButton(), this.#clock),
      el('ul', { class: 'legend' }, legend),
      body,
      plot.note ? el('p', { class: 'note' }, plot.note) : null,
    );
    this.#listen(body);
    moment.listen(() => this.#follow());
    onWidth(body, () => this.draw());
  }

  #logButton() {
    if (this.#plot.log === undefined) return null;
    const button = el('button', { type: 'button', class: 'small', 'aria-pressed': this.#log }, 'log');
    button.addEventListener('click', () => {
      this.#log = !this.#log;
      set(button, { 'aria-pressed': String(this.#log) });
      this.draw();
    });
    set(button, { 'aria-pressed': String(this.#log) });
    return button;
  }

  #listen(body) {
    const stepOf = (event) => {
      const { left, width } = this.#frame;
      const x = event.clientX - this.#svg.getBoundingClientRect().left - left;
      return this.#moment.stepAt((x / width) * this.#moment.endSeconds);
    };
    body.addEventListener('pointermove', (event) => this.#drawn && this.#moment.hover(stepOf(event)));
    body.addEventListener('pointerleave', () => this.#moment.hover(null));
    body.addEventListener('click', (event) => this.#drawn && this.#moment.choose(stepOf(event)));
    this.element.addEventListener('keydown', ({ key, target }) => {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[key];
      if (move && target === this.element) this.#moment.choose(this.#moment.chosen + move);
    });
  }

  draw() {
    const width = this.#svg.parentElement.clientWidth;
    const height = this.#plot.height ?? 150;
    const { steps, endSeconds } = this.#moment;
    const rows = faultLabelRows(this.#faults, endSeconds);
    const top = 4 + rows * 12;
    const frame = { left: LEFT, top, width: Math.max(40, width - LEFT - 8), height: height - top - 18, labelTop: 0 };
    frame.endSeconds = endSeconds;
    this.#frame = frame;
    this.#drawn = true;
    set(this.#svg, { width, viewBox: `0 0 ${width} ${height}` });
    const bottom = frame.top + frame.height;
    const stacks = this.#stacks();
    const scale = this.#scale(stacks);
    const x = (step) => frame.left + (this.#moment.middleSeconds(step) / endSeconds) * frame.width;
    const y = (value) => bottom - scale.place(value) * frame.height;
    const time = (seconds) => frame.left + (seconds / endSeconds) * frame.width;

    const grid = scale.ticks.map((tick) => [
      svg('path', { class: 'grid', d: `M${frame.left} ${y(tick)}h${frame.width}` }),
      svg(
        'text',
        { class: 'tick', x: frame.left - 6, y: y(tick) + 3.5, 'text-anchor': 'end' },
        tickText(this.#plot.unit, tick),
      ),
    ]);
    const times = timeTicks(endSeconds, Math.max(2, Math.floor(frame.width / 70))).map((tick) => [
      svg('path', { class: 'tick-mark', d: `M${time(tick)} ${bottom}v4` }),
      svg(
        'text',
        { class: 'tick', x: time(tick), y: bottom + 15, 'text-anchor': anchorAt(time(tick), width) },
        clock(tick),
      ),
    ]);
    const marks = this.#plot.series.map((series, at) =>
      series.kind === 'area'
        ? svg('path', { class: 'area', fill: series.colour, d: areaPath(stacks[at], x, y, steps) })
        : svg('path', {
            class: series.kind === 'faint' ? 'line faint' : 'line',
            stroke: series.colour,
            d: linePath(series.values, x, y),
          }),
    );
    const { limit } = this.#plot;
    this.#chosen = svg('path', { class: 'chosen' });
    this.#cross = svg('path', { class: 'cross' });
    this.#svg.replaceChildren(
      ...faultBands(this.#faults, frame),
      ...grid.flat(),
      ...times.flat(),
      svg('path', { class: 'axis', d: `M${frame.left} ${bottom}h${frame.width}` }),
      ...(limit ? [svg('path', { class: 'limit', d: `M${frame.left} ${y(limit)}h${frame.width}` })] : []),
      ...marks,
      this.#chosen,
      this.#cross,
    );
    this.#follow();
  }

  /** Of each area: [low, high] at every step. */
  #stacks() {
    const { steps } = this.#moment;
    const below = Array.from({ length: steps }, () => 0);
    return this.#plot.series.map(({ kind, values }) =>
      kind === 'area'
        ? values.map((value, step) => {
            const low = below[step];
            below[step] += value ?? 0;
            return [low, below[step]];
          })
        : null,
    );
  }

  #scale(stacks) {
    let [low, high, least] = [Infinity, -Infinity, Infinity];
    this.#plot.series.forEach(({ values }, at) => {
      values.forEach((value, step) => {
        if (value === null) return;
        const shown = stacks[at] ? stacks[at][step][1] : value;
        low = Math.min(low, shown);
        high = Math.max(high, shown);
        if (value > 0) least = Math.min(least, value);
      });
    });
    if (this.#plot.top !== undefined) high = this.#plot.top;
    if (!(high > 0)) high = 1;
    if (this.#log && least < high) {
      const floor = Math.max(least, high / 1e4);
      const [from, to] = [Math.log10(floor), Math.log10(high * 1.1)];
      return {
        ticks: logTicks(floor, high * 1.1),
        place: (value) => (Math.log10(Math.max(value, floor)) - from) / (to - from),
      };
    }
    if (this.#plot.zero === false && low < high) {
      const bottom = Math.max(0, low - (high - low) * 0.08);
      return { ticks: niceTicks(bottom, high, 4), place: (value) => (value - bottom) / (high - bottom) };
    }
    const ticks = niceTicks(0, high * 1.04, 4);
    return { ticks, place: (value) => value / (high * 1.04) };
  }

  #follow() {
    if (!this.#drawn || this.#moment.steps === 0) return;
    const { left, top, width, height, endSeconds } = this.#frame;
    const line = (step) => {
      const x = left + (this.#moment.middleSeconds(step) / endSeconds) * width;
      return `M${x.toFixed(1)} ${top}v${height}`;
    };
    set(this.#chosen, { d: line(this.#moment.chosen) });
    const { hovered, step } = this.#moment;
    set(this.#cross, { d: hovered === null ? null : line(hovered) });
    this.#clock.textContent = clock(this.#moment.times[step]);
    for (const { readout, series } of this.#readouts) {
      const value = series.values[step];
      readout.textContent = value === null || value === undefined ? '–' : this.#plot.unit(value);
    }
  }
}

function linePath(values, x, y) {
  let path = '';
  let pen = 'M';
  values.forEach((value, step) => {
    if (value === null) pen = 'M';
    else {
      path += `${pen}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = 'L';
    }
  });
  return path;
}

function areaPath(stack, x, y, steps) {
  if (steps === 0) return '';
  const up = stack.map(([, high], step) => `${x(step).toFixed(1)} ${y(high).toFixed(1)}`);
  const back = stack.map(([low], step) => `${x(step).toFixed(1)} ${y(low).toFixed(1)}`).reverse();
  return `M${up.join('L')}L${back.join('L')}Z`;
}
