import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import pino from 'pino';
import { ask } from '../steering.fixture.ts';
import { openCdnSteering, TestCdn, until } from './cdn-steering.fixture.ts';

const sessions = (count: number) => Array.from({ length: count }, (_, at) => `viewer-${at}`);

test('sessions are shared by weight, keep their CDN, and are told of all of them', async (t) => {
  const [a, b, c] = [await TestCdn.open(t), await TestCdn.open(t), await TestCdn.open(t)];
  const cdns = [
    { id: 'a', baseUrl: a.url, weight: 5 },
    { id: 'b', baseUrl: b.url, weight: 3 },
    { id: 'c', baseUrl: c.url, weight: 2 },
  ];
  // Time stands still: however long this takes, no session is forgotten.
  const steering = await openCdnSteering(t, { cdns }, { nowMs: () => 0 });
  const counts: Record<string, number> = {};
  const firsts = new Map<string, string>();
  for (const session of sessions(200)) {
    const order = await steering.order(session);
    t.deepEqual([...order].sort(), ['a', 'b', 'c']);
    firsts.set(session, order[0]!);
    counts[order[0]!] = (counts[order[0]!] ?? 0) + 1;
  }
  // Five deviations of a share of a half are 35.
  t.true(
    Math.abs(counts.a! - 100) <= 35 && Math.abs(counts.b! - 60) <= 32 && Math.abs(counts.c! - 40) <= 28,
    JSON.stringify(counts),
  );
  for (const [session, first] of firsts) t.is((await steering.order(session))[0], first);
  const { cdns: states, sessions: counted } = await steering.state();
  t.is(counted, 200);
  t.is(
    states.reduce((sum, { bps }) => sum + bps, 0),
    200 * 5e6,
  );
});

test('a CDN that stops answering gets no sessions, and gets them back when it answers again', async (t) => {
  const [a, b] = [await TestCdn.open(t), await TestCdn.open(t)];
  const steering = await openCdnSteering(t, { cdns: [a, b].map((cdn, at) => ({ id: 'ab'[at]!, baseUrl: cdn.url })) });
  const ofA: string[] = [];
  for (const session of sessions(20)) if ((await steering.order(session))[0] === 'a') ofA.push(session);
  t.true(ofA.length > 2);
  await a.stop();
  await until(async () => (await steering.state()).cdns[0]!.standing === 'down', 'a to be down');
  for (const session of sessions(20)) t.deepEqual(await steering.order(session), ['b', 'a']);
  await a.start();
  await until(async () => (await steering.state()).cdns[0]!.standing === 'up', 'a to be up again');
  for (const session of ofA) t.is((await steering.order(session))[0], 'a');
});

test('a CDN whose probe path fails is down although it answers', async (t) => {
  let status = 200;
  const a = await TestCdn.open(t, { '/probe': (_, response) => void response.writeHead(status).end() });
  const b = await TestCdn.open(t);
  const steering = await openCdnSteering(t, {
    cdns: [
      { id: 'a', baseUrl: a.url, probe: '/probe' },
      { id: 'b', baseUrl: b.url },
    ],
  });
  await until(async () => (await steering.state()).cdns.every(({ standing }) => standing === 'up'), 'both to be up');
  status = 403;
  await until(async () => (await steering.state()).cdns[0]!.standing === 'down', 'a to be down');
  t.is((await steering.state()).cdns[1]!.standing, 'up', '404 at / is an answer');
});

