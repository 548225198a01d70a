// Sites by what they send and how full they are, and who sends to whom, at the chosen moment.
import { bytes, percent, rate } from '../../../runtime/page/format.js';
import { el, hideTip, onWidth, set, showTip, svg } from '../../../runtime/page/dom.js';
import { MapView } from '../../../runtime/page/map-view.js';
import { utilisationColour } from './palette.js';

/** kind, what it is, colour, width of the largest in pixels */
const ARC_KINDS = [
  ['delivery', 'site → viewers’ metro', 'var(--edge)', 4.5],
  ['fill', 'shield → site', 'var(--shield)', 1.6],
  ['origin', 'origin → shield', 'var(--origin)', 2],
];
const LABELS = 9;

export function drawWorldMap(parent, data, moment) {
  const { map, sites, arcs } = data;
  const picture = svg('svg', {
    class: 'world',
    role: 'img',
    'aria-label': 'World map of sites by load; the table of sites has the figures',
  });
  const view = new MapView(picture, map, sites);
  const arcLayers = ARC_KINDS.map(([kind, , colour, most]) => arcLayer(kind, colour, most, arcs));
  const labels = svg('g', { class: 'labels' });
  const marks = sites.map((site) => siteMark(site, moment, data));
  picture.append(
    svg('path', { class: 'land', d: map.outlines }),
    ...arcLayers.map(({ layer }) => layer),
    svg(
      'g',
      { class: 'sites' },
      marks.map(({ group }) => group),
    ),
    labels,
  );
  const controls = el('div', { class: 'map-controls' }, toggles(arcLayers), view.buttons());
  parent.append(controls, el('div', { class: 'map-frame' }, picture), legend());

  const largest = Math.max(1, ...sites.map(({ peakBps }) => peakBps));
  const follow = () => {
    const unit = view.unitsPerPixel;
    const most = picture.clientWidth < 600 ? 13 : 22;
    const radius = (bps) => Math.max(1.6, most * Math.sqrt(Math.max(0, bps) / largest)) * unit;
    for (const { ring, disc, site } of marks) {
      const bps = site.bps[moment.step] ?? 0;
      const share = site.utilisation[moment.step] ?? 0;
      set(ring, { r: radius(site.peakBps), 'stroke-width': unit });
      set(disc, {
        r: radius(bps),
        fill: utilisationColour(share),
        class: share >= 0.95 ? 'disc full' : 'disc',
        'stroke-width': unit * 0.75,
      });
    }
    for (const { paths } of arcLayers) for (const { path, px } of paths) set(path, { 'stroke-width': px * unit });
    label(labels, marks, moment.step, unit, radius);
  };
  view.listen(follow);
  moment.listen(follow);
  onWidth(picture, follow);
  view.show(view.box);
}

function siteMark(site, moment, data) {
  const ring = svg('circle', { class: 'ring', cx: site.x, cy: site.y });
  const disc = svg('circle', { class: 'disc', cx: site.x, cy: site.y });
  const group = svg('g', { class: 'site', 'data-site': site.id }, ring, disc);
  group.addEventListener('pointermove', (event) => {
    const { step } = moment;
    showTip(event, `${site.id} · ${site.metro}, ${site.country}`, [
      ['now', `${rate(site.bps[step] ?? 0)}, ${percent(site.utilisation[step] ?? 0)} full`],
      ['peak', `${rate(site.peakBps)}, ${percent(site.peakUtilisation)} of ${rate(site.capacityBps)}`],
      ['kind', site.kind === 'ix' ? 'in an exchange' : `embedded in ${data.ispNames[site.network] ?? site.network}`],
      ['sent', bytes(site.sentBytes)],
      ['hit ratio', percent(site.hitRatio)],
    ]);
  });
  group.addEventListener('pointerleave', hideTip);
  return { group, ring, disc, site };
}

