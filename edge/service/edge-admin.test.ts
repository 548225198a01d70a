import test from 'ava';
import { ask, openEdge, until, type Answer } from '../../test/support/edge-process.ts';
import { bytesOf, Gate, give, giveNumbered, OriginServer } from '../../test/support/origin-server.ts';

const FRESH = { 'Cache-Control': 'max-age=60' };

const textOf = ({ body }: Answer) => body.toString();
const statusOf = ({ fields }: Answer) => String(fields['cache-status']);

test('a purge forgets variants too, and what is arriving is for those who wait already', async (t) => {
  const gate = new Gate();
  const slow = giveNumbered(FRESH);
  const origin = await OriginServer.open(t, {
    '/a/page': (request, response) =>
      give(String(request.fields['x-kind']), { ...FRESH, Vary: 'X-Kind' })(request, response),
    '/a/slow': async (request, response) => {
      await gate.passed;
      slow(request, response);
    },
    '/b': give('b', FRESH),
  });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const ofKind = (kind: string) => ask(edge.url, '/a/page', { fields: { 'X-Kind': kind } });
  await ofKind('1');
  await ofKind('2');
  await ask(edge.url, '/b');
  const arriving = ask(edge.url, '/a/slow');
  await until(() => origin.count('/a/slow') === 1, 'the slow one');
  t.is((await ask(edge.admin, '/purge?path=/a/')).status, 404, 'by POST only');
  const purged = await ask(edge.admin, '/purge?path=/a/', { method: 'POST' });
  t.deepEqual(JSON.parse(textOf(purged)), { purged: 2 });
  gate.open();
  t.is(textOf(await arriving), 'answer 1');
  t.is(textOf(await ask(edge.url, '/a/slow')), 'answer 2');
  for (const kind of ['1', '2']) t.regex(statusOf(await ofKind(kind)), /miss/);
  t.regex(statusOf(await ask(edge.url, '/b')), /hit/);
});

test('a drained edge says so to whoever chooses it, and goes on serving', async (t) => {
  const origin = await OriginServer.open(t, { '/page': give('page', FRESH) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  t.like(await ask(edge.admin, '/readyz'), { status: 200 });
  t.is((await ask(edge.admin, '/drain', { method: 'POST' })).status, 202);
  const ready = await ask(edge.admin, '/readyz');
  t.is(ready.status, 503);
  t.is(textOf(ready), 'draining\n');
  t.is((await ask(edge.admin, '/healthz')).status, 200);
  t.is(textOf(await ask(edge.url, '/page')), 'page');
});

test('with a token the admin listener tells strangers nothing but health', async (t) => {
  const edge = await openEdge(t, { upstreams: ['http://127.0.0.1:9'], adminToken: 'long-enough' });
  const as = (token: string) => ({ fields: { Authorization: `Bearer ${token}` } });
  for (const path of ['/metrics', '/state']) {
    t.is((await ask(edge.admin, path)).status, 401);
    t.is((await ask(edge.admin, path, as('long-enougH'))).status, 401);
    t.is((await ask(edge.admin, path, as('long-enough'))).status, 200);
  }
  for (const path of ['/purge', '/drain']) t.is((await ask(edge.admin, path, { method: 'POST' })).status, 401);
  for (const path of ['/readyz', '/healthz']) t.is((await ask(edge.admin, path)).status, 200);
});

test('nothing of the admin listener is on the data plane', async (t) => {
  const origin = await OriginServer.open(t, {});
  const edge = await openEdge(t, { upstreams: [origin.url] });
  for (const path of ['/metrics', '/state', '/healthz']) t.is((await ask(edge.url, path)).status, 404);
  t.is((await ask(edge.url, '/purge', { method: 'POST' })).status, 404);
  t.is(origin.seen.length, 4, 'they are the origin’s paths');
});

test('the metrics count what happened: requests by outcome, bytes in and out, what is stored', async (t) => {
  const gate = new Gate();
  const origin = await OriginServer.open(t, {
    '/page': async (request, response) => {
      await gate.passed;
      give(bytesOf(1000), FRESH)(request, response);
    },
    '/own': give('own', { 'Cache-Control': 'no-store' }),
  });
  const edge = await openEdge(t, {
    id: 'edge-7',
    upstreams: [origin.url],
    tiers: ['edge-8'],
    countAgent: 'rehearsal/',
  });
  const three = [ask(edge.url, '/page'), ask(edge.url, '/page'), ask(edge.url, '/page')];
  await until(() => edge.machine.waiting === 3, 'three to wait');
  gate.open();
  await Promise.all(three);
  await ask(edge.url, '/page', { fields: { 'CDN-Loop': 'edge-8' } });
  await ask(edge.url, '/page', { fields: { 'User-Agent': 'rehearsal/1' } });
  await ask(edge.url, '/own');
  await ask(edge.url, '/page', { method: 'HEAD' });
  await ask(edge.url, '/page', { fields: { 'CDN-Loop': 'edge-7' } });
  const metrics = await ask(edge.admin, '/metrics');
  t.regex(String(metrics.fields['content-type']), /^text\/plain/);
  const lines = textOf(metrics).split('\n');
  const valueOf = (name: string, label = '') => {
    const line = lines.find((line) => line.startsWith(`undercard_edge_${name}{`) && line.includes(label));
    t.true(line?.includes('role="edge",id="edge-7"'), `${name} ${label}`);
    return Number(line?.split(' ').at(-1));
  };
  const counts: [value: number, name: string, label?: string][] = [
    [7, 'requests_total'],
    [3, 'hits_total'],
    [2, 'collapsed_total'],
    [1, 'misses_total'],
    [1, 'passes_total'],
    [2, 'fills_total'],
    [1, 'stored_total'],
    [1, 'stored_objects'],
    [1003, 'upstream_bytes_total'],
    [3003 + 'loop\n'.length, 'egress_bytes_total', 'receiver="viewer"'],
    [1000, 'egress_bytes_total', 'receiver="tier"'],
    [1000, 'egress_bytes_total', 'receiver="rehearsal"'],
    [6, 'answers_total', 'receiver="viewer"'],
    [1, 'refused_total', 'reason="loop"'],
    [0, 'waiting'],
    [0, 'fills_in_flight'],
  ];
  for (const [value, name, label] of counts) t.is(valueOf(name, label), value, `${name} ${label ?? ''}`);
});
