import test, { type ExecutionContext } from 'ava';
import { rawExchange } from '../../test/support/raw-socket.ts';
import { AMERICAN, ask, GERMAN, openSteering, type TestSteering } from './steering.fixture.ts';

const FRA_1 = 'http://127.0.0.11:8080/live/demo/v1/7.m4s';

function post(steering: TestSteering, body: string, { ip = GERMAN, type = 'application/cmcd' } = {}) {
  return ask(`${steering.url}/v1/cmcd?ip=${ip}`, { method: 'POST', headers: { 'Content-Type': type }, body });
}

async function counted(t: ExecutionContext, steering: TestSteering, expected: Record<string, number>): Promise<void> {
  const metrics = (await ask(`${steering.admin}/metrics`)).body;
  for (const [what, count] of Object.entries(expected)) {
    const [name, outcome] = what.split(' ');
    const found = new RegExp(`undercard_steering_cmcd_${name}_total\\{outcome="${outcome}",[^}]*\\} (\\d+)`).exec(
      metrics,
    );
    t.is(Number(found?.[1] ?? 0), count, what);
  }
}

test('what players tell is taken in with 204, in either type, and counted by what was made of it', async (t) => {
  const steering = await openSteering(t);
  const body = `e=rr,rc=200,url="${FRA_1}",sid="a",ttfb=20,ttlb=90,sta=p\ne=ps,sta=r,sid="a"\ne=rr,rc=9999,url="${FRA_1}"\nnot=,cmcd`;
  for (const type of ['application/cmcd', 'text/cmcd', 'text/cmcd; charset=utf-8', 'Application/CMCD']) {
    const answer = await post(steering, body, { type });
    t.is(answer.status, 204, type);
    t.is(answer.body, '');
    t.is(answer.headers['access-control-allow-origin'], '*');
  }
  await counted(t, steering, {
    'bodies accepted': 4,
    'events well': 4,
    'events stalled': 1,
    'events repeated': 3,
    'events absurd': 4,
    'events not-cmcd': 4,
  });
});

test('a page of any origin may post it', async (t) => {
  const { url } = await openSteering(t);
  const headers = { Origin: 'https://player.example', 'Access-Control-Request-Headers': 'content-type' };
  const preflight = await ask(`${url}/v1/cmcd`, { method: 'OPTIONS', headers });
  t.is(preflight.status, 204);
  t.regex(preflight.headers['access-control-allow-methods']!, /POST/);
  t.regex(preflight.headers['access-control-allow-headers']!, /\*/);
});

test('what is no such body is refused with a reason, and never so that a player would send it again', async (t) => {
  const steering = await openSteering(t);
  const refusal = async (answer: ReturnType<typeof post>) => {
    const { status, body } = await answer;
    return `${status} ${(JSON.parse(body) as { error: string }).error}`;
  };
  t.is(await refusal(post(steering, 'e=t', { type: 'text/plain' })), '415 bad-type');
  t.is(await refusal(ask(`${steering.url}/v1/cmcd`, { method: 'POST', body: 'e=t' })), '415 bad-type');
  t.is(await refusal(post(steering, '')), '400 empty');
  t.is(await refusal(post(steering, 'e=t\n'.repeat(20_000))), '413 too-large');
  t.is(await refusal(post(steering, 'e=t', { ip: 'nonsense' })), '400 bad-address');
  t.is((await ask(`${steering.url}/v1/cmcd`)).status, 405);
  await counted(t, steering, {
    'bodies bad-type': 2,
    'bodies empty': 1,
    'bodies too-large': 1,
    'bodies bad-address': 1,
  });
});

test('an address that sends without end is heard no more for a while, and not told; others are', async (t) => {
  const steering = await openSteering(t);
  const body = `e=rr,rc=200,url="${FRA_1}"\n`.repeat(150);
  const fit = Math.floor((128 * 1024) / body.length);
  for (let count = 0; count < fit + 3; count++) t.is((await post(steering, body)).status, 204);
  t.is((await post(steering, body, { ip: AMERICAN })).status, 204);
  await counted(t, steering, { 'bodies accepted': fit + 1, 'bodies address-limit': 3, 'events well': 40 });
  steering.clock.nowMs += 1000;
  await post(steering, 'e=t');
  await counted(t, steering, { 'bodies accepted': fit + 2, 'bodies address-limit': 3 });
});

test('a player that goes in the middle of its body leaves the service well', async (t) => {
  const steering = await openSteering(t);
  const port = Number(new URL(steering.url).port);
  const partial = 'POST /v1/cmcd HTTP/1.1\r\nHost: x\r\nContent-Type: text/cmcd\r\nContent-Length: 500\r\n\r\ne=rr';
  for (let count = 0; count < 3; count++) await rawExchange(port, partial, () => true, 50);
  t.is((await post(steering, 'e=t')).status, 204);
});

test('a server that players of several networks find dead loses its share, and says why', async (t) => {
  const steering = await openSteering(t);
  await steering.pass(2);
  const first = async () =>
    (
      JSON.parse((await ask(`${steering.url}/v1/servers?path=/live/demo/&ip=${GERMAN}&session=s1`)).body) as {
        servers: { id: string; reasons: string[] }[];
      }
    ).servers;
  const [before] = await first();
  const port = before!.id === 'fra-1' ? 11 : 12;
  // Blocks of both countries, and another one, each with a dozen addresses.
  const addresses = ['193.99.144', '8.8.8', '212.58.244'].flatMap((block) =>
    Array.from({ length: 12 }, (_, last) => `${block}.${last + 1}`),
  );
  const isBlamed = async () => (await first()).find(({ id }) => id === before!.id)!.reasons.includes('players-fail');
  for (let round = 0; round < 100 && !(await isBlamed()); round++) {
    for (const ip of addresses) {
      const bad = `e=rr,rc=503,url="http://127.0.0.${port}:8080/live/demo/v1/7.m4s"`;
      const good = `e=rr,rc=200,url="http://127.0.0.13:8080/live/demo/v1/7.m4s"`;
      await post(steering, `${bad}\n${good}`, { ip });
    }
    await steering.pass(1);
    // What was told becomes a verdict once a second by a timer that knows nothing of the test's clock.
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const after = await first();
  const verdict = after.find(({ id }) => id === before!.id)!;
  t.true(verdict.reasons.includes('players-fail'), verdict.reasons.join());
  t.false(after.find(({ id }) => id === 'nyc-1')!.reasons.includes('players-fail'));
});
