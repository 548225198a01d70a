import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Child, ChildEnded } from './child.ts';

const RELAY = ['relay', '--listen', '127.0.0.1:0', '--to', '127.0.0.1:9', '--json'];
const LOG_FILE = join(tmpdir(), `undercard-child-${process.pid}.log`);

function childFor(args: readonly string[]) {
  const unexpected: string[] = [];
  const child = new Child('backbone', args, LOG_FILE, {
    onUnexpectedEnd: (name, said) => unexpected.push(`${name}: ${said}`),
  });
  return { child, unexpected };
}

test('one that was killed this very moment can be started again: its end is waited for', async (t) => {
  const { child, unexpected } = childFor(RELAY);
  await child.start();
  child.kill();
  t.false(child.running);
  const line = await child.start();
  t.true(line.ready);
  t.true(child.running);
  await child.stop();
  t.false(child.running);
  t.deepEqual(unexpected, []);
});

test('one that is stopped while it starts does not come up', async (t) => {
  const { child, unexpected } = childFor(RELAY);
  const starting = t.throwsAsync(child.start(), { instanceOf: ChildEnded });
  await child.stop();
  await starting;
  t.false(child.running);
  t.deepEqual(unexpected, []);
});

test('one that cannot start says why in its own words', async (t) => {
  const { child } = childFor(RELAY.with(2, 'nowhere'));
  await t.throwsAsync(child.start(), { instanceOf: ChildEnded, message: /^backbone: --listen: "nowhere"/ });
  t.false(child.running);
});
