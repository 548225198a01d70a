import test from 'ava';
import { Engine } from '../engine/engine.ts';
import { FlowNetwork } from './flow-network.ts';

interface World {
  readonly engine: Engine;
  readonly network: FlowNetwork;
  /** [tag, moment] */
  readonly done: [number, number][];
}

function world(...capacities: number[]): World {
  const engine = new Engine();
  const done: [number, number][] = [];
  const network = new FlowNetwork(engine.timers, capacities, { done: (tag, nowMs) => done.push([tag, nowMs]) });
  return { engine, network, done };
}

/** 1 Mbit/s carries 125 bytes a millisecond. */
const MBPS = 1e6;

test('one flow has its cap where there is room, and ends when its bytes are carried', (t) => {
  const { engine, network, done } = world(10 * MBPS);
  const flow = network.start(7, network.path([0]), 4 * MBPS, 1, 500_000, 0);
  t.is(network.rateBps(flow), 4 * MBPS);
  t.is(network.active, 1);
  t.true(engine.run(999.999));
  t.deepEqual(done, []);
  engine.run(2000);
  t.deepEqual(done, [[7, 1000]]);
  t.is(network.linkBytes(0, 2000), 500_000);
  t.is(network.active, 0);
  t.is(network.linkRateBps(0), 0);
  t.is(engine.timers.pending, 0);
});

test('equal flows share a full link equally, and what one leaves the others take', (t) => {
  const { engine, network, done } = world(8 * MBPS);
  const path = network.path([0]);
  // 4 Mbit/s each: 500 bytes/ms. The short one is done at 1000; the long one has 500,000 left at 1000 bytes/ms
  const short = network.start(1, path, Infinity, 1, 500_000, 0);
  const long = network.start(2, path, Infinity, 1, 1_000_000, 0);
  t.is(network.rateBps(short), 4 * MBPS);
  t.is(network.rateBps(long), 4 * MBPS);
  engine.run(1200);
  t.is(network.rateBps(long), 8 * MBPS);
  t.is(network.carriedBytes(long, 1200), 700_000);
  engine.run(9999);
  t.deepEqual(done, [
    [1, 1000],
    [2, 1500],
  ]);
  t.is(network.linkBytes(0, 9999), 1_500_000);
});

test('weights 1:2:3 divide a full link into sixths', (t) => {
  const { network } = world(12 * MBPS);
  const path = network.path([0]);
  const flows = [1, 2, 3].map((weight) => network.start(weight, path, Infinity, weight, 1e9, 0));
  t.deepEqual(
    flows.map((flow) => network.rateBps(flow)),
    [2 * MBPS, 4 * MBPS, 6 * MBPS],
  );
  t.is(network.linkRateBps(0), 12 * MBPS);
});

test('a cap leaves its part to the others', (t) => {
  const { network } = world(12 * MBPS);
  const path = network.path([0]);
  const capped = network.start(1, path, 2 * MBPS, 1, 1e9, 0);
  const others = [2, 3].map((tag) => network.start(tag, path, 100 * MBPS, 1, 1e9, 0));
  t.is(network.rateBps(capped), 2 * MBPS);
  for (const flow of others) t.is(network.rateBps(flow), 5 * MBPS);
});

test('parking lot: the long flow and the short ones each have half of a link', (t) => {
  const { network } = world(10 * MBPS, 10 * MBPS, 10 * MBPS);
  const long = network.start(0, network.path([0, 1, 2]), Infinity, 1, 1e9, 0);
  const short = [0, 1, 2].map((link) => network.start(link + 1, network.path([link]), Infinity, 1, 1e9, 0));
  for (const flow of [long, ...short]) t.is(network.rateBps(flow), 5 * MBPS);
});

test('parking lot with a narrow link: the long flow is held there, the others take the rest', (t) => {
  const { network } = world(10 * MBPS, 4 * MBPS, 10 * MBPS);
  const long = network.start(0, network.path([0, 1, 2]), Infinity, 1, 1e9, 0);
  const [first, second, third] = [0, 1, 2].map((link) =>
    network.start(link + 1, network.path([link]), Infinity, 1, 1e9, 0),
  );
  t.is(network.rateBps(long), 2 * MBPS);
  t.is(network.rateBps(first!), 8 * MBPS);
  t.is(network.rateBps(second!), 2 * MBPS);
  t.is(network.rateBps(third!), 8 * MBPS);
  // and when the narrow one's own flow goes, the long one has 4, the others 6
  network.stop(second!, 5);
  t.is(network.rateBps(long), 4 * MBPS);
  t.is(network.rateBps(first!), 6 * MBPS);
  t.is(network.linkRateBps(1), 4 * MBPS);
});

