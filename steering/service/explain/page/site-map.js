// Sites by capacity and load, the viewer, and lines to the servers it gets.
import { arcPath } from '../../../../topology/map/arc.js';
import { MAP_HEIGHT, MAP_WIDTH, project } from '../../../../topology/map/projection.js';
import { el, hideTip, onWidth, set, showTip, svg } from '../../../../runtime/page/dom.js';
import { count, percent, rate } from '../../../../runtime/page/format.js';
import { MapView } from '../../../../runtime/page/map-view.js';
import { loadClass, LOADS, standingClass } from './load.js';

/** Its tip at 0, 0; it begins where a badge ends. */
const PIN = 'M0-1C-1.5-7-7-12-7-19A7 7 0 0 1 7-19C7-12 1.5-7 0-1Z';
const BADGE_PX = 9;
/** Badges nearer than this are one. */
const TOGETHER_PX = 15;

export class SiteMap {
  #picture;
  #spots;
  #view;
  #marks;
  #largest;
  #lines = svg('g', { class: 'lines' });
  #badges = svg('g', { class: 'badges' });
  #ring = svg('circle', { class: 'pointed', display: 'none' });
  /** [{ranks, site, id, x, y, way}], the best first */
  #ranked = [];
  /** {x, y, client}, or null for one whose place is unknown */
  #viewer;

