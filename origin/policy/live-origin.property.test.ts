import test from 'ava';
import * as fc from 'fast-check';
import { Rig, SEGMENT_MS } from './live-origin.fixture.ts';
import type { CandidateDefect } from './segment-slot.ts';

type Step =
  | { kind: 'advance'; ms: number }
  | {
      kind: 'offer';
      pipeline: number;
      rendition: string;
      ahead: number;
      sizeBytes: number;
      defect: CandidateDefect | null;
    }
  | { kind: 'read'; rendition: string; ahead: number }
  | { kind: 'release'; which: number };

const rendition = fc.constantFrom('v1', 'a1');
const ahead = fc.integer({ min: -35, max: 3 });
const near = fc.integer({ min: -2, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 5000 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('offer' as const),
      pipeline: fc.integer({ min: 0, max: 1 }),
      rendition,
      ahead: near,
      sizeBytes: fc.integer({ min: 1, max: 1500 }),
      defect: fc.constantFrom<CandidateDefect | null>(null, null, 'digest-mismatch', 'short-body'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('read' as const), rendition, ahead: fc.oneof(near, ahead) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat({ max: 50 }) }) },
);

/** The first number that the clock says is not complete yet, moved by `steps`. */
const numberNear = (rig: Rig, steps: number) => Math.max(0, 1 + Math.floor(rig.nowMs / SEGMENT_MS) + steps);

const MAX_BYTES = 3000;

/** Held at most from when it is next, a segment earlier where pipelines run ahead, and clocks a quarter of a second. */
const LONGEST_HOLD_MS = 3 * SEGMENT_MS + 250;

test('whatever comes in whatever order: one answer a read, in bounded time, of bytes that never change', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const rig = new Rig({ maxStoredBytes: MAX_BYTES, maxWaiters: 6, maxReads: 5 });
      const reads: { id: number; key: string; askedMs: number; boundMs: number }[] = [];
      const released = new Set<number>();
      const leftEarly = new Set<number>();
      const firstValid = new Map<string, number>();
      const gone = new Set<string>();
      for (const step of steps) {
        if (step.kind === 'advance') rig.to(rig.nowMs + step.ms);
        if (step.kind === 'offer') {
          const number = numberNear(rig, step.ahead);
          const key = `${step.rendition}/${number}`;
          const id = rig.offer(number, step);
          const fate = rig.ingest.get(id);
          t.true(step.defect === null ? fate !== undefined : fate === step.defect);
          if (fate === 'published') {
            t.false(firstValid.has(key), 'a number is published once');
            t.false(gone.has(key), 'what was told to be gone stays so');
            firstValid.set(key, id);
          }
          if (fate === 'spare') t.true(firstValid.has(key), 'spare only where another was first');
        }
        if (step.kind === 'read') {
          const number = numberNear(rig, step.ahead);
          const key = `${step.rendition}/${number}`;
          const id = rig.read(number, step.rendition);
          reads.push({ id, key, askedMs: rig.nowMs, boundMs: (number + 1) * SEGMENT_MS });
          const answer = rig.answer(id);
          if (answer?.kind === 'refuse' && answer.status === 410) gone.add(key);
        }
        if (step.kind === 'release') {
          const read = reads[step.which];
          if (!read || released.has(read.id)) continue;
          rig.origin.release(read.id);
          if (rig.answer(read.id) === undefined) leftEarly.add(read.id);
          released.add(read.id);
        }
        t.true(rig.origin.storedBytes <= MAX_BYTES);
        t.true(rig.origin.waiting <= 6);
      }
      rig.to(rig.nowMs + LONGEST_HOLD_MS);
      t.is(rig.origin.waiting, 0);

      for (const { id, key, askedMs, boundMs } of reads) {
        const answers = rig.answers.get(id) ?? [];
        t.is(answers.length, leftEarly.has(id) ? 0 : 1, `one answer to ${key}, none to who has left`);
        const [answer] = answers;
        if (answer === undefined) continue;
        t.true(rig.answeredAtMs.get(id)! <= Math.max(askedMs, boundMs), 'one segment after it was due');
        if (answer.kind === 'serve') t.is(firstValid.get(key), answer.bodyId, 'the first valid candidate, for ever');
      }
    }),
    { numRuns: 300 },
  );
});

test('killing one pipeline shows nowhere: the same reads get the same answers from the other', (t) => {
  const schedule = fc.record({
    killAtMs: fc.integer({ min: 0, max: 30_000 }),
    victim: fc.integer({ min: 0, max: 1 }),
    offsetsMs: fc.array(fc.integer({ min: -1500, max: 1900 }), { minLength: 12, maxLength: 12 }),
    reads: fc.array(fc.record({ atMs: fc.integer({ min: 0, max: 30_000 }), ahead: fc.integer({ min: -5, max: 3 }) }), {
      size: 'max',
      maxLength: 60,
    }),
  });
  fc.assert(
    fc.property(schedule, ({ killAtMs, victim, offsetsMs, reads }) => {
      const run = (killed: boolean) => {
        const rig = new Rig();
        const work: { atMs: number; act: () => void }[] = offsetsMs.flatMap((offsetMs, index) =>
          [0, 1].map((pipeline) => {
            const atMs = (index + 1) * SEGMENT_MS + offsetMs;
            const dead = killed && pipeline === victim && atMs >= killAtMs;
            return { atMs, act: () => void (dead || rig.offer(index + 1, { pipeline })) };
          }),
        );
        const ids: number[] = [];
        for (const { atMs, ahead } of reads) {
          work.push({ atMs, act: () => void ids.push(rig.read(numberNear(rig, ahead))) });
        }
        for (const { atMs, act } of work.toSorted((one, other) => one.atMs - other.atMs)) {
          rig.to(atMs);
          act();
        }
        rig.to(60_000);
        return ids.map((id) => {
          const { kind, lifetimeMs } = rig.answer(id)!;
          return { kind, lifetimeMs, atMs: rig.answeredAtMs.get(id) };
        });
      };
      t.deepEqual(run(true), run(false));
    }),
    { numRuns: 100 },
  );
});
