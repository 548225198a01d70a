import test from 'ava';
import * as fc from 'fast-check';
import { BolaAdaptation } from './bola-adaptation.ts';
import { Bola } from './bola.ts';
import { DynamicAdaptation } from './dynamic-adaptation.ts';

const LADDER_BPS = [1_000_000, 2_000_000, 4_000_000];
const state = (currentIndex: number, bufferMs: number, bufferTargetMs = 18_000) => ({
  currentIndex,
  bufferMs,
  bufferTargetMs,
  segmentDurationMs: 2000,
});

function tuned(ladderBps: readonly number[], targetMs: number): Bola {
  const bola = new Bola();
  bola.tune(ladderBps, targetMs);
  return bola;
}

test('with 1, 2 and 4 Mbit/s and 18 s of buffer, the thresholds are those of the formula', (t) => {
  // Utilities 1, 1 + ln 2, 1 + ln 4; γp = ln 4 / (18/10 − 1) = 1.7329, V = 10 s / γp = 5.7708 s.
  const bola = tuned(LADDER_BPS, 18_000);
  // Even between 0 and 1 where V(γp + 2·1 − (1 + ln 2)) = Q, between 1 and 2 where V(γp + 1) = Q.
  t.is(Math.round(bola.leastBufferMs(1)), 11_771);
  t.is(Math.round(bola.leastBufferMs(2)), 15_771);
  t.is(bola.best(11_770), 0);
  t.is(bola.best(11_772), 1);
  t.is(bola.best(15_770), 1);
  t.is(bola.best(15_772), 2);
  t.is(Math.round(bola.mostBufferMs(0)), 15_771);
  t.is(Math.round(bola.mostBufferMs(2)), 23_771);
});

test('a smaller target shrinks all thresholds alike; 5/9 of it belong to the lowest', (t) => {
  const bola = tuned(LADDER_BPS, 3600);
  t.is(Math.round(bola.leastBufferMs(1)), Math.round(11_771 / 5));
  t.is(Math.round(bola.leastBufferMs(2)), Math.round(15_771 / 5));
});

const ladder = fc
  .uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 2, maxLength: 8 })
  .map((hundreds) => hundreds.sort((a, b) => a - b).map((hundred) => hundred * 100_000));
const target = fc.integer({ min: 1000, max: 60_000 });

test('the choice never falls as the buffer grows, from the lowest when empty to the highest at the target', (t) => {
  fc.assert(
    fc.property(ladder, target, (ladderBps, targetMs) => {
      const bola = tuned(ladderBps, targetMs);
      let last = 0;
      for (let bufferMs = 0; bufferMs <= targetMs; bufferMs += targetMs / 100) {
        const index = bola.best(bufferMs);
        t.true(index >= last);
        last = index;
      }
      t.is(bola.best(0), 0);
      t.is(bola.best(targetMs + 0.001), ladderBps.length - 1);
    }),
  );
});

test('below its least buffer a choice is never made, above it nothing lower is', (t) => {
  fc.assert(
    fc.property(ladder, target, (ladderBps, targetMs) => {
      const bola = tuned(ladderBps, targetMs);
      for (let index = 1; index < ladderBps.length; index++) {
        const leastMs = bola.leastBufferMs(index);
        t.not(bola.best(leastMs * (1 - 1e-9) - 1e-6), index);
        t.true(bola.best(leastMs * (1 + 1e-9) + 1e-6) >= index);
      }
    }),
  );
});

/** A second each at one rate. */
function measured<A extends BolaAdaptation | DynamicAdaptation>(adaptation: A, rateBps: number): A {
  for (let count = 0; count < 20; count++) adaptation.onTransfer(rateBps / 8, 1000, 0);
  return adaptation;
}

/** Past its start-up, at what 90 % of the rate carries. */
function steady(rateBps: number, bufferMs: number): BolaAdaptation {
  const adaptation = measured(new BolaAdaptation(), rateBps);
  adaptation.choose(LADDER_BPS, state(0, bufferMs));
  return adaptation;
}

test('it starts by throughput, and the placeholder holds that choice while the buffer is still low', (t) => {
  const adaptation = measured(new BolaAdaptation(), 2_500_000);
  t.is(adaptation.choose(LADDER_BPS, state(-1, 0)), 1);
  t.is(adaptation.choose(LADDER_BPS, state(1, 2000)), 1, 'the last by throughput');
  t.is(adaptation.choose(LADDER_BPS, state(1, 2000)), 1, 'BOLA alone would take the lowest');
  t.is(adaptation.choose(LADDER_BPS, state(1, 0)), 0, 'an empty buffer ends the pretence');
});

test('it goes no higher than the throughput carries, but need not come down where it is', (t) => {
  t.is(steady(2_500_000, 17_000).choose(LADDER_BPS, state(0, 17_000)), 1);
  t.is(steady(2_500_000, 17_000).choose(LADDER_BPS, state(2, 17_000)), 2);
});

test('its quality shrinks with the buffer, whatever the throughput', (t) => {
  const adaptation = steady(20_000_000, 17_000);
  t.is(adaptation.choose(LADDER_BPS, state(2, 17_000)), 2);
  t.is(adaptation.choose(LADDER_BPS, state(2, 13_000)), 1);
  t.is(adaptation.choose(LADDER_BPS, state(1, 9000)), 0);
});

test('DYNAMIC begins by throughput, turns to BOLA above 10 s, and back where BOLA wants less below', (t) => {
  const dynamic = measured(new DynamicAdaptation(), 20_000_000);
  const at = (index: number, bufferMs: number) => dynamic.choose(LADDER_BPS, state(index, bufferMs, 20_000));
  t.is(at(-1, 0), 2);
  t.false(dynamic.usesBola);
  t.is(at(2, 18_000), 2);
  t.true(dynamic.usesBola);
  t.is(at(2, 10_500), 0, 'BOLA’s choice');
  t.true(dynamic.usesBola);
  t.is(at(2, 9500), 2, 'throughput’s');
  t.false(dynamic.usesBola);
});
