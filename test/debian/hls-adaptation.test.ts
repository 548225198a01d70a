import test, { type ExecutionContext } from 'ava';
import { type Browser, chromium } from 'playwright-core';
import { availableAtMs } from '../../topology/model/live-window.ts';
import { HlsAdaptation } from '../../sim/player/hls-adaptation.ts';
import { ladderOf } from '../../sim/player/ladder.ts';
import { STARTED_WALL_MS, VirtualWorld } from '../../sim/player/virtual-world.fixture.ts';
import { type BandwidthTrace, bytesBetween, passedAtMs } from '../support/bandwidth-trace.ts';
import { type PageLog, ShapedLiveServer } from '../support/shaped-live-server.ts';

/**
 * hls.js itself, in Chromium behind a server that sends at a trace's rate, against our player.
 *
 * *Decisions*: our rule is given what hls.js measured of each transfer, and must choose each level as hls.js did. Nothing
 * of the network or the clock is between them, so no decision may differ.
 *
 * *Sequences*: our whole player meets the same trace in virtual time, beginning where hls.js began in stream and clock and
 * asking as long after a segment is due as hls.js did in this run (when its playlist shows a segment is chance: the phase
 * of its reloads). What the machine added to a transfer, over what the trace says (hls.js counts until a segment is
 * parsed, and four browsers share two processors), is added to ours of the same segment. Segments whose
 * levels differ are counted against what the trace allows. At the start 1. For each level that a step of the rate makes
 * the rule cross, 1: the estimate moves past the thresholds of the levels one after the other, and where the step falls in
 * a transfer depends on when that was asked for, which hls.js's reloads shift by up to a segment; so each level may come
 * a segment earlier or later. Where the rate is constant the first transfer tells it, and nothing may differ after that.
 */

const RUN_MS = 56_000;
/** Start-up of the browser and what is loaded before the first segment. */
const START_BOUND_MS = 25_000;
const ALLOWED_AT_START = 1;
const ALLOWED_A_CROSSING = 1;

/**
 * Levels are 0.4, 0.8, 1.6 and 3.2 Mbit/s. At each rate the rule settles on one level, from below (70 % of the rate carry
 * it) as from above (95 % do not carry the next), with at least 25 % of room on the side to which a busy machine pulls what
 * is measured, which is down: 0.45 Mbit/s for the lowest, 3.1 for 1.6, 7 for the highest. Each lasts long enough to settle.
 */
const LOW_BPS = 450_000;
const HIGH_BPS = 3_100_000;
const TRACES: Record<string, BandwidthTrace> = {
  constant: [{ fromMs: 0, rateBps: HIGH_BPS }],
  'step down': [
    { fromMs: 0, rateBps: 7_000_000 },
    { fromMs: 25_000, rateBps: LOW_BPS },
  ],
  'step up': [
    { fromMs: 0, rateBps: LOW_BPS },
    { fromMs: 15_000, rateBps: HIGH_BPS },
  ],
  'square wave': [
    { fromMs: 0, rateBps: HIGH_BPS },
    { fromMs: 14_000, rateBps: LOW_BPS },
    { fromMs: 28_000, rateBps: HIGH_BPS },
    { fromMs: 42_000, rateBps: LOW_BPS },
  ],
};

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  '--autoplay-policy=no-user-gesture-required',
];

interface Run {
  name: string;
  trace: BandwidthTrace;
  log: PageLog;
}

let browser: Browser;
let server: ShapedLiveServer;
let runs: Run[];

// All at the same time: each takes its time, and little else.
test.before(async (t) => {
  t.timeout(START_BOUND_MS + RUN_MS + 30_000);
  server = await new ShapedLiveServer(Object.values(TRACES)).listen();
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  runs = await Promise.all(
    Object.entries(TRACES).map(([name, trace], page) => play(name, trace, server.pageUrl(page))),
  );
});

test.after.always(async () => {
  await browser?.close();
  server?.close();
});

