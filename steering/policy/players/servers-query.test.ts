import test from 'ava';
import { readServersQuery } from './servers-query.ts';

const read = (text: string) => {
  const parameters = new URLSearchParams(text);
  return readServersQuery((name) => parameters.get(name));
};

test('a path is enough', (t) => {
  t.deepEqual(read('path=/live/demo/'), {
    kind: 'query',
    query: { path: '/live/demo/', session: null, playing: null, nominalBps: undefined, priority: undefined },
  });
});

test('what a session takes, how much it matters and where it plays are read', (t) => {
  t.deepEqual(read('path=/vod/a/&session=s-1&playing=fra-1&bitrate=5000000&priority=catch-up'), {
    kind: 'query',
    query: { path: '/vod/a/', session: 's-1', playing: 'fra-1', nominalBps: 5_000_000, priority: 'catch-up' },
  });
});

const bad: [title: string, text: string, says: RegExp][] = [
  ['no path', '', /^path: /],
  ['a path without a slash', 'path=live', /^path: /],
  ['a path with a line end', 'path=/a%0Ab', /^path: /],
  ['a bitrate that is none', 'path=/a&bitrate=fast', /^bitrate: /],
  ['a bitrate of nothing', 'path=/a&bitrate=0', /^bitrate: /],
  ['an absurd bitrate', 'path=/a&bitrate=99999999999', /^bitrate: /],
  ['a priority that is none', 'path=/a&priority=me-first', /^priority: one of live-edge/],
];

for (const [title, text, says] of bad) {
  test(`${title} is refused, with what to give instead`, (t) => {
    const outcome = read(text);
    t.is(outcome.kind, 'bad');
    t.regex((outcome as { reason: string }).reason, says);
  });
}

test('a name that is none plays from nowhere', (t) => {
  const outcome = read('path=/a&playing=..%2F..');
  t.is(outcome.kind === 'query' && outcome.query.playing, null);
});
