import test from 'ava';
import { rawExchange } from '../../test/support/raw-socket.ts';
import { ask, openSteering, SITES_YAML, type TestSteering } from './steering.fixture.ts';

async function standings(steering: TestSteering): Promise<string[]> {
  const { nodes } = JSON.parse((await ask(`${steering.admin}/state`)).body) as { nodes: { standing: string }[] };
  return nodes.map(({ standing }) => standing);
}

const UNTOUCHED = ['unheard', 'unheard', 'unheard', 'unheard'];

test('a bad report is refused with its reason and changes nothing', async (t) => {
  const steering = await openSteering(t);
  const { report, url } = steering;
  const refusal = async (answer: ReturnType<typeof report>) => {
    const { status, body } = await answer;
    const { error, detail } = JSON.parse(body) as { error: string; detail: string };
    return `${status} ${error}: ${detail}`;
  };
  t.regex(await refusal(report('ghost-1')), /^404 unknown-node: not in the sites file/);
  t.regex(await refusal(report('fra-1', { id: 'fra-2' })), /^400 id-mismatch: /);
  t.regex(await refusal(report('fra-1', { site: 'nyc' })), /^409 other-site: /);
  t.regex(await refusal(report('fra-1', { role: 'shield' })), /^409 not-an-edge: /);
  t.regex(await refusal(report('fra-1', { egressBps: 1e30 })), /^400 bad-report: egressBps: /);
  t.regex(await refusal(report('fra-1', { egressBps: -1 })), /^400 bad-report: egressBps: /);
  t.regex(await refusal(report('fra-1', { errorShare: 1.5 })), /^400 bad-report: errorShare: /);
  t.regex(await refusal(report('fra-1', {}, { body: '[]' })), /^400 bad-report: report: /);
  t.regex(await refusal(report('fra-1', {}, { body: '{"id":"fra-1"' })), /^400 not-json: /);
  t.regex(await refusal(report('fra-1', {}, { body: '' })), /^400 not-json: /);
  t.regex(await refusal(report('fra-1', {}, { body: 'x'.repeat(16 * 1024 + 1) })), /^413 too-large: /);
  t.regex(await refusal(ask(`${url}/v1/nodes/fra-1/report`)), /^405 wrong-method: /);
  t.is((await ask(`${url}/v1/nodes/a%2Fb/report`, { method: 'POST' })).status, 404);
  t.deepEqual(await standings(steering), UNTOUCHED);
  const metrics = (await ask(`${steering.admin}/metrics`)).body;
  t.regex(metrics, /undercard_steering_reports_total\{outcome="bad-report",[^}]*\} 4/);
  t.false(metrics.includes('outcome="accepted"'));
});

test('a report that says it is well is taken in without a body in return', async (t) => {
  const steering = await openSteering(t);
  const { status, body, headers } = await steering.report('fra-2');
  t.is(status, 204);
  t.is(body, '');
  t.is(headers['content-length'], undefined);
  t.deepEqual(await standings(steering), ['unheard', 'up', 'unheard', 'unheard']);
});

test('where tokens are configured a report must show the one of its node', async (t) => {
  const own = SITES_YAML.replace('id: fra-2,', 'id: fra-2, reportToken: own-token-of-fra-2,');
  const { report } = await openSteering(t, { yaml: `reportToken: shared-by-all-nodes\n${own}` });
  const status = async (id: string, authorization?: string) =>
    (await report(id, {}, authorization === undefined ? {} : { headers: { Authorization: authorization } })).status;
  t.is(await status('fra-1'), 401);
  t.is(await status('fra-1', 'Bearer wrong'), 401);
  t.is(await status('fra-1', 'Basic shared-by-all-nodes'), 401);
  t.is(await status('fra-1', 'Bearer own-token-of-fra-2'), 401);
  t.is(await status('fra-1', 'Bearer shared-by-all-nodes'), 204);
  t.is(await status('fra-2', 'Bearer shared-by-all-nodes'), 401);
  t.is(await status('fra-2', 'bearer own-token-of-fra-2'), 204);
});

test('a node that goes in the middle of its report leaves the service well', async (t) => {
  const steering = await openSteering(t);
  const port = Number(new URL(steering.url).port);
  const partial = 'POST /v1/nodes/fra-1/report HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"id"';
  await rawExchange(port, partial, () => true, 50);
  t.is((await steering.report('fra-1')).status, 204);
  t.deepEqual(await standings(steering), ['up', 'unheard', 'unheard', 'unheard']);
});
