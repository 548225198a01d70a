import test from 'ava';
import fc from 'fast-check';
import { FlowChecker } from '../checkers/flow-checker.ts';
import { Engine } from '../engine/engine.ts';
import { FlowNetwork } from './flow-network.ts';
import { fairRates, NaiveFlows } from './naive-flows.fixture.ts';

/** One link's capacity, or one flow's cap, is never a simple multiple of another: no coincidence decides a test. */
const rate = fc.integer({ min: 1, max: 400 }).map((steps) => steps * 100_003.7);

type Step =
  | { kind: 'start'; path: number; cap: number; weight: number; bytes: number }
  | { kind: 'stop'; which: number }
  | { kind: 'capacity'; link: number; bps: number }
  | { kind: 'wait'; ms: number };

interface Story {
  capacities: number[];
  paths: number[][];
  steps: Step[];
}

const story: fc.Arbitrary<Story> = fc.integer({ min: 1, max: 6 }).chain((links) =>
  fc.record({
    capacities: fc.array(rate, { minLength: links, maxLength: links }),
    paths: fc.array(fc.uniqueArray(fc.nat(links - 1), { maxLength: 4 }), { minLength: 1, maxLength: 6 }),
    steps: fc.array(
      fc.oneof(
        {
          weight: 5,
          arbitrary: fc.record({
            kind: fc.constant('start' as const),
            path: fc.nat(5),
            cap: fc.oneof({ weight: 4, arbitrary: rate }, { weight: 1, arbitrary: fc.constant(Infinity) }),
            weight: fc.constantFrom(1, 1, 1, 2, 3, 0.5),
            bytes: fc.integer({ min: 1, max: 3_000_000 }),
          }),
        },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop' as const), which: fc.nat(50) }) },
        {
          weight: 1,
          arbitrary: fc.record({
            kind: fc.constant('capacity' as const),
            link: fc.nat(links - 1),
            bps: fc.oneof({ weight: 5, arbitrary: rate }, { weight: 1, arbitrary: fc.constant(0) }),
          }),
        },
        {
          weight: 3,
          arbitrary: fc.record({
            kind: fc.constant('wait' as const),
            ms: fc.integer({ min: 1, max: 900 }).map((steps) => steps * 1.61803398875),
          }),
        },
      ),
      { minLength: 1, maxLength: 60 },
    ),
  }),
);

interface Told {
  readonly network: FlowNetwork;
  readonly engine: Engine;
  readonly finishedMs: Map<number, number>;
  /** flow numbers by tag, of flows that are under way */
  readonly flows: Map<number, number>;
}

