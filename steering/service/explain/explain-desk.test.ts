import { fileURLToPath } from 'node:url';
import test from 'ava';
import { explainAnswerSchema } from '../../policy/explain-answer.ts';
import { AMERICAN, ask, GERMAN, NODES, openSteering, type Asked } from '../steering.fixture.ts';

const THREE_SITES = fileURLToPath(new URL('../../../topology/examples/three-sites.yaml', import.meta.url));

const PATHS = ['/explain', '/v1/explain?path=/live/demo/', '/v1/explain/world', '/v1/explain/live'];

async function explain(admin: string, query: string, asked?: Asked) {
  const { status, body } = await ask(`${admin}/v1/explain?${query}`, asked);
  if (status !== 200) throw new Error(`${status}: ${body}`);
  return explainAnswerSchema.parse(JSON.parse(body));
}

test('it says what /v1/servers would answer, with every server that was looked at and all that speaks for it', async (t) => {
  const { url, admin, pass, report } = await openSteering(t);
  await pass(2);
  await report('fra-1', { state: 'draining', reservedBps: 2e8 });
  const query = `path=/live/demo/&ip=${GERMAN}&session=s1`;
  const answer = await explain(admin, query);
  const player = JSON.parse((await ask(`${url}/v1/servers?${query}`)).body);
  t.deepEqual(
    answer.candidates.flatMap(({ id, rank }) => (rank === undefined ? [] : [[id, rank]])),
    player.servers.map(({ id, rank }: { id: string; rank: number }) => [id, rank]),
  );
  t.is(answer.ttlSeconds, player.ttlSeconds);
  t.deepEqual(answer.backoff, player.backoff);
  t.deepEqual(answer.candidates.map(({ id }) => id).sort(), NODES);
  const byId = new Map(answer.candidates.map((candidate) => [candidate.id, candidate]));
  t.like(byId.get('fra-2'), { rank: 0, taken: true, standing: 'up', score: 1, siteRank: 0, capacityBps: 1e9 });
  t.like(byId.get('fra-1'), { taken: false, standing: 'draining', reservedBps: 2e8 });
  t.true(byId.get('fra-1')!.reasons.includes('draining'));
  t.deepEqual(byId.get('nyc-1')!.position, { latitude: 40.71, longitude: -74.01 });
  t.true(Math.abs(byId.get('nyc-1')!.distanceKm! - 6300) < 400);
  t.like(answer.client, { address: GERMAN, locatedBy: 'country', country: 'DE' });
  t.is(answer.leftOut, 0);
});

test('with a topology it names network, metro and prefix of the viewer, and the way from each site', async (t) => {
  const yaml = `sites:
  - { id: amsterdam, country: NL, latitude: 52.37, longitude: 4.89, edges: [{ id: a, url: 'http://127.0.0.11', capacityBps: 1e9 }] }
  - { id: new-york, country: US, latitude: 40.71, longitude: -74.01, edges: [{ id: n, url: 'http://127.0.0.12', capacityBps: 1e9 }] }
`;
  const { admin } = await openSteering(t, { yaml, topologyFile: THREE_SITES });
  const world = JSON.parse((await ask(`${admin}/v1/explain/world`)).body);
  t.true(world.examples.length > 1);
  const answer = await explain(admin, `path=/live/demo/&ip=${world.examples[0].address}`);
  t.is(answer.client.locatedBy, 'prefix');
  t.regex(answer.client.prefix!, /\/\d+$/);
  t.is(answer.client.asn, answer.client.network!.asn);
  t.deepEqual(world.spots.name, ['Amsterdam', 'New York']);
  t.is(`${answer.client.network!.name}, ${answer.client.metro!.name}`, world.examples[0].label);
  for (const { route, distanceKm } of answer.candidates) {
    t.true(route!.asPath.length > 0 && route!.oneWayMs > 0);
    t.true(distanceKm! >= 0);
  }
});

test('explaining reserves nothing, counts as no decision and moves nobody', async (t) => {
  const { url, admin, pass } = await openSteering(t);
  await pass(2);
  const nominal = 'bitrate=300000000';
  const before = await explain(admin, `path=/live/demo/&ip=${GERMAN}&session=s1&${nominal}`);
  const decisions = async () =>
    (await ask(`${admin}/metrics`)).body
      .split('\n')
      .filter((line) => /^undercard_steering_(?!node)/.test(line))
      .join('\n');
  const counted = await decisions();
  for (let viewer = 0; viewer < 40; viewer++) {
    await explain(admin, `path=/live/demo/&ip=${viewer % 2 ? GERMAN : AMERICAN}&session=s${viewer}&${nominal}`);
  }
  t.is(await decisions(), counted);
  t.deepEqual(await explain(admin, `path=/live/demo/&ip=${GERMAN}&session=s1&${nominal}`), before);
  await ask(`${url}/v1/servers?path=/live/demo/&ip=${GERMAN}`);
  t.not(await decisions(), counted, 'a player does count');
});

