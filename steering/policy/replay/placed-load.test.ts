import test from 'ava';
import { PlacedLoad } from './placed-load.ts';

const SETTLE_MS = 4000;

function moved(reportedBps: number): PlacedLoad {
  const load = new PlacedLoad(2, SETTLE_MS);
  load.heard(0, 0);
  load.heard(1, 0);
  // Four sessions of 10 Mbit/s at server 0, one of which the replay has at server 1.
  load.place(0, 40e6, 30e6, 0);
  load.place(1, 0, 10e6, 0);
  load.advance(SETTLE_MS / 2);
  load.heard(0, reportedBps);
  return load;
}

test('a session takes along what players take of their nominal bitrate, as reports show', (t) => {
  const load = moved(20e6);
  t.is(load.shifted(0, 20e6), 15e6);
  t.is(load.shifted(1, 0), 5e6);
});

test('it never takes along more than its nominal bitrate, whoever else is served there', (t) => {
  t.is(moved(400e6).shifted(1, 0), 10e6);
});

test('servers that never reported say nothing of what players take', (t) => {
  const load = new PlacedLoad(2, SETTLE_MS);
  load.place(0, 40e6, 0, 0);
  load.place(1, 0, 40e6, 0);
  load.advance(SETTLE_MS);
  t.is(load.shifted(1, 0), 40e6);
  load.heard(0, 10e6);
  t.is(load.shifted(1, 0), 10e6);
});
