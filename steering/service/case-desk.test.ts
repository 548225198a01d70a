import { connect, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { formatAddress } from '../../runtime/address.ts';
import { HttpFront } from '../../runtime/http-front.ts';
import { CASE_NAMES, CLONE_PATHWAY, DEAD_HOST, DEAD_PATHWAY } from '../policy/players/test-cases.ts';
import { CaseDesk } from './case-desk.ts';
import { SteeringMetrics } from './steering-metrics.ts';
import { ask, GERMAN, openSteering } from './steering.fixture.ts';

const SESSION = `event=demo&session=s1&ip=${GERMAN}`;

async function open(t: ExecutionContext, testCases = true) {
  const steering = await openSteering(t, { testCases });
  await steering.pass(2);
  const steer = (query: string) => ask(`${steering.url}/v1/steer/hls?${SESSION}&${query}`);
  return { ...steering, steer };
}

interface Manifest {
  VERSION: number;
  TTL: number;
  'RELOAD-URI': string;
  'PATHWAY-PRIORITY': string[];
  'PATHWAY-CLONES'?: { 'BASE-ID': string; ID: string; 'URI-REPLACEMENT': { HOST: string } }[];
}

const manifestIn = (body: string) => JSON.parse(body) as Manifest;

/** The bytes that come until the other end closes. */
function askRaw(url: string, path: string): { socket: Socket; text: Promise<string> } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname, () => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`));
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString('latin1')));
  const text = new Promise<string>((resolve) => socket.on('close', () => resolve(received)));
  socket.on('error', () => {});
  return { socket, text };
}

/** The desk alone behind a front, each case at the path of its name. */
async function openCases(t: ExecutionContext, bounds: { mostHeld?: number; hangMs?: number }) {
  const cases = new CaseDesk({
    enabled: true,
    metrics: new SteeringMetrics('steering', [], () => neverAsked()),
    ...bounds,
  });
  const front = new HttpFront({
    address: { host: '127.0.0.1', port: 0 },
    raw: (exchange) => {
      const reading = cases.read(new URLSearchParams({ case: exchange.path.slice(1), delay: '1' }));
      if (reading.kind === 'bad' || reading.asked === null) throw new Error(exchange.path);
      cases.answer(exchange, 'steer-hls', reading.asked, {
        right: '{}',
        reloadUri: 'http://x/',
        servers: [],
        ranked: [],
      });
    },
  });
  const url = `http://${formatAddress(await front.open())}`;
  t.teardown(async () => {
    cases.close();
    await front.close(0);
  });
  return { url };
}

function neverAsked(): never {
  throw new Error('no node is asked about');
}

/** A condition, waited for as long as it takes a loaded machine. */
async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('each case is on the wire what its description says', async (t) => {
  const { steer } = await open(t);
  const right = manifestIn((await steer('case=normal&ttl=4')).body);
  t.is(right.TTL, 4);
  t.is(right['PATHWAY-PRIORITY'].length, 4);
  for (const [name, status, fields] of [
    ['404', 404, {}],
    ['410', 410, {}],
    ['429', 429, { 'retry-after': undefined }],
    ['429-retry-after', 429, { 'retry-after': '7' }],
    ['500', 500, {}],
    ['503-retry-after', 503, { 'retry-after': '7' }],
  ] as const) {
    const { status: got, headers } = await steer(`case=${name}`);
    t.is(got, status);
    t.is(headers['access-control-allow-origin'], '*', name);
    t.is(headers['cache-control'], 'no-store', name);
    for (const [field, value] of Object.entries(fields)) t.is(headers[field], value, name);
  }
  const body = async (query: string) => manifestIn((await steer(query)).body);
  t.false('TTL' in (await body('case=ttl-missing')));
  t.is((await body('case=ttl-zero')).TTL, 0);
  t.regex((await steer('case=ttl-string&ttl=9')).body, /"TTL":"9"/);
  t.is((await body('case=version-2')).VERSION, 2);
  t.deepEqual((await body('case=priority-empty'))['PATHWAY-PRIORITY'], []);
  t.deepEqual((await body('case=unknown-pathway'))['PATHWAY-PRIORITY'], ['no-such-pathway']);
  t.is((await body('case=dead-pathway'))['PATHWAY-PRIORITY'][0], DEAD_PATHWAY);
  t.false('RELOAD-URI' in (await body('case=reload-missing')));
  t.is(new URL((await body('case=reload-dead'))['RELOAD-URI']).hostname, DEAD_HOST);
  const garbage = await steer('case=garbage');
  t.is(garbage.headers['content-type'], 'text/html; charset=utf-8');
  t.throws(() => JSON.parse(garbage.body));
  const html = await steer('case=wrong-type');
  t.is(html.headers['content-type'], 'text/html; charset=utf-8');
  t.deepEqual(manifestIn(html.body)['PATHWAY-PRIORITY'].toSorted(), right['PATHWAY-PRIORITY'].toSorted());
  const closed = await steer('case=no-cors');
  t.is(closed.headers['access-control-allow-origin'], undefined);
  t.is(closed.status, 200);
});

