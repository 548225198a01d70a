import test from 'ava';
import { RecordedWorld, whatIf, without } from '../record/record.fixture.ts';
import { DEFAULT_STEERING } from '../steering-config.ts';
import { CAPACITY_BPS } from '../world.fixture.ts';

const BPS = 10e6;
const MB = 1e6;

/** Players ask every ten seconds, to the millisecond. */
const PACE = { ...DEFAULT_STEERING.pace, leastTtlSeconds: 10, mostTtlSeconds: 10 };
const CALM = { exploreShare: 0, pace: PACE };

interface Story {
  sessions: number;
  /** besides: sessions that nobody recorded */
  background?: Record<string, number>;
  tuning?: object;
  /** how often each asks, ten seconds apart; the first time at 10 s */
  times?: number;
  country?: string;
}

/** Three sites with one server each, 1 Gbit/s. Sessions of 10 Mbit/s come at 10 s; what servers report is what they serve. */
function recorded({ sessions, background = {}, tuning = {}, times = 2, country = 'DE' }: Story): RecordedWorld {
  const world = new RecordedWorld([1, 1, 1], { ...CALM, ...tuning });
  const on = new Map<string, string>();
  const reserved = (id: string) =>
    (background[id] ?? 0) + BPS * [...on.values()].filter((server) => server === id).length;
  const pass = (seconds: number) =>
    world.pass(seconds, (id) => ({ reservedBps: reserved(id), egressBps: reserved(id) / 2 }));
  pass(10);
  for (let time = 0; time < times; time++) {
    for (let at = 0; at < sessions; at++) {
      const client = `viewer-${at}`;
      const { servers, admission } = world.rank(client, { country, nominalBps: BPS, playing: on.get(client) });
      if (admission.verdict === 'refused') on.delete(client);
      else on.set(client, servers[0]!.id);
    }
    pass(10);
  }
  on.clear();
  pass(10);
  return world;
}

test('without their site sessions go to the next one, and with them bytes and load: by hand', (t) => {
  const { sink } = recorded({ sessions: 10, background: { 'nyc-1': 200e6 } });
  const result = whatIf(sink.lines, without('fra'));
  // Ten sessions of 10 Mbit/s from 10 s to 20 s and the TTL after that: 20 s, 25 MB each.
  t.is(result.decisions, 20);
  t.is(result.sessions, 10);
  t.deepEqual(result.moved, [{ from: 'fra', to: 'nyc', sessions: 10, bytes: 250 * MB }]);
  t.is(result.movedSessions, 10);
  t.is(result.movedBytes, 250 * MB);
  const [fra, nyc, sao] = result.sites;
  t.is(fra!.after, null);
  t.like(fra!.before, { share: 0.1, reservedBps: 100e6, overSinceMs: null });
  t.like(nyc!.before, { share: 0.2 });
  t.like(nyc!.after, { share: 0.3, reservedBps: 300e6, capacityBps: CAPACITY_BPS, overSinceMs: null, overMs: 0 });
  t.deepEqual([nyc!.bytesBefore, nyc!.bytesAfter, fra!.bytesBefore, fra!.bytesAfter], [0, 250 * MB, 250 * MB, 0]);
  t.like(sao!.after, { share: 0 });
  t.deepEqual(result.before.rank0, { bytes: 250 * MB, rank0: 250 * MB, healthMiss: 0, otherMiss: 0, contentMiss: 0 });
  t.deepEqual(result.after.rank0, { bytes: 250 * MB, rank0: 0, healthMiss: 250 * MB, otherMiss: 0, contentMiss: 0 });
});

test('without anything changed everything is as recorded', (t) => {
  for (const story of [{ sessions: 60 }, { sessions: 250, background: { 'nyc-1': 500e6 }, times: 4 }]) {
    const { sink } = recorded({ ...story, tuning: { exploreShare: 0.05 } });
    const result = whatIf(sink.lines);
    t.deepEqual(result.moved, []);
    t.deepEqual(result.after, result.before);
    for (const { before, after, bytesBefore, bytesAfter } of [...result.sites, ...result.servers]) {
      t.deepEqual(after, before);
      t.is(bytesAfter, bytesBefore);
    }
    t.is(result.bias.otherDecisions, 0);
    t.is(result.bias.weighed + result.bias.unweighed, story.sessions);
    t.true(Math.abs(result.bias.effectiveSessions - result.bias.weighed) < 1e-3 * story.sessions);
  }
});

test('what the next site cannot take goes on to the one after it: no site is filled beyond its limit', (t) => {
  const { sink } = recorded({ sessions: 80, background: { 'nyc-1': 600e6 }, times: 3 });
  const result = whatIf(sink.lines, without('fra'));
  const to = Object.fromEntries(result.moved.map(({ from, to: site, sessions }) => [`${from} ${site}`, sessions]));
  t.is(to['fra nyc']! + to['fra sao']!, 80);
  const [, nyc, sao] = result.sites;
  // 350 Mbit/s of room below 95 %, less what the spill from 80 % on sends on.
  t.true(to['fra nyc']! <= 35 && to['fra nyc']! >= 20, JSON.stringify(to));
  t.true(nyc!.after!.share <= 0.95 && nyc!.after!.share > 0.8, `${nyc!.after!.share}`);
  t.is(nyc!.after!.share, (600e6 + to['fra nyc']! * BPS) / CAPACITY_BPS);
  t.is(sao!.after!.share, (to['fra sao']! * BPS) / CAPACITY_BPS);
  t.deepEqual([result.after.refusedSessions, result.after.reducedSessions], [0, 0]);
});

