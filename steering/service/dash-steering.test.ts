import test from 'ava';
import { ask, GERMAN, NODES, openSteering } from './steering.fixture.ts';

interface Steered {
  VERSION: number;
  TTL: number;
  'RELOAD-URI': string;
  'PATHWAY-PRIORITY': string[];
  'PATHWAY-CLONES'?: { 'BASE-ID': string; ID: string; 'URI-REPLACEMENT': { HOST: string } }[];
}

const steered = async (url: string): Promise<Steered> => JSON.parse((await ask(url)).body);

test('DASH steering always answers 200 with version, TTL, absolute reload URI and two pathways', async (t) => {
  const { url, pass } = await openSteering(t);
  await pass(2);
  const queries = [
    `?event=demo&session=s1&ip=${GERMAN}`,
    `?event=demo&session=s1&_DASH_pathway=%22fra-1%2Cnyc-1%22&_DASH_throughput=5140000%2C`,
    `?event=demo&session=s1&_DASH_pathway=fra-1&_DASH_throughput=5140000`,
    `?event=demo&session=s1&pathways=fra-1,nyc-1&_DASH_pathway=%22%22&_DASH_throughput=%22,,%22`,
    '?event=no/such&session=%0d%0a&_DASH_pathway=%ff&_DASH_throughput=-1&pathways=,,&clones=,&bps=x&ip=nonsense',
    '?pathways=unknown-1,unknown-2&clones=unknown-3',
    '?%',
    '',
  ];
  for (const query of queries) {
    const { status, headers, body } = await ask(`${url}/v1/steer/dash${query}`);
    t.is(status, 200, query);
    t.is(headers['content-type'], 'application/vnd.apple.steering-list');
    t.is(headers['cache-control'], 'no-store');
    t.is(headers['access-control-allow-origin'], '*');
    const answer = JSON.parse(body) as Steered;
    t.is(answer.VERSION, 1);
    t.true(Number.isInteger(answer.TTL) && answer.TTL >= 10 && answer.TTL <= 30);
    t.true(answer['RELOAD-URI'].startsWith(`${url}/v1/steer/dash`));
    t.notThrows(() => new URL(answer['RELOAD-URI']));
    t.true(answer['PATHWAY-PRIORITY'].length >= 2, query);
  }
});

test('whatever happens, a priority shares something with the MPD', async (t) => {
  const { url, pass, clock } = await openSteering(t);
  const share = async (pathways: string) => {
    const { 'PATHWAY-PRIORITY': priority } = await steered(`${url}/v1/steer/dash?event=demo&pathways=${pathways}`);
    t.true(
      pathways.split(',').every((id) => priority.includes(id)),
      `${pathways}: ${priority.join()}`,
    );
  };
  await share('fra-1,nyc-1');
  await pass(2, ['nyc-2']);
  await share('fra-1,fra-2');
  await share('gone-1,gone-2');
  clock.nowMs += 60_000;
  await share('fra-1,nyc-1');
});

test('a server that the manifest did not know comes in as a clone, and stays one for as long as it is ranked', async (t) => {
  for (const [protocol, said, host] of [
    ['hls', '&_HLS_pathway=nyc-1', /^127\.0\.0\.1[12]$/],
    ['dash', '&_DASH_pathway=nyc-1', /^127\.0\.0\.1[12]$/],
    ['dash', '&_DASH_pathway=%22nyc-1%22', /^127\.0\.0\.1[12]:8080$/],
  ] as const) {
    const { url, pass, report } = await openSteering(t);
    await pass(2);
    const first = await steered(
      `${url}/v1/steer/${protocol}?event=demo&session=s1&pathways=nyc-1,nyc-2&ip=${GERMAN}${said}`,
    );
    const [clone] = first['PATHWAY-CLONES']!;
    t.is(first['PATHWAY-PRIORITY'][0], clone!.ID);
    t.regex(clone!.ID, /^fra-/);
    t.is(clone!['BASE-ID'], 'nyc-1');
    t.regex(clone!['URI-REPLACEMENT'].HOST, host);
    t.deepEqual(first['PATHWAY-PRIORITY'].slice(-2).sort(), ['nyc-1', 'nyc-2'], 'what the manifest has is behind it');

    // It plays from the clone. That begins to drain: another one comes in, and this one stays what it is.
    const playing = said.replace('nyc-1', clone!.ID);
    await report(clone!.ID, { state: 'draining' });
    const second = await steered(`${first['RELOAD-URI']}${playing}`);
    const other = second['PATHWAY-PRIORITY'][0]!;
    t.regex(other, /^fra-/);
    t.not(other, clone!.ID);
    t.deepEqual(second['PATHWAY-CLONES']!.map(({ ID }) => ID).sort(), ['fra-1', 'fra-2']);
    t.deepEqual(
      second['PATHWAY-CLONES']!.find(({ ID }) => ID === clone!.ID),
      clone,
    );
    t.true(second['RELOAD-URI'].includes('clones='));
  }
});

test('while nobody knows which DASH player asks, and the port would matter, nothing is cloned', async (t) => {
  const { url, pass, report } = await openSteering(t);
  await pass(2);
  for (const id of ['nyc-1', 'nyc-2']) await report(id, { state: 'draining' });
  const answer = await steered(`${url}/v1/steer/dash?event=demo&session=s1&pathways=nyc-1,nyc-2&ip=${GERMAN}`);
  t.deepEqual(answer['PATHWAY-PRIORITY'].toSorted(), ['nyc-1', 'nyc-2']);
  t.is(answer['PATHWAY-CLONES'], undefined);
});

const MIXED_YAML = `sites:
  - { id: fra, country: DE, latitude: 50.11, longitude: 8.68, edges: [{ id: fra-1, url: 'http://127.0.0.11:9090', capacityBps: 1e9 }] }
  - { id: nyc, country: US, latitude: 40.71, longitude: -74.01, edges: [{ id: nyc-1, url: 'http://127.0.0.13:8080', capacityBps: 1e9 }, { id: nyc-2, url: 'http://127.0.0.14:8080', capacityBps: 1e9 }] }
`;

test('a server at another port cannot be a clone: the best of the others comes first', async (t) => {
  const { url, pass, report } = await openSteering(t, { yaml: MIXED_YAML });
  await pass(2, ['fra-1', 'nyc-1', 'nyc-2']);
  await report('nyc-1', { state: 'draining' });
  const asked = `${url}/v1/steer/hls?event=demo&session=s1&pathways=nyc-1,nyc-2&ip=${GERMAN}&_HLS_pathway=nyc-1`;
  const answer = await steered(asked);
  t.deepEqual(answer['PATHWAY-PRIORITY'], ['nyc-2', 'nyc-1']);
  t.is(answer['PATHWAY-CLONES'], undefined);
});

test('the metrics tell steering for DASH from steering for HLS', async (t) => {
  const { url, admin, pass } = await openSteering(t);
  await pass(2, NODES);
  await steered(`${url}/v1/steer/dash?event=demo`);
  await ask(`${url}/play/demo.mpd`);
  await ask(`${url}/v1/time`);
  const metrics = (await ask(`${admin}/metrics`)).body;
  for (const route of ['steer-dash', 'play-dash', 'time']) {
    t.regex(metrics, new RegExp(`undercard_steering_requests_total\\{route="${route}",status="200",[^}]*\\} 1`));
  }
});
