import test from 'ava';
import * as fc from 'fast-check';
import { PRIORITIES } from '../../../topology/model/priority.ts';
import { LineChain } from '../record/record-line.ts';
import { checkLines, RecordedWorld } from '../record/record.fixture.ts';
import { CAPACITY_BPS, clients } from '../world.fixture.ts';
import { WARM_UP_MS } from './replay-check.ts';

/** A minute in which one server dies and comes back, another fills up, a third has errors, and players ask. */
function eventful(tuning = {}): RecordedWorld {
  const world = new RecordedWorld([2, 2, 1, 1], { exploreShare: 0.05, ...tuning });
  for (let second = 0; second < 60; second++) {
    world.pass(1, (id) => {
      if (id === 'fra-1' && second > 10 && second < 25) return 'silent';
      if (id === 'nyc-1') return { errorShare: second % 10 < 5 ? 0.15 : 0 };
      if (id === 'fra-2') return { reservedBps: (0.02 * second + 0.1 * Math.sin(second)) ** 2 * CAPACITY_BPS };
      return { egressBps: 1e8 / 3 };
    });
    for (const client of clients(20)) {
      world.rank(`${client}-${second % 7}`, {
        country: second % 3 === 0 ? 'US' : 'DE',
        subscriber: second % 2 === 0 ? undefined : { network: client.length % 2 === 0 ? 'A' : 'B', metro: 'm' },
        path: second % 5 === 0 ? `/vod/title-${second}/1.m4s` : '/live/demo/v1/2.m4s',
        nominalBps: second % 4 === 0 ? undefined : 20e6,
        playing: second % 2 === 0 ? 'fra-2' : null,
        among: second % 6 === 0 ? new Set(['nyc-1', 'fra-2', 'no-such']) : undefined,
      });
    }
    world.nodes.probed(second % 6, second % 5 !== 0, true, world.nowMs - 10, world.nowMs);
    world.nodes.playerTold(second % 6, 'A', second, second % 3 === 0 ? 'well' : 'stalled', world.nowMs);
  }
  return world;
}

for (const policy of ['network', 'nearest', 'round-robin', 'random'] as const) {
  test(`a record is enough to make the same decisions again: ${policy}`, (t) => {
    const { sink } = eventful({ policy });
    const outcome = checkLines(sink.lines);
    if (outcome.kind !== 'same') return t.fail(JSON.stringify(outcome));
    t.is(outcome.check.decisions, 1200);
    const words = sink.lines.filter((line) => line.startsWith('["w"')).join('\n');
    for (const word of ['turned-away', 'spilled', 'errors', 'unreported', 'recovering'])
      t.true(words.includes(word), word);
  });
}

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), load: fc.double({ min: 0, max: 1.1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), node: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('silence' as const), node: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('probe' as const), node: fc.nat(4), isWell: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('explain' as const), country: fc.constantFrom('DE', 'US') }) },
  { weight: 1, arbitrary: fc.constant({ do: 'part' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'changed' as const }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('rank' as const),
      client: fc.stringMatching(/^[a-z]{1,3}$/),
      country: fc.constantFrom('DE', 'US', 'FJ', null),
      network: fc.constantFrom('A', 'B', null),
      path: fc.constantFrom('/live/demo', '/live/other/x', '/vod/a/b', '/ "quoted" é\u2028', '//'),
      playing: fc.constantFrom('fra-1', 'nyc-1', 'no-such', null, undefined),
      nominalBps: fc.option(fc.double({ min: 1, max: 1e9, noNaN: true }), { nil: undefined }),
      priority: fc.option(fc.constantFrom(...PRIORITIES), { nil: undefined }),
      among: fc.option(fc.subarray(['fra-1', 'fra-2', 'sao-1', 'no-such']), { nil: undefined }),
      afterMs: fc.double({ min: 0, max: 500, noNaN: true }),
    }),
  },
);

test('replay equals what happened for any history of reports, probes, requests and restarts', (t) => {
  let decisions = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 5, maxLength: 60 }),
      fc.double({ min: 0, max: 0.1, noNaN: true }),
      (steps, share) => {
        const world = new RecordedWorld([2, 2, 1], { exploreShare: share });
        const silent = new Set<string>();
        for (const each of steps) {
          if (each.do === 'pass') {
            world.pass(1, (id) => (silent.has(id) ? 'silent' : { reservedBps: each.load * CAPACITY_BPS * 0.9 }));
          } else if (each.do === 'restart') {
            world.restart(world.ids[each.node]!);
            silent.delete(world.ids[each.node]!);
          } else if (each.do === 'silence') silent.add(world.ids[each.node]!);
          else if (each.do === 'explain') {
            world.ranking.explain({ country: each.country, client: 'e', path: '/live/demo' }, world.nowMs);
          } else if (each.do === 'probe') {
            world.nodes.probed(each.node, each.isWell, true, world.nowMs - 5, world.nowMs);
          } else if (each.do === 'part') world.sink.following = 'part';
          else if (each.do === 'changed') world.recorder.changed({ topology: 'abc' }, world.nowMs);
          else {
            const { client, network, among, afterMs, do: _do, ...asked } = each;
            world.nowMs += afterMs;
            world.rank(client, {
              ...asked,
              subscriber: network === null ? undefined : { network, metro: 'm' },
              among: among === undefined ? undefined : new Set(among),
            });
          }
        }
        const outcome = checkLines(world.sink.lines);
        if (outcome.kind !== 'same') throw new Error(JSON.stringify(outcome));
        decisions += outcome.check.decisions;
      },
    ),
    { numRuns: 60 },
  );
  t.true(decisions > 200, `${decisions}`);
});

