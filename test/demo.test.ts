import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { DemoProcess, freeDemoPort } from './support/demo-process.ts';

// One after the other: each starts some fifteen processes.
test.serial(
  'an edge, a pipeline and the shield die, a pipeline corrupts: every viewer plays on, every body is right',
  async (t) => {
    t.timeout(120_000);
    const demo = new DemoProcess([
      ...['--port', String(await freeDemoPort()), '--viewers', '40', '--duration', '32s'],
      ...['--fault', 'corrupt:pipeline-a@6s', '--kill', 'edge-3@10s', '--kill', 'pipeline-a@14s'],
      ...['--kill', 'shield@18s', '--restart', 'shield@19s', '--restart', 'edge-3@20s'],
    ]);
    const urls = await demo.ready;
    t.is(Object.keys(urls.edges).length, 6);
    const { code, summary, stderr } = await demo.ended;
    t.is(code, 0, stderr);
    t.true(summary!.held);
    t.is(summary!.viewers.arrived, 40);
    t.is(summary!.viewers.neverPlayed, 0);
    t.is(summary!.viewers.wrongBodies, 0);
    t.true(summary!.viewers.serverSwitches > 0, 'those of the killed edge went elsewhere');
    t.true(summary!.happened.some((text) => text.endsWith('edge-3 is back')));
    t.is(summary!.checks.find(({ name }) => name.startsWith('bytes received'))?.holds, true);
  },
);

test.serial('nothing dies: the bytes agree at every tier, exactly; Ctrl-C ends it and leaves no process', async (t) => {
  t.timeout(90_000);
  const port = await freeDemoPort();
  const demo = new DemoProcess(['--port', String(port), '--viewers', '20']);
  await demo.ready;
  const children = childrenOf(demo.pid);
  t.true(children.length >= 12);
  await new Promise((resolve) => setTimeout(resolve, 22_000));
  demo.signal('SIGINT');
  const { code, summary, stderr } = await demo.ended;
  t.is(code, 0, stderr);
  t.deepEqual(
    summary!.checks.map(({ name, holds, detail }) => (holds === true ? name : `${name}: ${detail}`)),
    summary!.checks.map(({ name }) => name),
  );
  // Counts alone, and loosely: a busy machine makes viewers late. How near a prediction comes is shown by
  // `undercard sim verify --sockets`, on a machine that has time for it.
  const { predicted, edges, shield } = summary!;
  const near = (got: number, expected: number, share: number) => Math.abs(got - expected) <= share * expected;
  t.is(predicted!.viewers.arrived, 20);
  t.true(near(edges.requests, predicted!.tiers.edges.requests, 0.3), JSON.stringify([edges, predicted!.tiers.edges]));
  t.true(near(shield.fills, predicted!.tiers.shield.fills, 0.3), JSON.stringify([shield, predicted!.tiers.shield]));
  t.deepEqual(children.filter(isAlive), []);
});

test.serial('a demo that is killed leaves no process behind', async (t) => {
  t.timeout(60_000);
  const demo = new DemoProcess(['--port', String(await freeDemoPort()), '--viewers', '0']);
  await demo.ready;
  const children = childrenOf(demo.pid);
  demo.signal('SIGKILL');
  await demo.ended;
  for (const deadline = Date.now() + 15_000; children.some(isAlive) && Date.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  t.deepEqual(children.filter(isAlive), []);
});

test.serial('Ctrl-C while it is starting ends it, and what it had started', async (t) => {
  t.timeout(60_000);
  const demo = new DemoProcess(['--port', String(await freeDemoPort()), '--viewers', '0']);
  let children: number[] = [];
  while (children.length < 3) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    children = childrenOf(demo.pid);
  }
  demo.signal('SIGINT');
  const { code, stderr } = await demo.ended;
  t.is(code, 0, stderr);
  t.deepEqual(children.filter(isAlive), []);
});

test.serial('when nobody reads its output any more, it ends in order', async (t) => {
  t.timeout(60_000);
  const demo = new DemoProcess(['--port', String(await freeDemoPort()), '--viewers', '0']);
  await demo.ready;
  const children = childrenOf(demo.pid);
  demo.stopReading();
  const { code, stderr } = await demo.ended;
  t.is(code, 0, stderr);
  t.deepEqual(children.filter(isAlive), []);
});

test.serial('a port in use is one clear line and exit 2', async (t) => {
  t.timeout(60_000);
  const port = await freeDemoPort();
  const first = new DemoProcess(['--port', String(port), '--viewers', '0']);
  await first.ready;
  const { code, stderr } = await new DemoProcess(['--port', String(port)]).ended;
  t.is(code, 2);
  t.regex(stderr, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use`));
  first.signal('SIGTERM');
  t.is((await first.ended).code, 0);
});

for (const [args, says] of [
  [['--kill', 'edge-9@5s'], 'nothing is called "edge-9"'],
  [['--kill', 'edge-1'], 'needs a time after the start'],
  [['--fault', 'melt:pipeline-a@5s'], 'must begin with one of corrupt'],
  [['--duration', 'soon'], '"soon" is not a duration'],
  [['--viewers', '-3'], '"-3" is not a whole number'],
  [['--topology', 'no-such-file.yaml'], '--topology no-such-file.yaml'],
  [['--nonsense'], "unknown option '--nonsense'"],
] as const) {
  test(`demo ${args.join(' ')} is bad input: one line, exit 2`, async (t) => {
    const { code, stderr } = await new DemoProcess(args).ended;
    t.is(code, 2);
    t.true(stderr.includes(says), stderr);
  });
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
}

function parentOf(pid: string): number | null {
  try {
    // Field 4, behind the command in brackets, which may hold anything.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1]);
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
