import test from 'ava';
import fc from 'fast-check';
import { boxesIn, MalformedMedia, onlyBox } from './boxes.ts';
import { ntpTimestamp, parseFragment, retime } from './fragment.ts';
import { loadLoop } from './loop.ts';

const loop = loadLoop();
const anyFragment = fc
  .constantFrom(...loop.renditions)
  .chain(({ timescale, fragments }) =>
    fc.record({ timescale: fc.constant(timescale), fragment: fc.constantFrom(...fragments) }),
  );
const anyPlacement = fc.record({
  sequenceNumber: fc.nat({ max: 2_000_000_000 }),
  decodeTime: fc.bigInt({ min: 0n, max: 2n ** 60n }),
  epochMs: fc.nat({ max: 2 ** 31 }).map((seconds) => seconds * 1000),
});

test('a re-timed fragment carries the numbers asked for, and its boxes fill it exactly', (t) => {
  fc.assert(
    fc.property(anyFragment, anyPlacement, ({ fragment, timescale }, placement) => {
      const segment = retime(fragment, { ...placement, timescale });
      t.deepEqual(
        boxesIn(segment).map(({ type }) => type),
        ['styp', 'prft', 'moof', 'mdat'],
      );
      const read = parseFragment(segment);
      t.is(read.decodeTime, placement.decodeTime);
      t.is(read.bytes.readUInt32BE(read.sequenceNumberOffset), placement.sequenceNumber);
      t.is(read.duration, fragment.duration);
      t.is(read.trackId, fragment.trackId);
      const prft = onlyBox(segment, 'prft').bodyStart;
      t.is(segment.readUInt32BE(prft + 4), fragment.trackId);
      t.is(segment.readBigUInt64BE(prft + 8), ntpTimestamp(placement.epochMs, placement.decodeTime, timescale));
      t.is(segment.readBigUInt64BE(prft + 16), placement.decodeTime);
    }),
    { numRuns: 50 },
  );
});

test('re-timing changes sequence number and decode time and no other byte of the fragment', (t) => {
  const placement = { sequenceNumber: 0x01020304, decodeTime: 0x0102030405060708n, timescale: 1000, epochMs: 0 };
  for (const { fragments } of loop.renditions) {
    for (const { bytes, sequenceNumberOffset, decodeTimeOffset } of fragments) {
      const before = Buffer.from(bytes);
      const after = retime(parseFragment(bytes), placement).subarray(-bytes.length);
      t.deepEqual(bytes, before, 'the loop itself stays as it is');
      after.fill(0, sequenceNumberOffset, sequenceNumberOffset + 4).fill(0, decodeTimeOffset, decodeTimeOffset + 8);
      before.fill(0, sequenceNumberOffset, sequenceNumberOffset + 4).fill(0, decodeTimeOffset, decodeTimeOffset + 8);
      t.true(after.equals(before));
    }
  }
});

test('the wall clock in prft is NTP time, rounded down once', (t) => {
  t.is(ntpTimestamp(0, 0n, 48_000), 2_208_988_800n << 32n);
  t.is(ntpTimestamp(1000, 24_000n, 48_000), (2_208_988_801n << 32n) | 0x8000_0000n);
  t.is(ntpTimestamp(0, 1n, 3), (2_208_988_800n << 32n) | 0x5555_5555n);
  const after2036 = 2_100_000_000_000;
  t.is(ntpTimestamp(after2036, 0n, 1), (2_208_988_800n + 2_100_000_000n - 2n ** 32n) << 32n);
});

test('a fragment cut short is refused wherever the cut is', (t) => {
  const { bytes } = loop.renditions.at(-1)!.fragments[0]!;
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), (sizeBytes) => {
      t.throws(() => parseFragment(bytes.subarray(0, sizeBytes)), { instanceOf: MalformedMedia });
    }),
  );
});

test('a fragment that cannot be re-timed is refused, with what is wrong', (t) => {
  const { bytes, decodeTimeOffset } = loop.renditions[0]!.fragments[0]!;
  const altered = (offset: number, value: number) => {
    const copy = Buffer.from(bytes);
    copy[offset] = value;
    return copy;
  };
  const tfhd = bytes.indexOf('tfhd');
  const trun = bytes.indexOf('trun');
  t.throws(() => parseFragment(altered(decodeTimeOffset - 4, 0)), { message: /tfdt: not version 1/ });
  t.throws(() => parseFragment(altered(tfhd + 5, 0)), { message: /default-base-is-moof/ });
  t.throws(() => parseFragment(altered(trun + 15, 0)), { message: /samples/ });
  t.throws(() => parseFragment(Buffer.concat([bytes, bytes])), { message: /one moof and one mdat/ });
});
