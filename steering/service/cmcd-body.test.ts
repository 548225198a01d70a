import test from 'ava';
import type { CmcdEvent } from '../policy/health/cmcd-events.ts';
import { readCmcdBody } from './cmcd-body.ts';

const read = (body: string) => [...readCmcdBody(body)];

/** As the players wrote them in Chromium (test/debian/player-events.test.ts), but for the address. */
const WRITTEN: Record<string, { line: string; event: Partial<CmcdEvent> }> = {
  'hls.js 1.7.4': {
    line: 'bl=(8000),e=rr,rc=200,sid="e9f81841-f231-4784-a8f1-be75c2055eb3",sn=16,sta=s,ts=1795558931642,ttfb=88,ttlb=105,url="http://127.0.0.11:8080/live/demo/a64/20.m4s",v=2\n',
    event: { e: 'rr', rc: 200, sta: 's', ttfb: 88, ttlb: 105, url: 'http://127.0.0.11:8080/live/demo/a64/20.m4s' },
  },
  'dash.js 5.2.1': {
    line: 'bl=(1300;v 0;a),bs,d=2000,e=rr,rc=200,sid="bce1685d-87b2-41b4-929f-7e762a2f1e7f",sn=8,sta=r,ts=1795558940750,ttfb=1795559106779,ttlb=146,url="http://127.0.0.11:8080/live/demo/a64/23.m4s",v=2\n',
    event: { e: 'rr', rc: 200, sta: 'r', d: 2000, ttfb: 1_795_559_106_779, ttlb: 146 },
  },
  'dash.js without an answer': {
    line: 'd=2000,e=rr,rc=0,sid="bce1685d-87b2-41b4-929f-7e762a2f1e7f",sta=p,ts=1795559208241,ttlb=13,url="http://127.0.0.11:8080/live/demo/v720/16.m4s",v=2\n',
    event: { e: 'rr', rc: 0, sta: 'p', ttlb: 13, url: 'http://127.0.0.11:8080/live/demo/v720/16.m4s' },
  },
  'dash.js giving a server up': {
    line: 'e=e,ec=27,sid="bce1685d-87b2-41b4-929f-7e762a2f1e7f",sta=p,ts=1795559211318,v=2\n',
    event: { e: 'e', sta: 'p', url: undefined, sid: 'bce1685d-87b2-41b4-929f-7e762a2f1e7f' },
  },
  'Shaka Player 5.2.12': {
    line: 'br=(1996),e=rr,rc=200,sf=d,sid="331f0b6e-0488-4fec-978a-db242beda9ea",sn=7,st=v,ts=1795559126948,ttfb=752,ttlb=2088,url="http://127.0.0.11:8080/live/demo/v720/29.m4s",v=2\n',
    event: { e: 'rr', rc: 200, sta: undefined, ttfb: 752, ttlb: 2088 },
  },
};

for (const [player, { line, event }] of Object.entries(WRITTEN)) {
  test(`what ${player} writes is read`, (t) => {
    const lines = read(line);
    t.is(lines.length, 1);
    t.like(lines[0], { kind: 'event', event });
  });
}

test('each line is an event; line ends of either kind, empty lines and spaces round them do not matter', (t) => {
  const lines = read('e=ps,sta=r,sid="a"\r\n\n  e=e,ec=("net"),sid="a"  \ne=rr,rc=(503;v)');
  t.deepEqual(
    lines.map((line) => (line.kind === 'event' ? [line.event.e, line.event.sta, line.event.rc] : line.reason)),
    [
      ['ps', 'r', undefined],
      ['e', undefined, undefined],
      ['rr', undefined, 503],
    ],
  );
});

test('a line that is none costs only itself; a key of another type is as if it were not there', (t) => {
  const [bad, odd] = read('e=rr,rc=,url\ne="rr",rc="200",url=token,sid=(1 2),ttfb=?1');
  t.deepEqual(bad, { kind: 'bad', reason: 'not-cmcd' });
  t.like(odd, {
    kind: 'event',
    event: { e: 'rr', rc: undefined, url: 'token', sid: undefined, ttfb: undefined },
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
