import type { OutgoingHttpHeaders } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { ask, openEdge, stateOf, until, type Answer } from '../../test/support/edge-process.ts';
import {
  bytesOf,
  Gate,
  give,
  giveInHalves,
  giveNumbered,
  inTurn,
  OriginServer,
  type Behaviour,
} from '../../test/support/origin-server.ts';

const FRESH = { 'Cache-Control': 'max-age=60' };
/** What is stale a millisecond after it came, in the words of our own tiers. */
const STALE_SOON = 'max-age=0, undercard-ttl-ms=1';
const MODIFIED = 'Sun, 22 Nov 2026 10:00:00 GMT';

const text = ({ body }: Answer) => body.toString();
const cacheStatus = ({ fields }: Answer) => String(fields['cache-status']);

/** An edge above an origin that behaves so. */
async function edgeAbove(
  t: ExecutionContext,
  behave: Record<string, Behaviour> | Behaviour,
  config: Partial<Parameters<typeof openEdge>[1]> = {},
) {
  const origin = await OriginServer.open(t, behave);
  const edge = await openEdge(t, { upstreams: [origin.url], ...config });
  return {
    origin,
    edge,
    get: (target: string, fields: OutgoingHttpHeaders = {}) => ask(edge.url, target, { fields }),
    send: (method: string, target: string, fields: OutgoingHttpHeaders = {}, body?: string) =>
      ask(edge.url, target, { method, fields, ...(body === undefined ? {} : { body }) }),
  };
}

/** Asks until the condition holds, for what only a millisecond has to pass. */
async function askUntil(get: () => Promise<Answer>, holds: (answer: Answer) => boolean): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (;;) {
    const answer = await get();
    answers.push(answer);
    if (holds(answer)) return answers;
  }
}

test('a miss is stored, what comes after it is a hit, and both say so', async (t) => {
  const { origin, get } = await edgeAbove(t, give('hello', { ...FRESH, 'X-Own': 'kept' }));
  const miss = await get('/a');
  const hit = await get('/a');
  t.is(cacheStatus(miss), 'edge-1;fwd=uri-miss;fwd-status=200;stored');
  t.regex(cacheStatus(hit), /^edge-1;hit;ttl=(?:60|59|58)$/);
  for (const answer of [miss, hit]) {
    t.is(text(answer), 'hello');
    t.is(answer.fields['x-own'], 'kept');
    t.is(answer.fields['content-length'], '5');
  }
  t.is(origin.count('/a'), 1);
});

test('Age counts from the origin on, and eats into the lifetime', async (t) => {
  const { get } = await edgeAbove(t, give('x', { ...FRESH, Age: '40' }));
  await get('/a');
  const hit = await get('/a');
  const ageSeconds = Number(hit.fields.age);
  t.true(ageSeconds >= 40 && ageSeconds < 60);
  t.true(Number(/ttl=(\d+)/.exec(cacheStatus(hit))?.[1]) <= 20);
});

test('a body without a length goes through chunked, and is a hit with its length', async (t) => {
  const half = new Gate();
  half.open();
  const { get } = await edgeAbove(t, giveInHalves(Buffer.from('in halves'), half));
  t.is(text(await get('/a')), 'in halves');
  const hit = await get('/a');
  t.is(text(hit), 'in halves');
  t.is(hit.fields['content-length'], '9');
});

test('conditions are answered at the edge: 304 without body and length, 200 where they do not hold', async (t) => {
  const { origin, get } = await edgeAbove(t, give('hello', { ...FRESH, ETag: '"v1"', 'Last-Modified': MODIFIED }));
  // The first is answered from a fill in progress, the second from storage.
  for (const answer of [await get('/a', { 'If-None-Match': 'W/"v1"' }), await get('/a', { 'If-None-Match': '*' })]) {
    t.is(answer.status, 304);
    t.is(answer.body.length, 0);
    t.is(answer.fields['content-length'], undefined);
    t.is(answer.fields.etag, '"v1"');
  }
  t.is((await get('/a', { 'If-Modified-Since': MODIFIED })).status, 304);
  t.is((await get('/a', { 'If-None-Match': '"v2"', 'If-Modified-Since': MODIFIED })).status, 200);
  t.is(origin.count('/a'), 1);
  t.false('if-none-match' in origin.seen[0]!.fields, 'a fill is asked for whole');
});

