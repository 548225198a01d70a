import test from 'ava';
import * as fc from 'fast-check';
import { liveEvent, STARTED_WALL_MS, steadyNetwork, VirtualWorld } from './virtual-world.fixture.ts';

/** When the fixture's player knows the event, and with it where to start: two round trips and a small document. */
const LEARNED_MS = 20.4;
const FAST = { afterMs: 50, sizeBytes: 100_000, firstByteMs: 10 };

test('it starts three segments behind the live edge and plays on without a stall', (t) => {
  const world = new VirtualWorld().run(60_000);
  const report = world.report();
  t.is(report.phase, 'playing');
  // one hour in, segment 1800 is the newest; three behind the clock lies the start of 1798
  t.is(world.segments('video')[0]!.number, 1798);
  t.is(report.stallCount, 0);
  t.true(report.startupMs! < 200);
  t.is(Math.round(report.latencyMs!), Math.round(6000 + report.startupMs! - LEARNED_MS));
  t.is(Math.round(report.meanLatencyMs!), Math.round(report.latencyMs!));
  t.is(Math.round(report.playedMs), Math.round(60_000 - report.startupMs!));
});

test('segments are asked for in order, each once, and not before the clock says that they are there', (t) => {
  const world = new VirtualWorld().run(60_000);
  for (const medium of ['video', 'audio'] as const) {
    const segments = world.segments(medium);
    t.deepEqual(
      segments.map(({ number }) => number),
      segments.map((_, index) => 1798 + index),
    );
    for (const { number, atMs } of segments) t.true(atMs >= (number - 1800) * 2000 + (number > 1800 ? 100 : 0));
  }
});

test('an init segment is fetched once for each rendition', (t) => {
  const inits = new VirtualWorld().run(60_000).log.filter((line) => line.includes(' init '));
  t.is(new Set(inits.map((line) => line.split(' ').at(-1))).size, inits.length);
});

test('at constant bandwidth it settles on the highest rendition below it', (t) => {
  for (const [rateBps, rendition] of [
    [1_000_000, 'v1'],
    [2_500_000, 'v1'], // 70 % of it do not carry 2.1 Mbit/s
    [3_500_000, 'v2'],
    [20_000_000, 'v3'],
  ] as const) {
    const event = liveEvent();
    const world = new VirtualWorld({ event, steady: steadyNetwork(event, { rateBps }) }).run(120_000);
    t.is(world.segments('video').at(-1)!.rendition, rendition, `${rateBps} bit/s`);
    t.is(world.report().stallCount, 0, `${rateBps} bit/s`);
  }
});

test('a stall lasts as long as the download is longer than the buffer', (t) => {
  // Three segments are there at the start, 50 ms each; 1801 comes 7 s late in both media.
  const steady = steadyNetwork(liveEvent(), { rateBps: 20_000_000 });
  const world = new VirtualWorld({
    steady: (request, nowMs) =>
      request.kind !== 'segment'
        ? steady(request, nowMs)
        : { ...FAST, afterMs: request.number === 1801 ? 7000 : FAST.afterMs },
    config: { askSpreadSegments: 0 },
  }).run(10_000);
  const report = world.report();
  // it starts LEARNED_MS into 1798, so there are so many less than 6 s; 1801 is asked for at 2.1 s and there at 9.1 s
  t.is(report.stallCount, 1);
  // (a millisecond more or less: players ask at whole ones)
  t.true(Math.abs(report.stallMs - (9100 - (report.startupMs! + 6000 - LEARNED_MS))) <= 1, String(report.stallMs));
});

test('a failed segment is fetched from the next server, and the failed one is left alone', (t) => {
  const world = new VirtualWorld({
    answer: (request, nowMs) =>
      request.kind === 'segment' && request.server === 1 && nowMs > 5000 ? { afterMs: 5, cause: 'network' } : undefined,
  }).run(19_000);
  const report = world.report();
  t.is(report.serverSwitches, 1);
  t.is(report.failures.network, 2, 'one for each medium at most');
  t.is(report.stallCount, 0);
  t.deepEqual([...new Set(world.segments('video').map(({ server }) => server))], [1, 2]);
  const retried = world.segments('video').filter(({ number }, index, all) => all[index - 1]?.number === number);
  t.is(retried.length, 1);
});

