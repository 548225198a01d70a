import test from 'ava';
import { edgePolicySchema, type EdgePolicyConfig } from './edge-config.ts';
import { EdgeMachine } from './machine.ts';
import type { EdgeSink, FillHead } from './sink.ts';
import { FROM_TIER, INTERNAL, PARTIAL } from './sink.ts';

/** What the machine said, each order as a line of its name and arguments. */
function machineWith(policy: Partial<EdgePolicyConfig> = {}, upstreams = 1) {
  const said: string[] = [];
  const sink = new Proxy({} as EdgeSink, {
    get:
      (_, name: string) =>
      (...args: unknown[]) =>
        void said.push([name, ...args].join(' ')),
  });
  const machine = new EdgeMachine(edgePolicySchema.parse(policy), { self: 'edge-1', site: [], upstreams }, sink);
  for (let key = 0; key < 4; key++) machine.define(key, key, -1, 0);
  return {
    machine,
    said: () => said.splice(0),
    request: (id: number, key = 0, nowMs = 0) => machine.request(id, key, 0, nowMs, nowMs),
    head: (fillId: number, changes: Partial<FillHead> = {}, nowMs = 0) =>
      machine.fillHead(fillId, { ...HEAD, ...changes }, nowMs, nowMs),
  };
}

const HEAD: FillHead = {
  status: 200,
  shareable: true,
  ttlMs: 1000,
  ageMs: 0,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  lengthBytes: 10,
  validator: '"v1"',
  key: 0,
};

test('a herd is one fill: the first is the miss, the others read along and are stored for', (t) => {
  const { machine, request, head, said } = machineWith();
  for (let id = 0; id < 4; id++) request(id);
  t.deepEqual(said(), ['fill 1 0 0 0 false -1 -1']);
  head(1);
  machine.fillBytes(1, 10, 1);
  request(4, 0, 2);
  machine.fillEnd(1, 3);
  request(5, 0, 4);
  t.deepEqual(said(), [
    'stream 0 1 miss',
    'stream 1 1 collapsed',
    'stream 2 1 collapsed',
    'stream 3 1 collapsed',
    'stream 4 1 collapsed',
    'store 1 1',
    'serve 5 1 hit 4 996',
  ]);
});

test('what could not be shared is remembered: for a while everybody asks alone, at once', (t) => {
  const { machine, request, head, said } = machineWith({ uncacheableMs: 100 });
  request(0);
  head(1, { shareable: false });
  machine.fillEnd(1, 1);
  said();
  request(1, 0, 2);
  request(2, 0, 2);
  t.deepEqual(said(), ['fill 2 0 0 1 true -1 -1', 'passOn 2', 'fill 3 0 0 2 true -1 -1', 'passOn 3']);
  request(3, 0, 100);
  t.deepEqual(said(), ['fill 4 0 0 3 false -1 -1'], 'and not for ever');
});

test('a private answer goes to nobody when the one it was asked for has gone', (t) => {
  const { machine, request, head, said } = machineWith();
  request(0);
  request(1);
  machine.requestGone(0);
  said();
  head(1, { shareable: false });
  t.deepEqual(said(), ['passOn 1', 'fill 2 0 0 1 true -1 -1', 'passOn 2', 'abort 1']);
});

test('who passes and finds the answer shareable ends the passing', (t) => {
  const { machine, request, head, said } = machineWith();
  request(0);
  head(1, { shareable: false });
  machine.fillEnd(1, 1);
  request(1);
  head(2);
  said();
  request(2, 0, 5);
  request(3, 0, 5);
  t.deepEqual(said(), ['fill 3 0 0 2 false -1 -1']);
});

test('a purge in mid-flight: those who wait have the answer, those who come after it ask again', (t) => {
  const { machine, request, head, said } = machineWith();
  request(0);
  request(1);
  machine.invalidate(0);
  request(2);
  said();
  head(1);
  t.deepEqual(said(), ['stream 0 1 pass', 'stream 1 1 pass']);
  machine.fillBytes(1, 10, 1);
  machine.fillEnd(1, 1);
  t.deepEqual(said(), [], 'nothing of it is stored');
});

