import test from 'ava';
import fc from 'fast-check';
import { FLOW_DOUBLES, FlowTable, TAG } from './flow-table.ts';

test('the root is always the least threshold, the first of equal ones, whoever leaves', (t) => {
  const steps = fc.array(fc.oneof(fc.record({ enter: fc.nat(20) }), fc.record({ leave: fc.nat(100) })), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (steps) => {
      const table = new FlowTable();
      const expected: { flow: number; tag: number; threshold: number }[] = [];
      let root = -1;
      for (const [tag, step] of steps.entries()) {
        if ('enter' in step) {
          const flow = table.take(tag, 0, 1, step.enter);
          root = table.enter(root, flow);
          expected.push({ flow, tag, threshold: step.enter });
          expected.sort((a, b) => a.threshold - b.threshold || a.tag - b.tag);
        } else if (expected.length > 0) {
          // half of those who leave are the root
          const place = step.leave % 2 === 0 ? 0 : step.leave % expected.length;
          const { flow } = expected.splice(place, 1)[0]!;
          root = table.leave(root, flow);
          table.free(flow);
        }
        t.is(table.active, expected.length);
        t.is(root, expected[0]?.flow ?? -1);
        t.deepEqual(
          table.all(root).sort((a, b) => a - b),
          expected.map(({ flow }) => flow).sort((a, b) => a - b),
        );
      }
      for (const { flow, tag } of expected) {
        t.is(root, flow);
        t.is(table.doubles[root * FLOW_DOUBLES + TAG], tag);
        root = table.leave(root, flow);
      }
      t.is(root, -1);
    }),
    { numRuns: 300 },
  );
});

test('flow numbers are reused, and there are as many as it takes', (t) => {
  const table = new FlowTable();
  const flows = Array.from({ length: 5000 }, (_, tag) => table.take(tag, 0, 1, tag));
  t.is(new Set(flows).size, 5000);
  table.free(flows[17]!);
  t.false(table.isActive(flows[17]!));
  t.is(table.take(1, 0, 1, 1), flows[17]!);
  t.is(table.active, 5000);
});
