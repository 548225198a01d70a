import test from 'ava';
import * as fc from 'fast-check';
import { readFeedback, steeringManifest } from './content-steering.ts';
import { World } from './world.fixture.ts';

const feedback = (query: string) => {
  const parameters = new URLSearchParams(query);
  return readFeedback((name) => parameters.get(name));
};

test('what players report is read quoted and unquoted', (t) => {
  const said = { pathway: 'fra-1', throughputBps: 5_140_000 };
  t.deepEqual(feedback('_HLS_pathway=fra-1&_HLS_throughput=5140000'), said);
  t.deepEqual(feedback('_HLS_pathway=%22fra-1%22&_HLS_throughput=%225140000%22'), said);
  t.deepEqual(feedback('_HLS_pathway="fra-1"&_HLS_throughput=5140000'), said);
});

test('nonsense counts as nothing said', (t) => {
  const nothing = { pathway: null, throughputBps: null };
  t.deepEqual(feedback(''), nothing);
  t.deepEqual(feedback('_HLS_pathway=&_HLS_throughput='), nothing);
  t.deepEqual(feedback('_HLS_pathway=a%0d%0ab&_HLS_throughput=-5'), nothing);
  t.deepEqual(feedback('_HLS_pathway=%22&_HLS_throughput=1e9'), nothing);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => readFeedback(() => text) !== null));
});

test('a steering manifest always has version, whole TTL, reload URI and two pathways or more', (t) => {
  const world = new World([2, 2]);
  world.pass(2);
  const ranking = world.rank('client-1');
  const manifest = JSON.parse(steeringManifest(ranking, 'http://127.0.0.1:8090/v1/steer/hls?event=demo'));
  t.deepEqual(manifest, {
    VERSION: 1,
    TTL: ranking.ttlSeconds,
    'RELOAD-URI': 'http://127.0.0.1:8090/v1/steer/hls?event=demo',
    'PATHWAY-PRIORITY': ranking.servers.map(({ id }) => id),
  });
  t.true(manifest['PATHWAY-PRIORITY'].length >= 2);
});