test('why a CDN is down is in the log and in /state', async (t) => {
  const a = await TestCdn.open(t, (_, response) => void response.writeHead(503).end());
  const [b, c] = [await TestCdn.open(t), await TestCdn.open(t)];
  await b.stop();
  const lines: { cdn?: string; standing?: string; failure?: string }[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as object) });
  const steering = await openCdnSteering(
    t,
    { cdns: [a, b, c].map((cdn, at) => ({ id: 'abc'[at]!, baseUrl: cdn.url })) },
    { log },
  );
  await until(async () => {
    const { cdns } = await steering.state();
    return cdns.map(({ standing }) => standing).join() === 'down,down,up';
  }, 'two to be down');
  const { cdns } = await steering.state();
  t.deepEqual(
    cdns.map(({ probeFailure }) => probeFailure),
    ['status 503', 'ECONNREFUSED', null],
  );
  const toldOf = (id: string) => lines.find(({ cdn, standing }) => cdn === id && standing === 'down')?.failure;
  await until(() => Promise.resolve(toldOf('a') !== undefined && toldOf('b') !== undefined), 'the log to tell');
  t.is(toldOf('a'), 'status 503');
  t.is(toldOf('b'), 'ECONNREFUSED');
});

const MAIN = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nv1/index.m3u8\n';

test('a playlist is handed on by URL: pathways in the session’s order, steering that agrees, CORS', async (t) => {
  const [a, b] = [await TestCdn.open(t, { '/live/x/main.m3u8': MAIN }), await TestCdn.open(t)];
  const steering = await openCdnSteering(t, { cdns: [a, b].map((cdn, at) => ({ id: 'ab'[at]!, baseUrl: cdn.url })) });
  const { status, headers, body } = await steering.get(
    `/v1/manifest?url=${encodeURIComponent(`${a.url}/live/x/main.m3u8`)}`,
  );
  t.is(status, 200);
  t.is(headers['content-type'], 'application/vnd.apple.mpegurl');
  t.is(headers['access-control-allow-origin'], '*');
  t.is(headers['cache-control'], 'no-store');
  const [, uri, first] = /SERVER-URI="([^"]+)",PATHWAY-ID="(.)"/.exec(body)!;
  t.true(uri!.startsWith(`${steering.url}/v1/steer/hls?session=`));
  const answer = JSON.parse((await ask(uri!)).body) as { 'PATHWAY-PRIORITY': string[]; TTL: number; VERSION: number };
  t.is(answer['PATHWAY-PRIORITY'][0], first);
  t.is(answer['PATHWAY-PRIORITY'].length, 2);
  t.is(answer.VERSION, 1);
  const urls = body.split('\n').filter((line) => line.startsWith('http'));
  t.deepEqual([...new Set(urls)].sort(), [a, b].map(({ url }) => `${url}/live/x/v1/index.m3u8`).sort());
  t.is((await ask(`${steering.url}/v1/manifest?url=x`, { method: 'OPTIONS' })).status, 204);
  const head = await ask(`${steering.url}/v1/manifest?url=${encodeURIComponent(`${a.url}/live/x/main.m3u8`)}`, {
    method: 'HEAD',
  });
  t.is(head.status, 200);
  t.is(head.body, '');
});