async function play(name: string, trace: BandwidthTrace, url: string): Promise<Run> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction('log.playing !== null', undefined, { timeout: START_BOUND_MS });
  await new Promise((resolve) => setTimeout(resolve, RUN_MS));
  const log = (await page.evaluate('log')) as PageLog;
  await page.close();
  return { name, trace, log };
}

for (const [page, name] of Object.keys(TRACES).entries()) {
  test(`${name}: given its measurements, each decision is hls.js's own`, (t) => {
    const { log } = runs[page]!;
    t.is(log.version, '1.7.4');
    t.deepEqual(
      log.errors.filter((error) => error.endsWith('(fatal)')),
      [],
    );
    const { compared, different } = replay(log);
    t.log(`${compared} decisions`);
    t.true(compared >= 15, `${compared} decisions`);
    t.deepEqual(different, []);
  });

  test(`${name}: our player in virtual time fetches the same levels`, (t) => {
    const run = runs[page]!;
    const allowed = ALLOWED_AT_START + ALLOWED_A_CROSSING * crossings(run.trace);
    const theirs = firstLevels(buffered(run.log));
    const ours = lastLevels(inVirtualTime(t, run, page));
    const numbers = [...theirs.keys()].filter((number) => ours.has(number)).toSorted((a, b) => a - b);
    const different = numbers.filter((number) => theirs.get(number) !== ours.get(number));
    t.log(`hls.js ${numbers.map((number) => theirs.get(number)).join('')}`);
    t.log(`ours   ${numbers.map((number) => ours.get(number)).join('')}`);
    for (const number of different) t.log(`segment ${number}: hls.js ${theirs.get(number)}, ours ${ours.get(number)}`);
    t.true(numbers.length >= 12, `${numbers.length} segments`);
    t.true(different.length <= allowed, `${different.length} of ${numbers.length} differ, allowed are ${allowed}`);
  });
}

/** Levels between those that the rule settles on, from one rate to the next. */
function crossings(trace: BandwidthTrace): number {
  const { variantBps } = ladderOf(server.event);
  const settled = trace.map(({ rateBps }) =>
    Math.max(
      0,
      variantBps.findLastIndex((bps) => bps <= 0.7 * rateBps),
    ),
  );
  return settled.slice(1).reduce((sum, level, index) => sum + Math.abs(level - settled[index]!), 0);
}

interface Fetched {
  number: number;
  level: number;
}

function buffered(log: PageLog): Fetched[] {
  return log.happened.filter(({ kind }) => kind === 'buffered');
}

/**
 * Of each segment what was buffered first: going up to a level for the first time, hls.js fetches the newest segment once
 * more (base-stream-controller.ts: "switching playlist, load frag with same PDT"), which is not the rule's choice.
 */
function firstLevels(fetched: Fetched[]): Map<number, number> {
  return lastLevels(fetched.toReversed());
}

/** Of each segment what was asked for last: one that was dropped half-way is fetched again. */
function lastLevels(fetched: Fetched[]): Map<number, number> {
  return new Map(fetched.map(({ number, level }) => [number, level]));
}

/** Our rule in hls.js's place. */
function replay(log: PageLog): { compared: number; different: string[] } {
  const { variantBps, firstVariantBps } = ladderOf(server.event);
  const adaptation = new HlsAdaptation();
  adaptation.begin(firstVariantBps);
  const different: string[] = [];
  let compared = 0;
  let currentIndex = -1;
  /** what an abandoned segment is fetched in: forced until that is loaded */
  let forced = -1;
  const state = (bufferMs: number) => ({ currentIndex, bufferMs, bufferTargetMs: 6000, segmentDurationMs: 2000 });
  for (const event of log.happened) {
    const { number, level } = event;
    if (event.kind === 'chosen') {
      const index = forced >= 0 ? forced : adaptation.choose(variantBps, state(event.bufferMs));
      compared++;
      if (index !== level) different.push(`segment ${number}: hls.js ${level}, ours ${index}`);
    } else if (event.kind === 'buffered') {
      adaptation.onTransfer(event.receivedBytes, event.elapsedMs, event.firstByteMs);
      currentIndex = level;
      forced = -1;
    } else {
      forced = adaptation.abandon(variantBps, state(event.bufferMs), { ...event, index: level, lookAgainMs: 0 });
      compared++;
      if (forced < 0) different.push(`segment ${number}: hls.js abandons it at level ${level}, ours does not`);
    }
  }
  return { compared, different };
}