test('where no site has much room left quality falls', (t) => {
  const { sink } = recorded({ sessions: 95, background: { 'nyc-1': 900e6, 'sao-1': 900e6 } });
  const as = whatIf(sink.lines);
  t.deepEqual([as.after.refusedSessions, as.after.reducedSessions], [0, 0]);
  const { after, sites } = whatIf(sink.lines, without('fra'));
  t.true(after.reducedSessions > 50, JSON.stringify(after));
  t.true(after.rank0.bytes < as.before.rank0.bytes / 2);
  for (const { after: peak } of sites.slice(1)) t.true(peak!.share > 0.95 && peak!.share < 1.1, `${peak!.share}`);
});

test('where all are full whoever comes is refused', (t) => {
  const { sink } = recorded({ sessions: 10, background: { 'nyc-1': CAPACITY_BPS, 'sao-1': CAPACITY_BPS } });
  const { after, moved, sites } = whatIf(sink.lines, without('fra'));
  t.deepEqual(moved, [{ from: 'fra', to: null, sessions: 10, bytes: 250 * MB }]);
  t.is(after.refusedSessions, 10);
  t.is(after.rank0.bytes, 0);
  t.is(sites[1]!.after!.share, 1);
});

test('servers that are over their capacity are told, since when and for how long', (t) => {
  // Nobody holds back: all go to the nearest, whatever it can bear.
  const admission = { ...DEFAULT_STEERING.admission, spillFrom: 1.8, fullShare: 1.9, limitShare: 2 };
  const tuning = { admission: { ...admission, spillFrom: 0.8, fullShare: 0.95, limitShare: 1 } };
  const { sink } = recorded({ sessions: 60, background: { 'nyc-1': 700e6 }, times: 2, tuning });
  const result = whatIf(sink.lines, { ...without('fra'), steering: { ...DEFAULT_STEERING, ...CALM, admission } });
  const nyc = result.servers[1]!;
  t.is(nyc.after!.share, 1.3);
  // Placed at 10 s, shown two seconds later, until the TTL of the last decision is over.
  const startMs = result.fromMs;
  t.is(nyc.after!.overSinceMs! - startMs, 12_000);
  t.is(nyc.after!.overMs, 20_000);
  t.is(nyc.before.overSinceMs, null);
});

test('a server that is missing hands its sessions to its neighbour, and no byte changes site', (t) => {
  const world = new RecordedWorld([2, 1], CALM);
  world.pass(3);
  const on = Array.from({ length: 40 }, (_, at) => world.rank(`viewer-${at}`, { nominalBps: BPS }).servers[0]!.id);
  world.pass(10);
  const change = { without: { sites: new Set<string>(), servers: new Set(['fra-1']) } };
  const result = whatIf(world.sink.lines, change);
  t.deepEqual(result.moved, []);
  const [one, two] = result.servers;
  const ofOne = on.filter((id) => id === 'fra-1').length;
  t.true(ofOne > 5 && ofOne < 35);
  t.is(one!.bytesBefore, (ofOne * BPS * 10) / 8);
  t.deepEqual([one!.after, one!.bytesAfter], [null, 0]);
  t.is(two!.bytesAfter, (40 * BPS * 10) / 8);
  t.is(result.after.rank0.rank0, (40 * BPS * 10) / 8);
  t.is(result.bias.otherDecisions, ofOne);
  t.is(result.bias.withEvidence, ofOne, 'viewers of that country were on the other one, too');
});

test('another policy moves what it moves; what was turned away by health counts as such on both sides', (t) => {
  const world = new RecordedWorld([1, 1], CALM);
  world.pass(3);
  world.pass(5, (id) => (id === 'fra-1' ? { state: 'draining' } : {}));
  for (let at = 0; at < 8; at++) world.rank(`viewer-${at}`, { nominalBps: BPS });
  const { before, after } = whatIf(world.sink.lines);
  t.is(before.rank0.healthMiss, (8 * BPS * 10) / 8);
  t.deepEqual(after, before);
  const american = whatIf(world.sink.lines, without('nyc'));
  t.is(american.moved[0]!.to, 'fra', 'the only one left, draining or not');
  t.is(american.after.rank0.rank0, (8 * BPS * 10) / 8);
});

test('on demand nobody knows what was where: content misses are not told', (t) => {
  const world = new RecordedWorld([1, 1], CALM);
  world.pass(3);
  world.rank('viewer', { path: '/vod/film/1.m4s', nominalBps: BPS });
  t.is(whatIf(world.sink.lines).before.rank0.contentMiss, null);
});

test('a session that asks late goes on, and one that comes back after long is another', (t) => {
  const world = new RecordedWorld([1, 1], CALM);
  world.pass(3);
  world.rank('viewer', { nominalBps: BPS });
  world.pass(15);
  world.rank('viewer', { nominalBps: BPS });
  t.like(whatIf(world.sink.lines), { sessions: 1, before: { rank0: { bytes: (25 * BPS) / 8 } } });
  world.pass(40);
  world.rank('viewer', { nominalBps: BPS });
  t.like(whatIf(world.sink.lines), { sessions: 2, before: { rank0: { bytes: (35 * BPS) / 8 } } });
});

test('a restart of steering does not end sessions; other sites from then on end the replay', (t) => {
  const [first, second] = [new RecordedWorld([1, 1], CALM, 'one'), new RecordedWorld([1, 1], CALM, 'two')];
  for (const world of [first, second]) {
    world.pass(3);
    world.rank('viewer', { nominalBps: BPS });
  }
  const lines = [...first.sink.lines, ...second.sink.lines];
  t.like(whatIf(lines), { decisions: 2, sessions: 1, isPartial: true });
  const other = new RecordedWorld([1, 2], CALM, 'three');
  t.throws(() => whatIf([...lines, ...other.sink.lines]), { message: /the sites are others/ });
});
