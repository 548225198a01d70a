import test from 'ava';
import { cappedLadder, ladderOf, NO_CAPS } from './ladder.ts';
import { liveEvent } from './virtual-world.fixture.ts';

const rendition = (id: string, bandwidth: number, height?: number) => ({
  id,
  kind: 'video' as const,
  codecs: 'avc1.640028',
  bandwidth,
  ...(height === undefined ? {} : { height }),
});
const audio = (id: string, bandwidth: number) => ({ id, kind: 'audio' as const, codecs: 'mp4a.40.2', bandwidth });

test('choices ascend, whatever the order of the document; each counts the loudest audio, the first is played', (t) => {
  const renditions = [rendition('b', 2_000_000), audio('x', 64_000), rendition('a', 800_000), audio('y', 128_000)];
  const ladder = ladderOf(liveEvent({ renditions }));
  t.deepEqual(ladder.adaptive, [2, 0]);
  t.deepEqual(ladder.variantBps, [928_000, 2_128_000]);
  t.is(ladder.firstVariantBps, 2_128_000);
  t.is(ladder.audio, 1);
});

test('without video the audio is what adapts', (t) => {
  const ladder = ladderOf(liveEvent({ renditions: [audio('y', 128_000), audio('x', 64_000)] }));
  t.deepEqual(ladder.variantBps, [64_000, 128_000]);
  t.is(ladder.firstVariantBps, 128_000);
  t.is(ladder.audio, -1);
});

test('a device has the part of the ladder that it can play, at least the lowest', (t) => {
  const renditions = [rendition('a', 800_000, 360), rendition('b', 2_000_000, 720), rendition('c', 4_000_000, 720)];
  const ladder = ladderOf(liveEvent({ renditions }));
  t.is(cappedLadder(ladder, NO_CAPS), ladder);
  const kept = (caps: Partial<typeof NO_CAPS>) => cappedLadder(ladder, { ...NO_CAPS, ...caps }).adaptive;
  t.deepEqual(kept({ maxHeight: 720 }), [0, 1, 2]);
  t.deepEqual(kept({ maxHeight: 719 }), [0]);
  t.deepEqual(kept({ maxHeight: 100 }), [0]);
  t.deepEqual(kept({ maxBitrateBps: 2_000_000 }), [0, 1]);
  t.deepEqual(kept({ maxBitrateBps: 1 }), [0]);
  t.is(cappedLadder(ladder, { ...NO_CAPS, maxBitrateBps: 2_000_000 }).firstVariantBps, 800_000);
});

test('a rendition that does not tell its height is not kept from anybody', (t) => {
  const ladder = ladderOf(liveEvent());
  t.deepEqual(cappedLadder(ladder, { ...NO_CAPS, maxHeight: 360 }).adaptive, ladder.adaptive);
});
