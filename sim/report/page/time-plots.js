// What is plotted over time, and in which order.
import { count, percent, rate, shortCount } from '../../../runtime/page/format.js';
import { COLOUR } from './palette.js';
import { TimePlot } from './time-plot.js';

const perSecond = (value) => `${shortCount(value)}/s`;
const OF_KIND = ['var(--bad)', 'var(--warn)', 'var(--edge)'];
const FAR_APART = 12;

export function drawTimePlots(parent, data, moment) {
  parent.append(
    ...definitions(data).map(
      ({ logarithmic, ...plot }) =>
        new TimePlot(logarithmic ? { ...plot, log: farApart(plot.series) } : plot, moment, data.faults).element,
    ),
  );
}

function definitions(data) {
  const { series } = data;
  const line = (name, values, colour) => ({ name, values, colour, kind: 'line' });
  const area = (name, values, colour) => ({ name, values, colour, kind: 'area' });
  const everyStep = (values) => values.map((value) => value / series.stepSeconds);
  return [
    {
      title: 'Viewers',
      unit: shortCount,
      series: [
        area('playing', series.playing, COLOUR.good),
        area('starting', series.starting, COLOUR.faint),
        area('stalled', series.stalled, COLOUR.bad),
        line('present', series.present, COLOUR.ink),
      ],
    },
    {
      title: 'Stalls and reloads',
      unit: shortCount,
      logarithmic: true,
      series: [
        line('viewers standing still', series.stalled, COLOUR.bad),
        line('reloads a second', everyStep(series.reloads), COLOUR.warn),
      ],
    },
    ispPlot('Standing still, by ISP', percent, series.isps.stalledShare, data),
    limitPlot(data),
    {
      title: 'Traffic by tier',
      unit: rate,
      logarithmic: true,
      series: [
        line('edges', series.edgeBps, COLOUR.edge),
        line('shield', series.shieldBps, COLOUR.shield),
        line('origin', series.originBps, COLOUR.origin),
      ],
    },
    ispPlot('Traffic, by ISP', rate, series.isps.bps, data),
    {
      title: 'Hit ratio by tier',
      unit: percent,
      zero: false,
      top: 1,
      series: [line('edges', series.edgeHitRatio, COLOUR.edge), line('shield', series.shieldHitRatio, COLOUR.shield)],
    },
    {
      title: 'Requests, fills, collapsed',
      unit: perSecond,
      logarithmic: true,
      series: [
        line('at edges', series.edgeRequestsPerSecond, COLOUR.edge),
        line('joined a fill', series.edgeCollapsedPerSecond, COLOUR.good),
        line('fills', series.edgeFillsPerSecond, COLOUR.warn),
        line('at the shield', series.shieldRequestsPerSecond, COLOUR.shield),
      ],
    },
    {
      title: 'Bitrate',
      unit: rate,
      series: [line('mean of what plays', series.bitrateBps, COLOUR.good)],
    },
    {
      title: 'From the best site of the viewer’s network, or not',
      unit: rate,
      series: [
        area('content miss (C)', series.contentMissBps, COLOUR.shield),
        area('health miss (H)', series.healthMissBps, COLOUR.bad),
        area('best site (rank 0)', series.rank0Bps, COLOUR.faint),
      ],
    },
    {
      title: 'Failures and changes of server',
      unit: perSecond,
      series: [
        line('failed requests', series.failuresPerSecond, COLOUR.bad),
        line('changes of server', series.serverSwitchesPerSecond, COLOUR.edge),
      ],
    },
    {
      title: 'Requests at the origin',
      unit: perSecond,
      series: [line('requests', series.originRequestsPerSecond, COLOUR.origin)],
    },
  ];
}

/** All of the largest ISPs faintly, the one that lost most in front. */
function ispPlot(title, unit, rows, data) {
  const { ids } = data.series.isps;
  const loser = ids.indexOf(data.losingIsp?.id);
  const name = (at) => data.ispNames[ids[at]] ?? ids[at];
  const lines = rows.map((values, at) => ({ name: name(at), values, colour: COLOUR.dim, kind: 'faint' }));
  const front = loser >= 0 ? loser : 0;
  if (lines[front])
    lines.push({ ...lines.splice(front, 1)[0], colour: loser >= 0 ? COLOUR.bad : COLOUR.edge, kind: 'line' });
  const note =
    loser < 0 && data.losingIsp !== null
      ? `The one that lost most (${data.losingIsp.name}) is not among the ${count(ids.length)} largest drawn here.`
      : `Faint: the others of the ${count(ids.length)} largest.`;
  return { title, unit, series: lines, note };
}

/** What filled up, against the line where it counts as full. */
function limitPlot({ links, servers, bottlenecks }) {
  const rows = bottlenecks.flatMap(({ kind, id }) =>
    (kind === 'link' ? links : servers).filter((row) => row.id === id),
  );
  // Nothing was near its limit: then the fullest of all are what there is to see.
  const shown = rows.length > 0 ? rows : links;
  return {
    title: rows.length > 0 ? 'What filled up' : 'The fullest links',
    unit: percent,
    top: 1,
    limit: 0.95,
    series: shown
      .slice(0, OF_KIND.length)
      .map(({ id, values }, at) => ({ name: id, values, colour: OF_KIND[at], kind: 'line' })),
  };
}

/** Whether the lines are so far apart that the lower ones would lie on the axis. */
function farApart(lines) {
  const tops = lines.map(({ values }) => Math.max(0, ...values.map((value) => value ?? 0)));
  return Math.min(...tops.map((top) => (top > 0 ? top : Infinity))) * FAR_APART < Math.max(...tops);
}