test('two links, two flows with caps', (t) => {
  const { network } = world(10 * MBPS, 6 * MBPS);
  const a = network.start(1, network.path([0]), 7 * MBPS, 1, 1e9, 0);
  const b = network.start(2, network.path([0, 1]), 9 * MBPS, 1, 1e9, 0);
  // link 0 shares 5 and 5; b could have 6 on link 1
  t.is(network.rateBps(a), 5 * MBPS);
  t.is(network.rateBps(b), 5 * MBPS);
  network.setCapacity(1, 4 * MBPS, 1);
  t.is(network.rateBps(b), 4 * MBPS);
  t.is(network.rateBps(a), 6 * MBPS);
  network.setCapacity(1, 2 * MBPS, 2);
  t.is(network.rateBps(b), 2 * MBPS);
  t.is(network.rateBps(a), 7 * MBPS);
});

test('a link of capacity 0 carries nothing until it has some', (t) => {
  const { engine, network, done } = world(8 * MBPS);
  const flow = network.start(1, network.path([0]), 8 * MBPS, 1, 1_000_000, 0);
  engine.run(500);
  network.setCapacity(0, 0, 500);
  t.is(network.rateBps(flow), 0);
  engine.run(60_000);
  t.is(network.carriedBytes(flow, 60_000), 500_000);
  t.is(network.linkBytes(0, 60_000), 500_000);
  network.setCapacity(0, 4 * MBPS, 60_000);
  engine.run(99_999);
  t.deepEqual(done, [[1, 61_000]]);
});

test('a capacity that changes half-way moves the end', (t) => {
  const { engine, network, done } = world(8 * MBPS, 100 * MBPS);
  network.start(1, network.path([1, 0]), 100 * MBPS, 1, 1_000_000, 0);
  engine.run(250);
  network.setCapacity(0, 2 * MBPS, 250);
  engine.run(1250);
  network.setCapacity(0, 50 * MBPS, 1250);
  engine.run(9999);
  // 250,000 at first, then 250,000, then 500,000 at 6250 bytes/ms
  t.deepEqual(done, [[1, 1330]]);
  t.is(network.linkBytes(1, 9999), 1_000_000);
});

test('without links only the cap counts, and there has to be one', (t) => {
  const { engine, network, done } = world();
  const path = network.path([]);
  network.start(1, path, 8 * MBPS, 1, 10_000, 3);
  t.throws(() => network.start(2, path, Infinity, 1, 10_000, 3), { instanceOf: RangeError });
  engine.run(100);
  t.deepEqual(done, [[1, 13]]);
  t.is(network.active, 0);
});

test('no bytes are carried at once, but never before start returns, and even over a dead link', (t) => {
  const { engine, network, done } = world(0);
  const path = network.path([0]);
  engine.run(0.1);
  network.start(1, path, 3, 1, 1e6, 0.1);
  engine.run(7 / 9);
  network.start(2, path, 3, 1, 0, 7 / 9);
  network.start(3, network.path([]), 3, 1, 0, 7 / 9);
  t.deepEqual(done, []);
  engine.run(50);
  t.deepEqual(done, [
    [2, 7 / 9],
    [3, 7 / 9],
  ]);
});

test('a flow of no bytes among others of its group ends to the very moment', (t) => {
  const { engine, network, done } = world(1e12);
  const path = network.path([0]);
  const expected: [number, number][] = [];
  // at some of these moments, threshold and moment do not round to each other
  for (let tag = 0; tag < 2000; tag++) {
    engine.run(tag * 17.7777777);
    const capBps = 1e6 * (3 + (tag % 50) / 7);
    if (tag < 50) network.start(-1, path, capBps, 1, 1e12, engine.nowMs);
    network.start(tag, path, capBps, 1, 0, engine.nowMs);
    expected.push([tag, engine.nowMs]);
  }
  engine.run(engine.nowMs);
  t.deepEqual(done, expected);
});

test('a stopped flow tells what it carried, and its sink is not told', (t) => {
  const { engine, network, done } = world(8 * MBPS);
  const flow = network.start(1, network.path([0]), 1 * MBPS, 1, 1_000_000, 0);
  engine.run(100);
  t.is(network.stop(flow, 100), 12_500);
  engine.run(1e6);
  t.deepEqual(done, []);
  t.is(network.linkBytes(0, 1e6), 12_500);
  t.is(network.endedBytes(network.path([0])), 12_500);
  t.is(engine.timers.pending, 0);
  t.throws(() => network.stop(flow, 1e6), { instanceOf: RangeError });
});

test('the flows over a link are named in the order of their starts, whatever their groups', (t) => {
  const { network } = world(1 * MBPS, 1 * MBPS);
  const both = network.path([0, 1]);
  const second = network.path([1]);
  for (const [tag, path] of [both, second, both, network.path([0]), second, both].entries()) {
    network.start(tag * 10, path, tag % 2 === 0 ? MBPS : 2 * MBPS, 1, 1e6, 0);
  }
  t.deepEqual(network.flowsOver(0), [0, 20, 30, 50]);
  t.deepEqual(network.flowsOver(1), [0, 10, 20, 40, 50]);
});

