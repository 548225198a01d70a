import test from 'ava';
import fc from 'fast-check';
import { edgePolicySchema } from './edge-config.ts';
import { LIVE_TARGETS, ModelShell, type Attempt, type HeadPlan } from './model-shell.fixture.ts';
import type { FillFailure } from './sink.ts';

/** UNDERCARD_SEED=… plays a failure again, as printed; UNDERCARD_SHRINK=no says that it failed, quickly. */
const seed = Number(process.env.UNDERCARD_SEED ?? Math.floor(Math.random() * 2 ** 31));
const runs = Number(process.env.UNDERCARD_RUNS ?? 8000);
const endOnFailure = process.env.UNDERCARD_SHRINK === 'no';

const policy = edgePolicySchema.parse({
  objectBytesMax: 1200,
  waitMs: 1000,
  headTimeoutMs: 400,
  stallTimeoutMs: 300,
  attemptsMax: 3,
  uncacheableMs: 500,
  sourceDownMs: 200,
});

const headPlan: fc.Arbitrary<HeadPlan> = fc.record({
  status: fc.oneof(
    { arbitrary: fc.constant(200), weight: 6 },
    { arbitrary: fc.constant(404), weight: 1 },
    { arbitrary: fc.constant(503), weight: 1 },
  ),
  shareable: fc.oneof({ arbitrary: fc.constant(true), weight: 5 }, { arbitrary: fc.constant(false), weight: 1 }),
  pieces: fc.integer({ min: 0, max: 8 }),
  tellsLength: fc.oneof({ arbitrary: fc.constant(true), weight: 3 }, { arbitrary: fc.constant(false), weight: 1 }),
  etag: fc.boolean(),
  same: fc.oneof({ arbitrary: fc.constant(true), weight: 3 }, { arbitrary: fc.constant(false), weight: 1 }),
  vary: fc.oneof({ arbitrary: fc.constant(false), weight: 2 }, { arbitrary: fc.constant(true), weight: 1 }),
  ttlMs: fc.constantFrom(50, 50, 300, 3000),
  staleMs: fc.constantFrom(0, 400, 1500),
});

/** Which of the candidates, the newest first. */
const at = fc.nat({ max: 5 });
const cause = fc.constantFrom<FillFailure>('reset', 'refused', 'garbage', 'short', 'shed');
const target = fc.constantFrom('a', 'a', 'a', 'b', ...LIVE_TARGETS);

/** What may happen, and how often; data rather than functions, so that a counterexample can be read. */
const STEPS = {
  request: [12, fc.record({ target, field: fc.constantFrom('x', 'y'), odd: fc.nat({ max: 9 }) })],
  head: [8, fc.record({ at, plan: headPlan })],
  bytes: [6, fc.record({ at, pieces: fc.integer({ min: 1, max: 4 }) })],
  finish: [4, fc.record({ at })],
  end: [1, fc.record({ at })],
  fail: [4, fc.record({ at, cause, phase: fc.constantFrom('head', 'body') })],
  notModified: [8, fc.record({ at, shareable: fc.boolean(), ttlMs: fc.constantFrom(50, 3000) })],
  pause: [1, fc.record({ at, on: fc.boolean() })],
  leave: [3, fc.record({ at: fc.nat({ max: 20 }) })],
  time: [5, fc.record({ ms: fc.constantFrom(1, 20, 60, 150, 350, 700), late: fc.boolean() })],
  invalidate: [2, fc.record({ target })],
  learn: [2, fc.record({ found: fc.boolean() })],
} as const;

type Steps = typeof STEPS;
type Step = {
  [What in keyof Steps]: { what: What; how: Steps[What][1] extends fc.Arbitrary<infer How> ? How : never };
};

const step = fc.oneof(
  ...Object.entries(STEPS).map(([what, [weight, how]]) => ({
    weight,
    arbitrary: (how as fc.Arbitrary<unknown>).map((how) => ({ what, how }) as Step[keyof Steps]),
  })),
);

