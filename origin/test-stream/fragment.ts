import { type Box, boxesIn, flagsOf, MalformedMedia, onlyBox, versionOf } from './boxes.ts';

/** A CMAF fragment (one `moof` and its `mdat`, one track), and where in it the numbers stand that re-timing changes. */
export interface Fragment {
  /** moof and mdat, nothing before or after */
  readonly bytes: Buffer;
  readonly sequenceNumberOffset: number;
  readonly decodeTimeOffset: number;
  readonly trackId: number;
  /** as encoded; units of the track's timescale */
  readonly decodeTime: bigint;
  readonly duration: number;
}

/** Where a fragment goes in the endless stream. */
export interface Placement {
  /** written modulo 2^32: the box has no room for more */
  sequenceNumber: number;
  /** units of `timescale` since `epochMs` */
  decodeTime: bigint;
  timescale: number;
  /** wall clock (Unix ms) of decode time 0 */
  epochMs: number;
}

/** From 1900, where NTP begins (RFC 5905 §6), to 1970. */
const NTP_EPOCH_TO_UNIX_MS = 2_208_988_800_000n;
const DEFAULT_BASE_IS_MOOF = 0x020000;

/** What may stand before the moof of a segment, and is no part of the fragment. */
const PREAMBLE = new Set(['styp', 'sidx', 'prft']);

/**
 * Reads a media segment, as encoded or as re-timed.
 * @throws MalformedMedia where it is not one fragment of one track with a 64-bit decode time
 */
export function parseFragment(segment: Buffer): Fragment {
  const [moofBox, mdatBox, ...others] = boxesIn(segment).filter(({ type }) => !PREAMBLE.has(type));
  if (moofBox?.type !== 'moof' || mdatBox?.type !== 'mdat' || others.length > 0) {
    throw new MalformedMedia('not a segment of one moof and one mdat');
  }
  const bytes = segment.subarray(moofBox.start, mdatBox.end);
  const moof = onlyBox(bytes, 'moof');
  const traf = onlyBox(bytes, 'traf', moof);
  const tfhd = onlyBox(bytes, 'tfhd', traf);
  const tfdt = onlyBox(bytes, 'tfdt', traf);
  if ((flagsOf(bytes, tfhd) & DEFAULT_BASE_IS_MOOF) === 0)
    throw new MalformedMedia('tfhd: default-base-is-moof is not set');
  if (versionOf(bytes, tfdt) !== 1) throw new MalformedMedia('tfdt: not version 1, so no room for 64 bits');
  const samples = readSamples(bytes, tfhd, onlyBox(bytes, 'trun', traf));
  const mdat = onlyBox(bytes, 'mdat');
  if (samples.dataOffset !== mdat.bodyStart || samples.sizeBytes !== mdat.end - mdat.bodyStart) {
    throw new MalformedMedia('trun: its samples are not exactly what mdat holds');
  }
  return {
    bytes,
    sequenceNumberOffset: onlyBox(bytes, 'mfhd', moof).bodyStart + 4,
    decodeTimeOffset: tfdt.bodyStart + 4,
    trackId: bytes.readUInt32BE(tfhd.bodyStart + 4),
    decodeTime: bytes.readBigUInt64BE(tfdt.bodyStart + 4),
    duration: samples.duration,
  };
}

/** The fragment as a CMAF segment of the stream: `styp`, `prft`, `moof`, `mdat`. Its offsets are relative to the moof, so that they hold. */
export function retime(fragment: Fragment, placement: Placement): Buffer {
  const segment = Buffer.concat([SEGMENT_TYPE, producerReferenceTime(fragment.trackId, placement), fragment.bytes]);
  const moofStart = segment.length - fragment.bytes.length;
  segment.writeUInt32BE(placement.sequenceNumber % 2 ** 32, moofStart + fragment.sequenceNumberOffset);
  segment.writeBigUInt64BE(placement.decodeTime, moofStart + fragment.decodeTimeOffset);
  return segment;
}

/** `styp`: a CMAF segment (ISO/IEC 23000-19 §7.2) of one CMAF fragment, which is a DASH media segment too. */
const SEGMENT_TYPE = fourCcBox('styp', ['cmfs', '\0\0\0\0', 'cmfs', 'cmff', 'msdh']);

/**
 * `prft` (ISO/IEC 14496-12 §8.16.5), version 1. Flags 24: a reading of the wall clock that keeps a constant offset to
 * the moment the media shows, which here is 0.
 */
function producerReferenceTime(trackId: number, { decodeTime, timescale, epochMs }: Placement): Buffer {
  const box = Buffer.alloc(32);
  box.writeUInt32BE(box.length, 0);
  box.write('prft', 4, 'latin1');
  box.writeUInt32BE(0x01000018, 8);
  box.writeUInt32BE(trackId, 12);
  box.writeBigUInt64BE(ntpTimestamp(epochMs, decodeTime, timescale), 16);
  box.writeBigUInt64BE(decodeTime, 24);
  return box;
}

/** 32 bits of seconds, which begin anew in 2036, and 32 of their fraction; rounded down once, so alike wherever it is computed. */
export function ntpTimestamp(epochMs: number, decodeTime: bigint, timescale: number): bigint {
  const scale = BigInt(timescale);
  const numerator = (BigInt(epochMs) + NTP_EPOCH_TO_UNIX_MS) * scale + decodeTime * 1000n;
  return BigInt.asUintN(64, (numerator << 32n) / (scale * 1000n));
}

function fourCcBox(type: string, codes: string[]): Buffer {
  const box = Buffer.from(`\0\0\0\0${type}${codes.join('')}`, 'latin1');
  box.writeUInt32BE(box.length, 0);
  return box;
}

interface SampleTable {
  dataOffset: number;
  duration: number;
  sizeBytes: number;
}

/** Sums up the samples of a `trun` with the defaults of its `tfhd` (ISO/IEC 14496-12 §8.8.7, §8.8.8). */
function readSamples(bytes: Buffer, tfhd: Box, trun: Box): SampleTable {
  const defaults = readDefaults(bytes, tfhd);
  const flags = flagsOf(bytes, trun);
  const count = bytes.readUInt32BE(trun.bodyStart + 4);
  let at = trun.bodyStart + 8;
  const next = () => {
    at += 4;
    if (at > trun.end) throw new MalformedMedia('trun: shorter than its samples');
    return bytes.readUInt32BE(at - 4);
  };
  const dataOffset = flags & 0x1 ? next() : -1;
  if (flags & 0x4) next();
  let [duration, sizeBytes] = [0, 0];
  for (let sample = 0; sample < count; sample++) {
    duration += flags & 0x100 ? next() : defaults.duration;
    sizeBytes += flags & 0x200 ? next() : defaults.sizeBytes;
    if (flags & 0x400) next();
    if (flags & 0x800) next();
  }
  return { dataOffset, duration, sizeBytes };
}

function readDefaults(bytes: Buffer, tfhd: Box): { duration: number; sizeBytes: number } {
  const flags = flagsOf(bytes, tfhd);
  let at = tfhd.bodyStart + 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0);
  const next = () => bytes.readUInt32BE((at += 4) - 4);
  const duration = flags & 0x8 ? next() : 0;
  const sizeBytes = flags & 0x10 ? next() : 0;
  return { duration, sizeBytes };
}
