// The report's page: everything it shows is in the document itself.
import { drawByteFlow } from './byte-flow.js';
import { drawDistributions } from './distributions.js';
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
  place('heat-maps').append(
    new HeatMap('Links', data.links, moment, data.faults).element,
    new HeatMap('Servers', data.servers, moment, data.faults).element,
  );
}
drawDistributions(place('distributions'), data);
drawByteFlow(place('flow'), data);

/** Shares travel as whole thousandths. */
function unpacked(packed) {
  const shares = (row) => row.map((value) => value / 1000);
  for (const row of [...packed.servers, ...packed.links]) row.values = shares(row.values);
  for (const site of packed.sites) site.utilisation = shares(site.utilisation);
  packed.series.isps.stalledShare = packed.series.isps.stalledShare.map(shares);
  return packed;
}
