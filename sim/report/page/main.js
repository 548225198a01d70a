// The report's page: everything it shows is in the document itself.
import { drawByteFlow } from './byte-flow.js';
import { drawDistributions } from './distributions.js';
import { rate } from './format.js';
import { HeatMap } from './heat-map.js';
import { Moment } from './moment.js';
import { makeSortable } from './tables.js';
import { drawTimePlots } from './time-plots.js';
import { drawTimeline } from './timeline.js';
import { drawWorldMap } from './world-map.js';

const data = unpacked(JSON.parse(document.getElementById('data').textContent));
const place = (id) => document.getElementById(id);

for (const table of document.querySelectorAll('table.sortable')) makeSortable(table);
const moment = new Moment(data);
if (moment.steps > 0) {
  moment.choose(data.firstStep);
  drawWorldMap(place('map'), data, moment);
  drawTimeline(place('timeline'), data, moment);
  drawTimePlots(place('plots'), data, moment);
  const { servers, links } = data.series;
  const rowsOf = ({ ids, utilisation }) => ids.map((id, at) => ({ id, values: utilisation[at] }));
  const server = new Map(data.servers.map((known) => [known.id, known]));
  const link = new Map(data.links.map((known) => [known.id, known]));
  const describeServer = (id) => {
    const known = server.get(id);
    return known
      ? [
          [known.role, `at ${known.site}`],
          ['can send', rate(known.capacityBps)],
        ]
      : [];
  };
  const describeLink = (id) => {
    const known = link.get(id);
    return known
      ? [
          [known.kind, `${known.from} → ${known.to}`],
          ['capacity', rate(known.capacityBps)],
        ]
      : [];
  };
  place('heat-maps').append(
    new HeatMap('Links', rowsOf(links), describeLink, moment, data.faults).element,
    new HeatMap('Servers', rowsOf(servers), describeServer, moment, data.faults).element,
  );
}
drawDistributions(place('distributions'), data);
drawByteFlow(place('flow'), data);

/** Shares travel as whole thousandths. */
function unpacked(packed) {
  const { series, sites } = packed;
  const shares = (rows) => rows.map((row) => row.map((value) => value / 1000));
  for (const part of [series.servers, series.links]) part.utilisation = shares(part.utilisation);
  series.isps.stalledShare = shares(series.isps.stalledShare);
  for (const site of sites) site.utilisation = site.utilisation.map((value) => value / 1000);
  return packed;
}
