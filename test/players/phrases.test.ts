import test from 'ava';
import type { AskedFor, Observation, Sample, SteeringAsked } from './observation.ts';
import { describe } from './phrases.ts';

const asked = (startedMs: number, status: number | null = 200, host = 'steering'): SteeringAsked => ({
  startedMs,
  endedMs: status === null ? null : startedMs + 20,
  host,
  authority: `${host}:8080`,
  status,
  says: null,
});
const steered = (...starts: number[]) => starts.map((startedMs) => asked(startedMs));
const from = (host: string, fromMs: number, untilMs: number, status = 200): AskedFor[] =>
  Array.from({ length: Math.floor((untilMs - fromMs) / 2000) }, (_, index) =>
    asked(fromMs + index * 2000, status, host),
  );
const played = (untilMs: number, watchedMs = 45_000): Sample[] =>
  Array.from({ length: watchedMs / 1000 }, (_, second) => ({
    atMs: second * 1000,
    currentTime: Math.min(untilMs, second * 1000) / 1000,
    playing: second > 0,
    stalls: 0,
    stalledMs: 0,
  }));

const watched = (changes: Partial<Observation>): Observation => ({
  column: 'hls.js',
  case: 'normal',
  after: 0,
  ttlSeconds: 4,
  watchedMs: 45_000,
  steering: steered(500, 4500, 8600, 12_500, 16_700, 20_600, 24_700, 28_800, 32_900, 37_000, 41_000),
  segments: from('near', 1000, 45_000),
  playlists: [],
  pathways: { near: 'near', far: 'far', spare: 'spare', nowhere: 'dead' },
  cloneHost: 'spare',
  shortened: [],
  blockedMs: 0,
  samples: played(45_000),
  errors: [],
  uncaught: [],
  ...changes,
});
const phrase = (changes: Partial<Observation>) => describe(watched(changes));

test('asking at each TTL, where the first pathway plays on, is all there is to say', (t) => {
  t.is(phrase({}), 'asks every 4 s (the TTL)');
});

test('asking without end is told with its rate, which the TTL’s rhythm never is', (t) => {
  const starts = Array.from({ length: 401 }, (_, index) => 500 + index * 30);
  t.is(phrase({ steering: steered(...starts) }), '**asks again at once, without end** (33 times a second)');
});

test('who falls silent is told from who is only waiting', (t) => {
  t.is(phrase({ steering: steered(500) }), 'asks once, never again');
  t.is(phrase({ steering: [] }), 'does not ask');
  t.is(phrase({ steering: [asked(500, null)] }), 'asks once and waits');
  t.is(phrase({ steering: steered(40_000) }), 'asks once', 'too late to know');
  t.is(phrase({ steering: steered(500, 1500) }), 'asks again after 1 s, then never');
});

test('a shortened timer counts with its whole length', (t) => {
  const shortened = [15_500, 31_500].map((firedMs) => ({ firedMs, savedMs: 285_000 }));
  t.is(phrase({ steering: steered(500, 15_510, 30_520), shortened: [] }), 'asks every 15 s');
  t.is(phrase({ steering: steered(500, 15_510, 31_520), shortened }), 'asks every 301 s');
  t.is(
    phrase({
      steering: steered(500, 1500, 16_510, 17_510, 32_510),
      shortened: [{ firedMs: 16_500, savedMs: 285_000 }],
    }),
    'asks again after 1 s, 300 s, 1 s, 15 s',
  );
});

test('rhythms: one wait and then another, two in turn, or as they come', (t) => {
  t.is(
    phrase({ steering: steered(0, 1000, 9000, 17_000, 25_000, 33_000, 41_000) }),
    'asks again after 1 s, then every 8 s',
  );
  t.is(
    phrase({ steering: steered(0, 1000, 8000, 9000, 16_000, 17_000, 30_000) }).startsWith('asks again after 1 s, 7 s'),
    true,
  );
  t.is(
    phrase({ steering: steered(0, 1000, 8000, 9000, 16_000, 17_000, 24_000) }),
    'asks again after 1 s and 7 s in turn, then never',
  );
});

