import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { BadInput } from '../../runtime/bad-input.ts';
import { ask, Asked, EdgeProcess, freeAddress, until } from '../../test/support/edge-process.ts';
import { bytesOf, Gate, give, OriginServer } from '../../test/support/origin-server.ts';
import { nodeConfig, type NodeFlags } from './node-flags.ts';

const UPSTREAM = ['--upstream', 'http://127.0.0.1:9'];
const LISTEN = ['--listen', '127.0.0.1:0'];
const DEFAULTS = { id: 'edge-1', role: 'edge' } as const;

/** What an edge that is started so says on standard error, when it ends as it must: with 2 and nothing on standard output. */
async function refusalOf(t: ExecutionContext, args: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await new EdgeProcess(t, args).ended;
  t.is(code, 2, stderr.join('\n'));
  t.deepEqual(stdout, []);
  return stderr;
}

const mistyped: [title: string, args: string[], expected: string[]][] = [
  ['an unknown flag', ['--bogus'], ["error: unknown option '--bogus'"]],
  ['a misspelt flag', ['--upstrem', 'x'], ["error: unknown option '--upstrem'", '(Did you mean --upstream?)']],
  ['a flag without its value', ['--listen'], ["error: option '--listen <host:port>' argument missing"]],
  [
    'a stray word',
    ['stray', ...UPSTREAM],
    ["error: too many arguments for 'edge'. Expected 0 arguments but got 1: stray."],
  ],
];

for (const [title, args, expected] of mistyped) {
  test(`${title} is told in one line, with a hint where to look`, async (t) => {
    t.deepEqual(await refusalOf(t, args), [...expected, '(undercard <command> --help lists the flags)']);
  });
}

