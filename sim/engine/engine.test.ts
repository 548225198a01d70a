import test from 'ava';
import { Engine, WALL_START_MS } from './engine.ts';

function engineWith(...moments: number[]) {
  const engine = new Engine();
  const fired: number[] = [];
  const kind = engine.timers.kind((_payload, _timer, nowMs) => {
    fired.push(nowMs);
    if (engine.nowMs !== nowMs) throw new Error('the handler and the engine differ about the time');
  });
  for (const atMs of moments) engine.timers.set(engine.timers.make(kind, 0), atMs);
  return { engine, fired, kind };
}

test('it goes to the moment asked for, what happens then included, and the clock stands there', (t) => {
  const { engine, fired } = engineWith(5, 1, 3);
  t.true(engine.run(3));
  t.deepEqual(fired, [1, 3]);
  t.is(engine.nowMs, 3);
  t.true(engine.run(4));
  t.is(engine.nowMs, 4);
  t.is(engine.wallMs, WALL_START_MS + 4);
  t.is(engine.events, 2);
});

test('with nothing left it still goes to the end', (t) => {
  const { engine } = engineWith();
  t.true(engine.run(1000));
  t.is(engine.nowMs, 1000);
});

test('it stops after so many events and goes on where it stopped', (t) => {
  const { engine, fired } = engineWith(1, 2, 3);
  t.false(engine.run(10, 2));
  t.is(engine.nowMs, 2);
  t.deepEqual(fired, [1, 2]);
  t.true(engine.run(10, 2));
  t.is(engine.nowMs, 10);
  t.deepEqual(fired, [1, 2, 3]);
});

test('an earlier moment than now changes nothing', (t) => {
  const { engine, fired } = engineWith(5);
  engine.run(4);
  t.true(engine.run(2));
  t.is(engine.nowMs, 4);
  t.deepEqual(fired, []);
});

test('a timer in the past is an error: time never goes back', (t) => {
  const { engine, kind } = engineWith();
  engine.run(10);
  engine.timers.set(engine.timers.make(kind, 0), 9);
  t.throws(() => engine.run(20), { message: 'time went back from 10 ms to 9 ms' });
});

test('what is set for now happens now, after what was set for now before', (t) => {
  const engine = new Engine();
  const order: string[] = [];
  const second = engine.timers.kind((payload) => void order.push(`second ${payload}`));
  const first = engine.timers.kind((_payload, _timer, nowMs) => {
    order.push('first');
    engine.timers.set(engine.timers.make(second, 2), nowMs);
  });
  engine.timers.set(engine.timers.make(first, 0), 7);
  engine.timers.set(engine.timers.make(second, 1), 7);
  engine.run(7);
  t.deepEqual(order, ['first', 'second 1', 'second 2']);
});
