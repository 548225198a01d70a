import test from 'ava';
import * as fc from 'fast-check';
import type { NodeReport } from '../../../topology/model/node-report.ts';
import { DEFAULT_HEALTH, NodeHealth } from './health.ts';
import { CAPACITY_BPS, reportOf } from '../world.fixture.ts';

class Node {
  readonly health = new NodeHealth(CAPACITY_BPS, DEFAULT_HEALTH, 0);
  nowMs = 0;
  sequence = 0;

  report(changes: Partial<NodeReport> = {}, afterMs = 1000): void {
    this.nowMs += afterMs;
    this.health.report(reportOf('fra-1', { sequence: ++this.sequence, ...changes }), this.nowMs);
  }

  verdict(laterMs = 0) {
    return this.health.verdict(this.nowMs + laterMs);
  }
}

test('a node that has never reported is doubtful, and down after the bound', (t) => {
  const node = new Node();
  t.is(node.verdict().standing, 'unheard');
  t.is(node.verdict(DEFAULT_HEALTH.downAfterMs).standing, 'unheard');
  t.is(node.verdict(DEFAULT_HEALTH.downAfterMs + 1).standing, 'down');
});

test('the first report of all is believed at once', (t) => {
  const node = new Node();
  node.report({}, 60_000);
  t.deepEqual(node.verdict(), { standing: 'up', score: 1, reasons: ['healthy'] });
});

test('silence makes a node suspect, then down', (t) => {
  const node = new Node();
  node.report();
  t.is(node.verdict(3000).standing, 'up');
  t.is(node.verdict(3001).standing, 'suspect');
  t.is(node.verdict(5000).standing, 'suspect');
  t.is(node.verdict(5001).standing, 'down');
});

test('a node back from the dead must report three times, then its share grows over ten seconds', (t) => {
  const node = new Node();
  node.report();
  node.report({}, 20_000);
  t.is(node.verdict().standing, 'probation');
  node.report();
  t.is(node.verdict().standing, 'probation');
  node.report();
  t.like(node.verdict(), { standing: 'up', score: 0, reasons: ['recovering'] });
  node.report({}, 1000);
  node.report({}, 2000);
  t.true(Math.abs(node.verdict().score - 0.3) < 1e-9);
  t.true(Math.abs(node.verdict(250).score - 0.32) < 1e-9, 'in steps of a tenth of a second');
  for (let second = 0; second < 8; second++) node.report();
  t.deepEqual(node.verdict(), { standing: 'up', score: 1, reasons: ['healthy'] });
});

test('a restart and an end of draining begin with nothing and ramp up', (t) => {
  const restarted = new Node();
  restarted.report();
  restarted.sequence = -1;
  restarted.report();
  t.like(restarted.verdict(), { standing: 'up', score: 0 });
  t.true(Math.abs(restarted.verdict(2000).score - 0.2) < 1e-9);

  const drained = new Node();
  drained.report();
  drained.report({ state: 'draining' });
  t.like(drained.verdict(), { standing: 'draining', score: 0, reasons: ['draining'] });
  drained.report();
  t.like(drained.verdict(), { standing: 'up', score: 0 });
});

test('one bad report halves the share, several end it, and it comes back with time only', (t) => {
  const node = new Node();
  node.report();
  node.report({ errorShare: 1 });
  t.like(node.verdict(), { score: 0.5, reasons: ['errors'] });
  for (let count = 0; count < 6; count++) node.report({ errorShare: 1 });
  t.is(node.verdict().score, 0);
  node.report();
  node.report({}, 2000);
  t.is(node.verdict().score, 0, 'for three seconds it does not grow');
  node.report({}, 2500);
  t.true(Math.abs(node.verdict().score - 0.25) < 1e-9);
});

test('a report that came late costs half the share, and two more must be in time before there are sessions', (t) => {
  const node = new Node();
  node.report();
  node.report({}, 4000);
  t.is(node.verdict().standing, 'suspect');
  node.report();
  t.is(node.verdict().standing, 'suspect');
  node.report();
  t.like(node.verdict(), { standing: 'up', score: 0.5, reasons: ['recovering'] });
});

test('a burst of reports neither proves steadiness nor wears the share down', (t) => {
  const back = new Node();
  back.report();
  back.report({}, 20_000);
  for (let count = 0; count < 50; count++) back.report({}, 5);
  t.is(back.verdict().standing, 'probation');

  const bad = new Node();
  bad.report();
  for (let count = 0; count < 50; count++) bad.report({ errorShare: 1 }, 5);
  t.is(bad.verdict().score, 1, 'the first one is too close to the good one');
  bad.report({ errorShare: 1 }, 400);
  t.is(bad.verdict().score, 0.5);
});

test('a verdict is the same object as long as nothing changes, and a new one as soon as something does', (t) => {
  const node = new Node();
  node.report();
  const well = node.verdict();
  t.is(node.verdict(2999), well);
  t.not(node.verdict(3001), well);
  node.report({ errorShare: 1 });
  t.is(node.verdict().score, 0.5);
  t.is(node.verdict(1000), node.verdict(1000));
  node.report();
  t.is(node.verdict(2500).score, 0.55);
  t.is(node.verdict(2599).score, 0.55);
  t.true(node.verdict(2600).score > 0.55);
});

