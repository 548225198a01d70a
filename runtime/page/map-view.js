// What part of the map is seen: fitted to the places of the run at first; zoom with the buttons, move by dragging.
import { el } from './dom.js';

export class MapView {
  #listeners = [];
  #svg;
  #whole;
  #fitted;
  #busiest;
  box;

  /** @param points [{x, y}] to be seen; the first of them is the busiest */
  constructor(svgElement, map, points) {
    this.#svg = svgElement;
    this.#whole = { x: 0, y: 0, width: map.width, height: map.height };
    this.#fitted = fit(points, map);
    const near = ({ x, y }) => Math.hypot(x - points[0].x, y - points[0].y) < map.width / 18;
    this.#busiest = fit(points.filter(near), map);
    this.box = this.#fitted;
    this.#drag();
  }

  listen(listener) {
    this.#listeners.push(listener);
  }

  /** @param places what can be gone to: [label, title, act] */
  buttons(
    places = [
      ['Busiest', 'Round the place that sends most', () => this.show(this.#busiest)],
      ['All', 'All sites', () => this.show(this.#fitted)],
    ],
  ) {
    const button = (label, title, act) => {
      const made = el('button', { type: 'button', class: 'small', title, 'aria-label': title }, label);
      made.addEventListener('click', act);
      return made;
    };
    return el(
      'span',
      { class: 'zoom' },
      button('+', 'Closer', () => this.zoom(0.6)),
      button('−', 'Farther', () => this.zoom(1 / 0.6)),
      places.map((place) => button(...place)),
      button('World', 'The whole world', () => this.show(this.#whole)),
    );
  }

  show(box) {
    this.box = box;
    this.#svg.setAttribute('viewBox', `${box.x} ${box.y} ${box.width} ${box.height}`);
    for (const listener of this.#listeners) listener();
  }

  /** Units of the map in one pixel of the screen. */
  get unitsPerPixel() {
    const { clientWidth, clientHeight } = this.#svg;
    return Math.max(this.box.width / (clientWidth || 1), this.box.height / (clientHeight || 1));
  }

  /** Shows the part that has all of these points. */
  showPoints(points) {
    this.show(fit(points, this.#whole));
  }

  /** By shares of what is seen. */
  move(right, down) {
    const { x, y, width, height } = this.box;
    this.show({ width, height, x: x + right * width, y: y + down * height });
  }

  zoom(factor) {
    const { x, y, width, height } = this.box;
    const next = {
      width: Math.min(width * factor, this.#whole.width * 1.5),
      height: Math.min(height * factor, this.#whole.height * 1.5),
    };
    this.show({ ...next, x: x + (width - next.width) / 2, y: y + (height - next.height) / 2 });
  }

  #drag() {
    let from = null;
    this.#svg.addEventListener('pointerdown', (event) => {
      // A finger scrolls the page; the buttons are there for it.
      if (event.pointerType === 'touch') return;
      from = { x: event.clientX, y: event.clientY, box: this.box };
      this.#svg.setPointerCapture(event.pointerId);
    });
    this.#svg.addEventListener('pointermove', (event) => {
      if (!from) return;
      const scale = this.unitsPerPixel;
      this.show({
        ...from.box,
        x: from.box.x - (event.clientX - from.x) * scale,
        y: from.box.y - (event.clientY - from.y) * scale,
      });
    });
    for (const name of ['pointerup', 'pointercancel']) this.#svg.addEventListener(name, () => (from = null));
  }
}

/** The smallest part of the map's shape that has all points and some room round them, not closer than a continent. */
function fit(points, { width, height }) {
  if (points.length === 0) return { x: 0, y: 0, width, height };
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const room = 1.25;
  const boxWidth = Math.min(width, Math.max((right - left) * room, (bottom - top) * room * 2.1, width / 9));
  const boxHeight = Math.min(height, Math.max((bottom - top) * room, boxWidth / 2.1));
  const clamp = (value, most) => Math.max(0, Math.min(most, value));
  return {
    width: boxWidth,
    height: boxHeight,
    x: clamp((left + right) / 2 - boxWidth / 2, width - boxWidth),
    y: clamp((top + bottom) / 2 - boxHeight / 2, height - boxHeight),
  };
}
