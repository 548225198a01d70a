import test from 'ava';
import { Random } from '../engine/random.ts';
import { audienceSchema } from '../scenarios/audience-schema.ts';
import { readTrace } from '../scenarios/arrival-trace.ts';
import { arrivalTimes, diurnalShare } from './arrivals.ts';
import { Population } from './population.ts';

const PLACES = [
  { country: 'DE', subscribers: 300 },
  { country: 'DE', subscribers: 100 },
  { country: 'FR', subscribers: 600 },
];

test('a flash crowd comes round its moment, some were there before', (t) => {
  const arrival = { kind: 'flash-crowd', atSeconds: 100, widthSeconds: 10, earlyShare: 0.1 } as const;
  const times = arrivalTimes(arrival, 10_000, 300_000, new Random(1, 'a')).map(({ atMs }) => atMs);
  t.is(times.length, 10_000);
  t.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  const early = times.filter((atMs) => atMs <= 10_000).length;
  t.is(early, 1000);
  const crowd = times.filter((atMs) => atMs > 10_000);
  const mean = crowd.reduce((sum, atMs) => sum + atMs, 0) / crowd.length;
  t.true(Math.abs(mean - 100_000) < 600, String(mean));
  const within = crowd.filter((atMs) => Math.abs(atMs - 100_000) < 10_000).length / crowd.length;
  t.true(Math.abs(within - 0.6827) < 0.03, String(within));
});

test('who would come after the end does not come, and nobody before the beginning', (t) => {
  const arrival = { kind: 'flash-crowd', atSeconds: 10, widthSeconds: 20, earlyShare: 0 } as const;
  const times = arrivalTimes(arrival, 2000, 20_000, new Random(1, 'a'));
  t.true(times.length < 2000 && times.length > 500);
  t.true(times.every(({ atMs }) => atMs >= 0 && atMs < 20_000));
});

test('who would have come before the beginning is there already, and does not begin in its very first moment', (t) => {
  const arrival = { kind: 'flash-crowd', atSeconds: 30, widthSeconds: 60, earlyShare: 0 } as const;
  const times = arrivalTimes(arrival, 10_000, 300_000, new Random(1, 'a'));
  t.true(times.filter(({ atMs }) => atMs < 1000).length < 500);
  t.true(times.filter(({ atMs }) => atMs < 15_000).length > 3000);
});

test('a trace’s arrivals come evenly from line to line', (t) => {
  const trace = readTrace('# a night\nseconds,arrivals,country\n0,100\n10,300,DE\n\n20,0\n', 'trace.csv');
  if (trace.kind === 'bad') return t.fail(trace.reason);
  const times = arrivalTimes({ kind: 'trace', lines: trace.lines }, 0, 60_000, new Random(1, 'a'));
  t.is(times.filter(({ atMs }) => atMs < 10_000).length, 100);
  t.is(times.filter(({ atMs, country }) => atMs >= 10_000 && atMs < 20_000 && country === 'DE').length, 300);
  t.is(times.length, 400);
});

for (const [text, reason] of [
  ['1,2\n0,5\n', /:2: seconds must not go back/],
  ['1;2\n', /:1: must be seconds,arrivals/],
  ['0,0\n', /nobody arrives/],
  ['0,99999999\n', /:1: more than/],
] as const) {
  test(`a trace is refused: ${JSON.stringify(text)}`, (t) => {
    const trace = readTrace(text, 'trace.csv');
    t.regex(trace.kind === 'bad' ? trace.reason : '', reason);
  });
}

test('the day is a sine over local hours', (t) => {
  const day = { peakHour: 20, lowShare: 0.2 };
  const at = (hour: number, longitude: number) => diurnalShare(day, longitude, hour * 3_600_000);
  t.is(at(20, 0), 1);
  t.true(Math.abs(at(8, 0) - 0.2) < 1e-12);
  t.true(Math.abs(at(14, 90) - 1) < 1e-12, '90 degrees east is six hours ahead');
});

test('people live where subscribers do, by country where the audience says so', (t) => {
  const count = (audience: object, country: string | null = null) => {
    const population = new Population(audienceSchema.parse(audience), PLACES, new Random(3, 'p'));
    const counts = [0, 0, 0];
    for (let draw = 0; draw < 20_000; draw++) counts[population.draw(country).place]!++;
    return counts.map((number) => number / 20_000);
  };
  const near = (got: number[], expected: number[]) =>
    got.forEach((share, place) =>
      t.true(Math.abs(share - expected[place]!) < 0.02, `${got.join()} for ${expected.join()}`),
    );
  near(count({}), [0.3, 0.1, 0.6]);
  near(count({ countries: { DE: 9, FR: 1 } }), [0.675, 0.225, 0.1]);
  near(count({}, 'DE'), [0.75, 0.25, 0]);
});

test('devices, lines, starts, stays and pauses are drawn as described', (t) => {
  const population = new Population(
    audienceSchema.parse({
      devices: [
        { name: 'tv', share: 3 },
        { name: 'phone', share: 1, maxHeight: 720 },
      ],
      accessSpeeds: [
        { rateBps: 1e6, share: 1 },
        { rateBps: 2e6, share: 1 },
      ],
      starts: { live: 2, startOver: 1, behind: 1, behindSeconds: 60 },
      stay: { kind: 'exponential', meanSeconds: 100 },
      pauses: { share: 0.25, meanSeconds: 30 },
    }),
    PLACES,
    new Random(4, 'p'),
  );
  const drawn = Array.from({ length: 20_000 }, () => population.draw(null));
  const share = (is: (traits: (typeof drawn)[0]) => boolean) => drawn.filter(is).length / drawn.length;
  t.true(Math.abs(share(({ device }) => device === 1) - 0.25) < 0.02);
  t.true(Math.abs(share(({ accessBps }) => accessBps === 1e6) - 0.5) < 0.02);
  t.true(Math.abs(share(({ start }) => start === 'start-over') - 0.25) < 0.02);
  t.true(Math.abs(share(({ pauseAfterMs }) => pauseAfterMs < Infinity) - 0.25) < 0.02);
  t.true(drawn.every(({ behindMs }) => behindMs >= 0 && behindMs < 60_000));
  const stay = drawn.reduce((sum, { stayMs }) => sum + stayMs, 0) / drawn.length;
  t.true(Math.abs(stay - 100_000) < 4000, String(stay));
});