test('ranges are cut from what is stored', async (t) => {
  const body = bytesOf(300_000);
  const { origin, get } = await edgeAbove(t, give(body, { ...FRESH, ETag: '"v1"' }));
  await get('/a');
  const part = await get('/a', { Range: 'bytes=100-199999' });
  t.is(part.status, 206);
  t.is(part.fields['content-range'], 'bytes 100-199999/300000');
  t.true(part.body.equals(body.subarray(100, 200_000)));
  t.true((await get('/a', { Range: 'bytes=-10' })).body.equals(body.subarray(-10)));
  const beyond = await get('/a', { Range: 'bytes=300000-' });
  t.is(beyond.status, 416);
  t.is(beyond.fields['content-range'], 'bytes */300000');
  t.is((await get('/a', { Range: 'bytes=0-1', 'If-Range': '"v2"' })).status, 200);
  t.is((await get('/a', { Range: 'bytes=0-1', 'If-Range': '"v1"' })).status, 206);
  t.is((await get('/a', { Range: 'bytes=0-1,5-6' })).status, 200);
  t.is(origin.count('/a'), 1);
});

test('a range is answered while the body is still arriving', async (t) => {
  const body = bytesOf(100_000);
  const rest = new Gate();
  const { origin, edge, get } = await edgeAbove(t, giveInHalves(body, rest, { 'Content-Length': body.length }));
  const all = get('/a');
  const early = await get('/a', { Range: 'bytes=1000-1999' });
  t.is(early.status, 206);
  t.true(early.body.equals(body.subarray(1000, 2000)));
  const late = get('/a', { Range: 'bytes=40000-60000' });
  await until(() => edge.machine.stats.collapsed === 2, 'both ranges to be read from the fill');
  rest.open();
  t.true((await late).body.equals(body.subarray(40_000, 60_001)));
  t.true((await all).body.equals(body));
  t.is(origin.count('/a'), 1);
});

test('HEAD is GET without its body, from storage or not, and knows no ranges', async (t) => {
  const { origin, get, send } = await edgeAbove(t, give('hello', FRESH));
  for (const fields of [{}, {}, { Range: 'bytes=0-1' }]) {
    const head = await send('HEAD', '/a', fields);
    t.is(head.status, 200);
    t.is(head.fields['content-length'], '5');
    t.is(head.body.length, 0);
  }
  t.is(text(await get('/a')), 'hello');
  t.is(origin.count('/a'), 1);
});

test('a 204 carries neither body nor Content-Length, from above or from storage', async (t) => {
  const empty =
    (fields: OutgoingHttpHeaders): Behaviour =>
    (_request, response) =>
      response.writeHead(204, fields).end();
  const { origin, get } = await edgeAbove(t, {
    '/kept': empty(FRESH),
    '/passed': empty({ 'Cache-Control': 'no-store' }),
  });
  for (const target of ['/kept', '/kept', '/passed', '/passed']) {
    const answer = await get(target);
    t.is(answer.status, 204);
    t.is(answer.fields['content-length'], undefined);
  }
  t.deepEqual([origin.count('/kept'), origin.count('/passed')], [1, 2]);
});

test('no-store is not stored, and once that is known each request keeps its own conditions', async (t) => {
  const { origin, edge, get } = await edgeAbove(t, (request, response) =>
    request.fields['if-none-match'] === '"own"'
      ? response.writeHead(304, { ETag: '"own"' }).end()
      : give('private', { 'Cache-Control': 'no-store', ETag: '"own"' })(request, response),
  );
  t.is(text(await get('/a')), 'private');
  const passed = await get('/a');
  t.is(cacheStatus(passed), 'edge-1;fwd=uri-miss;fwd-status=200');
  const notModified = await get('/a', { 'If-None-Match': '"own"' });
  t.is(notModified.status, 304);
  t.is(notModified.fields['content-length'], undefined);
  t.is(origin.count('/a'), 3);
  t.is(edge.machine.storedCount, 0);
});

test('many who wait for what turns out private are answered one by one, all at the same time', async (t) => {
  const released = new Gate();
  let number = 0;
  const { origin, edge, get } = await edgeAbove(t, async (request, response) => {
    // The first is held until all wait; those after it until they have all come.
    if (++number === 1) await released.passed;
    else await until(() => origin.count('/a') === 10, 'the others to be asked for side by side');
    give(`for ${request.fields.cookie}`, { 'Cache-Control': 'private' })(request, response);
  });
  const answers = Array.from({ length: 10 }, (_, id) => get('/a', { Cookie: `id=${id}` }));
  await until(() => edge.machine.waiting === 10, 'ten requests that wait');
  released.open();
  t.deepEqual(
    (await Promise.all(answers)).map(text),
    answers.map((_, id) => `for id=${id}`),
  );
});

const inTheirLanguage: Behaviour = (request, response) =>
  give(`in ${request.fields['accept-language'] ?? 'none'}`, { ...FRESH, Vary: 'Accept-Language' })(request, response);