test('manifests that the file names have short names, and a client’s parameters go on', async (t) => {
  const mpd = '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic"><Period/></MPD>';
  const origin = await TestCdn.open(t, { '/live/x/main.m3u8': MAIN, '/live/x/main.mpd': mpd });
  const [a, b] = [await TestCdn.open(t), await TestCdn.open(t)];
  const steering = await openCdnSteering(t, {
    cdns: [a, b].map((cdn, at) => ({ id: 'ab'[at]!, baseUrl: `${cdn.url}/of/us` })),
    sources: [origin.url],
    manifests: [
      { name: 'show', url: `${origin.url}/live/x/main.m3u8` },
      { name: 'dash', url: `${origin.url}/live/x/main.mpd` },
    ],
    clientParameters: ['token'],
  });
  const { body } = await steering.get('/play/show.m3u8?token=a%22%0d%0ab&other=1&session=me');
  t.true(body.includes(`\n${a.url}/of/us/live/x/v1/index.m3u8?token=a%22%0D%0Ab\n`), body);
  t.false(body.includes('other'));
  t.regex(body, /SERVER-URI="[^"]*\?session=me&pathways=[ab],[ab]"/);
  t.is((await steering.get('/play/show.mpd')).status, 404);
  t.is((await steering.get('/play/none.m3u8')).status, 404);

  const first = await steering.get('/play/dash.mpd?session=me&token=7');
  t.is(first.headers['content-type'], 'application/dash+xml');
  const places = [...first.body.matchAll(/serviceLocation="(.)"/g)].map(([, id]) => id!);
  t.deepEqual([...places].sort(), ['a', 'b']);
  const location = /<Location>([^<]+)<\/Location>/.exec(first.body)![1]!.replaceAll('&amp;', '&');
  t.is(location, `${steering.url}/play/dash.mpd?session=me&pathways=${places.join(',')}&token=7`);
  // Whatever has become of the order since: an update keeps that of the player.
  const turned = location.replace(/pathways=(.),(.)/, 'pathways=$2,$1');
  const update = await ask(turned);
  t.deepEqual(
    [...update.body.matchAll(/serviceLocation="(.)"/g)].map(([, id]) => id),
    places.toReversed(),
  );
  const steer = /queryBeforeStart="false">([^<]+)</.exec(first.body)![1]!.replaceAll('&amp;', '&');
  t.true(steer.startsWith(`${steering.url}/v1/steer/dash?session=me`));
  t.is(JSON.parse((await ask(steer)).body)['PATHWAY-PRIORITY'].length, 2);
});