test('a silent server is given up in time, and playback moves to the next', (t) => {
  const world = new VirtualWorld({
    answer: (request, nowMs) =>
      request.kind === 'segment' && request.server === 1 && nowMs > 5000 ? 'silence' : undefined,
  }).run(40_000);
  const report = world.report();
  t.is(report.failures.timeout, 2);
  t.is(report.serverSwitches, 1);
  t.is(report.phase, 'playing');
  t.is(report.abandoned, 1, 'the adaptation gave it up before the time was over, and asked for less');
  t.is(world.log.filter((line) => line.includes('cancel')).length, 3);
});

test('it comes back to a server that steering still ranks first ten seconds later', (t) => {
  const world = new VirtualWorld({
    answer: (request, nowMs) =>
      request.kind === 'segment' && request.server === 1 && nowMs > 5000 && nowMs < 9000
        ? { afterMs: 5, cause: 'network' }
        : undefined,
  }).run(60_000);
  t.is(world.report().serverSwitches, 2);
  t.is(world.segments('video').at(-1)!.server, 1);
});

test('a wrong body is counted, not played, and fetched again from another server', (t) => {
  const world = new VirtualWorld({
    answer: (request) =>
      request.kind === 'segment' && request.server === 1 && request.number === 1803 && request.rendition === 3
        ? { afterMs: 20, cause: 'wrong-body', receivedBytes: 25_000 }
        : undefined,
  }).run(30_000);
  const report = world.report();
  t.is(report.failures['wrong-body'], 1);
  t.is(report.stallCount, 0);
  t.is(report.gaps, 0);
  t.deepEqual(
    world
      .segments('audio')
      .filter(({ number }) => number === 1803)
      .map(({ server }) => server),
    [1, 2],
  );
});

test('a success that was under way does not bring a failed server back', (t) => {
  const world = new VirtualWorld({
    answer: (request) =>
      request.kind === 'segment' && request.number === 1803 && request.server === 1
        ? request.rendition === 3
          ? { afterMs: 10, cause: 'wrong-body' }
          : { ...FAST, afterMs: 500 }
        : undefined,
  }).run(15_000);
  t.is(world.segments('video').at(-1)!.server, 2);
});

test('when steering is dead, the last ranking stands and playback goes on', (t) => {
  const world = new VirtualWorld({
    answer: (request, nowMs) => (request.kind === 'steering' && nowMs > 0 ? 'silence' : undefined),
    ranking: () => ({ ttlMs: 10_000 }),
  }).run(200_000);
  const report = world.report();
  t.is(report.phase, 'playing');
  t.is(report.stallCount, 0);
  t.true(report.failures.timeout >= 5, 'it keeps asking');
});

test('an empty ranking is no ranking', (t) => {
  const world = new VirtualWorld({ ranking: (askedMs) => (askedMs < 3000 ? { servers: [] } : {}) }).run(20_000);
  t.is(world.report().phase, 'playing');
  t.true(world.report().failures.invalid > 0);
});

test('404 is waited out; a segment that never comes is jumped over once it is three segments late', (t) => {
  const world = new VirtualWorld({
    answer: (request, nowMs) => {
      if (request.kind !== 'segment') return undefined;
      if (request.number === 1803 && nowMs < 7500) return { afterMs: 5, cause: 'not-found' };
      return request.number === 1810 ? { afterMs: 5, cause: 'not-found' } : undefined;
    },
  }).run(60_000);
  const report = world.report();
  t.is(report.gaps, 1);
  t.is(report.serverSwitches, 0, 'no server is to blame');
  t.is(report.phase, 'playing');
  t.true(world.segments('video').some(({ number }) => number === 1803));
});

test('410 is a gap at once, and latency shrinks by it', (t) => {
  const world = new VirtualWorld({
    answer: (request) =>
      request.kind === 'segment' && request.number === 1799 ? { afterMs: 5, cause: 'gone' } : undefined,
  }).run(10_000);
  const report = world.report();
  t.is(report.gaps, 1);
  t.is(Math.round(report.latencyMs!), Math.round(4000 + report.startupMs! - LEARNED_MS));
});

