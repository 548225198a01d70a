import test from 'ava';
import fc from 'fast-check';
import { Deadlines } from './deadlines.ts';

test('entries come out in order of time, each once, whatever the order of coming and going', (t) => {
  const operations = fc.array(fc.option(fc.integer({ min: 0, max: 50 }), { freq: 3 }), { maxLength: 200 });
  fc.assert(
    fc.property(operations, (times) => {
      const deadlines = new Deadlines();
      let expected: { timeMs: number; id: number }[] = [];
      const popEarliest = () => {
        const earliestMs = Math.min(...expected.map(({ timeMs }) => timeMs));
        if (deadlines.nextMs !== earliestMs) return false;
        const id = deadlines.pop();
        const found = expected.find((entry) => entry.id === id && entry.timeMs === earliestMs);
        expected = expected.filter((entry) => entry !== found);
        return expected.length === 0 ? found !== undefined || id === undefined : found !== undefined;
      };
      for (const [id, timeMs] of times.entries()) {
        if (timeMs === null) {
          if (!popEarliest()) return false;
        } else {
          deadlines.push(timeMs, id);
          expected.push({ timeMs, id });
        }
        if (deadlines.size !== expected.length) return false;
      }
      while (expected.length > 0) if (!popEarliest()) return false;
      return deadlines.nextMs === Infinity && deadlines.pop() === undefined;
    }),
  );
  t.pass();
});
