import test from 'ava';
import fc from 'fast-check';
import { PRIORITIES } from '../../topology/model/priority.ts';
import { OriginBudget } from './origin-budget.ts';

function budgetOf(fillsMax: number, queueMax: number, queueMs = 1000) {
  const started: number[] = [];
  const shed: number[] = [];
  const budget = new OriginBudget(
    { fillsMax, queueMax, queueMs },
    { start: (fillId) => started.push(fillId), shed: (fillId) => shed.push(fillId) },
  );
  return { budget, started, shed };
}

test('beyond the budget the live edge goes first, whoever came before', (t) => {
  const { budget, started } = budgetOf(1, 10);
  budget.admit(1, 'on-demand', 0);
  budget.admit(2, 'on-demand', 0);
  budget.admit(3, 'live-dvr', 0);
  budget.admit(4, 'live-edge', 0);
  for (const fillId of [1, 4, 3]) budget.done(fillId);
  t.deepEqual(started, [1, 4, 3, 2]);
});

test('when the queue is full the newest of the least important is shed', (t) => {
  const { budget, shed } = budgetOf(1, 2);
  budget.admit(1, 'live-edge', 0);
  budget.admit(2, 'prefetch', 0);
  budget.admit(3, 'prefetch', 0);
  budget.admit(4, 'live-edge', 0);
  t.deepEqual(shed, [3]);
});

test('who has waited long enough is shed, and a wake is asked for in time', (t) => {
  const { budget, shed, started } = budgetOf(1, 10, 500);
  budget.admit(1, 'live-edge', 0);
  budget.admit(2, 'live-edge', 100);
  t.is(budget.nextWake(), 600);
  budget.wake(599);
  t.deepEqual(shed, []);
  budget.wake(600);
  t.deepEqual(shed, [2]);
  t.is(budget.nextWake(), Infinity);
  budget.done(1);
  t.deepEqual(started, [1]);
});

test('whatever happens: the budget is never exceeded, each fill starts or is shed at most once, none is forgotten', (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('admit' as const), priority: fc.constantFrom(...PRIORITIES) }),
    fc.record({ kind: fc.constant('done' as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 800 }) }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 5 }),
      fc.array(step, { maxLength: 200 }),
      (fillsMax, queueMax, steps) => {
        const { budget, started, shed } = budgetOf(fillsMax, queueMax);
        const running: number[] = [];
        let nextId = 1;
        let nowMs = 0;
        for (const action of steps) {
          const before = started.length;
          if (action.kind === 'admit') budget.admit(nextId++, action.priority, nowMs);
          else if (action.kind === 'wait') budget.wake((nowMs += action.ms));
          else if (running.length > 0) budget.done(running.splice(action.pick % running.length, 1)[0]!);
          running.push(...started.slice(before));
          if (running.length > fillsMax || budget.running !== running.length || budget.waiting > queueMax) return false;
        }
        const known = new Set([...started, ...shed]);
        return known.size === started.length + shed.length && known.size + budget.waiting === nextId - 1;
      },
    ),
  );
  t.pass();
});