test('a line that is altered, missing or doubled is named', (t) => {
  const { lines } = eventful().sink;
  t.is(checkLines(lines).kind, 'same');
  for (const at of [1, 40, 333, 700, lines.length - 2]) {
    const line = lines[at]!;
    const digit = [...line.matchAll(/\d/g)][Math.min(3, at % 5)]!.index;
    const other = `${line.slice(0, digit)}${(Number(line[digit]) + 1) % 10}${line.slice(digit + 1)}`;
    const altered = checkLines(lines.with(at, other));
    t.like(altered, { kind: 'bad', at: at + 1 }, line);
    t.like(checkLines(lines.toSpliced(at, 1)), { kind: 'bad', at: at + 1 });
    t.like(checkLines(lines.toSpliced(at, 0, line)), { kind: 'bad', at: at + 2 });
  }
});

/** What a forger would do: all checksums are computed anew. */
function resealed(lines: readonly string[]): string[] {
  const chain = new LineChain();
  return lines.map((line) => {
    if (line.startsWith('["h"')) chain.restart();
    return chain.seal(line.slice(0, line.lastIndexOf(',')));
  });
}

test('with good checksums, too, any other field of a decision or of what it came from is found where it matters', (t) => {
  const { lines } = eventful().sink;
  t.deepEqual(resealed(lines), lines);
  const at = lines.findIndex((line, index) => index > 500 && line.startsWith('["d"'));
  const elements = JSON.parse(lines[at]!) as unknown[];
  const changes: [field: number, value: unknown][] = [
    [11, [...(elements[11] as number[])].reverse()],
    [12, (elements[12] as number) + 1],
    [13, 1e6],
    [14, 1],
    [15, 0.123456],
    [16, [0, 0]],
  ];
  for (const [field, value] of changes) {
    const text = JSON.stringify(elements.with(field, value));
    const outcome = checkLines(resealed(lines.with(at, text)));
    t.like(outcome, { kind: 'differs', at: at + 1 }, `field ${field}: ${text}`);
  }
  const report = lines.findIndex((line, index) => index > 500 && line.startsWith('["n"'));
  const draining = (JSON.parse(lines[report]!) as unknown[]).with(4, 1);
  const outcome = checkLines(resealed(lines.with(report, JSON.stringify(draining))));
  t.is(outcome.kind, 'differs');
  t.true(outcome.kind === 'differs' && outcome.at > report + 1, 'the first decision that it makes another');
});

test('what was lost is said, and decisions are compared again when it is of no account any more', (t) => {
  const world = eventful();
  world.sink.following = 'lost';
  world.pass(4, () => ({ state: 'draining' }));
  world.rank('a');
  world.sink.following = 'again';
  world.rank('b');
  const gap = world.sink.lines.find((line) => line.startsWith('["g"'))!;
  t.is((JSON.parse(gap) as number[])[2], 4 * 6 + 4 + 1);
  world.pass(1 + WARM_UP_MS / 1000);
  for (const client of clients(50)) world.rank(client);
  const outcome = checkLines(world.sink.lines);
  if (outcome.kind !== 'same') return t.fail(JSON.stringify(outcome));
  t.is(outcome.check.uncompared, 1);
  t.is(outcome.check.decisions, 1250);
});

test('a file that begins in the middle of a run is compared once its beginning is of no account', (t) => {
  const world = eventful();
  world.sink.lines.length = 0;
  world.sink.following = 'part';
  for (let minute = 0; minute < 4; minute++) {
    world.pass(60);
    for (const client of clients(30)) world.rank(client);
  }
  const outcome = checkLines(world.sink.lines);
  if (outcome.kind !== 'same') return t.fail(JSON.stringify(outcome));
  t.deepEqual([outcome.check.uncompared, outcome.check.decisions], [90, 30]);
});

test('a second start in the same file begins with nothing known', (t) => {
  const [first, second] = [eventful(), eventful({ exploreShare: 0 })];
  const outcome = checkLines([...first.sink.lines, ...second.sink.lines]);
  t.is(outcome.kind === 'same' ? outcome.check.decisions : outcome, 2400);
});