test('nothing but hosts of the file is fetched, and no redirect is followed', async (t) => {
  const victim = await TestCdn.open(t, () => {});
  const bait = `${victim.url}/live/x/main.m3u8`;
  const a = await TestCdn.open(t, {
    '/moved.m3u8': (_, response) => response.writeHead(302, { Location: bait }).end(),
    '/huge.m3u8': (_, response) => response.end(`#EXTM3U\n${'#\n'.repeat(1_000_000)}`),
    '/coded.m3u8': (_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(MAIN),
    '/page.m3u8': 'hello',
    '/broken.m3u8': (_, response) => response.writeHead(500).end(),
  });
  const b = await TestCdn.open(t, (_, response) => response.writeHead(500).end());
  const steering = await openCdnSteering(t, { cdns: [a, b].map((cdn, at) => ({ id: 'ab'[at]!, baseUrl: cdn.url })) });
  const port = new URL(a.url).port;
  const status = async (url: string) => (await steering.get(`/v1/manifest?url=${encodeURIComponent(url)}`)).status;
  for (const url of [
    bait,
    `${a.url}@${victim.host}:${new URL(victim.url).port}/live/x/main.m3u8`,
    a.url.replace('http://', 'http://user:pw@'),
    a.url.replace('http:', 'https:'),
    `http://${a.host}/x.m3u8`,
    `http://${a.host}:${Number(port) + 1}/x.m3u8`,
    'http://169.254.169.254/latest/meta-data/',
    'http://localhost/x.m3u8',
    'http://[::1]/x.m3u8',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
  ]) {
    t.is(await status(url), 403, url);
  }
  for (const url of ['', 'x', '//', `${a.url}/${'x'.repeat(3000)}`]) t.is(await status(url), 400, url);
  for (const path of ['/moved.m3u8', '/huge.m3u8', '/coded.m3u8', '/page.m3u8', '/broken.m3u8']) {
    t.is(await status(a.url + path), 502, path);
  }
  t.is(await status(`${a.url}/none.m3u8`), 404);
  t.deepEqual(victim.seen, []);
  // What is refused says what would not be.
  const reason = async (url: string) => {
    const { body } = await steering.get(`/v1/manifest?url=${encodeURIComponent(url)}`);
    return (JSON.parse(body) as { error: string }).error;
  };
  t.regex(await reason(`${a.host}:${port}/x.m3u8`), /^url: must begin with http:\/\/ or https:\/\/$/);
  t.regex(await reason('cdn.example:8080/x.m3u8'), /^url: must begin with http/);
  t.regex(await reason(`${a.url}/${'x'.repeat(3000)}`), /^url: is longer than 2048 characters$/);
  t.regex(await reason(a.url.replace('http://', 'http://user:pw@')), /^url: may hold no user name or password$/);
  t.regex(await reason(`http://${a.host}/x.m3u8`), /^url: http:\/\/127\S+ is no CDN or source .*scheme, host and port/);
});

test('a manifest outside the path of a CDN’s base is refused as that', async (t) => {
  const a = await TestCdn.open(t, { '/of/us/main.m3u8': MAIN, '/of/them/main.m3u8': MAIN });
  const steering = await openCdnSteering(t, { cdns: [{ id: 'a', baseUrl: `${a.url}/of/us` }] });
  const url = (path: string) => `/v1/manifest?url=${encodeURIComponent(a.url + path)}`;
  t.is((await steering.get(url('/of/us/main.m3u8'))).status, 200);
  const { status, body } = await steering.get(url('/of/them/main.m3u8'));
  t.is(status, 403);
  const { error } = JSON.parse(body) as { error: string };
  t.is(error, `url: ${a.url} is in the file, but with a path that /of/them/main.m3u8 is not below`);
  t.is(a.count('/of/them/main.m3u8'), 0);
});

test('however many ask, a manifest is fetched once; while nobody answers the last one serves', async (t) => {
  let hold: (() => void) | null = null;
  const a = await TestCdn.open(t, {
    '/main.m3u8': (_, response) => {
      hold = () => response.end(MAIN);
    },
  });
  const b = await TestCdn.open(t, (_, response) => response.writeHead(503).end());
  let nowMs = 0;
  const cdns = [a, b].map((cdn, at) => ({ id: 'ab'[at]!, baseUrl: cdn.url }));
  const steering = await openCdnSteering(t, { cdns }, { nowMs: () => nowMs });
  const path = `/v1/manifest?url=${encodeURIComponent(`${a.url}/main.m3u8`)}`;
  const asked = Promise.all(Array.from({ length: 30 }, () => steering.get(path)));
  await until(async () => hold !== null, 'the fetch to arrive');
  hold!();
  t.true((await asked).every(({ status }) => status === 200));
  t.is(a.count('/main.m3u8'), 1);
  await a.stop();
  nowMs += 60_000;
  t.is((await steering.get(path)).status, 200, 'stale is better than nothing');
  t.is((await steering.get(path)).status, 200);
});

test('a manifest at a CDN that is down is had from another', async (t) => {
  const a = await TestCdn.open(t, { '/main.m3u8': MAIN });
  const b = await TestCdn.open(t, { '/main.m3u8': MAIN });
  const steering = await openCdnSteering(t, { cdns: [a, b].map((cdn, at) => ({ id: 'ab'[at]!, baseUrl: cdn.url })) });
  await a.stop();
  const { status, body } = await steering.get(`/v1/manifest?url=${encodeURIComponent(`${a.url}/main.m3u8`)}`);
  t.is(status, 200);
  t.true(body.includes(`${a.url}/v1/index.m3u8`) && body.includes(`${b.url}/v1/index.m3u8`));
  t.is(b.count('/main.m3u8'), 1);
});

test('/r/ leads to the session’s CDN, with the query but for the session, and nowhere else', async (t) => {
  const [a, b] = [await TestCdn.open(t), await TestCdn.open(t)];
  const steering = await openCdnSteering(t, {
    cdns: [a, b].map((cdn, at) => ({ id: 'ab'[at]!, baseUrl: `${cdn.url}/of/us` })),
  });
  const urls: Record<string, string> = { a: a.url, b: b.url };
  for (const session of sessions(10)) {
    const [first] = await steering.order(session);
    const { status, headers, body } = await steering.get(`/r/vod/a%20film/main.m3u8?session=${session}&t=a%2Fb`);
    t.is(status, 302);
    t.is(headers.location, `${urls[first!]}/of/us/vod/a%20film/main.m3u8?t=a%2Fb`);
    t.is(headers['cache-control'], 'no-store');
    t.is(headers['access-control-allow-origin'], '*');
    t.is(body, '');
  }
  t.is((await ask(`${steering.url}/r/x`, { method: 'HEAD' })).status, 302);
  t.is((await ask(`${steering.url}/r/x`, { method: 'POST' })).status, 405);
  for (const path of [
    '/r/',
    '/r/../x',
    '/r/a/../../x',
    '/r/%2e%2e/x',
    '/r/%252e%252e/x',
    '/r//evil.example/',
    '/r/a//b',
    '/r/a%2f%2fb',
    '/r/a%5c..%5cb',
    '/r/\\evil.example',
    '/r/a%0d%0aSet-Cookie:x',
    '/r/..;/x',
    '/r/%c0%ae%c0%ae/x',
    '/r/a%00b',
    '/r/a%zz',
  ]) {
    const { status, headers } = await askRaw(steering.url, path);
    t.is(status, 400, path);
    t.is(headers.location, undefined, path);
  }
});

test('where an address is known to be decides which CDNs serve it', async (t) => {
  const [a, b] = [await TestCdn.open(t), await TestCdn.open(t)];
  const steering = await openCdnSteering(t, {
    cdns: [
      { id: 'a', baseUrl: a.url, maxBps: 1e9, footprint: { countrycode: ['DE'] } },
      { id: 'b', baseUrl: b.url, footprint: { countrycode: ['US'], ipv4cidr: ['192.0.2.0/24'] } },
    ],
  });
  t.deepEqual(await steering.order('x', '&ip=193.99.144.80'), ['a', 'b']);
  t.deepEqual(await steering.order('x', '&ip=8.8.8.8'), ['b', 'a']);
  t.deepEqual(await steering.order('x', '&ip=192.0.2.9'), ['b', 'a']);

  const { body } = await ask(`${steering.admin}/v1/explain?ip=8.8.8.8`);
  const { client, candidates } = JSON.parse(body) as {
    client: { country: string };
    candidates: { id: string; taken: boolean; reasons: string[]; capacityBps: number | null }[];
  };
  t.is(client.country, 'US');
  t.deepEqual(
    candidates.map(({ id, taken }) => ({ id, taken })),
    [
      { id: 'b', taken: true },
      { id: 'a', taken: false },
    ],
  );
  t.is(candidates[1]!.reasons[0], 'outside-footprint');
  t.is(candidates[0]!.capacityBps, null, 'no limit is no number');
  t.is(candidates[1]!.capacityBps, 1e9);
  t.is((await ask(`${steering.admin}/v1/explain?ip=x`)).status, 400);
});

test('the month’s account goes on after a restart, and begins with what the CDN says if that is newer', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const ledgerFile = join(folder, 'ledger.json');
  const [a, b] = [await TestCdn.open(t), await TestCdn.open(t)];
  const file = { cdns: [a, b].map((cdn, at) => ({ id: 'ab'[at]!, baseUrl: cdn.url, weight: at })) };
  // Far from the end of a month, whenever this runs.
  const now = new Date();
  const wallMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 15);
  const clock = { wallMs: () => wallMs, nowMs: () => performance.now() };
  const first = await openCdnSteering(t, file, { ledgerFile, ...clock });
  await first.order('somebody');
  t.false(existsSync(ledgerFile));
  await until(async () => (await first.state()).cdns[1]!.bps === 5e6, 'the session to count');
  await first.close();
  const saved = JSON.parse(await readFile(ledgerFile, 'utf8')) as { cdns: Record<string, { bytes: number }> };
  t.is(saved.cdns.a!.bytes, 0);
  t.true(saved.cdns.b!.bytes > 0);

  const second = await openCdnSteering(t, file, { ledgerFile, ...clock });
  t.is((await second.state()).cdns[1]!.monthBytes, saved.cdns.b!.bytes);
  await second.close();

  const delivered = { TB: 3, at: new Date(wallMs + 1000).toISOString() };
  const told = { cdns: [file.cdns[0]!, { ...file.cdns[1]!, delivered }] };
  const third = await openCdnSteering(t, told, { ledgerFile, nowMs: clock.nowMs, wallMs: () => wallMs + 2000 });
  t.is((await third.state()).cdns[1]!.monthBytes, 3e12);
  await third.close();

  await writeFile(ledgerFile, 'nonsense');
  const refused = await t.throwsAsync(openCdnSteering(t, file, { ledgerFile }));
  t.regex(refused.message, /^--ledger .*ledger\.json:1: .*; move it away to begin anew$/);
  t.is(await readFile(ledgerFile, 'utf8'), 'nonsense', 'a file that is none of ours is left alone');
});

