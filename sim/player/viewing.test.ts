import test from 'ava';
import * as fc from 'fast-check';
import { ADAPTATIONS } from './adaptation-kinds.ts';
import { liveEvent, STARTED_WALL_MS, steadyNetwork, VirtualWorld } from './virtual-world.fixture.ts';

/** What viewers do other than to watch live: start over, join behind, pause. */

test('who starts over begins as far back as the DVR window allows, and plays on at that distance', (t) => {
  let mostMs = 0;
  const world = new VirtualWorld({
    startAt: 'start-over',
    check: ({ player }) => (mostMs = Math.max(mostMs, player.bufferMs)),
  }).run(300_000);
  // An hour in, with 10 minutes to go back: 1501 is the oldest, three of a margin.
  t.is(world.segments('video')[0]!.number, 1504);
  const report = world.report();
  t.is(report.stallCount, 0);
  t.is(report.jumps, 0);
  t.true(report.latencyMs! > 593_000 && report.latencyMs! < 595_000, String(report.latencyMs));
  t.true(mostMs >= 30_000 && mostMs <= 32_000, `it fetches ahead as far as its buffer allows: ${mostMs} ms`);
});

test('who starts over in an event that has just begun sees its first segment', (t) => {
  const event = liveEvent({ availabilityStartMs: STARTED_WALL_MS - 60_000 });
  const world = new VirtualWorld({ event, startAt: 'start-over' }).run(30_000);
  t.is(world.segments('video')[0]!.number, 1);
  t.is(Math.round(world.report().latencyMs! / 1000), 60);
});

test('who joins a minute behind live stays a minute behind', (t) => {
  const world = new VirtualWorld({ startAt: { behindLiveMs: 60_000 } }).run(120_000);
  t.is(Math.round(world.report().latencyMs! / 1000), 66);
  t.is(world.report().jumps, 0, 'it was asked for: nobody is brought back to live');
});

test('a pause: the picture stands, the buffer fills up and no further, and playback goes on where it stood', (t) => {
  const world = new VirtualWorld().run(20_000);
  const before = world.report();
  world.player.pause(world.nowMs, world.wallMs);
  world.run(140_000);
  const paused = world.report();
  t.is(paused.phase, 'paused');
  t.is(paused.playedMs, before.playedMs);
  t.is(paused.latencyMs, null);
  t.true(world.player.bufferMs >= 30_000 && world.player.bufferMs < 32_000);
  const asked = world.log.filter((line) => line.includes('segment')).length;
  world.run(200_000);
  t.is(world.log.filter((line) => line.includes('segment')).length, asked, 'it is full');
  world.player.resume(world.nowMs, world.wallMs);
  world.run(260_000);
  const after = world.report();
  t.is(after.phase, 'playing');
  t.is(after.stallCount, 0);
  t.is(after.jumps, 0);
  t.is(Math.round(after.pausedMs), 180_000);
  t.is(Math.round(after.latencyMs!), Math.round(before.latencyMs! + 180_000));
  t.is(Math.round(after.playedMs), Math.round(before.playedMs + 60_000));
});

test('a pause that outlasts the DVR window ends at the live edge', (t) => {
  const event = liveEvent({ dvrWindowMs: 60_000 });
  const world = new VirtualWorld({ event }).run(20_000);
  world.player.pause(world.nowMs, world.wallMs);
  world.run(200_000);
  world.player.resume(world.nowMs, world.wallMs);
  world.run(260_000);
  const report = world.report();
  t.is(report.phase, 'playing');
  t.is(report.jumps, 1);
  t.true(report.latencyMs! < 8000);
});

test('a pause during a stall ends it; what is missing then is another stall', (t) => {
  const world = new VirtualWorld({
    answer: (request, nowMs) =>
      request.kind === 'segment' && nowMs > 10_000 && nowMs < 60_000 ? 'silence' : undefined,
  }).run(20_000);
  t.is(world.player.phase, 'stalled');
  const { stallMs } = world.report();
  world.player.pause(world.nowMs, world.wallMs);
  world.run(30_000);
  t.is(world.report().stallMs, stallMs);
  world.player.resume(world.nowMs, world.wallMs);
  t.is(world.player.phase, 'stalled');
  t.is(world.report().stallCount, 2);
  world.run(100_000);
  t.is(world.player.phase, 'playing');
});

test('a pause before there is a picture holds it back; going on shows it at once', (t) => {
  const world = new VirtualWorld().run(5);
  world.player.pause(world.nowMs, world.wallMs);
  world.run(10_000);
  t.is(world.report().startupMs, null);
  t.is(world.player.phase, 'paused');
  world.player.resume(world.nowMs, world.wallMs);
  t.is(world.player.phase, 'playing');
});