/** Arcs of one kind: width by bytes over the whole run. What stays in one metro has no way to draw. */
function arcLayer(kind, colour, most, arcs) {
  const shown = arcs.filter((arc) => arc.kind === kind && (arc.from.x !== arc.to.x || arc.from.y !== arc.to.y));
  const largest = Math.max(1, ...shown.map(({ bytes: sent }) => sent));
  const layer = svg('g', { class: `arcs ${kind}`, stroke: colour });
  const paths = shown.map(({ from, to, way, bytes: sent, peakBps }) => {
    const share = sent / largest;
    const path = svg('path', { d: way, opacity: (0.22 + 0.5 * Math.sqrt(share)).toFixed(2) });
    path.addEventListener('pointermove', (event) =>
      showTip(event, `${from.name} → ${to.name}`, [
        [kind, `${bytes(sent)} in the whole run`],
        ['peak', rate(peakBps)],
      ]),
    );
    path.addEventListener('pointerleave', hideTip);
    layer.append(path);
    return { path, px: 0.5 + (most - 0.5) * share };
  });
  return { kind, layer, paths };
}

function toggles(arcLayers) {
  return el(
    'fieldset',
    { class: 'toggles' },
    el('legend', {}, 'Arcs'),
    ARC_KINDS.map(([kind, text, colour], at) => {
      const box = el('input', { type: 'checkbox', checked: true, 'data-arcs': kind });
      box.addEventListener('change', () => set(arcLayers[at].layer, { display: box.checked ? null : 'none' }));
      return el('label', {}, box, el('i', { style: `background:${colour}` }), text);
    }),
  );
}

function legend() {
  const stops = [0, 0.25, 0.5, 0.75, 0.9, 0.949].map((share) => `${utilisationColour(share)} ${share * 100}%`);
  const ramp = `background:linear-gradient(90deg, ${stops.join(', ')}, ${utilisationColour(1)} 95%, ${utilisationColour(1)})`;
  return el(
    'p',
    { class: 'legend-line' },
    el('span', {}, 'Disc: Gbit/s at the moment, ring: at the site’s peak. Colour: utilisation '),
    el('span', { class: 'ramp' }, '0 ', el('i', { style: ramp }), ' 100 %, red from 95 %'),
    el('span', {}, 'Arcs: bytes of the whole run.'),
  );
}

/** Names of the fullest, then of the largest, as far as they lie on no other name and on no large disc. */
function label(layer, marks, step, unit, radius) {
  const order = marks.toSorted((a, b) => rank(b.site, step) - rank(a.site, step));
  const discs = order.map(({ site }) => {
    const r = 0.8 * radius(site.bps[step] ?? 0);
    return { site, x: site.x - r, y: site.y - r, width: 2 * r, height: 2 * r };
  });
  const large = discs.filter(({ width }) => width > 12 * unit);
  const taken = [];
  const texts = [];
  const named = new Set();
  for (const { site } of order) {
    if (texts.length >= LABELS) break;
    if (named.has(site.metro)) continue;
    const r = radius(site.bps[step] ?? 0) + 3 * unit;
    const [width, height] = [site.metro.length * 6.2 * unit, 12 * unit];
    const box = [
      { x: site.x + r, y: site.y - height / 2 },
      { x: site.x - r - width, y: site.y - height / 2 },
      { x: site.x - width / 2, y: site.y - r - height },
      { x: site.x - width / 2, y: site.y + r },
    ]
      .map((corner) => ({ ...corner, width, height }))
      .find((candidate) => [...taken, ...large].every((other) => other.site === site || !overlap(candidate, other)));
    if (!box) continue;
    taken.push(box);
    named.add(site.metro);
    const style = `font-size:${10.5 * unit}px;stroke-width:${3 * unit}`;
    const full = (site.utilisation[step] ?? 0) >= 0.95;
    texts.push(svg('text', { x: box.x, y: box.y + 9.5 * unit, style, class: full ? 'full' : '' }, site.metro));
  }
  layer.replaceChildren(...texts);
}

function rank({ bps, utilisation, peakBps }, step) {
  const full = (utilisation[step] ?? 0) >= 0.9 ? 1e15 : 0;
  return full + Math.max(bps[step] ?? 0, peakBps * 0.5);
}

function overlap(a, b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
