import test from 'ava';
import { readExplainRequest } from './explain-request.ts';

const read = (query: string) => readExplainRequest(new URLSearchParams(query), '127.0.0.1');
const detail = (query: string) => {
  const outcome = read(query);
  return outcome.kind === 'bad' ? `${outcome.field}: ${outcome.detail}` : null;
};

test('without an address it is whoever asks; everything else is left out when it is not given', (t) => {
  t.deepEqual(read('path=/live/demo/'), { kind: 'request', request: { address: '127.0.0.1', path: '/live/demo/' } });
  t.deepEqual(read('path=/live/demo/&ip=&session=&among='), read('path=/live/demo/'), 'an empty field is none');
});

test('all that can be asked for is read, addresses in canonical form', (t) => {
  const query =
    'path=/vod/a%2520b/x.m4s&ip=%20::ffff:193.99.144.80&session=s-1&among=fra-1,%20nyc-2&nominalBps=2.5e6&priority=catch-up&playing=fra-1';
  t.deepEqual(read(query), {
    kind: 'request',
    request: {
      address: '193.99.144.80',
      path: '/vod/a%20b/x.m4s',
      session: 's-1',
      among: ['fra-1', 'nyc-2'],
      nominalBps: 2_500_000,
      priority: 'catch-up',
      playing: 'fra-1',
    },
  });
});

test('what cannot be used is told in one line: which field, what is wrong, how to mend it', (t) => {
  t.is(detail('path=/a&ip=fritz.box'), 'ip: “fritz.box” is not an IPv4 or IPv6 address; give one such as 203.0.113.7');
  t.is(detail('path=/a&ip=1.2.3.4/8'), 'ip: “1.2.3.4/8” is not an IPv4 or IPv6 address; give one such as 203.0.113.7');
  t.is(detail('ip=1.2.3.4'), 'path: give the path the viewer asks for, such as /live/demo/');
  t.is(detail('path=live/demo'), 'path: “live/demo” must begin with a slash, such as /live/demo/');
  t.regex(detail('path=/a b')!, /^path: at most 2048 characters/);
  t.regex(detail(`path=/${'a'.repeat(2048)}`)!, /^path: at most 2048 characters/);
  t.regex(detail(`path=/a&session=${'s'.repeat(65)}`)!, /^session: 1 to 64 letters/);
  t.is(detail('path=/a&among=fra-1,a%20b'), 'among: “a b” is not a server’s name');
  t.is(detail(`path=/a&among=${Array.from({ length: 65 }, (_, at) => `e${at}`).join()}`), 'among: at most 64 servers');
  for (const bps of ['0', '-1', 'NaN', 'Infinity', '1e99', '0x10', '1e9.5', '2e9']) {
    t.regex(detail(`path=/a&nominalBps=${bps}`)!, /^nominalBps: bits per second/, bps);
  }
  t.regex(detail('path=/a&priority=first')!, /^priority: “first” is none of live-edge, /);
  t.is(detail('path=/a&playing=../x'), 'playing: “../x” is not a server’s name');
  t.true(detail(`path=/a&ip=${'9'.repeat(5000)}`)!.length < 200, 'a long one is not said back in full');
});
