import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { until } from '../../test/support/edge-process.ts';
import { ask, demoEvent, demoSource, openSteering, type TestSteering, UNPROBED } from './steering.fixture.ts';

/** Often, so that what is awaited comes soon; nothing here depends on how soon. The tests run one after the other: all their servers are in this process. */
const EAGER = { ...UNPROBED.probes, enabled: true, everyMs: 200, timeoutMs: 2000 };

interface Edge {
  server: Server;
  url: string;
  asked: string[];
}

async function openEdge(t: ExecutionContext, listener: RequestListener): Promise<Edge> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.connection} ${request.headers['user-agent']}`);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const well: RequestListener = (request, response) => demoSource(request, response);

/** A service whose sites are these servers, one each, by a clock that runs. */
async function probing(t: ExecutionContext, edges: readonly Edge[], probes: Partial<typeof EAGER> = {}) {
  const places = [
    ['fra', 'DE', 50.11, 8.68],
    ['nyc', 'US', 40.71, -74.01],
    ['lon', 'GB', 51.51, -0.13],
  ] as const;
  const sites = edges.map(({ url }, at) => {
    const [id, country, latitude, longitude] = places[at]!;
    return `  - { id: ${id}, country: ${country}, latitude: ${latitude}, longitude: ${longitude}, edges: [{ id: ${id}-1, url: '${url}', capacityBps: 1e9 }] }`;
  });
  const tuning = { ...UNPROBED, suspectAfterMs: 3_600_000, downAfterMs: 3_600_000, probes: { ...EAGER, ...probes } };
  const yaml = `sites:\n${sites.join('\n')}\n`;
  const steering = await openSteering(t, { yaml, tuning, nowMs: () => performance.now() });
  for (const [at] of edges.entries()) t.is((await steering.report(`${places[at]![0]}-1`)).status, 204);
  return steering;
}

async function stateOf(steering: TestSteering, id: string) {
  const { nodes } = JSON.parse((await ask(`${steering.admin}/state`)).body) as {
    nodes: { id: string; standing: string; reasons: string[] }[];
  };
  return nodes.find((node) => node.id === id)!;
}

async function probes(steering: TestSteering, outcome: string): Promise<number> {
  const metrics = (await ask(`${steering.admin}/metrics`)).body;
  return Number(
    new RegExp(`undercard_steering_probes_total\\{outcome="${outcome}",[^}]*\\} (\\d+)`).exec(metrics)?.[1] ?? 0,
  );
}

/** Polls, because what is waited for is behind HTTP. */
async function come(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 40_000; performance.now() < endMs;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come about`);
}

test.serial(
  'nobody is asked before an event is known; then each for its document, on a connection of its own',
  async (t) => {
    const edges = [await openEdge(t, well), await openEdge(t, well)];
    const steering = await probing(t, edges);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    t.deepEqual(
      edges.flatMap(({ asked }) => asked),
      [],
    );
    await ask(`${steering.url}/play/demo.m3u8?session=s1`);
    await until(() => edges.every(({ asked }) => asked.length >= 3), 'all servers to be asked three times');
    t.deepEqual([...new Set(edges.flatMap(({ asked }) => asked))], ['/live/demo/event.json close undercard-probe']);
    await come('success', async () => (await probes(steering, 'well')) >= 6);
    t.is((await stateOf(steering, 'fra-1')).standing, 'up');
  },
);

test.serial('a server that reports health and does not answer is out, and comes back when it answers', async (t) => {
  let answers = true;
  const liar = await openEdge(t, (request, response) => (answers ? well(request, response) : response.destroy()));
  const edges = [liar, await openEdge(t, well), await openEdge(t, well)];
  const steering = await probing(t, edges);
  await ask(`${steering.url}/play/demo.m3u8?session=s1`);
  await come('success', async () => (await probes(steering, 'well')) >= 6);
  answers = false;
  await come('suspicion', async () => (await stateOf(steering, 'fra-1')).standing === 'suspect');
  t.deepEqual((await stateOf(steering, 'fra-1')).reasons, ['probe-fails']);
  t.is((await stateOf(steering, 'nyc-1')).standing, 'up');
  t.true((await probes(steering, 'cut')) >= 2);
  answers = true;
  await come('recovery', async () => (await stateOf(steering, 'fra-1')).standing === 'up');
});

const DEFECTS: readonly [what: string, outcome: string, listener: RequestListener][] = [
  ['an error', 'bad-status', (_request, response) => response.writeHead(503).end(JSON.stringify(demoEvent()))],
  [
    'a redirect',
    'bad-status',
    (_request, response) => response.writeHead(302, { Location: 'http://127.0.0.1:9/' }).end(),
  ],
  ['another page', 'bad-body', (_request, response) => response.end('<html>Please log in</html>')],
  ['another event', 'bad-body', (_request, response) => response.end(JSON.stringify(demoEvent({ id: 'another' })))],
  ['too large', 'bad-body', (_request, response) => response.end('x'.repeat(300_000))],
  ['not there in time', 'timeout', () => {}],
  ['not whole in time', 'timeout', (_request, response) => response.write('{"id":"demo",')],
  [
    'cut short',
    'cut',
    (_request, response) => {
      response.writeHead(200, { 'Content-Length': '1000' });
      response.write('{"id":"demo",');
      setTimeout(() => response.destroy(), 20);
    },
  ],
];

for (const [what, outcome, listener] of DEFECTS) {
  test.serial(`an answer that is ${what} is none`, async (t) => {
    const steering = await probing(t, [await openEdge(t, listener), await openEdge(t, well), await openEdge(t, well)]);
    await ask(`${steering.url}/play/demo.m3u8?session=s1`);
    await come(outcome, async () => (await probes(steering, outcome)) >= 2);
    await come('suspicion', async () => (await stateOf(steering, 'fra-1')).standing === 'suspect');
  });
}

test.serial('a port where nobody listens is refused', async (t) => {
  const gone = await openEdge(t, well);
  gone.server.close();
  const steering = await probing(t, [gone, await openEdge(t, well), await openEdge(t, well)]);
  await ask(`${steering.url}/play/demo.m3u8?session=s1`);
  await come('refusal', async () => (await probes(steering, 'refused')) >= 2);
  await come('suspicion', async () => (await stateOf(steering, 'fra-1')).standing === 'suspect');
});

test.serial('with a path of the operator’s own the answer must have the text in it that was stated', async (t) => {
  const probe: RequestListener = (request, response) =>
    response.end(request.url === '/probe.txt' ? 'all is well' : 'no');
  const other: RequestListener = (_request, response) => response.end('parked domain');
  const edges = [await openEdge(t, other), await openEdge(t, probe), await openEdge(t, probe)];
  const steering = await probing(t, edges, { path: '/probe.txt', contains: 'is well' });
  await come('suspicion', async () => (await stateOf(steering, 'fra-1')).standing === 'suspect');
  t.is((await stateOf(steering, 'lon-1')).standing, 'up');
});

test.serial('when nobody answers any more nobody is blamed', async (t) => {
  let answers = true;
  const edges = [1, 2, 3].map(() =>
    openEdge(t, (request, response) => (answers ? well(request, response) : response.destroy())),
  );
  const steering = await probing(t, await Promise.all(edges));
  await ask(`${steering.url}/play/demo.m3u8?session=s1`);
  await come('success', async () => (await probes(steering, 'well')) >= 6);
  answers = false;
  await come('failure', async () => (await probes(steering, 'cut')) >= 15);
  for (const id of ['fra-1', 'nyc-1', 'lon-1']) t.is((await stateOf(steering, id)).standing, 'up');
});
