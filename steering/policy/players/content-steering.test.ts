import test from 'ava';
import * as fc from 'fast-check';
import {
  readFeedback,
  readSteeringQuery,
  steeringManifest,
  steeringQuery,
  type SteeringProtocol,
} from './content-steering.ts';

const lookUp = (query: string) => {
  const parameters = new URLSearchParams(query);
  return (name: string) => parameters.get(name);
};
const feedback = (protocol: SteeringProtocol, query: string) => readFeedback(protocol, lookUp(query));

test('what HLS players report is read quoted and unquoted', (t) => {
  const said = { pathway: 'fra-1', throughputBps: 5_140_000, cloneHost: 'name' } as const;
  t.deepEqual(feedback('hls', '_HLS_pathway=fra-1&_HLS_throughput=5140000'), said);
  t.deepEqual(feedback('hls', '_HLS_pathway=%22fra-1%22&_HLS_throughput=%225140000%22'), said);
  t.deepEqual(feedback('hls', '_HLS_pathway="fra-1"&_HLS_throughput=5140000'), said);
});

test('of what dash.js lists the newest counts, with the throughput in its place', (t) => {
  const dash = (query: string) => feedback('dash', query);
  const one = { pathway: 'fra-1', throughputBps: 5_140_000, cloneHost: 'name-and-port' } as const;
  t.deepEqual(dash('_DASH_pathway=%22fra-1%22&_DASH_throughput=5140000'), one);
  t.deepEqual(dash('_DASH_pathway=%22nyc-1%2Cfra-1%22&_DASH_throughput=%2C5140000'), one);
  t.deepEqual(dash('_DASH_pathway=%22nyc-1%2Cfra-1%22&_DASH_throughput=5140000%2C'), { ...one, throughputBps: null });
  t.deepEqual(dash('_DASH_pathway=%22nyc-1,fra-1%22&_DASH_throughput=%227,5140000%22'), one);
});

test('Shaka does not quote, and so tells itself from dash.js; before the first answer neither says anything', (t) => {
  const said = { pathway: 'fra-1', throughputBps: 812_345, cloneHost: 'name' } as const;
  t.deepEqual(feedback('dash', '_DASH_pathway=fra-1&_DASH_throughput=812345'), said);
  const nothing = { pathway: null, throughputBps: null, cloneHost: 'unknown' } as const;
  t.deepEqual(feedback('dash', ''), nothing);
  t.deepEqual(feedback('dash', '_HLS_pathway=fra-1&_HLS_throughput=812345'), nothing, 'the other protocol’s');
});

test('nonsense counts as nothing said', (t) => {
  const nothing = { pathway: null, throughputBps: null };
  for (const [protocol, prefix] of [
    ['hls', '_HLS_'],
    ['dash', '_DASH_'],
  ] as const) {
    for (const query of [
      '',
      `${prefix}pathway=&${prefix}throughput=`,
      `${prefix}pathway=a%0d%0ab&${prefix}throughput=-5`,
      `${prefix}pathway=%22&${prefix}throughput=1e9`,
      `${prefix}pathway=%22,,,%22&${prefix}throughput=,,,`,
      `${prefix}throughput=5000`,
    ]) {
      const { pathway, throughputBps } = feedback(protocol, query);
      t.deepEqual({ pathway, throughputBps }, nothing, query);
    }
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => readFeedback(protocol, () => text) !== null));
  }
});

test('a steering manifest has version, whole TTL, reload URI and pathways; clones where there are any', (t) => {
  const uri = 'http://127.0.0.1:8090/v1/steer/hls?event=demo';
  const answer = { ttlSeconds: 17, priority: ['fra-1', 'nyc-1'], clones: [] };
  const plain = { VERSION: 1, TTL: 17, 'RELOAD-URI': uri, 'PATHWAY-PRIORITY': ['fra-1', 'nyc-1'] };
  t.deepEqual(JSON.parse(steeringManifest(answer, uri)), plain);
  const clones = [{ baseId: 'fra-1', id: 'sao-1', host: '127.0.3.11' }];
  t.deepEqual(JSON.parse(steeringManifest({ ...answer, clones }, uri)), {
    ...plain,
    'PATHWAY-CLONES': [{ 'BASE-ID': 'fra-1', ID: 'sao-1', 'URI-REPLACEMENT': { HOST: '127.0.3.11' } }],
  });
});

const identifiers = fc.array(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/), { maxLength: 64 });

test('what a steering URI was given it gives back', (t) => {
  const anyQuery = fc.record({
    event: fc.option(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/)),
    session: fc.option(fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/)),
    pathways: identifiers,
    clones: identifiers,
    nominalBps: fc.option(fc.integer({ min: 1, max: 2 ** 31 })),
  });
  fc.assert(
    fc.property(anyQuery, (query) => {
      const text = steeringQuery(query).join('&');
      t.regex(text, /^[A-Za-z0-9._,=&-]*$/, 'nothing in it needs escaping, in no kind of manifest');
      t.deepEqual(readSteeringQuery(lookUp(text)), query);
    }),
  );
});

test('of a steering URI what is nonsense is passed over', (t) => {
  const nothing = { event: null, session: null, pathways: [], clones: [], nominalBps: null };
  t.deepEqual(readSteeringQuery(lookUp('')), nothing);
  t.deepEqual(readSteeringQuery(lookUp('event=a/b&session=%0d&pathways=,,&clones=-&bps=1e9')), nothing);
  t.deepEqual(readSteeringQuery(lookUp('pathways=a,%0a,b&bps=0')), { ...nothing, pathways: ['a', 'b'] });
  const many = Array.from({ length: 1000 }, (_, index) => `p${index}`).join(',');
  t.is(readSteeringQuery(lookUp(`pathways=${many}`)).pathways.length, 64);
});