test('a purged pass that fails is asked again without the leader’s own conditions, for all who wait', (t) => {
  const { machine, request, said } = machineWith();
  request(0);
  request(1);
  machine.invalidate(0);
  said();
  machine.fillFailed(1, 'reset', 1);
  t.deepEqual(said(), ['abort 1', 'fill 2 0 0 0 false -1 -1', 'passOn 2']);
});

test('a purged pass goes on for the second waiter when the first has reached the bound', (t) => {
  const { machine, request, head, said } = machineWith({ waitMs: 100 });
  request(0, 0, 0);
  request(1, 0, 50);
  machine.invalidate(0);
  machine.wake(100);
  t.deepEqual(said().at(-1), 'refuse 0 504 wait-bound 0');
  head(1, {}, 120);
  t.deepEqual(said(), ['stream 1 1 pass']);
});

test('a body that broke half-way is continued from the next upstream, if it proves to be the same', (t) => {
  const { machine, request, head, said } = machineWith({}, 2);
  request(0);
  head(1);
  machine.fillBytes(1, 4, 1);
  said();
  machine.fillFailed(1, 'short', 2);
  t.deepEqual(said(), ['abort 1', 'fill 2 0 1 0 false -1 1']);
  head(2, {}, 3);
  machine.fillBytes(2, 10, 4);
  machine.fillEnd(2, 5);
  t.deepEqual(said(), ['store 2 1']);
});

test('a continued body that is another one cuts those who had begun and starts over for those who wait', (t) => {
  const { machine, request, head, said } = machineWith({}, 2);
  request(0);
  head(1);
  machine.fillBytes(1, 4, 1);
  machine.fillFailed(1, 'short', 2);
  request(1, 0, 3);
  said();
  head(2, { validator: '"v2"' }, 3);
  t.deepEqual(said(), ['cut 0', 'restart 2', 'stream 1 2 collapsed']);
});

test('a continued body is looked at just as closely when those who had begun it have gone', (t) => {
  const { machine, request, head, said } = machineWith({}, 2);
  request(0);
  head(1);
  machine.fillBytes(1, 4, 1);
  machine.fillFailed(1, 'short', 2);
  request(1, 0, 3);
  machine.requestGone(0);
  said();
  head(2, { validator: '"v2"' }, 3);
  t.deepEqual(said(), ['restart 2', 'stream 1 2 collapsed'], 'or the old beginning would be stored with the new end');
});

test('a purged body that is being continued is for its readers alone', (t) => {
  const { machine, request, head, said } = machineWith({}, 3);
  request(0);
  head(1);
  machine.fillBytes(1, 4, 1);
  machine.fillFailed(1, 'short', 2);
  request(1, 0, 3);
  machine.invalidate(0);
  said();
  machine.fillFailed(2, 'reset', 4);
  t.deepEqual(said(), ['cut 0', 'abort 2', 'fill 3 0 2 1 false -1 -1', 'passOn 3']);
});

test('a 304 confirms only what was asked about', (t) => {
  const { machine, request, head, said } = machineWith();
  request(0);
  head(1, { ttlMs: 10 });
  machine.fillBytes(1, 10, 0);
  machine.fillEnd(1, 0);
  request(1, 0, 20);
  machine.invalidate(0);
  request(2, 0, 20);
  head(3, {}, 20);
  machine.fillBytes(3, 10, 20);
  machine.fillEnd(3, 20);
  t.true(said().includes('fill 2 0 0 1 false 1 -1'));
  machine.fillNotModified(2, HEAD, 30, 30);
  t.deepEqual(said(), ['abort 2', 'fill 4 0 0 1 false -1 -1', 'passOn 4'], 'object 2 is another answer');
});

test('whoever is not told apart when Vary is found asks again under the old key', (t) => {
  const { machine, request, head, said } = machineWith();
  request(0);
  request(1);
  machine.rekey(0, 1);
  said();
  head(1, { key: 1 });
  t.deepEqual(said(), ['stream 0 1 miss', 'fill 2 0 0 1 false -1 -1']);
});

test('a refresh in the background carries the fields of the request that found the object stale', (t) => {
  const { machine, request, head, said } = machineWith();
  request(0);
  head(1, { ttlMs: 10, staleWhileRevalidateMs: 100 });
  machine.fillBytes(1, 10, 0);
  machine.fillEnd(1, 0);
  said();
  request(1, 0, 20);
  request(2, 0, 20);
  t.deepEqual(said(), ['fill 2 0 0 1 false 1 -1', 'serve 1 1 stale 20 -10', 'serve 2 1 stale 20 -10']);
});