test('after a long interruption it jumps to the live edge, once', (t) => {
  const world = new VirtualWorld({
    answer: (request, nowMs) =>
      request.kind === 'segment' && nowMs > 10_000 && nowMs < 60_000 ? { afterMs: 5, cause: 'status' } : undefined,
  }).run(100_000);
  const report = world.report();
  t.is(report.jumps, 1);
  t.is(report.stallCount, 1);
  t.is(report.phase, 'playing');
  t.true(report.latencyMs! < 8000);
});

test('retries back off: an interruption is not a storm', (t) => {
  const world = new VirtualWorld({
    answer: (request, nowMs) =>
      request.kind === 'segment' && nowMs > 10_000 && nowMs < 40_000 ? { afterMs: 5, cause: 'status' } : undefined,
  }).run(40_000);
  const during = world.segments('video').filter(({ atMs }) => atMs > 10_000);
  t.true(during.length <= 12, `${during.length} requests in 30 s`);
});

test('a segment that no server can give is given up after as many retries as steering allows', (t) => {
  const world = new VirtualWorld({
    answer: (request) =>
      request.kind === 'segment' && request.number === 1805 && request.rendition === 3
        ? { afterMs: 5, cause: 'truncated' }
        : undefined,
  }).run(40_000);
  const tries = world.segments('audio').filter(({ number }) => number === 1805);
  t.is(tries.length, 4, 'once, and three retries');
  t.deepEqual(new Set(tries.map(({ server }) => server)), new Set([1, 2, 3]));
  t.is(world.report().gaps, 1);
  t.is(world.report().phase, 'playing');
});

test('far from the live edge it fetches no further ahead than its buffer', (t) => {
  let mostMs = 0;
  const world = new VirtualWorld({
    config: { liveDelaySegments: 100, maxLatencySegments: 1000 },
    check: ({ player }) => (mostMs = Math.max(mostMs, player.bufferMs)),
  }).run(60_000);
  t.true(mostMs >= 30_000 && mostMs <= 32_000, `${mostMs} ms`);
  t.is(world.report().stallCount, 0);
  t.true(world.segments('video').length < 50);
});

test('Retry-After is honoured when every server asks for it', (t) => {
  const world = new VirtualWorld({
    answer: (request, nowMs) =>
      request.kind === 'segment' && nowMs > 10_000 ? { afterMs: 5, cause: 'status', retryAfterMs: 20_000 } : undefined,
  }).run(60_000);
  const asked = new Map<number, number>();
  for (const { server, atMs } of world.segments('audio').filter((segment) => segment.atMs > 10_000)) {
    const before = asked.get(server);
    if (before !== undefined) t.true(atMs >= before + 20_000, `server ${server} at ${before} and ${atMs}`);
    asked.set(server, atMs);
  }
  t.is(asked.size, 3);
});

test('an event that has only begun is left to grow to the delay', (t) => {
  const event = liveEvent({ availabilityStartMs: STARTED_WALL_MS - 1000, startNumber: 0 });
  const world = new VirtualWorld({ event }).run(30_000);
  const report = world.report();
  t.is(world.segments('video')[0]!.number, 0);
  t.true(world.segments('video')[0]!.atMs >= 5000);
  t.is(report.stallCount, 0);
  t.true(report.startupMs! < 500, 'it counts from when there was something to play');
});

test('it learns that the event is over, plays to the end and stops asking', (t) => {
  const event = liveEvent();
  const world = new VirtualWorld({
    event,
    answer: (request) =>
      request.kind === 'segment' && request.number > 1805 ? { afterMs: 5, cause: 'gone' } : undefined,
  });
  world.run(15_000);
  Object.assign(event, { state: 'ended', endNumber: 1805 });
  world.run(60_000);
  t.is(world.report().phase, 'ended');
  t.is(world.player.nextWakeMs, Infinity);
  t.is(world.inFlight.size, 0);
});

