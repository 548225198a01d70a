import test from 'ava';
import { DEFAULT_HEALTH } from './health.ts';
import { NodeTable } from './node-table.ts';
import { makeSites, reportOf } from './world.fixture.ts';

test('only the edges of the sites file get in, at the site where the file has them', (t) => {
  const nodes = new NodeTable(makeSites([1, 1]), DEFAULT_HEALTH, 0);
  t.is(nodes.report(reportOf('fra-9'), 10), 'unknown-node');
  t.is(nodes.report(reportOf('fra-1', { role: 'shield' }), 10), 'not-an-edge');
  t.is(nodes.report(reportOf('fra-1', { site: 'nyc' }), 10), 'other-site');
  t.is(nodes.verdict('fra-1', 10).standing, 'unheard', 'a refused report changes nothing');
  t.is(nodes.report(reportOf('fra-1'), 10), null);
  t.is(nodes.verdict('fra-1', 10).standing, 'up');
  t.is(nodes.verdict('nyc-1', 10).standing, 'unheard');
});
