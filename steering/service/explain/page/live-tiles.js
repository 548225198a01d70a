// Counters as tiles with two minutes behind them, and the sites that are chosen most.
import { el, set, svg } from '../../../../runtime/page/dom.js';
import { count, percent, rate, shortCount } from '../../../../runtime/page/format.js';
import { loadClass } from './load.js';

const SPARK = { width: 120, height: 22 };
const MOST_SPOTS_LISTED = 10;

const HEALTHY = 'up';

/** What the tiles show: [name, title, read(live, rates) → [figure, detail, history]] */
const TILES = [
  ['answers', 'Answers to players', (_live, rates) => rateTile(rates, 'answers')],
  ['firstChoices', 'Rankings decided', (live, rates) => rankings(live, rates)],
  ['locatedBy', 'Viewers located by', (live, rates) => located(live, rates)],
  ['nodes', 'Servers up', (live, rates) => nodes(live, rates)],
  ['reports', 'Reports taken in', (live, rates) => reports(live, rates)],
  ['admission', 'Admitted', (live, rates) => admission(live, rates)],
];

export class LiveTiles {
  #tiles;

  constructor(parent) {
    this.#tiles = TILES.map(([name, title, read]) => {
      const figure = el('span', {}, '–');
      const detail = el('small', {}, ' ');
      const line = svg('path', { class: 'spark' });
      const picture = svg(
        'svg',
        { viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
        line,
      );
      const tile = el('div', { 'data-tile': name }, el('dt', {}, title), el('dd', {}, figure, detail), picture);
      parent.append(tile);
      return { read, figure, detail, line, tile };
    });
  }

  show(live, rates) {
    for (const { read, figure, detail, line, tile } of this.#tiles) {
      const shown = read(live, rates);
      tile.hidden = shown === null;
      if (shown === null) continue;
      const [text, more, values] = shown;
      figure.textContent = text;
      detail.textContent = more === '' ? '\u00a0' : more;
      set(line, { d: sparkPath(values) });
    }
  }
}

function rateTile(rates, name, unit = '/s') {
  const now = rates.now(name);
  if (now === null) return ['–', '', []];
  const all = now.reduce((sum, [, value]) => sum + value, 0);
  return [`${short(all)}${unit}`, listed(now), rates.history(name)];
}

function rankings({ firstChoices, moves }, rates) {
  const [figure, , values] = rateTile(rates, 'firstChoices');
  return [figure, `${shortCount(firstChoices)} since the start, ${shortCount(moves)} moved a player`, values];
}

function located({ locatedBy }, rates) {
  const now = rates.now('locatedBy') ?? [];
  const recent = now.some(([, value]) => value > 0);
  const parts = (recent ? now : Object.entries(locatedBy)).filter(([, value]) => value > 0).sort((a, b) => b[1] - a[1]);
  const all = parts.reduce((sum, [, value]) => sum + value, 0);
  if (parts.length === 0) return ['–', 'nobody has asked yet', rates.history('locatedBy')];
  const [[first, most], ...others] = parts;
  const rest = others.map(([name, value]) => `${name} ${percent(value / all)}`).join(', ');
  return [
    `${first} ${percent(most / all)}`,
    rest === '' ? (recent ? 'in the last seconds' : 'since the start') : rest,
    rates.history('locatedBy'),
  ];
}

function nodes({ nodes: standings }, rates) {
  const all = Object.values(standings).reduce((sum, value) => sum + value, 0);
  const others = Object.entries(standings).filter(([standing]) => standing !== HEALTHY);
  const detail = others.map(([standing, number]) => `${count(number)} ${standing}`).join(', ');
  return [
    `${count(standings[HEALTHY] ?? 0)} of ${count(all)}`,
    detail === '' ? 'all of them' : detail,
    rates.history('up'),
  ];
}