test('one error answers all who wait, the leader with its body; a stale answer is better than that', (t) => {
  const { machine, request, head, said } = machineWith();
  request(0);
  request(1);
  said();
  head(1, { status: 503, shareable: false });
  t.deepEqual(said(), ['refuse 1 503 upstream-error 0', 'passOn 1', 'stream 0 1 pass']);
  request(2, 1);
  head(2, { ttlMs: 10, staleIfErrorMs: 1000, key: 1 });
  machine.fillBytes(2, 10, 0);
  machine.fillEnd(2, 0);
  request(3, 1, 20);
  said();
  head(3, { status: 503, shareable: false, key: 1 }, 30);
  t.deepEqual(said(), ['serve 3 1 stale-if-error 30 -20', 'abort 3']);
});

test('an attempt that stalls is aborted and replaced; an upstream paused for slow readers is not', (t) => {
  const { machine, request, head, said } = machineWith({ headTimeoutMs: 100, stallTimeoutMs: 50 }, 2);
  request(0);
  said();
  machine.wake(100);
  t.deepEqual(said(), ['abort 1', 'fill 2 0 1 0 false -1 -1']);
  head(2, { validator: '' }, 110);
  machine.fillPaused(2);
  said();
  machine.wake(1000);
  t.deepEqual(said(), []);
  machine.fillResumed(2, 1000);
  machine.wake(1049);
  t.deepEqual(said(), []);
  machine.wake(1050);
  t.deepEqual(said(), ['cut 0', 'abort 2', 'release 0']);
  t.deepEqual([...machine.failures], [['timeout', 2]]);
});

test('arriving bodies beyond the memory bound are passed on instead of held', (t) => {
  const { machine, request, head, said } = machineWith({ memoryBytes: 2048 });
  request(0, 0);
  request(1, 1);
  head(1, { lengthBytes: 1500 });
  head(2, { lengthBytes: 1500, key: 1 });
  machine.fillBytes(1, 1500, 0);
  said();
  machine.fillBytes(2, 1000, 0);
  t.deepEqual(said(), ['passOn 2']);
  t.is(machine.arrivingBytes, 1500);
});

test('an object that does not fit is not stored, and what it would have replaced is evicted by its arrival', (t) => {
  const { machine, request, head, said } = machineWith({ memoryBytes: 2048 });
  request(0);
  head(1, { ttlMs: 10 });
  machine.fillBytes(1, 10, 0);
  machine.fillEnd(1, 0);
  request(1, 0, 20);
  head(2, { lengthBytes: 1500 }, 20);
  said();
  machine.fillBytes(2, 1500, 20);
  t.deepEqual(said(), ['drop 1']);
  machine.fillEnd(2, 20);
  t.deepEqual(said(), ['release 0']);
});

test('players reserve by each request for a segment that is not refused; tiers, parts and the node itself do not', (t) => {
  const { machine } = machineWith();
  machine.define(1, 1, 0, 5, 1);
  machine.define(2, 2, 0, 5, 7);
  const timing = { availabilityStartMs: 0, segmentDurationMs: 2000, startNumber: 1, dvrWindowMs: 60_000 };
  const reservedBits = (nowMs: number) => machine.reserved.sampleBps(nowMs, 0) * 10;
  reservedBits(0);
  machine.request(1, 1, 0, 0, 12_000);
  t.is(reservedBits(10_000), 0, 'as long as the document is not known');
  machine.learned(0, { ...timing, nominalBps: [1_000_000, 5_000_000] }, 2000, 0);
  machine.request(2, 1, 0, 0, 12_000);
  machine.request(3, 1, 0, 0, 12_000);
  for (const flags of [FROM_TIER, INTERNAL, PARTIAL]) machine.request(10 + flags, 1, flags, 0, 12_000);
  machine.request(4, 1, 0, 0, 1000);
  machine.request(5, 2, 0, 0, 12_000);
  t.is(reservedBits(20_000), 2 * 2 * 5_000_000);
  t.true(machine.isNominal(1, 0));
  for (const [key, flags] of [
    [0, 0],
    [2, 0],
    [1, FROM_TIER],
  ] as const)
    t.false(machine.isNominal(key, flags));
});