test('what cannot be explained is refused in one line, naming the field', async (t) => {
  const { admin } = await openSteering(t);
  const refused = async (query: string) => {
    const { status, headers, body } = await ask(`${admin}/v1/explain?${query}`);
    t.is(status, 400, query);
    t.is(headers['content-type'], 'application/json');
    const { error, field, detail } = JSON.parse(body);
    t.is(error, 'bad-request');
    t.notRegex(detail, /\n/);
    return `${field}: ${detail}`;
  };
  t.regex(await refused('path=/a&ip=nowhere'), /^ip: “nowhere” is not an IPv4 or IPv6 address/);
  t.regex(await refused('path=live'), /^path: “live” must begin with a slash/);
  t.regex(await refused(''), /^path: give the path/);
  t.regex(await refused('path=/a&ip=%00%0d%0aX: y'), /^ip: /);
  const { body } = await ask(`${admin}/metrics`);
  t.regex(body, /requests_total\{route="explain",status="400",[^}]*\} 4$/m);
});

test('page and answers may be read by pages from here alone, are never stored, and answer HEAD', async (t) => {
  const { admin } = await openSteering(t);
  for (const path of PATHS) {
    const [get, head] = [await ask(`${admin}${path}`), await ask(`${admin}${path}`, { method: 'HEAD' })];
    t.is(get.status, 200, path);
    t.is(head.status, 200, path);
    t.is(head.body, '');
    if (!path.endsWith('live')) t.is(head.headers['content-length'], String(Buffer.byteLength(get.body)), path);
    t.is(get.headers['access-control-allow-origin'], undefined, path);
    t.is(get.headers['cache-control'], 'no-store');
    t.is(get.headers['x-content-type-options'], 'nosniff');
    t.is((await ask(`${admin}${path}`, { method: 'POST' })).status, 404);
  }
  const { headers } = await ask(`${admin}/explain`);
  t.is(headers['content-type'], 'text/html; charset=utf-8');
  t.regex(
    String(headers['content-security-policy']),
    /^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-/,
  );
});

test('it is where operators are, with the token but for the page, and where players are only if asked for', async (t) => {
  const closed = await openSteering(t, { admin: { address: { host: '127.0.0.1', port: 0 }, token: 'a-long-token' } });
  for (const path of PATHS) {
    t.is((await ask(`${closed.url}${path}`)).status, 404, path);
    t.is((await ask(`${closed.admin}${path}`)).status, path === '/explain' ? 200 : 401, path);
    const headers = { Authorization: 'Bearer a-long-token' };
    t.is((await ask(`${closed.admin}${path}`, { headers })).status, 200, path);
  }
  const open = await openSteering(t, { publicExplain: true, allowIpParameter: false });
  for (const path of PATHS) t.is((await ask(`${open.url}${path}`)).status, 200, path);
  t.is((await explain(open.url, `path=/a&ip=${GERMAN}`)).client.country, 'DE', 'which decides nothing, so anybody may');
  t.is((await ask(`${open.url}/v1/explain/live`, { method: 'POST' })).status, 405);
});

test('live counters are totals by kind; of the places only those that changed come again', async (t) => {
  const { url, admin, pass, clock } = await openSteering(t);
  const live = async (since?: number) => {
    clock.nowMs += 1000;
    const { body } = await ask(`${admin}/v1/explain/live${since === undefined ? '' : `?since=${since}`}`);
    return JSON.parse(body) as {
      instance: string;
      revision: number;
      atMs: number;
      answers: Record<string, number>;
      locatedBy: Record<string, number>;
      reports: Record<string, number>;
      admission: Record<string, number>;
      firstChoices: number;
      nodes: Record<string, number>;
      spots: (number | null)[][];
    };
  };
  const first = await live();
  t.deepEqual(first.nodes, { unheard: 4 });
  t.deepEqual(first.spots, [
    [0, 0, null, 0, 2, 0, 0],
    [1, 0, null, 0, 2, 0, 0],
  ]);
  await pass(2);
  await ask(`${url}/v1/servers?path=/live/demo/&ip=${GERMAN}`);
  await ask(`${url}/v1/steer/hls?event=demo&session=s1&ip=${AMERICAN}`);
  await ask(`${url}/v1/steer/hls?event=demo&session=s2`);
  await ask(`${url}/v1/nodes/nobody/report`, { method: 'POST', body: '{}' });
  const second = await live(first.revision);
  t.is(second.instance, first.instance);
  t.true(second.revision > first.revision && second.atMs > first.atMs);
  t.like(second.answers, { servers: 1, 'steer-hls': 2, report: 9 });
  t.like(second.locatedBy, { country: 2, default: 1 });
  t.deepEqual(second.reports, { accepted: 8, 'unknown-node': 1 });
  t.deepEqual(second.admission, { admitted: 3 });
  t.is(second.firstChoices, 3);
  t.deepEqual(second.nodes, { up: 4 });
  t.deepEqual(
    second.spots.map(([spot, , load, up]) => [spot, load, up]),
    [
      [0, 0, 2],
      [1, 0, 2],
    ],
  );
  t.is(
    second.spots.reduce((sum, [, firsts]) => sum + firsts!, 0),
    3,
  );
  t.deepEqual((await live(second.revision)).spots, [], 'nothing has changed');
  await ask(`${url}/v1/servers?path=/live/demo/&ip=${AMERICAN}`);
  const third = await live(second.revision);
  t.deepEqual(
    third.spots.map(([spot]) => spot),
    [1],
  );
  t.is((await live()).spots.length, 2, 'who knows nothing gets all');
  t.is((await ask(`${admin}/v1/explain/live?since=nonsense`)).status, 200);
});