function reports(_live, rates) {
  const now = rates.now('reports');
  if (now === null) return ['–', '', []];
  const accepted = now.find(([outcome]) => outcome === 'accepted')?.[1] ?? 0;
  const refused = now.filter(([outcome]) => outcome !== 'accepted');
  const detail = listed(refused);
  return [`${short(accepted)}/s`, detail === '' ? 'none refused' : `refused: ${detail}`, rates.history('reports')];
}

function admission({ admission: totals }, rates) {
  if (Object.keys(totals).length === 0) return null;
  const now = rates.now('admission') ?? [];
  const all = now.reduce((sum, [, value]) => sum + value, 0);
  const admitted = now.find(([verdict]) => verdict === 'admitted')?.[1] ?? 0;
  const others = listed(now.filter(([verdict]) => verdict !== 'admitted'));
  const since = ['reduced', 'refused'].map((verdict) => `${shortCount(totals[verdict] ?? 0)} ${verdict}`).join(', ');
  return [
    all === 0 ? '–' : percent(admitted / all),
    others === '' ? `${since} since the start` : others,
    rates.history('admission'),
  ];
}

/** `servers 3.2/s, steer-hls 11/s`: those that happen, the most first. */
function listed(pairs) {
  return pairs
    .filter(([, value]) => value > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([name, value]) => `${name} ${short(value)}/s`)
    .join(', ');
}

function short(value) {
  return value >= 100
    ? shortCount(Math.round(value))
    : value >= 10
      ? String(Math.round(value))
      : String(Math.round(value * 10) / 10);
}

/** From 0 to the greatest value; the newest at the right end. */
export function sparkPath(values, kept = 120) {
  if (values.length < 2) return '';
  const high = Math.max(...values) || 1;
  const step = SPARK.width / (kept - 1);
  const from = SPARK.width - (values.length - 1) * step;
  return values
    .map(
      (value, at) =>
        `${at === 0 ? 'M' : 'L'}${(from + at * step).toFixed(1)} ${(SPARK.height - 1 - (value / high) * (SPARK.height - 3)).toFixed(1)}`,
    )
    .join('');
}

/** The sites that are chosen most; before anybody has asked, the largest. */
export function spotTable(spots, top) {
  const chosen = top.length > 0 ? top : [];
  const listedSpots = chosen.slice(0, MOST_SPOTS_LISTED).map(([at, perS]) => [spots[at], perS]);
  if (listedSpots.length < Math.min(spots.length, MOST_SPOTS_LISTED)) {
    const named = new Set(listedSpots.map(([spot]) => spot));
    const rest = spots
      .filter((spot) => !named.has(spot))
      .toSorted((a, b) => b.firsts - a.firsts || b.capacityBps - a.capacityBps);
    for (const spot of rest.slice(0, MOST_SPOTS_LISTED - listedSpots.length)) listedSpots.push([spot, 0]);
  }
  const most = Math.max(...listedSpots.map(([, perS]) => perS), 0);
  return el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Sites by first choices' },
    el(
      'table',
      {},
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          ['Place', 'First choices', 'Promised', 'Servers up', 'Can send'].map((head, at) =>
            el('th', { scope: 'col', class: at === 0 ? 'name' : '' }, head),
          ),
        ),
      ),
      el(
        'tbody',
        {},
        listedSpots.map(([spot, perS]) => spotRow(spot, perS, most)),
      ),
    ),
  );
}

function spotRow({ name, firsts, load, up, servers, capacityBps }, perS, most) {
  const bar = el('i', {});
  bar.style.width = `${most > 0 ? (100 * perS) / most : 0}%`;
  const light = el('i', { class: `light ${loadClass(load)}` });
  return el(
    'tr',
    {},
    el('th', { scope: 'row', class: 'name' }, name),
    el(
      'td',
      {},
      el('span', { class: 'bar', 'aria-hidden': 'true' }, bar),
      ` ${short(perS)}/s`,
      el('small', {}, ` ${shortCount(firsts)} in all`),
    ),
    el('td', {}, light, load === null ? 'no report' : percent(load / 1000)),
    el('td', {}, `${count(up)} of ${count(servers)}`),
    el('td', {}, rate(capacityBps)),
  );
}