/** Tells a story to a network. @param scale of capacities, caps and sizes @param after called after each step */
function tell(
  { capacities, paths, steps }: Story,
  scale: number,
  after: (told: Told, step: Step, tag: number) => void,
): Told {
  const engine = new Engine();
  const finishedMs = new Map<number, number>();
  const flows = new Map<number, number>();
  const network = new FlowNetwork(
    engine.timers,
    capacities.map((bps) => bps * scale),
    {
      done(tag, nowMs) {
        finishedMs.set(tag, nowMs);
        flows.delete(tag);
      },
    },
  );
  const told = { network, engine, finishedMs, flows };
  const numbers = paths.map((links) => network.path(links));
  let tag = -1;
  for (const step of steps) {
    const nowMs = engine.nowMs;
    let which = -1;
    if (step.kind === 'start') {
      const place = step.path % paths.length;
      const cap = paths[place]!.length === 0 ? Math.min(step.cap, 1e8) : step.cap;
      which = ++tag;
      const flow = network.start(tag, numbers[place]!, cap * scale, step.weight, step.bytes * scale, nowMs);
      flows.set(tag, flow);
    } else if (step.kind === 'stop') {
      which = [...flows.keys()][step.which % Math.max(1, flows.size)] ?? -1;
      if (which >= 0) {
        network.stop(flows.get(which)!, nowMs);
        flows.delete(which);
      }
    } else if (step.kind === 'capacity') network.setCapacity(step.link, step.bps * scale, nowMs);
    else engine.run(nowMs + step.ms);
    after(told, step, which);
  }
  return told;
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

test('rates, ends and bytes are those of the naive network', (t) => {
  fc.assert(
    fc.property(story, (story) => {
      const naive = new NaiveFlows(story.capacities);
      let checker: FlowChecker | undefined;
      const compare = ({ network, engine, finishedMs, flows }: Told): void => {
        for (const flow of naive.flows) {
          const other = flows.get(flow.tag)!;
          if (!near(network.rateBps(other), flow.rateBps)) {
            t.fail(`flow ${flow.tag}: ${network.rateBps(other)} instead of ${flow.rateBps} bit/s`);
          }
          if (Math.abs(network.carriedBytes(other, engine.nowMs) - flow.carriedBytes) > 1e-6 * flow.sizeBytes) {
            t.fail(`flow ${flow.tag}: ${network.carriedBytes(other, engine.nowMs)} instead of ${flow.carriedBytes}`);
          }
        }
        for (const [tag, atMs] of naive.finishedMs) {
          if (!near(finishedMs.get(tag)!, atMs)) t.fail(`${tag} done at ${finishedMs.get(tag)} instead of ${atMs}`);
        }
        if (finishedMs.size !== naive.finishedMs.size) t.fail('not the same flows are done');
        for (const [link, bytes] of naive.linkBytes.entries()) {
          if (Math.abs(network.linkBytes(link, engine.nowMs) - bytes) > 1e-6 * bytes + 1e-3) {
            t.fail(`link ${link}: ${network.linkBytes(link, engine.nowMs)} instead of ${bytes} bytes`);
          }
        }
      };
      const told = tell(story, 1, (told, step, tag) => {
        if (step.kind === 'start') {
          const links = story.paths[step.path % story.paths.length]!;
          const cap = links.length === 0 ? Math.min(step.cap, 1e8) : step.cap;
          naive.start(tag, links, cap, step.weight, step.bytes);
        } else if (step.kind === 'stop') {
          if (tag >= 0) naive.stop(tag);
        } else if (step.kind === 'capacity') naive.setCapacity(step.link, step.bps);
        else naive.runTo(told.engine.nowMs);
        compare(told);
        checker ??= new FlowChecker(told.network);
        const wrong = checker.check(told.engine.nowMs);
        if (wrong.length > 0) t.fail(wrong.join('\n'));
      });
      // all links up, and everything has to end
      for (const link of story.capacities.keys()) {
        told.network.setCapacity(link, 1e8, told.engine.nowMs);
        naive.setCapacity(link, 1e8);
      }
      const endMs = told.engine.nowMs + 1e8;
      naive.runTo(endMs);
      told.engine.run(endMs);
      compare(told);
      return told.network.active === 0 && told.engine.timers.pending === 0;
    }),
    { numRuns: 400 },
  );
  t.pass();
});

test('a change that travels along a chain of full links reaches its end', (t) => {
  const chain = fc.integer({ min: 4, max: 24 }).chain((links) =>
    fc.record({
      capacities: fc.array(rate, { minLength: links, maxLength: links }),
      flows: fc.array(fc.record({ first: fc.nat(links - 2), cap: rate }), { minLength: links, maxLength: links * 3 }),
      changes: fc.array(fc.record({ link: fc.nat(links - 1), bps: rate }), { minLength: 1, maxLength: 10 }),
    }),
  );
  fc.assert(
    fc.property(chain, ({ capacities, flows, changes }) => {
      const network = new FlowNetwork(new Engine().timers, capacities, { done: () => {} });
      const plain = flows.map(({ first, cap }) => ({ links: [first, first + 1], capBps: cap * 3, weight: 1 }));
      const numbers = plain.map(({ links, capBps }, tag) =>
        network.start(tag, network.path(links), capBps, 1, 1e15, tag),
      );
      let nowMs = flows.length;
      for (const { link, bps } of changes) {
        network.setCapacity(link, bps, ++nowMs);
        capacities[link] = bps;
        for (const [tag, bps] of fairRates(plain, capacities).entries()) {
          if (!near(network.rateBps(numbers[tag]!), bps)) t.fail(`${network.rateBps(numbers[tag]!)} not ${bps} bit/s`);
        }
      }
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('capacities, caps and sizes times k leave every moment where it was', (t) => {
  fc.assert(
    fc.property(story, fc.constantFrom(7, 1000, 1 / 3), (story, scale) => {
      const one = tell(story, 1, () => {});
      const other = tell(story, scale, () => {});
      return (
        one.finishedMs.size === other.finishedMs.size &&
        [...one.finishedMs].every(([tag, atMs]) => near(other.finishedMs.get(tag)!, atMs))
      );
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('the same story has the same ends to the last bit; asking in between changes no more than rounding', (t) => {
  fc.assert(
    fc.property(story, (story) => {
      const once = tell(story, 1, () => {});
      const again = tell(story, 1, () => {});
      const asked = tell(story, 1, ({ network, flows }) => {
        for (const flow of flows.values()) network.rateBps(flow);
      });
      t.deepEqual([...again.finishedMs], [...once.finishedMs]);
      t.is(asked.finishedMs.size, once.finishedMs.size);
      return [...once.finishedMs].every(([tag, atMs]) => near(asked.finishedMs.get(tag)!, atMs));
    }),
    { numRuns: 100 },
  );
});
