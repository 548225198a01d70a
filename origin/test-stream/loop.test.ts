import { readdirSync, statSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { parseFragment } from './fragment.ts';
import { loadLoop, readLoopDescription, segmentBytes, testStreamEvent, type LoopRendition } from './loop.ts';

const loop = loadLoop();
const event = testStreamEvent({ eventId: 'match', startMs: 0, dvrWindowMs: 600_000 });
const AAC_FRAME = 1024n;

/** Where segment `number` begins by the clock: exactly, or for audio at the first whole frame from there on. */
function dueDecodeTime({ kind, timescale }: LoopRendition, number: number): bigint {
  const exact = (BigInt(number - event.startNumber) * BigInt(event.segmentDurationMs * timescale)) / 1000n;
  return kind === 'video' ? exact : ((exact + AAC_FRAME - 1n) / AAC_FRAME) * AAC_FRAME;
}

test('decode times go on without gap or overlap for thousands of segments, at the clock’s time', (t) => {
  for (const rendition of loop.renditions) {
    let end = 0n;
    let rejected = 0;
    for (let number = event.startNumber; number < event.startNumber + 4000; number++) {
      const { decodeTime, duration } = parseFragment(segmentBytes(rendition, event, number));
      if (decodeTime !== end || decodeTime !== dueDecodeTime(rendition, number)) rejected++;
      end = decodeTime + BigInt(duration);
    }
    t.is(rejected, 0, rendition.id);
    t.is(end, dueDecodeTime(rendition, event.startNumber + 4000));
  }
});

test('numbers in the hundreds of millions and beyond are exact, across the seam too', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...loop.renditions),
      fc.integer({ min: 1, max: 4_000_000_000 }),
      (rendition, number) => {
        const segment = parseFragment(segmentBytes(rendition, event, number));
        const next = parseFragment(segmentBytes(rendition, event, number + 1));
        t.is(segment.decodeTime, dueDecodeTime(rendition, number));
        t.is(segment.decodeTime + BigInt(segment.duration), next.decodeTime);
      },
    ),
    { numRuns: 60 },
  );
});

test('a segment’s bytes follow from event and number alone', (t) => {
  const other = loadLoop();
  const sameSegment = testStreamEvent({ eventId: 'match', startMs: 1_999, dvrWindowMs: 600_000 });
  for (const [index, rendition] of loop.renditions.entries()) {
    const bytes = segmentBytes(rendition, event, 890_000_003);
    t.true(segmentBytes(other.renditions[index]!, sameSegment, 890_000_003).equals(bytes));
    t.false(segmentBytes(rendition, event, 890_000_007).equals(bytes), 'the same part of the loop, a round later');
  }
});

test('the event begins with a whole segment and describes what the loop holds', (t) => {
  t.is(
    testStreamEvent({ eventId: 'x', startMs: 1_700_000_001_999, dvrWindowMs: 1 }).availabilityStartMs,
    1_700_000_000_000,
  );
  t.is(event.startNumber, 1);
  t.is(event.segmentDurationMs, 2000);
  t.is(event.mediaTemplate, '/live/match/{rendition}/{number}.m4s');
  t.deepEqual(
    event.renditions.map(({ id, kind, width, height, frameRate, language }) => [
      id,
      kind,
      width,
      height,
      frameRate,
      language,
    ]),
    [
      ['v240', 'video', 426, 240, 25, undefined],
      ['v360', 'video', 640, 360, 25, undefined],
      ['v720', 'video', 1280, 720, 25, undefined],
      ['a64', 'audio', undefined, undefined, undefined, 'en'],
    ],
  );
});

test('the bandwidth said of a rendition is that of its largest segment as published', (t) => {
  for (const rendition of loop.renditions) {
    const sizes = rendition.fragments.map((_, index) => segmentBytes(rendition, event, 1 + index).length);
    const peakBps = (Math.max(...sizes) * 8 * 1000) / loop.segmentDurationMs;
    const { bandwidth } = readLoopDescription().renditions.find(({ id }) => id === rendition.id)!;
    t.true(bandwidth >= peakBps && bandwidth < peakBps + 1000, `${rendition.id}: ${bandwidth}, measured ${peakBps}`);
  }
});

test('the loop is small enough for the repository', (t) => {
  const folder = new URL('./loop/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const sizes = files.map((entry) => statSync(`${entry.parentPath}/${entry.name}`).size);
  t.true(sizes.reduce((sum, sizeBytes) => sum + sizeBytes) < 3_000_000);
  t.true(Math.max(...sizes) < 2 ** 20);
});
