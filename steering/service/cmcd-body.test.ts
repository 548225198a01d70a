import test from 'ava';
import { readCmcdBody } from './cmcd-body.ts';

const read = (body: string) => [...readCmcdBody(body)];

/** As hls.js, dash.js and Shaka Player wrote them in a browser. */
const RESPONSE =
  'bl=(12000),br=(3000),cid="demo",d=2000,dl=12000,e=rr,mtp=(25000),ot=v,rc=200,sf=h,sid="6e2fb550-c457-11e9-bb97-0800200c9a66",' +
  'sn=17,st=l,sta=p,ts=1795556017073,ttfb=35,ttlb=240,url="http://127.0.0.11:8080/live/demo/v1/17.m4s",v=2';

test('a response says what came from where, and how long it took', (t) => {
  t.deepEqual(read(RESPONSE), [
    {
      kind: 'event',
      event: {
        e: 'rr',
        sid: '6e2fb550-c457-11e9-bb97-0800200c9a66',
        url: 'http://127.0.0.11:8080/live/demo/v1/17.m4s',
        cdn: undefined,
        h: undefined,
        rc: 200,
        ttfb: 35,
        ttlb: 240,
        d: 2000,
        sta: 'p',
        bs: false,
      },
    },
  ]);
});

test('each line is an event; line ends of either kind, empty lines and spaces round them do not matter', (t) => {
  const lines = read('e=ps,sta=r,sid="a"\r\n\n  e=e,ec=("net"),sid="a"  \ne=t,bs=(?1;v)');
  t.deepEqual(
    lines.map((line) => (line.kind === 'event' ? [line.event.e, line.event.sta, line.event.bs] : line.reason)),
    [
      ['ps', 'r', false],
      ['e', undefined, false],
      ['t', undefined, true],
    ],
  );
});

test('a line that is none costs only itself; a key of another type is as if it were not there', (t) => {
  const [bad, odd] = read('e=rr,rc=,url\ne="rr",rc="200",url=token,sid=(1 2),ttfb=?1,bs');
  t.deepEqual(bad, { kind: 'bad', reason: 'not-cmcd' });
  t.like(odd, {
    kind: 'event',
    event: { e: 'rr', rc: undefined, url: 'token', sid: undefined, ttfb: undefined, bs: true },
  });
});

test('bodies of more lines than there may be, and lines that are too long, are bounded', (t) => {
  const many = read('e=t\n'.repeat(205));
  t.is(many.filter(({ kind }) => kind === 'event').length, 200);
  t.deepEqual(many.at(-1), { kind: 'bad', reason: 'left-out' });
  t.deepEqual(read(`e=rr,url="${'x'.repeat(5000)}"`), [{ kind: 'bad', reason: 'too-long' }]);
});

test('what is made to be slow to read is not', (t) => {
  const began = performance.now();
  for (const evil of [
    'a=('.repeat(1300),
    `a="${'\\"'.repeat(2000)}`,
    `a=(${'1 '.repeat(2000)})`,
    `${'k=1,'.repeat(1000)}k=1`,
  ]) {
    for (let count = 0; count < 15; count++) read(evil);
  }
  t.true(performance.now() - began < 10_000);
});