test('who has left asks for nothing, and what still comes counts as received', (t) => {
  const world = new VirtualWorld({
    answer: (request) => (request.kind === 'event' ? { ...FAST, afterMs: 500 } : undefined),
  });
  world.run(100);
  world.player.leave(100, STARTED_WALL_MS + 100);
  const asked = world.log.length;
  world.run(20_000);
  t.is(world.log.length, asked);
  t.is(world.report().phase, 'left');
  t.is(world.report().startupMs, null);
  t.is(world.report().receivedBytesByServer.get(1), FAST.sizeBytes);
});

test('an event with video only, or audio only, plays', (t) => {
  for (const kind of ['video', 'audio'] as const) {
    const event = liveEvent();
    event.renditions = event.renditions.filter((rendition) => rendition.kind === kind);
    const report = new VirtualWorld({ event }).run(20_000).report();
    t.is(report.phase, 'playing', kind);
    t.is(report.stallCount, 0, kind);
  }
});

/** What a network may do to one fetch, good days more often than bad ones. */
const answers = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant('silence' as const) },
    {
      weight: 3,
      arbitrary: fc.record({
        afterMs: fc.integer({ min: 1, max: 9000 }),
        cause: fc.constantFrom('network', 'status', 'truncated', 'wrong-body', 'not-found', 'gone', 'invalid'),
        retryAfterMs: fc.constantFrom(-1, 0, 3000, 1e9),
      }),
    },
    { weight: 2, arbitrary: fc.record({ afterMs: fc.integer({ min: 1, max: 7000 }), sizeBytes: fc.nat(2e6) }) },
  ),
  { minLength: 1, maxLength: 200 },
);
const rankings = fc.array(fc.shuffledSubarray([1, 2, 3, 4]), { minLength: 1, maxLength: 8 });

test('whatever the network does: one fetch a medium, no negative buffer, nobody waits without bound, and the same again for the same seed', (t) => {
  let turns = 0;
  let turnsAtMs = -1;
  fc.assert(
    fc.property(answers, rankings, fc.integer(), (script, orders, seed) => {
      const run = () => {
        let asked = 0;
        let ranked = 0;
        const world = new VirtualWorld({
          seed,
          ranking: () => ({ servers: orders[ranked++ % orders.length]!, ttlMs: 15_000 }),
          answer: () => script[asked++ % script.length],
          check: checkInvariants,
        }).run(120_000);
        return world;
      };
      const first = run();
      const second = run();
      t.deepEqual(second.log, first.log);
      t.deepEqual(second.report(), first.report());
    }),
    // A few thousand: two fetches that end in the same instant are rare.
    { numRuns: 3000 },
  );

  function checkInvariants(world: VirtualWorld): void {
    const media = [0, 0];
    for (const request of world.inFlight.values()) {
      if (request.kind === 'init' || request.kind === 'segment') media[request.rendition === 3 ? 1 : 0]!++;
    }
    t.true(media[0]! <= 1 && media[1]! <= 1, 'one fetch in flight for each medium');
    t.true(world.player.bufferMs >= 0);
    const { phase, nextWakeMs } = world.player;
    if (phase !== 'left' && phase !== 'ended') {
      // A failure and another fetch's deadline may fall on one instant: the deadline's turn is the next wake, at once.
      t.true(nextWakeMs >= world.nowMs || world.events === 0, 'nothing is left overdue');
      turns = world.nowMs === turnsAtMs ? turns + 1 : 0;
      turnsAtMs = world.nowMs;
      t.true(turns < 50, 'an instant ends');
      t.true(nextWakeMs - world.nowMs <= 65_000, `next event at ${nextWakeMs}, now ${world.nowMs}`);
    }
  }
});

test('when the network heals, so does playback, whatever came before', (t) => {
  fc.assert(
    fc.property(answers, fc.integer(), (script, seed) => {
      let asked = 0;
      const world = new VirtualWorld({
        seed,
        answer: (_, nowMs) => (nowMs < 30_000 ? script[asked++ % script.length] : undefined),
      }).run(130_000);
      const before = world.report();
      t.is(before.phase, 'playing');
      world.run(150_000);
      t.is(Math.round(world.report().playedMs - before.playedMs), 20_000);
    }),
    { numRuns: 60 },
  );
});
