import { servingBps } from '../model/summary.ts';
import type { Topology } from '../model/topology.ts';
import { arcPath } from './arc.js';
import type { BaseMap } from './base-map.ts';
import { placeLabels } from './labels.ts';
import { mapFeatures, type Arc, type ArcKind, type SiteKind, type SiteSpot } from './map-features.ts';
import { project } from './projection.js';
import { rate } from './summary-text.ts';

/** Dark, with colours that the three common kinds of colour blindness keep apart. */
const COLOURS = {
  sky: '#080d18',
  sea: '#0d1526',
  land: '#1a2438',
  border: '#2d3a55',
  text: '#e8edf7',
  faint: '#8f9cb5',
  people: '#5b6b8c',
  region: '#d9c8ff',
  ix: '#4cc9f0',
  embedded: '#ffb454',
  backbone: '#6f8cff',
  interconnect: '#45c4a0',
  synthetic: '#ffd166',
};
const HEADER = 92;
const MARGIN = 28;
const LEGEND_WIDTH = 350;
const LARGEST_SPOT = 22;
const LEAST_SPOT = 2.2;
const WIDEST_ARC = 5;
const LEAST_ARC = 0.5;
const MOST_LABELS = 60;
const LABEL_SIZE = 12;
/** More arcs are a carpet; the largest tell the story. */
const MOST_ARCS: Record<ArcKind, number> = { backbone: 2000, interconnect: 600 };
const KIND_NAMES: Record<SiteKind, string> = { ix: 'exchange site', embedded: 'site embedded in an ISP' };

/** A map of a topology as one SVG text: sites and links by capacity, people as faint dots. Same topology, same text. */
export function topologyMap(topology: Topology, base: BaseMap): string {
  const features = mapFeatures(topology);
  const mostBps = features.spots[0]?.bps ?? 1;
  const radiusOf = (bps: number) => Math.max(LEAST_SPOT, LARGEST_SPOT * Math.sqrt(bps / mostBps));
  const arcScale = arcScaleOf(features.arcs);
  const height = HEADER + base.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${base.width} ${height}" width="${base.width}" height="${height}" font-family="Inter, Helvetica, Arial, sans-serif">`,
    `<title>${escaped(topology.name)}</title>`,
    `<rect width="100%" height="100%" fill="${COLOURS.sky}"/>`,
    `<g transform="translate(0 ${HEADER})">`,
    `<path d="${base.globe}" fill="${COLOURS.sea}"/>`,
    `<path d="${base.paths.join('')}" fill="${COLOURS.land}" stroke="${COLOURS.border}" stroke-width="0.6" stroke-linejoin="round"/>`,
    people(features.subscribers),
    arcs(features.arcs, arcScale),
    regions(topology),
    spots(features.spots, radiusOf),
    labels(topology, features.spots, radiusOf),
    '</g>',
    header(topology, base.width),
    legend(height, features, mostBps, radiusOf, arcScale),
    '</svg>',
    '',
  ].join('\n');
}

function people(subscribers: ReturnType<typeof mapFeatures>['subscribers']): string {
  const most = Math.max(1, ...subscribers.map(({ lines }) => lines));
  const dots = subscribers.map(({ metro, lines }) => {
    const [x, y] = project(metro);
    return `<circle cx="${at(x)}" cy="${at(y)}" r="${at(Math.max(0.8, 9 * Math.sqrt(lines / most)))}"/>`;
  });
  return `<g fill="${COLOURS.people}" fill-opacity="0.28">${dots.join('')}</g>`;
}

type ArcScale = Record<ArcKind, { mostBps: number; widthOf: (bps: number) => number }>;

function arcScaleOf(all: readonly Arc[]): ArcScale {
  const scale = (kind: ArcKind) => {
    const mostBps = all.find((arc) => arc.kind === kind)?.bps ?? 0;
    return { mostBps, widthOf: (bps: number) => Math.max(LEAST_ARC, WIDEST_ARC * Math.sqrt(bps / mostBps)) };
  };
  return { backbone: scale('backbone'), interconnect: scale('interconnect') };
}