function play(shell: ModelShell, { what, how }: Step[keyof Steps]): void {
  const among = <Candidate>(candidates: readonly Candidate[], at: number): Candidate | undefined =>
    candidates[candidates.length - 1 - (at % candidates.length)];
  const attempt = (phase: Attempt['phase'], at: number, act: (attempt: Attempt) => void) => {
    const found = among(
      shell.live.filter((candidate) => candidate.phase === phase),
      at,
    );
    if (found) act(found);
  };
  switch (what) {
    case 'request':
      return void shell.request(how.target, how.field, how.odd === 1, how.odd === 2);
    case 'head':
      return attempt('head', how.at, (fill) => shell.head(fill, how.plan));
    case 'bytes':
      return attempt('body', how.at, (fill) => shell.bytes(fill, how.pieces));
    case 'finish':
      return attempt('body', how.at, (fill) => shell.finish(fill));
    case 'end':
      return attempt('body', how.at, (fill) => shell.end(fill));
    case 'fail':
      return attempt(how.phase, how.at, (fill) => shell.fail(fill, how.cause));
    case 'notModified':
      return attempt('head', how.at, (fill) => {
        if (fill.revalidates >= 0) shell.notModified(fill, how.shareable, how.ttlMs);
      });
    case 'pause':
      return attempt('body', how.at, (fill) => (how.on ? shell.pause(fill) : shell.unpause(fill)));
    case 'leave': {
      const request = among(shell.open, how.at);
      if (request) shell.leave(request);
      return;
    }
    case 'time':
      return how.late ? shell.jump(how.ms) : shell.advance(how.ms);
    case 'invalidate':
      return shell.invalidate(how.target);
    case 'learn':
      return shell.eventDocument(how.found);
  }
}

const layouts = [
  { self: 'edge-1', site: [], upstreams: 1 },
  { self: 'edge-1', site: [], upstreams: 2 },
  { self: 'edge-1', site: ['edge-1', 'edge-2', 'edge-3'], upstreams: 1 },
];

/** Everything that must have happened somewhere among the runs. */
const EXPECTED = [
  ['filled', 'resumed', 'restarted', 'replaced', 'whole', 'short end', 'cut', 'completed', 'left', 'dropped'],
  ['hit', 'stale', 'stale-if-error', 'revalidated', 'miss', 'collapsed', 'pass', 'varied', 'confirmed'],
  ['too-early', 'gone', 'wait-bound', 'upstream-failed', 'upstream-error', 'upstream-timeout', 'shed'],
  ['too-many-fills', 'too-many-waiters', 'only-if-cached'],
].flat();

/** From a single body, few fills and few waiters to bounds that are hardly met. */
const bounds = [
  { memoryBytes: 1400, fillsMax: 6, waitersMax: 8 },
  { memoryBytes: 2600, fillsMax: 6, waitersMax: 8 },
  { memoryBytes: 5000, fillsMax: 50, waitersMax: 50 },
];

const life = fc.record({
  layout: fc.constantFrom(...layouts),
  bound: fc.constantFrom(...bounds),
  steps: fc.array(step, { minLength: 1, maxLength: 80, size: 'max' }),
});

test(`whatever the order of events, the machine keeps its promises (seed ${seed}, ${runs} runs)`, (t) => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(life, ({ layout, bound, steps }) => {
      const shell = new ModelShell({ ...policy, ...bound }, layout);
      for (const each of steps) play(shell, each);
      shell.settle();
      for (const [what, times] of shell.seen) seen.set(what, (seen.get(what) ?? 0) + times);
    }),
    { seed, numRuns: runs, endOnFailure, includeErrorInReport: true },
  );
  t.log(Object.fromEntries(seen));
  for (const what of EXPECTED) t.true(seen.has(what), `"${what}" never happened: the runs prove nothing about it`);
});