test('a relative reload URI resolves against the steering URI, and the case goes on', async (t) => {
  const { url, steer } = await open(t);
  const { 'RELOAD-URI': reload } = manifestIn((await steer('case=reload-relative&ttl=4')).body);
  t.false(reload.includes('/v1/'));
  const again = manifestIn((await ask(new URL(reload, `${url}/v1/steer/hls`).href)).body);
  t.is(again.TTL, 4);
  t.is(again['RELOAD-URI'], reload.replace('turn=1', 'turn=2'));
});

test('RELOAD-URI carries the case on: flap reverses each time, after= counts down, redirect alternates', async (t) => {
  const { steer } = await open(t);
  const follow = async (query: string, times: number) => {
    const statuses: number[] = [];
    const orders: string[] = [];
    let answer = await steer(query);
    for (let time = 0; time < times; time++) {
      statuses.push(answer.status);
      if (answer.status === 307) {
        answer = await ask(answer.headers.location!);
      } else if (answer.status === 200) {
        const { 'RELOAD-URI': reload, 'PATHWAY-PRIORITY': order } = manifestIn(answer.body);
        // Which server of a site comes first is the ranking's business.
        orders.push(order.map((id) => id.slice(0, 3)).join());
        answer = await ask(reload);
      }
    }
    return { statuses, orders };
  };
  const [near, far] = ['fra,fra,nyc,nyc', 'nyc,nyc,fra,fra'] as const;
  t.deepEqual((await follow('case=flap', 4)).orders, [near, far, near, far]);
  t.deepEqual((await follow('case=410&after=2', 4)).statuses, [200, 200, 410, 410]);
  t.deepEqual((await follow('case=redirect', 4)).statuses, [307, 200, 307, 200]);
});

