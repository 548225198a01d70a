import { fileURLToPath } from 'node:url';
import test from 'ava';
import { BadInput } from '../../runtime/bad-input.ts';
import { serversAnswerSchema } from '../../topology/model/servers-answer.ts';
import { AMERICAN, ask, GERMAN, openSteering, SITES_YAML } from './steering.fixture.ts';
import { DEFAULT_STEERING } from '../policy/steering-config.ts';

const servers = async (url: string, query: string) =>
  serversAnswerSchema.parse(JSON.parse((await ask(`${url}/v1/servers?${query}`)).body));
const ids = (answer: Awaited<ReturnType<typeof servers>>) => answer.servers.map(({ id }) => id);
const sitesOf = (answer: Awaited<ReturnType<typeof servers>>) => answer.servers.map(({ site }) => site);

test('servers come nearest first, with reasons, TTL, backoff and what the client was taken for', async (t) => {
  const { url, pass } = await openSteering(t);
  await pass(2);
  const german = await servers(url, `path=/live/demo/&ip=${GERMAN}`);
  t.deepEqual(sitesOf(german), ['fra', 'fra', 'nyc', 'nyc']);
  t.deepEqual(german.client, { address: GERMAN, country: 'DE' });
  t.is(
    german.servers[0]!.baseUrl,
    german.servers[0]!.id === 'fra-1' ? 'http://127.0.0.11:8080' : 'http://127.0.0.12:8080',
  );
  t.true(german.ttlSeconds >= 10 && german.ttlSeconds <= 30);
  const american = await servers(url, `path=/live/demo/&ip=::ffff:${AMERICAN}`);
  t.deepEqual(sitesOf(american), ['nyc', 'nyc', 'fra', 'fra']);
  t.deepEqual(american.client, { address: AMERICAN, country: 'US' });
  const unknown = await servers(url, 'path=/live/demo/');
  t.deepEqual(unknown.client, { address: '127.0.0.1' });
  t.true(unknown.servers[0]!.reasons.includes('default-order'));
});

test('sessions behind one address are spread over the servers of their site, each staying with its own', async (t) => {
  const { url, pass } = await openSteering(t);
  await pass(2);
  const first = async (session: string) =>
    ids(await servers(url, `path=/live/demo/&ip=${GERMAN}&session=${session}`))[0]!;
  const firsts: string[] = [];
  for (let session = 0; session < 30; session++) firsts.push(await first(`s${session}`));
  t.deepEqual([...new Set(firsts)].sort(), ['fra-1', 'fra-2']);
  t.is(await first('s7'), firsts[7]!);
});

test('a node that falls silent is passed over, for its neighbour, and comes back after it has proved itself', async (t) => {
  const { url, pass } = await openSteering(t);
  await pass(2);
  const query = `path=/live/demo/&ip=${GERMAN}&session=s1`;
  const [dead, ...others] = ids(await servers(url, query));
  await pass(
    6,
    ['fra-1', 'fra-2', 'nyc-1', 'nyc-2'].filter((id) => id !== dead),
  );
  const without = await servers(url, query);
  t.is(without.servers[0]!.site, 'fra');
  t.deepEqual(ids(without), [...others, dead]);
  t.true(without.servers.at(-1)!.reasons.includes('down'));
  await pass(14);
  t.is(ids(await servers(url, query))[0]!, dead!);
});

test('a draining node is passed over at once', async (t) => {
  const { url, pass, report } = await openSteering(t);
  await pass(2);
  const query = `path=/live/demo/&ip=${GERMAN}`;
  const [drained] = ids(await servers(url, query));
  t.is((await report(drained!, { state: 'draining' })).status, 204);
  const after = await servers(url, query);
  t.not(ids(after)[0], drained);
  t.deepEqual(after.servers.at(-1)!.reasons.slice(-1), ['draining']);
});

test('with no report at all everybody is still told servers', async (t) => {
  const { url, clock } = await openSteering(t);
  t.is(ids(await servers(url, `path=/live/demo/&ip=${GERMAN}`)).length, 4);
  clock.nowMs += 60_000;
  t.deepEqual(sitesOf(await servers(url, `path=/live/demo/&ip=${AMERICAN}`)), ['nyc', 'nyc', 'fra', 'fra']);
});