test('what nobody catches is said with its words', (t) => {
  t.is(phrase({ steering: steered(500), uncaught: ['x is null', 'y'] }), 'asks once, never again; throws “x is null”');
});

test('flap: how often it moved', (t) => {
  const segments = [...from('near', 0, 8000), ...from('far', 8000, 16_000), ...from('near', 16_000, 24_000)];
  t.is(phrase({ case: 'flap', segments }), 'asks every 4 s (the TTL); moves 2 times');
  t.is(phrase({ case: 'flap' }), 'asks every 4 s (the TTL); does not move');
});

test('a clone is taken, ignored, missed by its port, or believed in without being asked', (t) => {
  const clone = (changes: Partial<Observation>) => phrase({ case: 'clone', ...changes }).split('; ')[1];
  t.is(clone({ segments: [...from('near', 0, 8000), ...from('spare', 8000, 45_000)] }), 'plays from the clone');
  t.is(clone({}), 'ignores the clone');
  const elsewhere = { ...asked(5000, 0, 'spare'), authority: 'spare' };
  t.is(
    clone({ segments: [...from('near', 0, 44_000), elsewhere] }),
    '**asks the clone at port 80, not the base’s, in vain**',
  );
  t.is(clone({ segments: [...from('near', 0, 44_000), asked(5000, 0, 'spare')] }), '**asks the clone in vain**');
  const back = [...from('near', 0, 8000), ...from('spare', 8000, 12_000), ...from('near', 12_000, 40_000)];
  t.is(clone({ segments: back }), 'tries the clone and leaves it');
  t.is(
    clone({
      steering: [
        { ...asked(500), says: null },
        { ...asked(4500), says: 'clone' },
      ],
    }),
    '**says it plays from the clone, and fetches from the base’s host**',
  );
});

test('a dead pathway: how often it is tried, and how long until another serves', (t) => {
  const dead = (changes: Partial<Observation>) =>
    phrase({ case: 'dead-pathway', ...changes })
      .split('; ')
      .slice(1)
      .join('; ');
  t.is(dead({}), 'does not try the dead pathway');
  const playlists = [asked(4000, 0, 'nowhere'), asked(5000, 0, 'nowhere')];
  t.is(
    dead({ playlists, segments: from('far', 7000, 45_000) }),
    'tries the dead pathway 2 times, goes on from far after 3 s',
  );
  t.is(
    dead({ playlists, segments: [], samples: [] }),
    'tries the dead pathway 2 times and gets no further; **never plays**',
  );
});

test('elsewhere a move is told with its route', (t) => {
  const segments = [...from('near', 0, 8000), ...from('far', 8000, 45_000)];
  t.is(phrase({ segments }), 'asks every 4 s (the TTL); moves: near → far');
});

test('playback that stops, stalls, begins late or never is said, with the last fatal error', (t) => {
  const after = (changes: Partial<Observation>) => phrase(changes).split('; ').slice(1).join('; ');
  t.is(after({ samples: played(20_000) }), '**stops** after 20 s');
  t.is(after({ samples: played(20_000), errors: ['a', 'b (fatal)', 'c'] }), '**stops** after 20 s (b)');
  const stalled = played(45_000).map((sample) => ({ ...sample, stalls: 2, stalledMs: 3100 }));
  t.is(after({ samples: stalled }), 'stalls 2 times, 3 s in all');
  const late = played(45_000).map((sample) => ({ ...sample, playing: sample.atMs > 20_000 }));
  t.is(after({ samples: late }), 'begins to play after 21 s');
  t.is(
    after({ samples: played(45_000).map((sample) => ({ ...sample, playing: false })), errors: ['x (fatal)'] }),
    '**never plays** (x)',
  );
});
