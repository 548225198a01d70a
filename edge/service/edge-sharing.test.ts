import { gzipSync } from 'node:zlib';
import test from 'ava';
import { ask, Asked, openEdge, stateOf, until, type Answer } from '../../test/support/edge-process.ts';
import { Gate, give, giveNumbered, inTurn, OriginServer, type Behaviour } from '../../test/support/origin-server.ts';

const FRESH = { 'Cache-Control': 'max-age=60' };
const NO_STORE = { 'Cache-Control': 'no-store' };

const textOf = ({ body }: Answer) => body.toString();
const statusOf = ({ fields }: Answer) => String(fields['cache-status']);

/** Holds each request until so many of them are open; a bound keeps a failing test short. */
function together(count: number, then: Behaviour): Behaviour {
  const all = new Gate();
  let open = 0;
  return async (request, response) => {
    if (++open === 1) setTimeout(all.open, 3000).unref();
    if (open === count) all.open();
    await all.passed;
    then(request, response);
  };
}

test('what is known not to be stored makes nobody queue: twenty clients are at the origin together', async (t) => {
  const numbered = giveNumbered(NO_STORE);
  const origin = await OriginServer.open(t, { '/score': inTurn(numbered, together(20, numbered)) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  await ask(edge.url, '/score');
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(edge.url, '/score')));
  t.is(origin.peaks.get('/score'), 20);
  t.is(new Set(answers.map(textOf)).size, 20, 'each has an answer of its own');
});

test('those who waited for a page with a cookie go up together, once each, and have their own cookies', async (t) => {
  const gate = new Gate();
  let number = 0;
  const cookie: Behaviour = (request, response) => {
    number++;
    give(`page ${number}`, { ...FRESH, 'Set-Cookie': [`id=${number}`, 'b=2'] })(request, response);
  };
  const first: Behaviour = async (request, response) => {
    await gate.passed;
    cookie(request, response);
  };
  const origin = await OriginServer.open(t, { '/login': inTurn(first, together(19, cookie)) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const asking = Array.from({ length: 20 }, () => ask(edge.url, '/login'));
  await until(() => edge.machine.waiting === 20 && origin.count('/login') > 0, 'twenty to wait');
  t.is(origin.count('/login'), 1);
  gate.open();
  const answers = await Promise.all(asking);
  t.is(new Set(answers.map(textOf)).size, 20);
  t.is(origin.count('/login'), 20);
  t.is(origin.peaks.get('/login'), 19);
  for (const answer of answers) t.deepEqual(answer.fields['set-cookie'], [`id=${textOf(answer).slice(5)}`, 'b=2']);
});

test('whoever leaves an answer of its own takes the upstream request along', async (t) => {
  let closed = 0;
  const origin = await OriginServer.open(t, {
    '/own': (_request, response) => {
      response.once('close', () => closed++);
      response.writeHead(200, NO_STORE).write('begun');
    },
  });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  for (let turn = 1; turn <= 2; turn++) {
    const asked = new Asked(edge.url, '/own');
    await asked.head;
    asked.leave();
    await until(() => closed === turn, 'the origin to see it closed');
  }
  t.is((await stateOf(edge)).answersCut.viewer, 2);
});

test('what came for one Authorization is for nobody else, not even for those who wait beside it', async (t) => {
  const gate = new Gate();
  const origin = await OriginServer.open(t, {
    '/mine': async (request, response) => {
      await gate.passed;
      give(`for ${request.fields.authorization ?? 'anybody'}`, FRESH)(request, response);
    },
    '/ours': give('for all', { 'Cache-Control': 'public, max-age=60' }),
  });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const as = (name: string) => ask(edge.url, '/mine', { fields: { Authorization: name } });
  const anna = as('anna');
  await until(() => origin.count('/mine') === 1, 'anna’s request');
  const others = [as('berta'), ask(edge.url, '/mine'), ask(edge.url, '/mine')];
  await until(() => edge.machine.waiting === 4, 'all to wait');
  gate.open();
  const answers = await Promise.all([anna, ...others]);
  t.deepEqual(answers.map(textOf), ['for anna', 'for berta', 'for anybody', 'for anybody']);
  t.is(textOf(await ask(edge.url, '/ours', { fields: { Authorization: 'anna' } })), 'for all');
  t.regex(statusOf(await ask(edge.url, '/ours')), /hit/);
  t.is(origin.count('/ours'), 1);
});

test('Vary: * is never shared, and encoded bodies pass byte for byte', async (t) => {
  const zipped = gzipSync('text '.repeat(1000));
  const encoded = { ...FRESH, Vary: 'Accept-Encoding' };
  const origin = await OriginServer.open(t, {
    '/star': giveNumbered({ ...FRESH, Vary: '*' }),
    '/zip': (request, response) =>
      request.fields['accept-encoding'] === 'gzip'
        ? give(zipped, { ...encoded, 'Content-Encoding': 'gzip' })(request, response)
        : give('plain', encoded)(request, response),
  });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  t.deepEqual([textOf(await ask(edge.url, '/star')), textOf(await ask(edge.url, '/star'))], ['answer 1', 'answer 2']);
  for (let turn = 0; turn < 2; turn++) {
    const answer = await ask(edge.url, '/zip', { fields: { 'Accept-Encoding': 'gzip' } });
    t.is(answer.fields['content-encoding'], 'gzip');
    t.true(answer.body.equals(zipped));
    t.is(textOf(await ask(edge.url, '/zip')), 'plain');
  }
  t.is(origin.count('/zip'), 2);
});

test('one error from above answers everybody who waits for it, and is not kept', async (t) => {
  const gate = new Gate();
  const broken: Behaviour = async (request, response) => {
    await gate.passed;
    give('broken', {}, 503)(request, response);
  };
  const origin = await OriginServer.open(t, { '/page': inTurn(broken, give('mended', FRESH)) });
  const edge = await openEdge(t, { upstreams: [origin.url] });
  const asking = Array.from({ length: 10 }, () => ask(edge.url, '/page'));
  await until(() => edge.machine.waiting === 10, 'ten to wait');
  gate.open();
  for (const answer of await Promise.all(asking)) t.is(answer.status, 503);
  t.is(origin.count('/page'), 1);
  t.is(textOf(await ask(edge.url, '/page')), 'mended');
});

test('what is stored stays within its bound: the least recently used goes first', async (t) => {
  const body = (target: string) => Buffer.alloc(64 * 1024, target);
  const origin = await OriginServer.open(t, (request, response) =>
    give(body(request.target), FRESH)(request, response),
  );
  const edge = await openEdge(t, { upstreams: [origin.url], policy: { memoryBytes: 2 ** 20 } });
  await ask(edge.url, '/0');
  for (let number = 1; number < 40; number++) {
    await ask(edge.url, `/${number}`);
    t.regex(statusOf(await ask(edge.url, '/0')), /hit/, 'in use all the time');
    t.true(edge.machine.storedBytes + edge.machine.arrivingBytes <= 2 ** 20);
  }
  const { storedBytes, storedObjects, evicted, stored } = await stateOf(edge);
  t.true(storedBytes! >= 0.9 * 2 ** 20, 'and what there is room for is kept');
  t.is(stored! - evicted!, storedObjects!);
  t.regex(statusOf(await ask(edge.url, '/39')), /hit/);
  const evictedAnswer = await ask(edge.url, '/1');
  t.regex(statusOf(evictedAnswer), /miss/);
  t.true(evictedAnswer.body.equals(body('/1')));
});