test('a clone is of the server that its manifest leaves out; the dead pathway is in its manifest', async (t) => {
  const { url, steer } = await open(t);
  const play = async (query: string) => (await ask(`${url}/play/demo.m3u8?session=s1&ip=${GERMAN}&${query}`)).body;
  const steeringUri = (playlist: string) => /SERVER-URI="([^"]+)"/.exec(playlist)![1]!;
  const mediaHosts = (playlist: string) =>
    new Set(playlist.match(/^http.*$/gm)!.map((line) => new URL(line.replace(/".*/, '')).hostname));

  const cloned = await play('case=clone');
  const all = mediaHosts(await play('case=normal'));
  const known = mediaHosts(cloned);
  t.is(all.size, 4);
  t.is(known.size, 3);
  const { 'PATHWAY-CLONES': clones, 'PATHWAY-PRIORITY': order } = manifestIn((await ask(steeringUri(cloned))).body);
  t.is(order[0], CLONE_PATHWAY);
  const [{ 'URI-REPLACEMENT': replacement, 'BASE-ID': base }] = clones as [NonNullable<typeof clones>[0]];
  t.true(all.has(replacement.HOST) && !known.has(replacement.HOST), replacement.HOST);
  t.true(cloned.includes(`PATHWAY-ID="${base}"`));
  t.regex(manifestIn((await steer('case=clone-port')).body)['PATHWAY-CLONES']![0]!['URI-REPLACEMENT'].HOST, /:8080$/);

  const dead = await play('case=dead-pathway&ttl=5');
  t.regex(dead, new RegExp(`PATHWAY-ID="${DEAD_PATHWAY}"\n#`), 'the manifest begins with it');
  t.true(mediaHosts(dead).has(DEAD_HOST));
  const steered = manifestIn((await ask(steeringUri(dead))).body);
  t.is(steered['PATHWAY-PRIORITY'][0], DEAD_PATHWAY);
  t.is(steered.TTL, 5);
  const later = await play('case=dead-pathway&after=1');
  t.notRegex(later, new RegExp(`PATHWAY-ID="${DEAD_PATHWAY}"\n#`));
  t.true(mediaHosts(later).has(DEAD_HOST));
});

test('DASH has the same cases, and an MPD that is updated keeps its pathways', async (t) => {
  const { url } = await open(t);
  t.is((await ask(`${url}/v1/steer/dash?${SESSION}&case=410`)).status, 410);
  const play = async (query: string) => (await ask(`${url}/play/demo.mpd?session=s1&ip=${GERMAN}&${query}`)).body;
  const uris = (mpd: string) => {
    const [steering, location] = ['ContentSteering', 'Location'].map((element) =>
      new RegExp(`<${element}[^>]*>([^<]+)<`).exec(mpd)![1]!.replaceAll('&amp;', '&'),
    );
    return { steering: steering!, location: location! };
  };
  const pathways = (mpd: string) => [...mpd.matchAll(/<BaseURL serviceLocation="([^"]+)"/g)].map(([, id]) => id);
  for (const name of ['clone', 'dead-pathway'] as const) {
    const mpd = await play(`case=${name}&ttl=6&after=1`);
    const { steering, location } = uris(mpd);
    const first = manifestIn((await ask(steering)).body);
    t.is(first.TTL, 6);
    t.is(
      manifestIn((await ask(first['RELOAD-URI'])).body)['PATHWAY-PRIORITY'][0],
      name === 'clone' ? CLONE_PATHWAY : DEAD_PATHWAY,
    );
    const updated = (await ask(location)).body;
    t.deepEqual(pathways(updated), pathways(mpd), name);
    t.is(uris(updated).steering, steering);
  }
});

test('a right answer keeps the order of the manifest, so that nothing but the case moves a player', async (t) => {
  const { steer, report } = await open(t);
  const ids = ['nyc-2', 'fra-1', 'nyc-1'];
  const query = `case=normal&pathways=${ids.join(',')}`;
  t.deepEqual(manifestIn((await steer(query)).body)['PATHWAY-PRIORITY'], ids);
  await report('nyc-2', { state: 'draining' });
  t.deepEqual(manifestIn((await steer(query)).body)['PATHWAY-PRIORITY'], ids);
});

test('a truncated answer promises its whole length and ends half-way', async (t) => {
  const { url } = await open(t);
  const text = await askRaw(url, `/v1/steer/hls?${SESSION}&case=truncated`).text;
  const [, lengthText] = /content-length: (\d+)/i.exec(text)!;
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  t.is(body.length, Math.floor(Number(lengthText) / 2));
  t.true(body.startsWith('{"VERSION":1'));
});

test('slow answers late and rightly', async (t) => {
  const { steer } = await open(t);
  const beganMs = performance.now();
  const { status, body } = await steer('case=slow&delay=1');
  t.true(performance.now() - beganMs >= 990);
  t.is(status, 200);
  t.is(manifestIn(body)['PATHWAY-PRIORITY'].length, 4);
});

test('an answer is held for longer than the front’s own limit of an idle connection', async (t) => {
  const { steer } = await open(t);
  const { status } = await steer('case=slow&delay=13');
  t.is(status, 200);
});

test('late answers are bounded in number; whoever leaves makes room', async (t) => {
  const { url } = await openCases(t, { mostHeld: 2 });
  const waiting = [askRaw(url, '/hang'), askRaw(url, '/hang')];
  await until(async () => (await ask(`${url}/hang`)).status === 503, 'two to be held');
  t.is((await ask(`${url}/hang`)).headers['retry-after'], '5');
  for (const { socket } of waiting) socket.destroy();
  const later = askRaw(url, '/hang');
  await until(async () => {
    const third = await ask(`${url}/slow`);
    return third.status === 200;
  }, 'room for one that is only slow');
  later.socket.destroy();
});

test('an answer that never comes ends with the connection, and nothing was sent', async (t) => {
  const { url } = await openCases(t, { hangMs: 50 });
  t.is(await askRaw(url, '/hang').text, '');
});

test('GET /v1/cases lists every case and parameter', async (t) => {
  const { url } = await open(t);
  const { status, body } = await ask(`${url}/v1/cases`);
  t.is(status, 200);
  const list = JSON.parse(body) as { cases: { name: string; summary: string }[]; parameters: { name: string }[] };
  t.deepEqual(
    list.cases.map(({ name }) => name),
    [...CASE_NAMES],
  );
  t.deepEqual(
    list.parameters.map(({ name }) => name),
    ['case', 'after', 'ttl', 'delay', 'turn'],
  );
});

test('a case that is none, or a number out of bounds, is refused with what would be right', async (t) => {
  const { url, steer } = await open(t);
  const wrong = await steer('case=gargabe');
  t.is(wrong.status, 400);
  t.regex(wrong.body, /did you mean garbage\? GET \/v1\/cases lists them/);
  t.regex((await steer('case=410&ttl=0')).body, /ttl: a whole number from 1 to 3600/);
  const play = await ask(`${url}/play/demo.m3u8?case=gargabe`);
  t.is(play.status, 400);
  t.regex(play.body, /did you mean garbage/);
});

test('turned off, case= changes nothing and is not carried on', async (t) => {
  const { url, steer } = await open(t, false);
  for (const name of CASE_NAMES) {
    const { status, body } = await steer(`case=${name}&after=3&ttl=1&delay=1`);
    t.is(status, 200, name);
    const manifest = manifestIn(body);
    t.true(manifest.TTL >= 10 && manifest.VERSION === 1 && manifest['PATHWAY-PRIORITY'].length === 4, name);
    t.false(manifest['RELOAD-URI'].includes('case='), name);
  }
  t.false((await ask(`${url}/play/demo.m3u8?session=s1&case=410`)).body.includes('case='));
  const list = await ask(`${url}/v1/cases`);
  t.is(list.status, 404);
  t.regex(list.body, /undercard steering --test-cases turns them on/);
});

test('answers of cases are counted with their status', async (t) => {
  const { admin, steer } = await open(t);
  await steer('case=429');
  const { body } = await ask(`${admin}/metrics`);
  t.regex(body, /undercard_steering_requests_total\{route="steer-hls",status="429",[^}]*\} 1/);
});
