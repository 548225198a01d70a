import test from 'ava';
import { Connections } from './connections.ts';

const IDLE = new Int32Array(8);

function opened(connections: Connections, slot: number, server: number, nowMs: number, busy = IDLE) {
  connections.open(slot, 0, 3, busy, server, 25, nowMs);
  return [connections.setUpMs, connections.windowBytes];
}

test('a new connection costs its round trips and begins with the initial window', (t) => {
  const options = { initialWindowBytes: 14_600, slowStartAfterIdle: true };
  t.deepEqual(opened(new Connections({ tls: true, ...options }), 0, 7, 0), [100, 14_600]);
  t.deepEqual(opened(new Connections({ tls: false, ...options }), 0, 7, 0), [50, 14_600]);
});

test('one that is open costs nothing, and its window halves with each time-out of a pause', (t) => {
  const connections = new Connections({ tls: true, initialWindowBytes: 14_600, slowStartAfterIdle: true });
  opened(connections, 0, 7, 0);
  connections.used(0, 160_000, 1000);
  t.deepEqual(opened(connections, 0, 7, 1100), [0, 160_000]);
  t.deepEqual(opened(connections, 0, 7, 1450), [0, 40_000]);
  t.deepEqual(opened(connections, 0, 7, 9000), [0, 14_600]);
  t.deepEqual(opened(connections, 0, 8, 9000), [100, 14_600], 'another server is another connection');
});

test('a tuned server keeps the window, until the connection is closed for idleness', (t) => {
  const connections = new Connections({ tls: true, initialWindowBytes: 14_600, slowStartAfterIdle: false });
  opened(connections, 0, 7, 0);
  connections.used(0, 160_000, 1000);
  t.deepEqual(opened(connections, 0, 7, 50_000), [0, 160_000]);
  t.deepEqual(opened(connections, 0, 7, 62_000), [100, 14_600]);
  connections.used(0, 160_000, 62_100);
  connections.close(0);
  t.deepEqual(opened(connections, 0, 7, 62_200), [100, 14_600]);
});

test('a lane takes over what another of the same asker has left idle, not what is in use', (t) => {
  const connections = new Connections({ tls: true, initialWindowBytes: 14_600, slowStartAfterIdle: false });
  opened(connections, 1, 7, 0);
  connections.used(1, 90_000, 100);
  t.deepEqual(opened(connections, 2, 7, 200, Int32Array.of(0, 5, 0, 0)), [100, 14_600], 'lane 1 is busy');
  connections.close(2);
  t.deepEqual(opened(connections, 0, 7, 200), [0, 90_000]);
  t.deepEqual(opened(connections, 1, 7, 200, Int32Array.of(5, 0, 0, 0)), [100, 14_600], 'it has gone to lane 0');
});