  constructor(picture, zoom, legend, world) {
    this.#picture = picture;
    this.#spots = world.spots.name.map((name, at) => spotAt(world.spots, at, name));
    this.#largest = Math.max(...this.#spots.map(({ capacityBps }) => capacityBps));
    const points = this.#spots.toSorted((a, b) => b.capacityBps - a.capacityBps);
    this.#view = new MapView(picture, { width: MAP_WIDTH, height: MAP_HEIGHT }, points);
    // The largest lie below: a small one is hidden by none.
    this.#marks = points.map((spot) => {
      const disc = svg('circle', { class: 'spot unheard', cx: spot.x, cy: spot.y, 'data-spot': spot.at });
      spot.disc = disc;
      return disc;
    });
    picture.append(svg('g', { class: 'spots' }, this.#marks), this.#lines, this.#ring, this.#badges);
    zoom.append(
      this.#view.buttons([
        ['Answer', 'The viewer and its servers', () => this.#showAnswer()],
        ['Sites', 'All sites', () => this.#view.showPoints(this.#spots)],
      ]),
    );
    legend.append(...legendParts());
    this.#listen();
    this.#view.listen(() => this.#follow());
    onWidth(picture, () => this.#follow());
    this.#view.show(this.#view.box);
  }

  /** @param rows of the live answer */
  update(rows) {
    for (const [at, firsts, load, up, doubtful, draining, down] of rows) {
      const spot = this.#spots[at];
      Object.assign(spot, { firsts, load, up, doubtful, draining, down });
      set(spot.disc, { class: `spot ${loadClass(load)} ${standingClass(spot)}` });
    }
    if (rows.length > 0) this.#drawBadges(this.#view.unitsPerPixel);
  }

  get spots() {
    return this.#spots;
  }

  /** @param answer of `/v1/explain`; @param moves whether the map goes there */
  show(answer, moves) {
    const { client, candidates } = answer;
    this.#viewer = client.position === undefined ? null : { ...pointOf(client.position), client };
    this.#ranked = candidates
      .filter(({ rank }) => rank !== undefined)
      .map(({ id, site, rank, position }) => ({
        id,
        site,
        rank,
        spot: this.#spotAt(pointOf(position)),
        ...pointOf(position),
        way: client.position === undefined ? null : arcPath(position, client.position),
      }));
    if (moves) this.#showAnswer();
    else this.#follow();
  }

  /** Rings a candidate's site, or none. */
  point(position) {
    const [x, y] = position === null ? [0, 0] : project(position);
    set(this.#ring, { cx: x, cy: y, display: position === null ? 'none' : null });
  }

  /** The mark of the site there: of all, the nearest. */
  #spotAt({ x, y }) {
    const distance = (spot) => Math.hypot(spot.x - x, spot.y - y);
    return this.#spots.reduce((best, spot) => (distance(spot) < distance(best) ? spot : best));
  }

  #showAnswer() {
    const points = [...this.#ranked, ...(this.#viewer ? [this.#viewer] : [])];
    if (points.length > 0) this.#view.showPoints(points);
  }

  /** What has its size on the screen, whatever the zoom. */
  #follow() {
    const unit = this.#view.unitsPerPixel;
    const most = this.#picture.clientWidth < 600 ? 11 : 18;
    const closer = Math.min(2, Math.sqrt(MAP_WIDTH / this.#view.box.width));
    for (const { disc, capacityBps } of this.#spots) {
      const radius = Math.max(2, Math.min(most, most * closer * 0.6 * Math.sqrt(capacityBps / this.#largest)));
      set(disc, { r: radius * unit, 'stroke-width': unit });
    }
    set(this.#ring, { r: 14 * unit, 'stroke-width': 2 * unit });
    this.#drawLines(unit);
    this.#drawBadges(unit);
  }

  #drawLines(unit) {
    const drawn = this.#ranked
      .filter(({ way }) => way !== null)
      .toReversed()
      .map(({ way, rank }) =>
        svg('path', {
          class: rank === 0 ? 'line first' : 'line',
          d: way,
          'stroke-width': (rank === 0 ? 2.2 : 1.1) * unit,
        }),
      );
    this.#lines.replaceChildren(...drawn);
  }

  #drawBadges(unit) {
    const groups = [];
    for (const server of this.#ranked) {
      const near = groups.find(({ x, y }) => Math.hypot(x - server.x, y - server.y) < TOGETHER_PX * unit);
      if (near === undefined) groups.push({ x: server.x, y: server.y, servers: [server] });
      else near.servers.push(server);
    }
    const size = `${11 * unit}px`;
    const badges = groups.toReversed().map(({ x, y, servers }) => {
      const text = ranksText(servers.map(({ rank }) => rank + 1));
      const width = (BADGE_PX * 2 + (text.length - 1) * 6) * unit;
      const first = servers.some(({ rank }) => rank === 0);
      return svg(
        'g',
        {
          class: first ? 'badge first' : 'badge',
          'data-sites': [...new Set(servers.map(({ site }) => site))].join(' '),
        },
        svg('rect', {
          class: loadClass(servers[0].spot.load),
          x: x - width / 2,
          y: y - BADGE_PX * unit,
          width,
          height: 2 * BADGE_PX * unit,
          rx: BADGE_PX * unit,
          'stroke-width': 2.5 * unit,
        }),
        svg('text', { x, y: y + 3.8 * unit, 'font-size': size, 'text-anchor': 'middle' }, text),
      );
    });
    this.#badges.replaceChildren(...this.#viewerMark(unit), ...badges);
  }

  /** A pin, whose head stands above its place, where no badge hides it and it hides none. */
  #viewerMark(unit) {
    if (!this.#viewer) return [];
    const { x, y } = this.#viewer;
    const at = `translate(${x} ${y}) scale(${unit})`;
    return [svg('g', { class: 'viewer', transform: at }, svg('path', { d: PIN }), svg('circle', { cy: -19, r: 2.6 }))];
  }

  #listen() {
    const picture = this.#picture;
    picture.addEventListener('pointermove', (event) => {
      const spot = this.#spots[event.target.dataset?.spot];
      const badge = event.target.closest('.badge');
      if (spot !== undefined) showTip(event, spot.name, spotRows(spot));
      else if (badge !== null) showTip(event, 'Named in the answer', this.#badgeRows(badge));
      else if (event.target.closest('.viewer')) showTip(event, 'The viewer', [['at', this.#viewer.client.address]]);
      else hideTip();
    });
    picture.addEventListener('pointerleave', hideTip);
    picture.addEventListener('keydown', (event) => {
      const move = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] }[event.key];
      const factor = { '+': 0.6, '=': 0.6, '-': 1 / 0.6 }[event.key];
      if (move) this.#view.move(...move);
      else if (factor) this.#view.zoom(factor);
      else return;
      event.preventDefault();
    });
  }

  #badgeRows(badge) {
    const sites = badge.dataset.sites.split(' ');
    return this.#ranked
      .filter(({ site }) => sites.includes(site))
      .map(({ rank, id, site }) => [`${rank + 1}`, `${id} at ${site}`]);
  }
}

export function spotRows({ siteNames, sites, servers, capacityBps, load, up, doubtful, draining, down, firsts }) {
  const more = sites > siteNames.length ? ` and ${count(sites - siteNames.length)} more` : '';
  const others = [
    [doubtful, 'doubtful'],
    [draining, 'draining'],
    [down, 'down'],
  ].filter(([number]) => number > 0);
  return [
    [sites === 1 ? 'site' : 'sites', `${siteNames.join(', ')}${more}`],
    [
      'servers',
      [`${count(up ?? 0)} of ${count(servers)} up`, ...others.map(([number, word]) => `${count(number)} ${word}`)].join(
        ', ',
      ),
    ],
    ['can send', rate(capacityBps)],
    ['promised', load === null || load === undefined ? 'no report yet' : percent(load / 1000)],
    ['first choices', count(firsts ?? 0)],
  ];
}

function spotAt(columns, at, name) {
  const spot = { at, name };
  for (const column of ['latitude', 'longitude', 'sites', 'siteNames', 'servers', 'capacityBps']) {
    spot[column] = columns[column][at];
  }
  return { ...spot, ...pointOf(spot), firsts: 0, load: null, up: 0, doubtful: 0, draining: 0, down: 0 };
}

/** 1–3·5: ranks in their order. */
function ranksText(ranks) {
  const runs = [];
  for (const rank of ranks) {
    const run = runs.at(-1);
    if (run !== undefined && rank === run.at(-1) + 1) run.push(rank);
    else runs.push([rank]);
  }
  return runs.map((run) => (run.length > 2 ? `${run[0]}–${run.at(-1)}` : run.join('·'))).join('·');
}

function pointOf(position) {
  const [x, y] = project(position);
  return { x, y };
}

function legendParts() {
  const key = (className, text) =>
    el(
      'span',
      { class: 'key' },
      svg('svg', { viewBox: '-7 -7 14 14' }, svg('circle', { r: 5.5, class: `spot ${className}` })),
      text,
    );
  return [
    el('span', {}, 'Area: capacity. Colour: promised bitrate over capacity'),
    ...LOADS.map(({ name, text }) => key(name, text)),
    key('unheard', 'no report'),
    key('u0 partly', 'some servers not up'),
    key('dead', 'none up'),
    el(
      'span',
      { class: 'key' },
      svg(
        'svg',
        { viewBox: '-7 -7 14 14' },
        svg('g', { class: 'viewer', transform: 'translate(0 7) scale(.55)' }, svg('path', { d: PIN })),
      ),
      'the viewer',
    ),
  ];
}
