import test from 'ava';
import * as fc from 'fast-check';
import { PRIORITIES } from '../../../topology/model/priority.ts';
import {
  decisionText,
  explainedText,
  placeText,
  readAsked,
  readDecision,
  readPlace,
  readReport,
  reportText,
  roundPropensity,
} from './decision-record.ts';
import { LineChain } from './record-line.ts';
import { LOCATED_BY } from '../location/whereabouts.ts';

const number = fc.nat();
const numbers = fc.array(number, { maxLength: 8 });
const amount = fc.double({ min: 0, max: 1e15, noNaN: true }).map((value) => value + 0);
const text = fc.string({ unit: 'binary', maxLength: 20 });

const asked = fc.record({
  atMs: amount,
  version: number,
  route: number,
  place: number,
  content: number,
  session: fc.nat(2 ** 32 - 1),
  nominalBps: amount,
  priority: fc.integer({ min: -1, max: PRIORITIES.length - 1 }),
  playing: fc.integer({ min: -1, max: 20_000 }),
  among: fc.option(numbers),
});
const decision = fc
  .record({
    ranked: fc.array(number, { minLength: 1, maxLength: 6 }),
    ttlSeconds: number,
    admission: fc.oneof(fc.constant(0), fc.constant(-1), amount),
    explored: fc.boolean(),
    propensity: fc.double({ min: 0, max: 1, noNaN: true }).map(roundPropensity),
    turnedAway: numbers.map((list) => list.slice(0, list.length - (list.length % 2))),
    address: fc.option(text),
  })
  .chain((answered) => asked.map((fields) => ({ ...fields, ...answered })));

/** As a line is written and read: sealed, and without its letter and checksum when its fields are read. */
function throughLine(open: string): unknown[] {
  const line = new LineChain().seal(open);
  if (line.includes('\n')) throw new Error('a line of two lines');
  if (!new LineChain().follows(line)) throw new Error('a bad checksum');
  return (JSON.parse(line) as unknown[]).slice(1, -1);
}

test('any decision comes back from its line as it was', (t) => {
  fc.assert(
    fc.property(decision, (fields) => {
      t.deepEqual(readDecision(throughLine(decisionText(fields))), fields);
    }),
  );
});

test('any question, report and place come back from their lines as they were', (t) => {
  const report = fc.record({
    atMs: amount,
    server: number,
    sequence: number,
    isDraining: fc.boolean(),
    egressBps: amount,
    reservedBps: fc.option(amount),
    capacityBps: amount,
    connections: number,
    requestsPerSecond: amount,
    errorShare: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
    eventLoopDelayMs: amount,
  });
  const degrees = fc.option(fc.double({ min: -180, max: 180, noNaN: true }).map((value) => value + 0));
  const place = fc.record({
    number,
    by: fc.constantFrom(...LOCATED_BY),
    country: fc.option(text),
    network: fc.option(text),
    metro: fc.option(text),
    zone: fc.option(text),
    latitude: degrees,
    longitude: degrees,
    total: number,
    sites: numbers,
    reasons: numbers,
  });
  fc.assert(
    fc.property(asked, report, place, (question, reported, placed) => {
      t.deepEqual(readAsked(throughLine(explainedText(question))), question);
      t.deepEqual(readReport(throughLine(reportText(reported))), reported);
      t.deepEqual(readPlace(throughLine(placeText(placed))), placed);
    }),
  );
});

test('what is no decision is none, whatever is wrong with it', (t) => {
  const good: unknown[] = [5, 0, 0, 0, 0, 7, 0, -1, -1, null, [1, 2], 20, 0, 0, 1, []];
  t.not(readDecision(good), null);
  const bad: unknown[][] = [
    [],
    good.slice(1),
    [...good, 'address', 'more'],
    [...good, 7],
    good.with(0, '5'),
    good.with(0, null),
    good.with(7, 6),
    good.with(7, -2),
    good.with(8, 0.5),
    good.with(9, [-1]),
    good.with(9, 'x'),
    good.with(10, []),
    good.with(10, [1, '2']),
    good.with(11, -1),
    good.with(12, 'x'),
    good.with(14, null),
    good.with(15, [1]),
    good.with(15, [1, 0.5]),
  ];
  for (const elements of bad) t.is(readDecision(elements), null, JSON.stringify(elements));
});