test('the sink may break flows, start others and change capacities', (t) => {
  const engine = new Engine();
  const done: [number, number][] = [];
  const network: FlowNetwork = new FlowNetwork(engine.timers, [8 * MBPS], {
    done(tag, nowMs) {
      done.push([tag, nowMs]);
      if (tag !== 1) return;
      network.stop(other, nowMs);
      network.setCapacity(0, 4 * MBPS, nowMs);
      const next = network.start(3, path, Infinity, 1, 500_000, nowMs);
      t.is(network.rateBps(next), 4 * MBPS);
    },
  });
  const path = network.path([0]);
  network.start(1, path, Infinity, 1, 500_000, 0);
  const other = network.start(2, path, Infinity, 1, 1_000_000, 0);
  engine.run(1e4);
  t.deepEqual(done, [
    [1, 1000],
    [3, 2000],
  ]);
  t.is(network.linkBytes(0, 1e4), 1_500_000);
});

test('all that changes at one moment is solved once', (t) => {
  const { engine, network, done } = world(8 * MBPS);
  const path = network.path([0]);
  for (let tag = 0; tag < 100; tag++) network.start(tag, path, Infinity, 1, 80_000, 0);
  for (let tag = 100; tag < 200; tag++) network.start(tag, path, Infinity, 2, 160_000, 0);
  engine.run(0);
  t.is(network.stats.solves, 1);
  engine.run(1e5);
  t.is(done.length, 200);
  for (const [, atMs] of done) t.true(Math.abs(atMs - 24_000) < 1e-8);
  // all of a group end together; rounding may part the two groups
  t.true(network.stats.solves <= 3);
});

test('a question about a later moment is answered with the right rates even when no timer has run', (t) => {
  const { network } = world(8 * MBPS);
  const flow = network.start(1, network.path([0]), 100 * MBPS, 1, 1_000_000, 0);
  t.is(network.carriedBytes(flow, 100), 100_000);
  network.setCapacity(0, 4 * MBPS, 100);
  t.is(network.linkBytes(0, 300), 200_000);
});

test('links that hold nobody back are never solved', (t) => {
  const { engine, network, done } = world(100 * MBPS, 100 * MBPS);
  const path = network.path([0, 1]);
  for (let tag = 0; tag < 100; tag++) network.start(tag, path, 1 * MBPS, 1, 1000 * (tag + 1), 0);
  engine.run(1e5);
  t.is(done.length, 100);
  t.is(network.stats.solves, 0);
  network.start(100, path, 1 * MBPS, 1, 1000, 1e5);
  t.is(network.linkRateBps(1), 1 * MBPS);
});

test('a full link elsewhere is left alone', (t) => {
  const { engine, network } = world(1 * MBPS, 1 * MBPS, 100 * MBPS);
  const here = network.path([0, 2]);
  const there = network.path([1, 2]);
  for (let tag = 0; tag < 10; tag++) network.start(tag, here, MBPS * (1 + tag), 1, 1e9, 0);
  engine.run(0);
  const { solvedLinks } = network.stats;
  network.start(10, there, 2 * MBPS, 1, 1e9, 1);
  engine.run(1);
  t.is(network.stats.solvedLinks, solvedLinks + 1);
  t.is(network.linkRateBps(2), 2 * MBPS);
});

test('what cannot be is refused', (t) => {
  const { network } = world(8 * MBPS);
  const path = network.path([0]);
  t.throws(() => network.path([1]), { instanceOf: RangeError });
  t.throws(() => network.path([0, 0]), { instanceOf: RangeError });
  t.throws(() => network.start(1, path + 1, 1, 1, 1, 0), { instanceOf: RangeError });
  t.throws(() => network.start(1, path, -1, 1, 1, 0), { instanceOf: RangeError });
  t.throws(() => network.start(1, path, 1, 0, 1, 0), { instanceOf: RangeError });
  t.throws(() => network.start(1, path, 1, 1, NaN, 0), { instanceOf: RangeError });
  t.throws(() => network.setCapacity(0, -1, 0), { instanceOf: RangeError });
  t.throws(() => network.setCapacity(0, Infinity, 0), { instanceOf: RangeError });
  t.throws(() => network.setCapacity(1, 1, 0), { instanceOf: RangeError });
  t.throws(() => network.linkBytes(1, 0), { instanceOf: RangeError });
  t.throws(() => network.rateBps(0), { instanceOf: RangeError });
  t.throws(() => new FlowNetwork(new Engine().timers, [-1], { done: () => {} }), { instanceOf: RangeError });
});