const unusable: [title: string, args: string[], expected: RegExp][] = [
  ['--listen without a port', ['--listen', 'foo', ...UPSTREAM], /^undercard: --listen: "foo" .* 127\.0\.0\.1:8080$/],
  ['no --upstream', LISTEN, /^undercard: --upstream is needed: .*http:\/\//],
  ['an --upstream that is no URL', ['--upstream', 'nonsense'], /--upstream: "nonsense" is not a URL; write /],
  [
    'an address of another machine',
    ['--listen', '192.0.2.1:8080', ...UPSTREAM],
    /cannot listen on 192\.0\.2\.1:8080: /,
  ],
  [
    'an admin listener open to the network',
    [...LISTEN, '--admin', '0.0.0.0:0', ...UPSTREAM],
    /--admin 0\.0\.0\.0:0 is not loopback: set --admin-token/,
  ],
];

for (const [title, args, expected] of unusable) {
  test(`${title} is told in one line that names it`, async (t) => {
    const lines = await refusalOf(t, args);
    t.is(lines.length, 1, lines.join('\n'));
    t.regex(lines[0]!, expected);
  });
}

test('a configuration file that cannot be used is told in one line, with file and line', async (t) => {
  const file = await configFile(t, 'upstreams: [http://127.0.0.1:9]\npolicy:\n  waitMs: soon\n');
  const lines = await refusalOf(t, ['--config', file]);
  t.is(lines.length, 1, lines.join('\n'));
  t.true(lines[0]!.startsWith(`undercard: ${file}:3: policy.waitMs: `), lines[0]);
});

// What follows is told by the same words, and needs no process each.

const badFlags: [title: string, flags: NodeFlags, expected: RegExp][] = [
  ['an upstream of another scheme', { upstream: ['ftp://x'] }, /^--upstream: "ftp:\/\/x" must begin with http/],
  ['an upstream with a path', { upstream: ['http://x/y'] }, /"http:\/\/x\/y" must be .*for example http:\/\/x$/],
  ['a second upstream that is bad', { upstream: ['http://x', '::'] }, /^--upstream: "::" is not a URL/],
  ['a size without a unit', { memory: '5' }, /^--memory: "5" is not a size; .* for example 512MiB$/],
  ['a rate without a unit', { capacity: '5' }, /^--capacity: "5" is not a rate; /],
  ['a neighbour without a name', { neighbour: ['http://x'] }, /^--neighbour: "http:\/\/x" must be id=url/],
  ['a name that fits no URL', { id: 'a/b' }, /id: must be a name of 1 to 64 letters.*, got "a\/b"$/],
  ['a token that is too short', { adminToken: 'short' }, /adminToken: /],
  ['a configuration that is not there', { config: '/nowhere/x.yaml' }, /^\/nowhere\/x\.yaml: no such file$/],
];

for (const [title, flags, expected] of badFlags) {
  test(`${title} is bad input that names its flag`, async (t) => {
    const error = await t.throwsAsync(nodeConfig({ upstream: ['http://127.0.0.1:9'], ...flags }, DEFAULTS), {
      instanceOf: BadInput,
    });
    t.regex(error.message, expected);
  });
}

const badFiles: [title: string, text: string, expected: RegExp][] = [
  ['a value out of bounds', 'policy:\n  attemptsMax: 99\n', /^:2: policy\.attemptsMax: /],
  ['an unknown key', 'listen: 127.0.0.1:0\nupstream: http://127.0.0.1:9\n', /^:\d: .*"upstream"/],
  ['an unknown key further down', 'policy:\n  waitMs: 1000\n  wait: 5\n', /^:\d: policy: .*"wait"/],
  ['an upstream that is no URL', 'upstreams:\n  - http://127.0.0.1:9\n  - no\n', /^:3: upstreams\.1: must be a URL/],
  ['no upstream at all', 'upstreams: []\n', /^:1: upstreams: /],
  ['broken YAML', 'listen: 127.0.0.1:0\nupstreams: [http://127.0.0.1:9\nid: x\n', /^:\d: /],
  ['a list where fields belong', '- listen\n', /^:1: /],
  ['the same key twice', 'id: a\nid: b\n', /^:2: /],
];

for (const [title, text, expected] of badFiles) {
  test(`a configuration file with ${title} is bad input, with file and line`, async (t) => {
    const file = await configFile(t, text);
    const error = await t.throwsAsync(nodeConfig({ config: file }, DEFAULTS), { instanceOf: BadInput });
    t.true(error.message.startsWith(file), error.message);
    t.regex(error.message.slice(file.length), expected);
  });
}

async function configFile(t: ExecutionContext, text: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'undercard-edge-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'edge.yaml');
  await writeFile(file, text);
  return file;
}

test('a port in use is told in one line, on the data plane and on the admin listener', async (t) => {
  const first = new EdgeProcess(t, [...LISTEN, ...UPSTREAM, '--json']);
  const taken = new URL((await first.ready).listen!).host;
  for (const args of [
    ['--listen', taken],
    [...LISTEN, '--admin', taken],
  ]) {
    const lines = await refusalOf(t, [...args, ...UPSTREAM]);
    t.is(lines.length, 1, lines.join('\n'));
    t.true(lines[0]!.startsWith(`undercard: cannot listen on ${taken}: the port is in use`), lines[0]);
  }
});

test('a configuration file alone is enough, and flags override it', async (t) => {
  const origin = await OriginServer.open(t, { '/page': give('page', { 'Cache-Control': 'max-age=60' }) });
  const file = await configFile(t, `id: from-file\nlisten: 127.0.0.1:0\nupstreams:\n  - ${origin.url}\n`);
  const edge = new EdgeProcess(t, ['--config', file, '--id', 'from-flag', '--json']);
  const answer = await ask((await edge.ready).listen!, '/page');
  t.is(answer.body.toString(), 'page');
  t.regex(String(answer.fields['cache-status']), /^from-flag;/);
});

test('a configuration file that names no node leaves each kind its own default name', async (t) => {
  const file = await configFile(t, 'upstreams: [http://127.0.0.1:9]\n');
  // Were a shield called like the edge below it, CDN-Loop would refuse whatever that asks for.
  const shield = { id: 'shield-1', role: 'shield' } as const;
  t.like(await nodeConfig({ config: file }, shield), shield);
});

test('--json names every URL in the first line on standard output, and nothing follows it there', async (t) => {
  const edge = new EdgeProcess(t, [...LISTEN, '--admin', '127.0.0.1:0', ...UPSTREAM, '--json']);
  const urls = await edge.ready;
  t.deepEqual(Object.keys(urls).sort(), ['admin', 'listen']);
  for (const url of Object.values(urls)) t.regex(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  t.is((await ask(urls.admin!, '/healthz')).body.toString(), 'ok\n');
  edge.signal('SIGINT');
  const { code, stdout } = await edge.ended;
  t.is(code, 0);
  t.is(stdout.length, 1);
  t.deepEqual(JSON.parse(stdout[0]!), { ready: true, urls });
});

/** Whether nobody listens there any more. */
function isClosed(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => resolve(true));
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
  });
}