test('a handful of failed requests is no evidence', (t) => {
  const node = new Node();
  node.report({ requestsPerSecond: 0.05, errorShare: 1 });
  t.is(node.verdict().score, 1);
});

test('load near capacity and a late event loop reduce the share, each with its word', (t) => {
  const busy = new Node();
  busy.report({ egressBps: 0.89 * CAPACITY_BPS });
  t.true(Math.abs(busy.verdict().score - 0.5) < 1e-9);
  t.deepEqual(busy.verdict().reasons, ['busy']);

  const shrunk = new Node();
  shrunk.report({ egressBps: 0.5 * CAPACITY_BPS, capacityBps: 0.5 * CAPACITY_BPS });
  t.is(shrunk.verdict().score, 0, 'its own capacity counts when it is the smaller one');

  const late = new Node();
  late.report({ eventLoopDelayMs: 275 });
  t.true(Math.abs(late.verdict().score - 0.5) < 1e-9);
  t.deepEqual(late.verdict().reasons, ['late-loop']);
});

const anyReport = fc.record({
  afterMs: fc.integer({ min: 0, max: 8000 }),
  state: fc.constantFrom('up' as const, 'draining' as const),
  sequence: fc.nat(20),
  errorShare: fc.double({ min: 0, max: 1, noNaN: true }),
  requestsPerSecond: fc.double({ min: 0, max: 1e8, noNaN: true }),
  egressBps: fc.double({ min: 0, max: 1e13, noNaN: true }),
  eventLoopDelayMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
});

test('whatever is reported, a score is a share, only an up node has one, and there is always a reason', (t) => {
  fc.assert(
    fc.property(fc.array(anyReport, { maxLength: 30 }), fc.nat(20_000), (reports, laterMs) => {
      const node = new Node();
      for (const { afterMs, ...changes } of reports) {
        node.report(changes, afterMs);
        for (const { standing, score, reasons } of [node.verdict(), node.verdict(laterMs)]) {
          if (!(score >= 0 && score <= 1)) return false;
          if (standing !== 'up' && score !== 0) return false;
          if (reasons.length === 0) return false;
        }
      }
      return true;
    }),
  );
  t.pass();
});

test('between two reports the share never falls, and in a second it grows by a tenth at most', (t) => {
  fc.assert(
    fc.property(fc.array(anyReport, { minLength: 1, maxLength: 20 }), fc.nat(2000), (reports, laterMs) => {
      const node = new Node();
      for (const { afterMs, ...changes } of reports) node.report(changes, Math.min(afterMs, 2500));
      const [now, later] = [node.verdict(), node.verdict(laterMs)];
      return later.score >= now.score && later.score - now.score <= laterMs / 10_000 + 1e-9;
    }),
  );
  t.pass();
});

/** Changes of standing, and turns of the score from falling to rising, as somebody sees them who looks each tenth of a second. */
function unrest(node: Node, seconds: number, next: (at: number) => { afterMs: number; changes: Partial<NodeReport> }) {
  let [changes, turns, standing, score, rises] = [0, 0, '', -1, true];
  const begin = node.nowMs;
  for (let at = 0; node.nowMs - begin < seconds * 1000; at++) {
    const { afterMs, changes: reported } = next(at);
    for (let laterMs = 0; laterMs < afterMs; laterMs += 100) {
      const verdict = node.verdict(laterMs);
      if (verdict.standing !== standing) changes++;
      if (verdict.standing === 'up' && verdict.score !== score) {
        if (verdict.score > score !== rises) turns++;
        rises = verdict.score > score;
      }
      ({ standing, score } = verdict);
    }
    node.report(reported, afterMs);
  }
  return { changes: changes - 1, turns };
}

test('a node that hovers at a threshold of lateness is out, and not in and out', (t) => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.integer({ min: 2000, max: 6000 })), (gaps) => {
      const node = new Node();
      node.report();
      const gap = gaps[Symbol.iterator]();
      const next = () => ({ afterMs: gap.next().value as number, changes: {} });
      const first = unrest(node, 60, next).changes;
      // Once it is known for it, trust takes longer to earn than such noise ever leaves it.
      const later = unrest(node, 600, next).changes / 10;
      return first <= 24 && later <= 12;
    }),
    { numRuns: 50 },
  );
  const worst = new Node();
  worst.report();
  // Steady for as long as was asked the last time, then late again: the worst that can be done on purpose.
  const { changes } = unrest(worst, 600, (at) => ({ afterMs: at % 4 === 3 ? 3100 : 1000, changes: {} }));
  t.true(changes <= 12, `${changes} changes in ten minutes`);
});

test('a load that hovers at its threshold lowers the share once, and does not swing it', (t) => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.double({ min: 0.7, max: 0.97, noNaN: true })), (loads) => {
      const node = new Node();
      node.report();
      const load = loads[Symbol.iterator]();
      const next = () => ({
        afterMs: 1000,
        changes: { egressBps: (load.next().value as number) * CAPACITY_BPS },
      });
      unrest(node, 10, next);
      const { changes, turns } = unrest(node, 60, next);
      // Each time it may grow it has been left alone for three seconds, and fallen before.
      return changes === 0 && turns <= 24;
    }),
    { numRuns: 50 },
  );
  t.pass();
});
