// Utilisation as colour: a row for each server or link, the fullest first, time from left to right.
import { anchorAt, faultBands, faultLabelRows, timeTicks } from './axis.js';
import { clock, count, duration, percent } from '../../../runtime/page/format.js';
import { el, hideTip, onWidth, set, showTip, svg } from '../../../runtime/page/dom.js';
import { utilisationRgb } from './palette.js';

const ROW_PX = 14;
const FIRST_ROWS = 20;

export class HeatMap {
  #rows;
  #moment;
  #faults;
  #canvas;
  #svg;
  #body;
  #shown;
  #frame = null;
  #lines = null;

  /** @param rows {id, about: rows for the tooltip, fullSeconds, peak, values}, in order */
  constructor(title, rows, moment, faults) {
    this.#rows = rows;
    this.#moment = moment;
    this.#faults = faults;
    this.#shown = Math.min(FIRST_ROWS, rows.length);
    this.#canvas = el('canvas');
    this.#svg = svg('svg', {
      class: 'heat-axes',
      role: 'img',
      'aria-label': `${title}: a table below has each one’s peak`,
    });
    this.#body = el('div', { class: 'plot-body heat' }, this.#canvas, this.#svg);
    this.element = el('figure', { class: 'plot heat-map' }, el('figcaption', {}, el('h3', {}, title)), this.#body);
    if (rows.length > FIRST_ROWS) this.element.append(this.#moreButton());
    this.#body.addEventListener('pointermove', (event) => this.#point(event));
    this.#body.addEventListener('pointerleave', () => {
      hideTip();
      moment.hover(null);
    });
    this.#body.addEventListener('click', (event) => moment.choose(this.#stepOf(event)));
    moment.listen(() => this.#follow());
    onWidth(this.#body, () => this.draw());
  }

  #moreButton() {
    const texts = [`Show all ${this.#rows.length}`, `Show the fullest ${FIRST_ROWS}`];
    const button = el('button', { type: 'button', class: 'small', 'aria-expanded': 'false' }, texts[0]);
    button.addEventListener('click', () => {
      const all = this.#shown < this.#rows.length;
      this.#shown = all ? this.#rows.length : FIRST_ROWS;
      button.textContent = texts[all ? 1 : 0];
      set(button, { 'aria-expanded': String(all) });
      this.draw();
    });
    return button;
  }

  draw() {
    const total = this.#body.clientWidth;
    const left = total < 600 ? 96 : 190;
    const labels = faultLabelRows(this.#faults, this.#moment.endSeconds);
    const frame = { left, top: 4 + labels * 12, width: total - left - 66, height: this.#shown * ROW_PX, labelTop: 0 };
    frame.endSeconds = this.#moment.endSeconds;
    this.#frame = frame;
    this.#paint();
    const bottom = frame.top + frame.height;
    set(this.#svg, { width: total, height: bottom + 20, viewBox: `0 0 ${total} ${bottom + 20}` });
    const letters = Math.floor((left - 8) / 6.1);
    const names = this.#rows.slice(0, this.#shown).map(({ id, fullSeconds, peak }, at) => {
      const y = frame.top + at * ROW_PX + 10.5;
      const text = id.length > letters ? `${id.slice(0, letters - 1)}…` : id;
      const end =
        fullSeconds >= 1000 ? duration(fullSeconds) : fullSeconds > 0 ? `${count(fullSeconds)} s` : percent(peak);
      const attributes = { class: fullSeconds > 0 ? 'row-end full' : 'row-end', x: left + frame.width + 6, y };
      return [
        svg('text', { class: 'row-name', x: left - 6, y, 'text-anchor': 'end' }, text),
        svg('text', attributes, end),
      ];
    });
    const times = timeTicks(frame.endSeconds, Math.max(2, Math.floor(frame.width / 70))).map((tick) => {
      const x = left + (tick / frame.endSeconds) * frame.width;
      return [
        svg('path', { class: 'tick-mark', d: `M${x} ${bottom}v4` }),
        svg('text', { class: 'tick', x, y: bottom + 15, 'text-anchor': anchorAt(x, total) }, clock(tick)),
      ];
    });
    this.#lines = { chosen: svg('path', { class: 'chosen' }), cross: svg('path', { class: 'cross' }) };
    this.#svg.replaceChildren(
      ...faultBands(this.#faults, frame),
      ...names.flat(),
      ...times.flat(),
      this.#lines.chosen,
      this.#lines.cross,
    );
    this.#follow();
  }

  /** One pixel of the picture for each step, or the greatest of several steps where there is no room: peaks stay. */
  #paint() {
    const { left, top, width, height } = this.#frame;
    const density = devicePixelRatio || 1;
    const canvas = this.#canvas;
    Object.assign(canvas.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    const { steps } = this.#moment;
    const columns = Math.max(1, Math.min(steps, Math.floor(width * density)));
    const picture = new ImageData(columns, Math.max(1, this.#shown));
    for (let row = 0; row < this.#shown; row++) {
      const { values } = this.#rows[row];
      for (let column = 0; column < columns; column++) {
        let share = 0;
        const end = Math.max(Math.floor(((column + 1) * steps) / columns), Math.floor((column * steps) / columns) + 1);
        for (let step = Math.floor((column * steps) / columns); step < end; step++)
          share = Math.max(share, values[step] ?? 0);
        picture.data.set([...utilisationRgb(share), 255], (row * columns + column) * 4);
      }
    }
    // CSS enlarges it without smoothing.
    canvas.width = columns;
    canvas.height = Math.max(1, this.#shown);
    canvas.getContext('2d').putImageData(picture, 0, 0);
  }

  #stepOf(event) {
    const x = event.clientX - this.#body.getBoundingClientRect().left - this.#frame.left;
    return this.#moment.stepAt((x / this.#frame.width) * this.#moment.endSeconds);
  }

  #point(event) {
    if (!this.#frame) return;
    const step = this.#stepOf(event);
    const y = event.clientY - this.#body.getBoundingClientRect().top - this.#frame.top;
    const row = this.#rows[Math.floor(y / ROW_PX)];
    this.#moment.hover(step);
    if (!row || y < 0 || y >= this.#frame.height) {
      hideTip();
      return;
    }
    showTip(event, row.id, [
      [`at ${clock(this.#moment.times[step])}`, percent(row.values[step])],
      ['peak', percent(row.peak)],
      ['full for', duration(row.fullSeconds)],
      ...row.about,
    ]);
  }

  #follow() {
    if (!this.#lines) return;
    const { left, top, width, height, endSeconds } = this.#frame;
    const line = (step) => `M${left + (this.#moment.middleSeconds(step) / endSeconds) * width} ${top}v${height}`;
    set(this.#lines.chosen, { d: line(this.#moment.chosen) });
    set(this.#lines.cross, { d: this.#moment.hovered === null ? null : line(this.#moment.hovered) });
  }
}
