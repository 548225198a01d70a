import test from 'ava';
import { Engine } from '../engine/engine.ts';
import { type FlowGroup, FlowNetwork } from '../network/flow-network.ts';
import { FlowChecker } from './flow-checker.ts';

/** A network that tells a lie: fields of what it answers can be changed. */
class LyingNetwork extends FlowNetwork {
  lie: (group: FlowGroup) => FlowGroup = (group) => group;
  missingBytes = 0;
  missingRateBps = 0;

  override group(group: number): FlowGroup {
    return this.lie(super.group(group));
  }

  override linkBytes(link: number, nowMs: number): number {
    return super.linkBytes(link, nowMs) - this.missingBytes;
  }

  override linkRateBps(link: number): number {
    return super.linkRateBps(link) - this.missingRateBps;
  }
}

/** Path 0 over both links is held back by link 1; path 1 has the rest of link 0; path 2 is at its cap. */
function busy(): { engine: Engine; network: LyingNetwork; checker: FlowChecker } {
  const engine = new Engine();
  const network = new LyingNetwork(engine.timers, [10e6, 4e6, 100e6], { done: () => {} });
  network.start(0, network.path([0, 1]), 50e6, 1, 1e7, 0);
  network.start(1, network.path([0]), 50e6, 1, 1e7, 0);
  network.start(2, network.path([2]), 5e6, 1, 1e5, 0);
  network.start(3, network.path([]), 5e6, 1, 1e7, 0);
  engine.run(1000);
  return { engine, network, checker: new FlowChecker(network) };
}

test('a network that is as it must be has nothing wrong', (t) => {
  const { network, checker } = busy();
  t.deepEqual(checker.check(1000), []);
  for (let round = 0; round < 7; round++) t.deepEqual(checker.checkSome(2, 1000), []);
  network.setCapacity(1, 0, 1000);
  t.deepEqual(checker.check(1000), []);
});

const LIES: [string, (group: FlowGroup) => FlowGroup, RegExp][] = [
  ['more than a link can carry', (group) => ({ ...group, rateBps: group.rateBps * 1.001 }), /^link 0 carries/],
  ['more than the cap', (group) => ({ ...group, capBps: group.capBps / 100 }), /above the cap/],
  ['less than a free link gives', (group) => ({ ...group, rateBps: group.rateBps * 0.999 }), /no link of .* is full/],
  ['nothing, though there is capacity', (group) => ({ ...group, rateBps: 0 }), /starves though no link of/],
  ['less than others on the only full link', (group) => group, /others have more than its 4000000 bit\/s .* 0$/],
  ['a rate that is none', (group) => ({ ...group, rateBps: NaN }), /a rate of NaN/],
];

for (const [what, lie, expected] of LIES) {
  test(`a flow that has ${what} is found`, (t) => {
    const { network, checker } = busy();
    network.lie = lie;
    // the path over both links, as if link 1 were not there
    if (expected.source.startsWith('others')) {
      const alone = network.path([0]);
      network.lie = (group) => (group.path === 0 ? { ...group, path: alone } : group);
    }
    t.true(
      checker.check(1000).some((line) => expected.test(line)),
      checker.check(1000).join('\n'),
    );
  });
}

test('bytes that got lost are found, in whole and bit by bit', (t) => {
  const { network, checker } = busy();
  network.missingBytes = 100;
  t.is(checker.check(1000).length, 3);
  t.regex(checker.check(1000)[0]!, /^link 0 carried .* bytes, the flows over it /);
  t.deepEqual(checker.checkSome(2, 1000), []);
  t.is(checker.checkSome(2, 1000).length, 3);
});

test('a link booked with another rate than its flows have is found', (t) => {
  const { network, checker } = busy();
  network.missingRateBps = 2;
  t.regex(checker.checkSome(1, 1000).join('\n'), /^link 0 is booked with/);
});