test('Vary: each variant has its own copy, white space makes no other', async (t) => {
  const { origin, get } = await edgeAbove(t, inTheirLanguage);
  for (let round = 0; round < 2; round++) {
    t.is(text(await get('/a', { 'Accept-Language': 'de,en' })), 'in de,en');
    t.is(text(await get('/a', { 'Accept-Language': 'de, en' })), 'in de,en');
    t.is(text(await get('/a', { 'Accept-Language': 'fr' })), 'in fr');
    t.is(text(await get('/a')), 'in none');
  }
  t.is(origin.count('/a'), 3);
});

test('Vary found out while several wait: each gets its own language', async (t) => {
  const released = new Gate();
  const { origin, edge, get } = await edgeAbove(t, async (request, response) => {
    await released.passed;
    inTheirLanguage(request, response);
  });
  const languages = ['de', 'fr', 'de', 'fr', 'it'];
  const answers = languages.map((language) => get('/a', { 'Accept-Language': language }));
  await until(() => edge.machine.waiting === languages.length, 'all to wait');
  released.open();
  t.deepEqual(
    (await Promise.all(answers)).map(text),
    languages.map((language) => `in ${language}`),
  );
  t.is(origin.count('/a'), 3);
});

test('stale-while-revalidate: the stale answer at once, the refresh behind it, for the same variant', async (t) => {
  const released = new Gate();
  const stale = { 'CDN-Cache-Control': `${STALE_SOON}, stale-while-revalidate=60`, Vary: 'Accept-Language' };
  const { origin, get } = await edgeAbove(
    t,
    inTurn(give('old', stale), async (request, response) => {
      await released.passed;
      inTheirLanguage(request, response);
    }),
  );
  const getGerman = () => get('/a', { 'Accept-Language': 'de' });
  await getGerman();
  const old = await askUntil(getGerman, () => origin.count('/a') === 2);
  for (const answer of old) t.is(text(answer), 'old');
  t.regex(cacheStatus(old.at(-1)!), /hit;ttl=-1$/);
  released.open();
  const [refreshed] = (await askUntil(getGerman, (answer) => text(answer) !== 'old')).slice(-1);
  t.is(text(refreshed!), 'in de');
  t.is(origin.count('/a'), 2);
});

const failures: [title: string, behaviour: Behaviour][] = [
  ['an error', give('broken', {}, 500)],
  ['a connection that is cut', (_request, response) => void response.socket!.destroy()],
];
for (const [title, failure] of failures) {
  test(`stale-if-error: what was right a while ago instead of ${title}`, async (t) => {
    const stale = { 'CDN-Cache-Control': `${STALE_SOON}, stale-if-error=60` };
    const { get } = await edgeAbove(t, inTurn(give('old', stale), failure));
    await get('/a');
    const answers = await askUntil(
      () => get('/a'),
      (answer) => cacheStatus(answer).endsWith('detail=stale-if-error'),
    );
    for (const answer of answers) t.is(text(answer), 'old');
  });
}

test('an error is told where must-revalidate forbids a stale answer', async (t) => {
  const strict = { 'CDN-Cache-Control': `${STALE_SOON}, stale-if-error=60, must-revalidate` };
  const { get } = await edgeAbove(t, inTurn(give('old', strict), give('broken', {}, 500)));
  await get('/a');
  const answers = await askUntil(
    () => get('/a'),
    (answer) => answer.status === 500,
  );
  t.is(text(answers.at(-1)!), 'broken');
});

test('a stale answer is asked about with its validators; a 304 makes it fresh, with the new fields', async (t) => {
  const confirm: Behaviour = (request, response) => {
    t.is(request.fields['if-none-match'], '"v1"');
    t.is(request.fields['if-modified-since'], MODIFIED);
    response.writeHead(304, { 'CDN-Cache-Control': 'max-age=60', ETag: '"v1"', 'X-Round': '2' }).end();
  };
  const first = {
    'CDN-Cache-Control': STALE_SOON,
    ETag: '"v1"',
    'Last-Modified': MODIFIED,
    'X-Round': '1',
    'X-Own': 'kept',
  };
  const { origin, get } = await edgeAbove(t, inTurn(give('body', first), confirm));
  await get('/a');
  const [confirmed] = (
    await askUntil(
      () => get('/a'),
      () => origin.count('/a') === 2,
    )
  ).slice(-1);
  t.regex(cacheStatus(confirmed!), /fwd=stale;fwd-status=304/);
  const hit = await get('/a');
  t.regex(cacheStatus(hit), /hit;ttl=(?:60|59|58)$/);
  for (const answer of [confirmed!, hit]) {
    t.is(text(answer), 'body');
    t.is(answer.fields['x-round'], '2');
    t.is(answer.fields['x-own'], 'kept');
  }
});

