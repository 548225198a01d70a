import test from 'ava';
import * as fc from 'fast-check';
import { ThroughputAdaptation, ThroughputMean } from './throughput-adaptation.ts';

test('before anything was measured it takes what 1 Mbit/s carries', (t) => {
  t.is(new ThroughputAdaptation().choose([400_000, 1_000_000, 2_000_000]), 1);
});

test('the mean is the smaller of a fast and a slow one, weighed by 1.5 of the time, after the first byte', (t) => {
  const mean = new ThroughputMean();
  mean.sample(1_000_000, 2100, 100);
  t.is(Math.round(mean.safeBps), 3_600_000, '4 Mbit/s for 2 s, and 90 % of it');
  mean.sample(250_000, 2000, 0);
  // The second weighs 3 s, as the first: fast (1·½ + 4·½·½) / ¾, slow with 2^(−3/8).
  const kept = 2 ** (-3 / 8);
  const fast = (1 * 0.5 + 4 * 0.25) / 0.75;
  const slow = (1 * (1 - kept) + 4 * (1 - kept) * kept) / (1 - kept * kept);
  t.is(Math.round(mean.safeBps), Math.round(0.9e6 * Math.min(fast, slow)));
  t.true(fast < slow);
});

test('an empty transfer says nothing', (t) => {
  const mean = new ThroughputMean();
  mean.sample(0, 1000, 10);
  t.false(mean.isMeasured);
});

test('at a constant rate it takes the highest within 90 % of it', (t) => {
  const ladder = fc.uniqueArray(fc.integer({ min: 100_000, max: 20_000_000 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(ladder, fc.integer({ min: 50_000, max: 40_000_000 }), (bitrates, rateBps) => {
      const ladderBps = bitrates.sort((a, b) => a - b);
      const adaptation = new ThroughputAdaptation();
      for (let count = 0; count < 10; count++) adaptation.onTransfer(rateBps / 4, 2000, 0);
      const index = adaptation.choose(ladderBps);
      const safeBps = 0.9 * rateBps;
      t.true(index === 0 || ladderBps[index]! <= safeBps * (1 + 1e-9));
      t.true(index === ladderBps.length - 1 || ladderBps[index + 1]! > safeBps * (1 - 1e-9));
    }),
  );
});