/** Our player, from where and when hls.js began, over the same trace. */
function inVirtualTime(t: ExecutionContext, { trace, log }: Run, page: number): Fetched[] {
  const { event } = server;
  const requests = server.requests[page]!;
  const beganWallMs = requests[0]!.wallMs;
  const { segmentDurationMs } = event;
  const delaySegments = (beganWallMs - log.playing!.positionWallMs) / segmentDurationMs;
  // Of segments that hls.js was waiting for, not of those that it was late for.
  const waits = requests.flatMap(({ number, wallMs }, index) => {
    const before = requests[index - 1];
    const dueWallMs = availableAtMs(event, number);
    const wasWaiting = before !== undefined && before.endedWallMs !== null && before.endedWallMs < dueWallMs;
    return wasWaiting ? [wallMs - dueWallMs] : [];
  });
  const askAfterMs = median(waits) ?? 300;
  const sizeOf = (level: number) => (event.renditions[level]!.bandwidth * segmentDurationMs) / 8000;
  const firstByteMs = new Map<number, number>();
  const addedMs = new Map<number, number>();
  for (const happening of log.happened) {
    if (happening.kind !== 'buffered') continue;
    const { number, level, elapsedMs } = happening;
    const askedMs = requests.findLast((request) => request.number === number)!.wallMs - beganWallMs;
    addedMs.set(number, elapsedMs - (passedAtMs(trace, askedMs, sizeOf(level)) - askedMs));
    firstByteMs.set(number, happening.firstByteMs);
  }
  const usualFirstByteMs = median([...firstByteMs.values()])!;
  const usualAddedMs = median([...addedMs.values()])!;
  t.log(
    `${delaySegments.toFixed(2)} segments behind, asks ${askAfterMs} ms late; medians: first byte after ` +
      `${usualFirstByteMs.toFixed(1)} ms, ${usualAddedMs.toFixed(1)} ms added (at most ${Math.max(...addedMs.values()).toFixed()} ms)`,
  );
  // Steering, document and init segment take a millisecond each.
  const beginsMs = 3;
  const world = new VirtualWorld({
    event: { ...event, availabilityStartMs: event.availabilityStartMs - beganWallMs + STARTED_WALL_MS + beginsMs },
    config: {
      liveDelaySegments: delaySegments,
      askMarginSegments: askAfterMs / segmentDurationMs,
      askSpreadSegments: 0,
      // A media element plays what it has; hls.js does not jump to live.
      startBufferSegments: 0.05,
      resumeBufferSegments: 0.05,
      maxLatencySegments: Infinity,
    },
    steady: (request, nowMs) => {
      if (request.kind !== 'segment') return { afterMs: 1, sizeBytes: 1000 };
      const sizeBytes = sizeOf(request.rendition);
      const fromMs = nowMs - beginsMs;
      const headMs = firstByteMs.get(request.number) ?? usualFirstByteMs;
      const extraMs = addedMs.get(request.number) ?? usualAddedMs;
      return {
        afterMs: Math.max(headMs, passedAtMs(trace, fromMs, sizeBytes) - fromMs + extraMs),
        sizeBytes,
        firstByteMs: headMs,
        receivedBytes: (elapsedMs) => Math.floor(Math.min(sizeBytes, bytesBetween(trace, fromMs, fromMs + elapsedMs))),
      };
    },
  }).run(RUN_MS + 10_000);
  return world.segments('l').map(({ number, rendition }) => ({ number, level: Number(rendition.slice(1)) }));
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
