// Tells a steering service once that every node of the sites file is well: argv = url, sites.json, seed.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { Random } from '../../sim/engine/random.ts';
import type { NodeReport } from '../../topology/model/node-report.ts';
import type { Sites } from '../../topology/model/site.ts';

const [url = '', file = '', seed = '1'] = process.argv.slice(2);
const AT_ONCE = 32;
const { sites } = JSON.parse(readFileSync(file, 'utf8')) as Sites;
const random = new Random(Number(seed), 'reports');
const reports = sites.flatMap((site) =>
  site.edges.map(({ id, url: nodeUrl, capacityBps }): NodeReport => {
    // Loads differ, so that some servers spill.
    const load = 0.9 * random.uniform();
    return {
      id,
      role: 'edge',
      site: site.id,
      url: nodeUrl,
      state: 'up',
      sequence: 1,
      egressBps: 0.7 * load * capacityBps,
      reservedBps: load * capacityBps,
      capacityBps,
      connections: 0,
      requestsPerSecond: 100,
      errorShare: 0,
      eventLoopDelayMs: 1,
    };
  }),
);

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
let next = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (next < reports.length) await send(reports[next++]!);
  }),
);
agent.destroy();
console.log(reports.length);

function send(report: NodeReport): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/nodes/${report.id}/report`, { method: 'POST', agent }, (answer) => {
      answer.resume().on('end', () => {
        if (answer.statusCode === 204) resolve();
        else reject(new Error(`report of ${report.id}: status ${answer.statusCode}`));
      });
    });
    sent.on('error', reject).end(JSON.stringify(report));
  });
}