test('content steering always answers 200 with version, TTL, absolute reload URI and two pathways', async (t) => {
  const { url, pass } = await openSteering(t);
  await pass(2);
  const queries = [
    `?event=demo&session=s1&ip=${GERMAN}`,
    `?event=demo&session=s1&ip=${GERMAN}&_HLS_pathway=fra-1&_HLS_throughput=5140000`,
    `?event=demo&session=s1&ip=${GERMAN}&_HLS_pathway=%22fra-1%22&_HLS_throughput=%225140000%22`,
    '?event=no/such&session=%0d%0a&_HLS_pathway=%ff&_HLS_throughput=-1&pathways=,,&ip=nonsense',
    '?%',
    '',
  ];
  for (const query of queries) {
    const { status, headers, body } = await ask(`${url}/v1/steer/hls${query}`);
    t.is(status, 200, query);
    t.is(headers['content-type'], 'application/vnd.apple.steering-list');
    t.is(headers['cache-control'], 'no-store');
    const manifest = JSON.parse(body);
    t.is(manifest.VERSION, 1);
    t.true(Number.isInteger(manifest.TTL) && manifest.TTL >= 10 && manifest.TTL <= 30);
    t.true(manifest['RELOAD-URI'].startsWith(`${url}/v1/steer/hls`));
    t.notThrows(() => new URL(manifest['RELOAD-URI']));
    t.is(manifest['PATHWAY-PRIORITY'].length, 4);
  }
});

test('a reload carries what was known: event, session, pathways and an allowed address', async (t) => {
  const { url, pass } = await openSteering(t);
  await pass(2);
  const query = `event=demo&session=s1&pathways=nyc-2,fra-1&ip=${encodeURIComponent('2001:db8::1')}`;
  const first = JSON.parse((await ask(`${url}/v1/steer/hls?${query}&_HLS_pathway=fra-1`)).body);
  t.is(first['RELOAD-URI'], `${url}/v1/steer/hls?${query}`);
  t.deepEqual(first['PATHWAY-PRIORITY'].toSorted(), ['fra-1', 'nyc-2'], 'only those the manifest knows');
});

test('a personal manifest begins with the pathway that steering will name first, at edges by absolute URI', async (t) => {
  const { url, pass } = await openSteering(t);
  await pass(2);
  const { status, headers, body } = await ask(`${url}/play/demo.m3u8?session=s1&ip=${AMERICAN}`);
  t.is(status, 200);
  t.is(headers['content-type'], 'application/vnd.apple.mpegurl');
  t.is(headers['cache-control'], 'no-store');
  const [, serverUri, pathway] = /#EXT-X-CONTENT-STEERING:SERVER-URI="([^"]+)",PATHWAY-ID="([^"]+)"/.exec(body)!;
  t.true(serverUri!.startsWith(`${url}/v1/steer/hls?event=demo&session=s1&pathways=nyc-`));
  const manifest = JSON.parse((await ask(serverUri!)).body);
  t.is(manifest['PATHWAY-PRIORITY'][0], pathway);
  t.is(manifest['PATHWAY-PRIORITY'].length, 4);
  t.is(body.match(/^http:\/\/127\.0\.0\.1[1-4]:8080\/live\/demo\/v1\/index\.m3u8$/gm)!.length, 4);
  t.is(manifest['RELOAD-URI'], serverUri);
});

test('without a session each manifest draws one, and steering follows it', async (t) => {
  const { url, pass } = await openSteering(t);
  await pass(2);
  const sessions = new Set<string>();
  for (let count = 0; count < 5; count++) {
    const { body } = await ask(`${url}/play/demo.m3u8`);
    const [, serverUri, pathway] = /SERVER-URI="([^"]+)",PATHWAY-ID="([^"]+)"/.exec(body)!;
    sessions.add(new URL(serverUri!).searchParams.get('session')!);
    t.is(JSON.parse((await ask(serverUri!)).body)['PATHWAY-PRIORITY'][0], pathway);
  }
  t.is(sessions.size, 5);
});

test('any page may ask: CORS on every answer, preflight, HEAD as GET without its body', async (t) => {
  const { url, pass } = await openSteering(t);
  await pass(2);
  for (const path of [
    '/v1/servers?path=/live/demo/',
    '/v1/steer/hls?event=demo',
    '/play/demo.m3u8?session=s1',
    '/none',
  ]) {
    const got = await ask(`${url}${path}`);
    t.is(got.headers['access-control-allow-origin'], '*', path);
    t.regex(
      got.headers['access-control-expose-headers']!,
      /Age, Date, Retry-After, Cache-Status, CMSD-Static, CMSD-Dynamic/,
    );
    t.is(got.headers['timing-allow-origin'], '*');
    const head = await ask(`${url}${path}`, { method: 'HEAD' });
    t.is(head.status, got.status);
    t.is(head.body, '');
    t.is(head.headers['content-length'], String(Buffer.byteLength(got.body)));
    const options = await ask(`${url}${path}`, {
      method: 'OPTIONS',
      headers: { Origin: 'http://x', 'Access-Control-Request-Headers': 'cmcd-session' },
    });
    t.is(options.status, 204);
    t.regex(options.headers['access-control-allow-methods']!, /GET, HEAD/);
    t.regex(options.headers['access-control-allow-headers']!, /\*/);
  }
});

