import test from 'ava';
import { runSmall } from './small-world.fixture.ts';

/** Paths of what JSON would write as null. */
function notFinite(value: unknown, path: string): string[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => notFinite(inner, `${path}.${name}`));
}

test('a server without any capacity left has figures all the same, against its whole capacity', (t) => {
  const faults = [{ kind: 'capacity-reduced', server: 'edge-1', left: 0, fromSeconds: 20 }];
  const { result } = runSmall({ faults });
  t.deepEqual(notFinite(result, 'result'), []);
  const server = result.servers.find(({ id }) => id === 'edge-1')!;
  t.is(server.capacityBps, 1e9);
  t.true(server.meanUtilisation > 0 && server.meanUtilisation < 1);
});

test('a link that is full because it has become narrow is a bottleneck', (t) => {
  const faults = [{ kind: 'capacity-reduced', link: 'access-polder', left: 0.002, fromSeconds: 20 }];
  const { result } = runSmall({ faults });
  const [first] = result.summary.bottlenecks;
  t.is(first?.id, 'access-polder');
  t.true(first!.peakUtilisation > 0.95 && first!.peakUtilisation < 1.001, String(first!.peakUtilisation));
  t.true(first!.fullSeconds >= 5 && first!.fullSeconds <= 40);
});

test('who pays for a link is whose bytes came over it then, not over the routes of the end', (t) => {
  const faults = [{ kind: 'link-down', link: 'rhein-port', fromSeconds: 10, forSeconds: 60 }];
  const { result } = runSmall({ durationSeconds: 120, faults });
  const link = (id: string) => result.links.find((found) => found.id === id)!.costUsdMonth;
  const isp = (id: string) => result.isps.find((found) => found.id === id)!;
  t.true(link('rhein-transit') > 0);
  t.true(isp('rhein').ownCostUsdMonth >= link('rhein-transit'), 'it was reached over its transit for a minute');
  t.true(isp('rhein').costUsdMonth > 0, 'and over ours');
  // What we pay is divided among those whose viewers' bytes came over it.
  const viewers = result.summary.costUsdMonth;
  const isps = result.isps.reduce((sum, one) => sum + one.costUsdMonth, 0);
  t.true(Math.abs(isps - viewers) < 1e-3 * viewers, `${isps} of ${viewers}`);
});

test('an arc’s peak is that of its busiest step', (t) => {
  const { result } = runSmall();
  const [arc] = result.arcs;
  t.true(arc!.peakBps > (arc!.bytes * 8) / 60);
  t.true(arc!.peakBps <= result.summary.peakEgressBps);
});