test('what a player receives by its own account (CMCD) replaces the estimate for its session, and absurd numbers do not', async (t) => {
  const [a, b] = [await TestCdn.open(t), await TestCdn.open(t)];
  const cdns = [a, b].map((cdn, at) => ({ id: 'ab'[at]!, baseUrl: cdn.url }));
  const steering = await openCdnSteering(t, { cdns }, { nowMs: () => 0 });
  await steering.order('me');
  const tell = async (line: string) => {
    const headers = { 'Content-Type': 'application/cmcd' };
    t.is((await ask(`${steering.url}/v1/cmcd`, { method: 'POST', headers, body: line })).status, 204);
    return (await steering.state()).cdns.reduce((sum, { bps }) => sum + bps, 0);
  };
  const event = (rest: string) => `e=rr,rc=200,url="${a.url}/1.m4s",${rest}`;
  t.is(await tell(event('sid="other",ot=v,br=(1500)')), 5e6);
  t.is(await tell(event('sid="me",ot=a,br=(64)')), 5e6);
  t.is(await tell(event('sid="me",ot=v,br=(1000000000)')), 5e6);
  t.is(await tell(event('sid="me",ot=v,br=(1500)')), 1.5e6);
  t.is(await tell(event('sid="me",ot=v,br=3000')), 3e6);
});

