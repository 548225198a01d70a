import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Box, boxAt, boxesIn, MalformedMedia, onlyBox } from './boxes.ts';
import { parseFragment, retime } from './fragment.ts';
import { loadLoop, loopDescriptionSchema, type LoopDescription } from './loop.ts';

/** Writes loop/loop.json from what encode-loop.sh has encoded, which runs this last. */

const SEGMENT_DURATION_MS = 2000;
const FOLDER = new URL('./loop/', import.meta.url);

/** Sizes of the fixed part of a sample entry, where its own boxes begin (ISO/IEC 14496-12 §12.1.3, §12.2.3). */
const VISUAL_ENTRY_BYTES = 86 - 8;
const AUDIO_ENTRY_BYTES = 36 - 8;

type LoopRenditionDescription = LoopDescription['renditions'][number];

function describeRendition(id: string): LoopRenditionDescription {
  const init = readFileSync(new URL(`${id}/init.mp4`, FOLDER));
  const mdhd = boxAt(init, 'moov/trak/mdia/mdhd');
  const timescale = init.readUInt32BE(mdhd.bodyStart + 12);
  const stsd = boxAt(init, 'moov/trak/mdia/minf/stbl/stsd');
  const [entry] = boxesIn(init, stsd.bodyStart + 8, stsd.end);
  const bandwidth = peakRateBps(id, timescale);
  if (entry?.type === 'avc1') {
    return {
      id,
      kind: 'video',
      codecs: avcCodecs(init, entry),
      bandwidth,
      width: init.readUInt16BE(entry.bodyStart + 24),
      height: init.readUInt16BE(entry.bodyStart + 26),
      frameRate: frameRate(id, timescale),
      timescale,
    };
  }
  if (entry?.type === 'mp4a') {
    return {
      id,
      kind: 'audio',
      codecs: aacCodecs(init, entry),
      bandwidth,
      language: languageOf(init, mdhd),
      timescale,
    };
  }
  throw new MalformedMedia(`${id}: a sample entry ${entry?.type}, not avc1 or mp4a`);
}

/** `avc1.PPCCLL`: profile, constraints and level as the decoder configuration says (RFC 6381 §3.3). */
function avcCodecs(init: Buffer, entry: Box): string {
  const avcC = onlyBox(init, 'avcC', { ...entry, bodyStart: entry.bodyStart + VISUAL_ENTRY_BYTES });
  return `avc1.${init.toString('hex', avcC.bodyStart + 1, avcC.bodyStart + 4)}`;
}

/** `mp4a.OO.A`: object type from the DecoderConfigDescriptor, audio object type from the first 5 bits of its specific info. */
function aacCodecs(init: Buffer, entry: Box): string {
  const esds = onlyBox(init, 'esds', { ...entry, bodyStart: entry.bodyStart + AUDIO_ENTRY_BYTES });
  const esDescriptor = descriptorAt(init, esds.bodyStart + 4, 0x03);
  // ES_ID and its flags; none of the optional fields is set in what ffmpeg writes.
  const config = descriptorAt(init, esDescriptor + 3, 0x04);
  const specific = descriptorAt(init, config + 13, 0x05);
  return `mp4a.${init.toString('hex', config, config + 1)}.${init.readUInt8(specific) >> 3}`;
}

/** Where the body of a descriptor begins (ISO/IEC 14496-1 §8.3.3: a tag, then a length of 7 bits a byte). */
function descriptorAt(bytes: Buffer, at: number, tag: number): number {
  if (bytes.readUInt8(at) !== tag)
    throw new MalformedMedia(`esds: descriptor ${bytes.readUInt8(at)} where ${tag} belongs`);
  let body = at + 1;
  while (bytes.readUInt8(body) & 0x80) body++;
  return body + 1;
}

/** Three letters of 5 bits each (ISO 639-2/T), as BCP 47. */
function languageOf(init: Buffer, mdhd: Box): string {
  const packed = init.readUInt16BE(mdhd.bodyStart + 20);
  const letters = [packed >> 10, packed >> 5, packed].map((bits) => String.fromCharCode((bits & 0x1f) + 0x60));
  return Intl.getCanonicalLocales(letters.join(''))[0]!;
}

/** The largest segment's rate, as published: what BANDWIDTH means in HLS (RFC 8216 §4.3.4.2), rounded up to kbit/s. */
function peakRateBps(id: string, timescale: number): number {
  const sizes = segmentsOf(id).map(
    (segment) => retime(parseFragment(segment), { sequenceNumber: 1, decodeTime: 0n, timescale, epochMs: 0 }).length,
  );
  return Math.ceil((Math.max(...sizes) * 8) / SEGMENT_DURATION_MS) * 1000;
}

function frameRate(id: string, timescale: number): number {
  const segment = segmentsOf(id)[0]!;
  const fragment = parseFragment(segment);
  const trun = boxAt(fragment.bytes, 'moof/traf/trun');
  return (fragment.bytes.readUInt32BE(trun.bodyStart + 4) * timescale) / fragment.duration;
}

function segmentsOf(id: string): Buffer[] {
  const names = readdirSync(new URL(`${id}/`, FOLDER)).filter((name) => name.endsWith('.m4s'));
  return names.map((_, index) => readFileSync(new URL(`${id}/${index}.m4s`, FOLDER)));
}

const ids = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const renditions = ids.map(({ name }) => describeRendition(name));
renditions.sort((a, b) => Number(a.kind === 'audio') - Number(b.kind === 'audio') || a.bandwidth - b.bandwidth);
const description = loopDescriptionSchema.parse({
  segmentDurationMs: SEGMENT_DURATION_MS,
  segments: segmentsOf(renditions[0]!.id).length,
  renditions,
});
writeFileSync(new URL('loop.json', FOLDER), `${JSON.stringify(description, null, 2)}\n`);
loadLoop();
console.log(JSON.stringify(description, null, 2));
