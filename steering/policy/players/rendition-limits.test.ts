import test from 'ava';
import * as fc from 'fast-check';
import type { Rendition } from '../../../topology/model/event.ts';
import {
  allowedRenditions,
  limitedTo,
  limitsQuery,
  NO_LIMITS,
  nominalBps,
  readLimits,
  type RenditionLimits,
} from './rendition-limits.ts';

const RENDITIONS: Rendition[] = [
  { id: 'v240', kind: 'video', codecs: 'avc1.4d4015', bandwidth: 300_000, height: 240 },
  { id: 'v720', kind: 'video', codecs: 'avc1.64001f', bandwidth: 2_000_000, height: 720 },
  { id: 'v1080', kind: 'video', codecs: 'avc1.640028', bandwidth: 5_000_000, height: 1080 },
  { id: 'h720', kind: 'video', codecs: 'hvc1.1.6.L93', bandwidth: 1_200_000, height: 720 },
  { id: 'en', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 128_000, language: 'en' },
  { id: 'en-low', kind: 'audio', codecs: 'mp4a.40.5', bandwidth: 48_000, language: 'en' },
  { id: 'de', kind: 'audio', codecs: 'ac-3', bandwidth: 192_000, language: 'de' },
];

const read = (query: string) => {
  const parameters = new URLSearchParams(query);
  return readLimits((name) => parameters.get(name));
};
const limitsOf = (query: string): RenditionLimits => {
  const reading = read(query);
  if (reading.kind === 'bad') throw new Error(reading.reason);
  return reading.limits;
};
const allowed = (query: string, renditions = RENDITIONS) =>
  allowedRenditions(renditions, limitsOf(query)).map(({ id }) => id);

test('a device says what it can do with, and gets that, in the order of the event', (t) => {
  t.deepEqual(allowed(''), ['v240', 'v720', 'v1080', 'h720', 'en', 'en-low', 'de']);
  t.deepEqual(allowed('maxHeight=720'), ['v240', 'v720', 'h720', 'en', 'en-low', 'de']);
  t.deepEqual(allowed('codecs=avc1,mp4a,ac-3'), ['v240', 'v720', 'v1080', 'en', 'en-low', 'de']);
  t.deepEqual(allowed('codecs=avc1.64001f,mp4a.40.2'), ['v720', 'en', 'de']);
});

test('a bitrate is that of picture and sound together', (t) => {
  // The loudest sound takes 192,000.
  t.deepEqual(allowed('maxBitrate=2192000'), ['v240', 'v720', 'h720', 'en', 'en-low', 'de']);
  t.deepEqual(allowed('maxBitrate=2191999'), ['v240', 'h720', 'en', 'en-low', 'de']);
  t.is(nominalBps(allowedRenditions(RENDITIONS, limitsOf('maxBitrate=2192000'))), 2_192_000);
});

test('an event of sound alone is limited like one of pictures', (t) => {
  const audio = RENDITIONS.filter(({ kind }) => kind === 'audio');
  t.deepEqual(allowed('maxBitrate=64000', audio), ['en-low', 'de'], 'of each language one remains');
  t.is(nominalBps(audio), 192_000);
});

test('the lowest remains when nothing fits: of what the device can play, where it can play any', (t) => {
  t.deepEqual(allowed('maxHeight=100'), ['v240', 'en', 'en-low', 'de']);
  t.deepEqual(allowed('maxHeight=100&codecs=hvc1,mp4a,ac-3'), ['h720', 'en', 'en-low', 'de']);
  t.deepEqual(allowed('codecs=vp09,opus'), ['v240', 'en-low', 'de']);
  t.deepEqual(allowed('maxBitrate=1'), ['v240', 'en', 'en-low', 'de']);
});

test('a family is a whole part of the name, and every codec of a rendition must be played', (t) => {
  t.deepEqual(allowed('codecs=avc,mp4a'), ['v240', 'en', 'en-low', 'de'], 'avc is not avc1: as if nothing fitted');
  const both: Rendition[] = [
    { id: 'low', kind: 'video', codecs: 'avc1.4d4015', bandwidth: 300_000 },
    { id: 'muxed', kind: 'video', codecs: 'avc1.64001f, mp4a.40.2', bandwidth: 900_000 },
  ];
  t.deepEqual(allowed('codecs=avc1', both), ['low']);
  t.deepEqual(allowed('codecs=avc1,mp4a', both), ['low', 'muxed']);
});

test('what steering grants narrows what was asked for, and never widens it', (t) => {
  t.deepEqual(limitedTo(NO_LIMITS, undefined), NO_LIMITS);
  t.is(limitedTo(NO_LIMITS, 5).maxBitrate, 5);
  t.is(limitedTo({ ...NO_LIMITS, maxBitrate: 3 }, 5).maxBitrate, 3);
  t.is(limitedTo({ ...NO_LIMITS, maxBitrate: 9 }, 5).maxBitrate, 5);
});

test('nonsense is refused with one line that says how to mend it', (t) => {
  const refused = (query: string) => {
    const reading = read(query);
    return reading.kind === 'bad' ? reading.reason : 'accepted';
  };
  for (const height of ['720p', '0', '-1', '1e3', '', '7.5', '123456']) {
    t.is(refused(`maxHeight=${height}`), 'maxHeight: lines of picture as a whole number, such as 720');
  }
  for (const bitrate of ['3Mbit', '0', '12345678901']) {
    t.is(refused(`maxBitrate=${bitrate}`), 'maxBitrate: bits per second as a whole number, such as 3000000');
  }
  for (const codecs of ['', 'avc1,', 'a b', 'x'.repeat(65), Array.from({ length: 17 }, () => 'a').join()]) {
    t.regex(refused(`codecs=${codecs}`), /^codecs: at most 16 with commas between them, such as avc1,mp4a$/);
  }
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => readLimits(() => text).kind.length > 0));
});

const anyLimits: fc.Arbitrary<RenditionLimits> = fc.record({
  maxHeight: fc.option(fc.integer({ min: 1, max: 99_999 })),
  maxBitrate: fc.option(fc.integer({ min: 1, max: 9_999_999_999 })),
  codecs: fc.option(
    fc.array(fc.constantFrom('avc1', 'hvc1.1', 'mp4a', 'ac-3', 'opus'), { minLength: 1, maxLength: 5 }),
  ),
});

test('whatever is asked for, picture and every language of sound remain, and limits survive a URI', (t) => {
  const some = fc.subarray(RENDITIONS, { minLength: 1 });
  fc.assert(
    fc.property(some, anyLimits, (renditions, limits) => {
      const kept = allowedRenditions(renditions, limits);
      const groups = (of: readonly Rendition[]) => [...new Set(of.map(({ kind, language }) => `${kind} ${language}`))];
      t.deepEqual(groups(kept).sort(), groups(renditions).sort());
      t.deepEqual(limitsOf(limitsQuery(limits).join('&')), limits);
    }),
  );
});
