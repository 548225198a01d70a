import test from 'ava';
import { DEFAULT_PROBES, probesSchema } from './health-config.ts';
import { ProbeSchedule, roundMsOf } from './probe-schedule.ts';
import { makeSites } from '../world.fixture.ts';

/** What is due, asked for each millisecond. */
function taken(
  schedule: ProbeSchedule,
  fromMs: number,
  toMs: number,
): { atMs: number; server: number; inTurn: boolean }[] {
  const all = [];
  for (let atMs = fromMs; atMs < toMs; atMs++) {
    for (let due = schedule.take(atMs); due !== null; due = schedule.take(atMs)) all.push({ atMs, ...due });
  }
  return all;
}

test('in a round each server has one turn, evenly apart, one of each site before the second of any', (t) => {
  const schedule = new ProbeSchedule(makeSites([3, 3, 3, 3]), DEFAULT_PROBES, 'steering', 0);
  const round = taken(schedule, 0, 5000);
  t.deepEqual(
    round.map(({ server }) => server).toSorted((a, b) => a - b),
    Array.from({ length: 12 }, (_, server) => server),
  );
  for (const third of [0, 4, 8]) {
    const sites = round.slice(third, third + 4).map(({ server }) => Math.floor(server / 3));
    t.is(new Set(sites).size, 4);
  }
  const gaps = round.slice(1).map(({ atMs }, index) => atMs - round[index]!.atMs);
  t.true(gaps.every((gap) => gap === 416 || gap === 417));
  t.true(round.every(({ inTurn }) => inTurn));
});

test('instances of steering go round in different orders, each in the same one every time', (t) => {
  const orderOf = (instance: string) =>
    taken(new ProbeSchedule(makeSites([2, 2, 2, 2, 2]), DEFAULT_PROBES, instance, 0), 0, 5000).map(
      ({ server }) => server,
    );
  t.deepEqual(orderOf('steering-1'), orderOf('steering-1'));
  t.notDeepEqual(orderOf('steering-1'), orderOf('steering-2'));
});

test('6,000 sites with 18,000 servers are probed at the rate that is allowed, each site three times as often', (t) => {
  t.is(roundMsOf(18_000, DEFAULT_PROBES), 36_000);
  t.is(roundMsOf(12, DEFAULT_PROBES), DEFAULT_PROBES.everyMs);
  const site = (index: number) => ({ ...makeSites([3])[0]!, id: `site-${index}` });
  const sites = Array.from({ length: 6000 }, (_, index) => site(index));
  const schedule = new ProbeSchedule(sites, DEFAULT_PROBES, 'steering', 0);
  const third = taken(schedule, 0, 12_000);
  t.is(third.length, 6000);
  t.is(new Set(third.map(({ server }) => Math.floor(server / 3))).size, 6000);
});

test('a server in doubt is asked again after a second, once; so are some of its site', (t) => {
  const schedule = new ProbeSchedule(makeSites([3, 9]), DEFAULT_PROBES, 'steering', 0);
  taken(schedule, 0, 100);
  schedule.doubt(5, 100);
  schedule.doubt(5, 600);
  schedule.doubtSiblings(5, 100);
  const again = taken(schedule, 100, 3000).filter(({ inTurn }) => !inTurn);
  t.deepEqual(
    again.map(({ server }) => server),
    [5, 3, 4, 6, 7],
  );
  t.true(again.every(({ atMs }) => atMs >= 1100 && atMs < 1120));
});

test('doubts have half of the rate, and never take the others’ turns', (t) => {
  const tuning = probesSchema.parse({ perSecondMax: 20 });
  const schedule = new ProbeSchedule(makeSites([9, 9, 9, 9]), tuning, 'steering', 0);
  for (let server = 0; server < 36; server++) schedule.doubt(server, 0);
  const second = taken(schedule, 1000, 2000);
  const doubts = second.filter(({ inTurn }) => !inTurn).length;
  t.true(doubts >= 9 && doubts <= 12, `${doubts} doubts`);
  t.true(second.length - doubts >= 7);
});

test('whoever comes late does not make up for it by a burst', (t) => {
  const schedule = new ProbeSchedule(makeSites([4, 4]), DEFAULT_PROBES, 'steering', 0);
  taken(schedule, 0, 1000);
  t.true(taken(schedule, 60_000, 60_001).length <= 2);
  t.true(schedule.nextMs() > 60_000);
});