test('what cannot be understood gets a clear refusal', async (t) => {
  const { url } = await openSteering(t);
  const refusal = async (path: string, method = 'GET') => {
    const { status, body } = await ask(`${url}${path}`, { method });
    return `${status} ${body.trim()}`;
  };
  t.regex(await refusal('/v1/servers'), /^400 .*path: give the path/);
  t.regex(await refusal('/v1/servers?path=live'), /^400 .*path: give the path/);
  t.regex(await refusal('/v1/servers?path=/live/demo/&ip=1.2.3'), /^400 .*ip: not an IPv4 or IPv6 address/);
  t.regex(await refusal('/play/demo.m3u8?ip=x'), /^400 .*ip: not/);
  t.is(await refusal('/play/demo.mp4'), '404 not found');
  t.is(await refusal('/play/no%20name.m3u8'), '404 not found');
  t.is(await refusal('/play/other.m3u8'), '404 no event other');
  t.is(await refusal('/v1/servers?path=/', 'POST'), '405 GET or HEAD only');
});

test('?ip= is refused unless allowed, and never stops content steering', async (t) => {
  const { url } = await openSteering(t, { allowIpParameter: false });
  t.is((await ask(`${url}/v1/servers?path=/live/demo/&ip=${GERMAN}`)).status, 400);
  t.is((await ask(`${url}/play/demo.m3u8?ip=${GERMAN}`)).status, 400);
  const steered = await ask(`${url}/v1/steer/hls?event=demo&ip=${GERMAN}`);
  t.is(steered.status, 200);
  t.false(steered.body.includes(GERMAN));
});

test('X-Forwarded-For counts only behind a configured proxy, and only as far as the proxies are ours', async (t) => {
  const taken = async (url: string, field: string) => {
    const { body } = await ask(`${url}/v1/servers?path=/live/demo/`, { headers: { 'X-Forwarded-For': field } });
    return serversAnswerSchema.parse(JSON.parse(body)).client.address;
  };
  const open = await openSteering(t);
  t.is(await taken(open.url, GERMAN), '127.0.0.1');
  const behind = await openSteering(t, { trustedProxies: ['127.0.0.0/8', '10.1.0.0/16', '2001:db8::/32'] });
  t.is(await taken(behind.url, GERMAN), GERMAN);
  t.is(
    await taken(behind.url, `${AMERICAN}, ${GERMAN}, 10.1.2.3`),
    GERMAN,
    'what the client itself wrote is passed over',
  );
  t.is(await taken(behind.url, `${GERMAN}, 2001:db8::7, 10.1.2.3`), GERMAN);
  t.is(await taken(behind.url, 'nonsense'), '127.0.0.1');
  t.is(await taken(behind.url, `${GERMAN}, nonsense, 10.1.2.3`), '10.1.2.3');
});

test('reload URIs name the public URL where one is configured', async (t) => {
  const { url } = await openSteering(t, { publicUrl: new URL('https://steering.example') });
  const manifest = JSON.parse((await ask(`${url}/v1/steer/hls?event=demo`)).body);
  t.is(manifest['RELOAD-URI'], 'https://steering.example/v1/steer/hls?event=demo');
});

test('the admin listener tells readiness, metrics and the state of the nodes', async (t) => {
  const { url, admin, pass, report, drain } = await openSteering(t);
  await pass(2, ['fra-1']);
  await report('ghost-1');
  await ask(`${url}/v1/servers?path=/live/demo/&ip=${GERMAN}`);
  t.is((await ask(`${admin}/readyz`)).status, 200);
  const metrics = (await ask(`${admin}/metrics`)).body;
  t.regex(metrics, /undercard_steering_reports_total\{outcome="accepted",[^}]*\} 2/);
  t.regex(metrics, /undercard_steering_reports_total\{outcome="unknown-node",[^}]*\} 1/);
  t.regex(metrics, /undercard_steering_first_choices_total\{site="fra",node="fra-1",[^}]*\} 1/);
  t.regex(metrics, /undercard_steering_requests_total\{route="servers",status="200",[^}]*\} 1/);
  t.regex(metrics, /undercard_steering_node_score\{node="fra-1",site="fra",[^}]*\} 1/);
  t.regex(metrics, /undercard_steering_nodes\{standing="unheard",[^}]*\} 3/);
  const { nodes } = JSON.parse((await ask(`${admin}/state`)).body);
  t.deepEqual(nodes[0], {
    id: 'fra-1',
    site: 'fra',
    url: 'http://127.0.0.11:8080',
    standing: 'up',
    score: 1,
    reasons: ['healthy'],
  });
  await drain();
  t.is((await ask(`${admin}/readyz`)).status, 503);
  t.is((await ask(`${url}/v1/steer/hls?event=demo`)).status, 200, 'a draining service still answers');
});

