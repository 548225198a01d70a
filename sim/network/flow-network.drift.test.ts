import test from 'ava';
import { FlowChecker } from '../checkers/flow-checker.ts';
import { Engine } from '../engine/engine.ts';
import { Random } from '../engine/random.ts';
import { FlowNetwork } from './flow-network.ts';

const HOUR_MS = 3_600_000;

test('a group that is never empty is as exact after two days as at first', (t) => {
  const engine = new Engine();
  const capBps = 9.87654321e9;
  const startedMs: number[] = [];
  const sizes: number[] = [];
  let worst = 0;
  let bytes = 0;
  const network: FlowNetwork = new FlowNetwork(engine.timers, [1e12], {
    done(tag, nowMs) {
      const expectedMs = (sizes[tag]! * 8000) / capBps;
      worst = Math.max(worst, Math.abs(nowMs - startedMs[tag]! - expectedMs) / expectedMs);
      bytes += sizes[tag]!;
      if (nowMs < 48 * HOUR_MS) begin(tag, nowMs);
    },
  });
  const path = network.path([0]);
  const random = new Random(1, 'drift');
  function begin(tag: number, nowMs: number): void {
    startedMs[tag] = nowMs;
    sizes[tag] = 1 + Math.floor(random.uniform() * 1e10);
    network.start(tag, path, capBps, 1, sizes[tag], nowMs);
  }
  // seven at a time, 4 s each on average: 300,000 flows, 2e14 bytes of service
  for (let tag = 0; tag < 7; tag++) begin(tag, 0);
  engine.run(50 * HOUR_MS);
  t.true(network.stats.finished > 200_000);
  t.true(worst < 1e-6, `${worst}`);
  t.true(Math.abs(network.linkBytes(0, engine.nowMs) / bytes - 1) < 1e-9);
  t.is(network.linkRateBps(0), 0);
});

test('after 10^15 bytes of service a thousand changes of rate still add up', (t) => {
  const engine = new Engine();
  const done = new Map<number, number>();
  const network = new FlowNetwork(engine.timers, [1.6e14], { done: (tag, nowMs) => done.set(tag, nowMs) });
  const path = network.path([0]);
  // the second keeps the group from ever being empty
  network.start(0, path, Infinity, 1, 1e15, 0);
  network.start(1, path, Infinity, 1, 3e15, 0);
  engine.run(100_000.5);
  t.true(done.has(0));
  const flow = network.start(2, path, Infinity, 1, 1e6, engine.nowMs);
  let expectedBytes = 0;
  for (let step = 0; step < 1000; step++) {
    const capacityBps = 8e6 + 1000 * (step % 17);
    network.setCapacity(0, capacityBps, engine.nowMs);
    const fromMs = engine.nowMs;
    engine.run(fromMs + 1 / 7);
    expectedBytes += (capacityBps / 2 / 8000) * (engine.nowMs - fromMs);
  }
  t.true(Math.abs(network.carriedBytes(flow, engine.nowMs) - expectedBytes) < 1e-6 * expectedBytes);
});

test('links that fill up and empty for hours book no more and no less than their flows', (t) => {
  const engine = new Engine();
  const random = new Random(2, 'drift');
  const viewers = 60;
  const paths: number[] = [];
  const network: FlowNetwork = new FlowNetwork(engine.timers, [4.1e8, 1.3e8, 1.7e8, 3e9], {
    done: (tag, nowMs) => engine.timers.set(waits[tag]!, nowMs + random.between(100, 3000)),
  });
  const asks = engine.timers.kind((viewer, _timer, nowMs) => {
    network.start(
      viewer,
      paths[viewer]!,
      (1 + (viewer % 7)) * 7_654_321.9,
      1,
      1_000_000 * random.between(0.5, 2),
      nowMs,
    );
  });
  const waits = Array.from({ length: viewers }, (_, viewer) => engine.timers.make(asks, viewer));
  for (const [viewer, wait] of waits.entries()) {
    paths.push(network.path([0, 1 + (viewer % 2), 3]));
    engine.timers.set(wait, random.between(0, 2000));
  }
  const checker = new FlowChecker(network);
  let carried = 0;
  for (let hour = 0; hour < 10; hour++) {
    engine.run((hour + 1) * HOUR_MS);
    t.deepEqual(checker.check(engine.nowMs), []);
    carried = network.linkBytes(3, engine.nowMs);
  }
  // both kinds of moments have been there: full links, and links that hold nobody back
  t.true(network.stats.solves > 100_000);
  t.true(network.stats.solves < network.stats.started * 2);
  t.true(Math.abs((network.linkBytes(1, engine.nowMs) + network.linkBytes(2, engine.nowMs)) / carried - 1) < 1e-9);
});