function arcs(all: readonly Arc[], scale: ArcScale): string {
  return (['interconnect', 'backbone'] as const)
    .map((kind) => {
      const drawn = all.filter((arc) => arc.kind === kind).slice(0, MOST_ARCS[kind]);
      const paths = drawn.map(
        ({ from, to, names, links, bps }) =>
          `<path d="${arcPath(from, to)}" stroke-width="${at(scale[kind].widthOf(bps))}"><title>${escaped(names)}: ${rate(bps)} over ${links} ${links === 1 ? 'link' : 'links'}</title></path>`,
      );
      const opacity = kind === 'backbone' ? 0.6 : 0.4;
      return `<g fill="none" stroke="${COLOURS[kind]}" stroke-opacity="${opacity}" stroke-linecap="round">${paths.join('')}</g>`;
    })
    .join('\n');
}

function regions({ regions: all }: Topology): string {
  const diamonds = all.map((region) => {
    const [x, y] = project(region);
    return `<path d="${diamond(x, y)}"><title>region ${escaped(region.name ?? region.id)}</title></path>`;
  });
  return `<g fill="${COLOURS.region}" stroke="${COLOURS.sea}" stroke-width="1">${diamonds.join('')}</g>`;
}

function diamond(x: number, y: number): string {
  return `M${at(x)},${at(y - 6)}l6,6l-6,6l-6,-6Z`;
}

function spots(all: readonly SiteSpot[], radiusOf: (bps: number) => number): string {
  const circles = all.map(({ metro, kind, sites, servers, bps }) => {
    const [x, y] = project(metro);
    const colour = COLOURS[kind];
    const title = `${metro.name ?? metro.id}: ${sites} × ${KIND_NAMES[kind]}, ${servers} servers, ${rate(bps)}`;
    return `<circle cx="${at(x)}" cy="${at(y)}" r="${at(radiusOf(bps))}" fill="${colour}" stroke="${colour}"><title>${escaped(title)}</title></circle>`;
  });
  return `<g fill-opacity="0.55" stroke-width="1.2">${circles.join('')}</g>`;
}

function labels(topology: Topology, all: readonly SiteSpot[], radiusOf: (bps: number) => number): string {
  const circles = all.map((spot) => {
    const [x, y] = project(spot.metro);
    return { x, y, radius: radiusOf(spot.bps), text: spot.metro.name ?? spot.metro.id };
  });
  const diamonds = topology.regions.map((region) => {
    const [x, y] = project(region);
    return { x, y, radius: 6, text: region.name ?? region.id };
  });
  const named = new Set<string>();
  const wanted = [...circles.slice(0, MOST_LABELS), ...diamonds].filter(
    ({ text }) => !named.has(text) && named.add(text),
  );
  const placed = placeLabels(wanted, [...circles.slice(0, 2 * MOST_LABELS), ...diamonds], LABEL_SIZE, MOST_LABELS);
  const texts = placed.map(
    ({ text, x, y, anchor }) => `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escaped(text)}</text>`,
  );
  return `<g fill="${COLOURS.text}" font-size="${LABEL_SIZE}" stroke="${COLOURS.sea}" stroke-width="3" stroke-opacity="0.75" paint-order="stroke" stroke-linejoin="round">${texts.join('')}</g>`;
}