test('a configuration that cannot be used gets one clear line', async (t) => {
  const refused = async (changes: Parameters<typeof openSteering>[1], expected: RegExp) => {
    const { message } = await t.throwsAsync(openSteering(t, changes), { instanceOf: BadInput });
    t.regex(message, expected);
    t.false(message.includes('\n'));
  };
  await refused({ sitesFile: '/nonexistent.yaml' }, /^--sites \/nonexistent\.yaml: no such file$/);
  await refused({ yaml: 'sites: 7' }, /^--sites .*sites\.yaml:1:8: sites: /);
  await refused({ mmdbFiles: ['/nonexistent.mmdb'] }, /^--mmdb \/nonexistent\.mmdb: no such file$/);
  await refused(
    { trustedProxies: ['10.0.0.0/33'] },
    /^--trusted-proxy: "10\.0\.0\.0\/33" is not an address or CIDR block/,
  );
  await refused({ listen: { host: '0.0.0.0', port: 0 } }, /add --public-url/);
  const everywhere = { listen: { host: '0.0.0.0', port: 0 }, publicUrl: new URL('http://steering.example') };
  await refused(everywhere, /anybody could report for fra-1: set reportToken in /);
  await refused(
    { listen: { host: '192.0.2.1', port: 9 }, yaml: `reportToken: abcdefghijklmnop\n${SITES_YAML}` },
    /cannot listen on/,
  );
});

const THREE_SITES = fileURLToPath(new URL('../../topology/examples/three-sites.yaml', import.meta.url));
const THREE_SITES_YAML = `sites:
  - { id: amsterdam, country: NL, latitude: 52.37, longitude: 4.89, edges: [{ id: edge-1, url: 'http://127.0.0.11:1', capacityBps: 1e9 }] }
  - { id: new-york, country: US, latitude: 40.71, longitude: -74.01, edges: [{ id: edge-3, url: 'http://127.0.0.13:1', capacityBps: 1e9 }] }
  - { id: singapore, country: SG, latitude: 1.35, longitude: 103.82, kind: embedded, edges: [{ id: edge-5, url: 'http://127.0.0.15:1', capacityBps: 1e9 }] }
`;

test('with a topology a client is known by its prefix, and its sites come as its network hears them', async (t) => {
  const first = async (policy: 'network' | 'nearest', ip: string) => {
    const { url, pass } = await openSteering(t, {
      yaml: THREE_SITES_YAML,
      topologyFile: THREE_SITES,
      tuning: { ...DEFAULT_STEERING, policy },
    });
    await pass(5, []);
    return (await servers(url, `path=/live/demo/&ip=${ip}`)).servers[0]!;
  };
  // A subscriber in Jakarta, whose provider is the host of the embedded site.
  const jakarta = await first('network', '198.18.97.1');
  t.is(jakarta.site, 'singapore');
  t.true(jakarta.reasons.includes('embedded'), jakarta.reasons.join());
  const london = await first('network', '198.18.33.1');
  t.true(
    london.reasons.some((reason) => ['private', 'peering', 'transit'].includes(reason)),
    london.reasons.join(),
  );
  t.is((await first('nearest', '198.18.33.1')).site, 'amsterdam');
});

test('a topology that cannot be used, or has other sites, gets one clear line', async (t) => {
  const refused = async (changes: Parameters<typeof openSteering>[1], expected: RegExp) => {
    const { message } = await t.throwsAsync(openSteering(t, changes), { instanceOf: BadInput });
    t.regex(message, expected);
  };
  await refused({ topologyFile: '/nonexistent.yaml' }, /^--topology \/nonexistent\.yaml: no such file$/);
  await refused(
    { topologyFile: THREE_SITES },
    /^--topology .*three-sites\.yaml: no site "fra", which .*sites\.yaml has/,
  );
});
