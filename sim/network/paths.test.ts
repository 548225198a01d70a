import test from 'ava';
import { Engine } from '../engine/engine.ts';
import { FlowNetwork } from './flow-network.ts';
import { Paths } from './paths.ts';

test('equal lists of links have one number, others another', (t) => {
  const paths = new Paths(1000);
  const lists: number[][] = [[], [0], [1], [0, 1], [1, 0]];
  for (let link = 2; link < 1000; link++) lists.push([link, link - 1, 0]);
  const numbers = lists.map((links) => paths.intern(links));
  t.deepEqual(numbers, [...lists.keys()]);
  t.deepEqual(
    lists.map((links) => paths.intern(links)),
    numbers,
  );
  t.deepEqual(
    numbers.map((path) => paths.of(path)),
    lists,
  );
});

test('links may be many, paths long, groups more than at first, with flows under way', (t) => {
  const engine = new Engine();
  const done: number[] = [];
  const links = 40;
  const network = new FlowNetwork(
    engine.timers,
    Array.from({ length: links }, () => 1e9),
    {
      done: (tag) => done.push(tag),
    },
  );
  const flows = 3000;
  for (let tag = 0; tag < flows; tag++) {
    // ever longer paths, up to all links
    const length = 1 + Math.floor((tag * links) / flows);
    network.start(tag, network.path(Array.from({ length }, (_, place) => (tag + place) % links)), 1e6 + tag, 1, 1e6, 0);
  }
  t.is(network.active, flows);
  const over = network.flowsOver(0);
  t.deepEqual(
    over,
    Array.from({ length: flows }, (_, tag) => tag).filter(
      (tag) => (links - (tag % links)) % links < 1 + Math.floor((tag * links) / flows),
    ),
  );
  engine.run(1e7);
  t.is(done.length, flows);
  t.is(Math.round(network.linkBytes(0, 1e7)), over.length * 1_000_000);
  t.deepEqual(network.flowsOver(0), []);
});