test('SIGTERM lets what is in flight end, whole, takes nothing new, and ends with 0', async (t) => {
  const object = bytesOf(100_000);
  const rest = new Gate();
  const waiting = new Gate();
  const origin = await OriginServer.open(t, {
    '/begun': async (_request, response) => {
      response.writeHead(200, { 'Content-Length': object.byteLength }).write(object.subarray(0, 1000));
      await rest.passed;
      response.end(object.subarray(1000));
    },
    '/waiting': async (request, response) => {
      waiting.open();
      await rest.passed;
      give(object)(request, response);
    },
  });
  const edge = new EdgeProcess(t, [...LISTEN, '--upstream', origin.url, '--json']);
  const url = (await edge.ready).listen!;
  const idle = connect(Number(new URL(url).port), '127.0.0.1');
  idle.on('error', () => {});
  t.teardown(() => idle.destroy());
  const begun = new Asked(url, '/begun');
  const answers = Promise.all([begun.answer(), ask(url, '/waiting')]);
  await Promise.all([until(() => begun.receivedBytes === 1000, 'the first bytes'), waiting.passed]);
  const askedMs = performance.now();
  edge.signal('SIGTERM');
  let closed = false;
  while (!closed) closed = await isClosed(url);
  rest.open();
  for (const answer of await answers) t.true(answer.whole && answer.body.equals(object));
  t.is((await edge.ended).code, 0);
  t.true(performance.now() - askedMs < 8000, 'within seconds');
});

test('SIGTERM does not wait for ever for a client that reads nothing', async (t) => {
  const origin = await OriginServer.open(t, {
    '/page': (_request, response) => response.writeHead(200).write('begun'),
  });
  const edge = new EdgeProcess(t, [...LISTEN, '--upstream', origin.url, '--json']);
  const asked = new Asked((await edge.ready).listen!, '/page');
  const answer = asked.answer();
  await asked.head;
  edge.signal('SIGTERM');
  t.false((await answer).whole, 'a body without its end is cut, not ended');
  t.is((await edge.ended).code, 0);
});

test('kill -9 leaves the port free for the next, though a client was connected', async (t) => {
  const origin = await OriginServer.open(t, {
    '/page': give('page', { 'Cache-Control': 'max-age=60' }),
    '/held': (_request, response) => response.writeHead(200).write('begun'),
  });
  const args = ['--listen', freeAddress(), '--upstream', origin.url, '--json'];
  const first = new EdgeProcess(t, args);
  const url = (await first.ready).listen!;
  const held = new Asked(url, '/held');
  const cut = held.answer();
  await held.head;
  t.is((await ask(url, '/page')).body.toString(), 'page');
  first.signal('SIGKILL');
  await first.ended;
  t.false((await cut).whole);
  const second = new EdgeProcess(t, args);
  t.is((await second.ready).listen, url);
  t.is((await ask(url, '/page')).body.toString(), 'page');
});