test('POST passes by, and what it changed is asked for again, in all its variants', async (t) => {
  let version = 1;
  const { get, send } = await edgeAbove(t, (request, response) => {
    if (request.method === 'GET') return give(`version ${version}`, { ...FRESH, Vary: 'X-Kind' })(request, response);
    const status = request.target === '/refused' ? 403 : 201;
    if (status === 201) version++;
    return give(`took ${request.body.toString()}`, {}, status)(request, response);
  });
  for (const kind of ['a', 'b']) t.is(text(await get('/it', { 'X-Kind': kind })), 'version 1');
  const posted = await send('POST', '/it', { 'Content-Length': 4 }, 'news');
  t.deepEqual([posted.status, text(posted)], [201, 'took news']);
  for (const kind of ['a', 'b']) t.is(text(await get('/it', { 'X-Kind': kind })), 'version 2');
  await get('/refused');
  version = 3;
  t.is((await send('POST', '/refused')).status, 403);
  t.is(text(await get('/refused')), 'version 2', 'what was refused has changed nothing');
  t.is((await send('DELETE', '/refused')).status, 403);
});

test('CMCD is in neither the key nor the upstream’s URL and fields', async (t) => {
  const { origin, get } = await edgeAbove(t, give('segment', FRESH));
  for (const query of ['CMCD=br%3D3200&q=1', 'q=1&CMCD=br%3D800', 'q=1'])
    t.is((await get(`/s?${query}`, { 'CMCD-Session': 'sid="x"' })).status, 200);
  t.deepEqual(
    origin.seen.map(({ target }) => target),
    ['/s?q=1'],
  );
  t.false('cmcd-session' in origin.seen[0]!.fields);
});

test('CDN-Loop: the own name is appended for above, and refused when it comes back', async (t) => {
  const { origin, get } = await edgeAbove(t, give('x', FRESH));
  await get('/a', { 'CDN-Loop': 'other; v=1' });
  t.is(origin.seen[0]!.fields['cdn-loop'], 'other; v=1, edge-1');
  t.is((await get('/b', { 'CDN-Loop': 'other, edge-1; v=2' })).status, 508);
  t.is(origin.count('/b'), 0);
});

test('between our tiers lifetimes are told to the millisecond; no viewer hears of them', async (t) => {
  const { get } = await edgeAbove(t, give('x', { 'CDN-Cache-Control': 'max-age=9, undercard-ttl-ms=9500' }), {
    tiers: ['edge-2'],
  });
  for (let round = 0; round < 2; round++) {
    t.is((await get('/a')).fields['cdn-cache-control'], undefined);
    const told = String((await get('/a', { 'CDN-Loop': 'edge-2' })).fields['cdn-cache-control']);
    const ttlMs = Number(/undercard-ttl-ms=(\d+)/.exec(told)?.[1]);
    t.true(ttlMs > 0 && ttlMs <= 9500, told);
  }
});

test('only-if-cached waits for nothing', async (t) => {
  const { origin, get } = await edgeAbove(t, give('x', FRESH));
  t.is((await get('/a', { 'Cache-Control': 'only-if-cached' })).status, 504);
  await get('/a');
  t.is((await get('/a', { 'Cache-Control': 'only-if-cached' })).status, 200);
  t.is(origin.count('/a'), 1);
});

test('a purge forgets what lies under its path', async (t) => {
  const { edge, get } = await edgeAbove(t, giveNumbered(FRESH));
  for (const target of ['/a/1', '/a/2', '/b']) await get(target);
  const purged = await ask(edge.admin, '/purge?path=/a/', { method: 'POST' });
  t.deepEqual(JSON.parse(text(purged)), { purged: 2 });
  t.is(text(await get('/a/1')), 'answer 4');
  t.is(text(await get('/b')), 'answer 3');
});

test('hop-by-hop fields stop at the edge, both ways', async (t) => {
  const hop = { Connection: 'X-Hop', 'X-Hop': '1', 'Keep-Alive': 'timeout=9', 'X-End': '2' };
  const { origin, get } = await edgeAbove(t, give('x', { ...FRESH, ...hop }));
  const { fields } = await get('/a', { Connection: 'X-Mine', 'X-Mine': '1', 'X-Yours': '2' });
  t.is(fields['x-hop'], undefined);
  t.is(fields['x-end'], '2');
  t.is(origin.seen[0]!.fields['x-mine'], undefined);
  t.is(origin.seen[0]!.fields['x-yours'], '2');
});

test('every request is counted under what became of it', async (t) => {
  const { edge, get } = await edgeAbove(t, give('x', FRESH));
  for (const target of ['/a', '/a', '/b']) await get(target);
  const { requests, misses, hits, fills, storedObjects, refusals } = await stateOf(edge);
  t.deepEqual(
    { requests, misses, hits, fills, storedObjects },
    { requests: 3, misses: 2, hits: 1, fills: 2, storedObjects: 2 },
  );
  t.deepEqual(refusals, {});
});
