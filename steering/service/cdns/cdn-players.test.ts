import test from 'ava';
import { ask } from '../steering.fixture.ts';
import { openCdnSteering, TestCdn } from './cdn-steering.fixture.ts';

/** Blocks of three countries, a dozen addresses in each. */
const ADDRESSES = ['193.99.144', '8.8.8', '212.58.244'].flatMap((block) =>
  Array.from({ length: 12 }, (_, last) => `${block}.${last + 1}`),
);

test('a CDN that answers probes and fails players loses its share by what they tell', async (t) => {
  const [good, bad] = [await TestCdn.open(t, { '/': 'well' }), await TestCdn.open(t, { '/': 'well' })];
  const steering = await openCdnSteering(t, {
    cdns: [
      { id: 'good', baseUrl: good.url },
      { id: 'bad', baseUrl: bad.url },
    ],
  });
  const scores = async () => {
    const { cdns } = (await steering.state()) as unknown as {
      cdns: { id: string; score: number; reasons: string[] }[];
    };
    return Object.fromEntries(cdns.map(({ id, score, reasons }) => [id, { score, reasons }]));
  };
  const body = `e=rr,rc=200,url="${good.url}/live/1.m4s"\ne=rr,rc=0,url="${bad.url}/live/1.m4s"`;
  for (const endMs = performance.now() + 50_000; (await scores()).bad!.score > 0.1;) {
    if (performance.now() > endMs) return t.fail(JSON.stringify(await scores()));
    for (const ip of ADDRESSES) {
      const headers = { 'Content-Type': 'application/cmcd' };
      t.is((await ask(`${steering.url}/v1/cmcd?ip=${ip}`, { method: 'POST', headers, body })).status, 204);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const after = await scores();
  t.true(after.bad!.reasons.includes('players-fail'), after.bad!.reasons.join());
  t.is(after.good!.score, 1);
});