function header(topology: Topology, width: number): string {
  const { name, synthetic, sites, networks, regions: places, access } = topology;
  const servers = sites.reduce((sum, site) => sum + site.servers.length, 0);
  const bps = sites.reduce((sum, site) => sum + servingBps(site), 0);
  const isps = networks.filter(({ kind }) => kind === 'isp').length;
  const lines = access.reduce((sum, { subscribers }) => sum + subscribers, 0);
  const facts = [
    `${grouped(sites.length)} sites`,
    `${grouped(servers)} servers`,
    `can send ${rate(bps)}`,
    `${grouped(isps)} ISPs`,
    `${grouped(lines)} broadband lines`,
    `${places.length} cloud regions`,
  ];
  return [
    `<text x="${MARGIN}" y="46" font-size="28" font-weight="600" fill="${COLOURS.text}">${escaped(name)}</text>`,
    `<text x="${MARGIN}" y="74" font-size="15" fill="${COLOURS.faint}">${facts.join('  ·  ')}</text>`,
    synthetic
      ? `<g transform="translate(${width - MARGIN} 44)"><rect x="-248" y="-20" width="248" height="30" rx="15" fill="none" stroke="${COLOURS.synthetic}" stroke-opacity="0.7"/>` +
        `<text x="-124" y="0" text-anchor="middle" font-size="14" fill="${COLOURS.synthetic}">synthetic: not real networks</text></g>`
      : '',
  ].join('\n');
}

function legend(
  height: number,
  { spots: all, arcs: drawn }: ReturnType<typeof mapFeatures>,
  mostBps: number,
  radiusOf: (bps: number) => number,
  scale: ArcScale,
): string {
  const rows: { mark: string; text: string; tall: number }[] = [];
  for (const kind of ['ix', 'embedded'] as const) {
    if (!all.some((spot) => spot.kind === kind)) continue;
    rows.push({ mark: circle(COLOURS[kind], 7), text: KIND_NAMES[kind], tall: 24 });
  }
  const tenthBps = mostBps / 10;
  rows.push({
    mark: circle(COLOURS.faint, radiusOf(mostBps)),
    text: `can send ${rate(mostBps)} in one metro`,
    tall: 2 * LARGEST_SPOT + 6,
  });
  rows.push({ mark: circle(COLOURS.faint, radiusOf(tenthBps)), text: rate(tenthBps), tall: 24 });
  const arcNames = { backbone: 'backbone', interconnect: 'private and peering' };
  for (const kind of ['backbone', 'interconnect'] as const) {
    if (!drawn.some((arc) => arc.kind === kind)) continue;
    const { mostBps: widest, widthOf } = scale[kind];
    const line = `<path d="M-20,0H20" stroke="${COLOURS[kind]}" stroke-width="${at(widthOf(widest))}" stroke-linecap="round" stroke-opacity="0.8"/>`;
    rows.push({ mark: line, text: `${arcNames[kind]}, at most ${rate(widest)}`, tall: 24 });
  }
  rows.push({ mark: `<path d="${diamond(0, 0)}" fill="${COLOURS.region}"/>`, text: 'cloud region', tall: 24 });
  rows.push({ mark: `<circle r="7" fill="${COLOURS.people}" fill-opacity="0.5"/>`, text: 'subscribers', tall: 24 });
  const tall = rows.reduce((sum, row) => sum + row.tall, 0) + 24;
  let y = 12;
  const lines = rows.map(({ mark, text, tall: rowHeight }) => {
    const middle = y + rowHeight / 2;
    y += rowHeight;
    return `<g transform="translate(40 ${at(middle)})">${mark}<text x="36" y="4.5">${escaped(text)}</text></g>`;
  });
  return [
    `<g transform="translate(${MARGIN} ${height - MARGIN - tall})" font-size="13" fill="${COLOURS.text}">`,
    `<rect width="${LEGEND_WIDTH}" height="${tall}" rx="8" fill="${COLOURS.sky}" fill-opacity="0.85" stroke="${COLOURS.border}"/>`,
    ...lines,
    '</g>',
  ].join('\n');
}

function circle(colour: string, radius: number): string {
  return `<circle r="${at(radius)}" fill="${colour}" fill-opacity="0.55" stroke="${colour}" stroke-width="1.2"/>`;
}

/** Whole thousands have commas, millions are rounded. */
function grouped(value: number): string {
  if (value >= 1e7)
    return `${Math.round(value / 1e6)
      .toString()
      .replace(/\B(?=(?:\d{3})+$)/g, ',')} million`;
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** One decimal is a tenth of a pixel. */
function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
}
