import test from 'ava';
import { OBJECT_OVERHEAD_BYTES, Store, type Eviction, type StoredObject } from './store.ts';

const BODY_BYTES = 1000;
const ENTRY_BYTES = BODY_BYTES + OBJECT_OVERHEAD_BYTES;

function storeFor(entries: number, eviction?: Eviction) {
  const evicted: number[] = [];
  const store = new Store(entries * ENTRY_BYTES, ({ id }) => void evicted.push(id), eviction);
  const put = (id: number, key = id, sizeBytes = BODY_BYTES) => store.put(object(id, key, sizeBytes));
  return { store, evicted, put };
}

function object(id: number, key: number, sizeBytes: number): StoredObject {
  const times = { storedMs: 0, ageMs: 0, freshUntilMs: 1, staleWhileRevalidateUntilMs: 1, staleIfErrorUntilMs: 1 };
  return { id, key, sizeBytes, ...times };
}

test('the least recently used goes first, and using counts', (t) => {
  const { store, evicted, put } = storeFor(3);
  for (const id of [1, 2, 3]) put(id);
  t.is(store.get(1)?.id, 1);
  put(4);
  t.deepEqual(evicted, [2]);
  t.is(store.storedBytes, 3 * ENTRY_BYTES);
  t.is(store.count, 3);
});

test('with first in, first out using does not count, storing anew does', (t) => {
  const { store, evicted, put } = storeFor(3, 'fifo');
  for (const id of [1, 2, 3]) put(id);
  t.is(store.get(1)?.id, 1);
  put(4);
  t.deepEqual(evicted, [1]);
  put(5, 2);
  t.deepEqual(evicted, [1, 2], 'its successor is stored');
  put(6);
  t.deepEqual(evicted, [1, 2, 3]);
  t.is(store.get(2)?.id, 5);
});

test('an object at time 0 is kept like any other: lifetimes are not decided here', (t) => {
  const { store, put } = storeFor(1);
  put(1);
  t.is(store.get(1)?.storedMs, 0);
});

test('bodies that are still arriving push out what is stored', (t) => {
  const { store, evicted, put } = storeFor(3);
  for (const id of [1, 2, 3]) put(id);
  store.arriving(ENTRY_BYTES + 1);
  t.deepEqual(evicted, [1, 2]);
  t.true(store.storedBytes + store.arrivingBytes <= 3 * ENTRY_BYTES);
  store.arriving(-ENTRY_BYTES - 1);
  t.is(store.arrivingBytes, 0);
});

test('an object fits when there is room beside what is arriving, with all else evicted', (t) => {
  const { store, put } = storeFor(2);
  put(1);
  put(2);
  store.arriving(ENTRY_BYTES);
  t.true(store.fits(BODY_BYTES));
  t.false(store.fits(BODY_BYTES + 1));
});

test('a newer object of the same key replaces the older one, which is reported', (t) => {
  const { store, evicted, put } = storeFor(2);
  put(1, 7);
  put(2, 7);
  t.deepEqual(evicted, [1]);
  t.is(store.get(7)?.id, 2);
  store.remove(7);
  t.deepEqual(evicted, [1, 2]);
  t.is(store.storedBytes, 0);
});