test('what cannot be used is one line that says where', async (t) => {
  const message = async (file: object) => (await t.throwsAsync(openCdnSteering(t, file))).message;
  t.regex(
    await message({ cdns: [{ id: 'a', baseUrl: 'http://127.0.0.9:1', wieght: 1 }] }),
    /^--cdns .*cdns\.yaml:\d+: .*did you mean "weight"\?$/,
  );
  t.regex(
    await message({
      cdns: [{ id: 'a', baseUrl: 'http://127.0.0.9:1' }],
      manifests: [{ name: 'x', url: 'http://127.0.0.8:1/x.m3u8' }],
    }),
    /^--cdns .*: manifests: x: http:\/\/127\.0\.0\.8:1\/x\.m3u8 is at no CDN or source of the file; add http:\/\/127\.0\.0\.8:1 to sources$/,
  );
  const delivered = { TB: 1, at: '2999-01-01T00:00:00Z' };
  t.regex(await message({ cdns: [{ id: 'a', baseUrl: 'http://127.0.0.9:1', delivered }] }), /is yet to come/);
  const ledgerFile = '/nonexistent/ledger.json';
  const { message: ofLedger } = await t.throwsAsync(
    openCdnSteering(t, { cdns: [{ id: 'a', baseUrl: 'http://127.0.0.9:1' }] }, { ledgerFile }),
  );
  t.is(ofLedger, `--ledger ${ledgerFile}: nothing can be written in /nonexistent (ENOENT)`);
});

/** As it is written: a URL would be cleaned. */
function askRaw(base: string, path: string) {
  const { hostname, port } = new URL(base);
  return new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
    void import('node:http').then(({ request }) => {
      const asked = request({ host: hostname, port, path, agent: false }, (response) => {
        response.resume();
        resolve({ status: response.statusCode!, headers: response.headers });
      });
      asked.on('error', reject);
      asked.end();
    });
  });
}