test('a wait for the first picture counts from the start, a stall from when the buffer runs dry', (t) => {
  const world = new VirtualWorld({
    answer: (request, nowMs) => (request.kind === 'segment' && nowMs > 20_000 ? 'silence' : undefined),
  }).run(5);
  t.is(world.player.stillSinceMs, 0);
  world.run(19_000);
  t.true(world.player.stillSinceMs > 20_000, 'not yet, if nothing more came');
  world.run(60_000);
  t.is(world.player.phase, 'stalled');
  t.is(Math.round(world.player.stillSinceMs), Math.round(60_000 - world.report().stallMs));
});

test('a segment that will not come in time is dropped for a lower one, and its bytes are counted', (t) => {
  const event = liveEvent();
  const fast = steadyNetwork(event, { rateBps: 20_000_000 });
  const slow = steadyNetwork(event, { rateBps: 800_000 });
  const world = new VirtualWorld({
    event,
    steady: (request, nowMs) => (nowMs > 30_000 ? slow : fast)(request, nowMs),
  }).run(36_000);
  const report = world.report();
  t.is(report.abandoned, 1);
  const dropped = world.segments('video').findIndex(({ number }, index, all) => all[index + 1]?.number === number);
  const [first, second] = world.segments('video').slice(dropped);
  t.is(first!.rendition, 'v3');
  t.is(second!.rendition, 'v1');
  t.true(second!.atMs > first!.atMs + 1000 && second!.atMs <= first!.atMs + 1100, 'seen at the first look');
  t.true([...report.receivedBytesByServer.values()].every((bytes) => Number.isInteger(bytes) && bytes > 0));
});

test('audio that is slow is never dropped for a lower video, not even after a pause', (t) => {
  // So large that a lower video would be there much sooner, were that the question.
  const world = new VirtualWorld({
    answer: (request) =>
      request.kind === 'segment' && request.rendition === 3 && request.number === 1805
        ? { afterMs: 7000, sizeBytes: 20_000_000, firstByteMs: 10 }
        : undefined,
  });
  while (![...world.inFlight.values()].some((request) => request.kind === 'segment' && request.number === 1805)) {
    world.run(world.nowMs + 10);
  }
  world.player.pause(world.nowMs, world.wallMs);
  world.player.resume(world.nowMs, world.wallMs);
  world.run(world.nowMs + 20_000);
  t.is(world.report().abandoned, 0);
  t.false(world.log.some((line) => line.includes('cancel')));
});

test('whenever one pauses and goes on, at any bandwidth: one fetch a medium, only video is dropped half-way, time adds up', (t) => {
  const presses = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      presses,
      fc.integer({ min: 150, max: 9000 }),
      fc.constantFrom(...ADAPTATIONS),
      fc.constantFrom('live' as const, 'start-over' as const),
      (waitsMs, kbps, adaptation, startAt) => {
        const event = liveEvent();
        const world = new VirtualWorld({
          event,
          adaptation,
          startAt,
          steady: steadyNetwork(event, { rateBps: kbps * 1000 }),
          check: ({ inFlight, player }) => {
            const media = [...inFlight.values()].flatMap((request) =>
              'rendition' in request ? [request.rendition === 3] : [],
            );
            t.is(new Set(media).size, media.length);
            t.true(player.bufferMs >= 0);
          },
        }).run(1);
        waitsMs.forEach((waitMs, press) => {
          world.run(world.nowMs + waitMs);
          world.player[press % 2 === 0 ? 'pause' : 'resume'](world.nowMs, world.wallMs);
        });
        world.player.resume(world.nowMs, world.wallMs);
        world.run(world.nowMs + 20_000);
        const dropped = world.log.flatMap((line) => (/cancel (\d+)/.exec(line) ?? []).slice(1));
        const { startupMs, playedMs, stallMs, pausedMs, phase, jumps } = world.report();
        // A jump drops whatever is under way.
        const isAudio = (line: string) => dropped.includes(line.split(' ')[1]!) && line.includes(' a1 ');
        t.true(jumps > 0 || !world.log.some(isAudio));
        t.true(phase === 'playing' || phase === 'stalled' || kbps < 1500);
        // A pause before the first picture belongs to the start.
        if (startupMs !== null) {
          const livedMs = playedMs + stallMs + pausedMs;
          t.true(livedMs >= world.nowMs - startupMs - 1e-6 && livedMs <= world.nowMs + 1e-6);
        }
      },
    ),
    { numRuns: 200 },
  );
});
