import type { Rendition } from '../../../topology/model/event.ts';

/** What a device or its line can do with. `null`: it did not say. */
export interface RenditionLimits {
  /** lines of picture */
  maxHeight: number | null;
  /** bits per second of picture and sound together */
  maxBitrate: number | null;
  /** codecs that it plays, as in RFC 6381 or only how they begin: avc1, mp4a.40 */
  codecs: readonly string[] | null;
}

export type LimitsReading = { kind: 'read'; limits: RenditionLimits } | { kind: 'bad'; reason: string };

export const NO_LIMITS: RenditionLimits = { maxHeight: null, maxBitrate: null, codecs: null };

const MOST_CODECS = 16;
const CODEC = /^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/;

/** @param value looks a parameter up, percent-decoded */
export function readLimits(value: (name: string) => string | null): LimitsReading {
  const height = value('maxHeight');
  if (height !== null && !isWhole(height, 5)) {
    return bad('maxHeight: lines of picture as a whole number, such as 720');
  }
  const bitrate = value('maxBitrate');
  if (bitrate !== null && !isWhole(bitrate, 10)) {
    return bad('maxBitrate: bits per second as a whole number, such as 3000000');
  }
  const codecs = value('codecs')?.split(',', MOST_CODECS + 1) ?? null;
  if (codecs !== null && (codecs.length > MOST_CODECS || codecs.some((codec) => !CODEC.test(codec)))) {
    return bad(`codecs: at most ${MOST_CODECS} with commas between them, such as avc1,mp4a`);
  }
  const number = (text: string | null) => (text === null ? null : Number(text));
  return { kind: 'read', limits: { maxHeight: number(height), maxBitrate: number(bitrate), codecs } };
}

/** The limits as they were read, for a URI that has to say them again. */
export function limitsQuery({ maxHeight, maxBitrate, codecs }: RenditionLimits): string[] {
  return [
    ...(maxHeight === null ? [] : [`maxHeight=${maxHeight}`]),
    ...(maxBitrate === null ? [] : [`maxBitrate=${maxBitrate}`]),
    ...(codecs === null ? [] : [`codecs=${codecs.join(',')}`]),
  ];
}

/** The stricter of what was asked for and what steering grants. */
export function limitedTo(limits: RenditionLimits, maxBitrate: number | undefined): RenditionLimits {
  if (maxBitrate === undefined) return limits;
  return { ...limits, maxBitrate: Math.min(maxBitrate, limits.maxBitrate ?? maxBitrate) };
}

/**
 * The renditions that fit, in their order. Of picture, and of sound in each language, one always remains: the lowest of
 * those with a codec that fits, else the lowest. A manifest without any would be no answer, and a player may know better.
 */
export function allowedRenditions(renditions: readonly Rendition[], limits: RenditionLimits): Rendition[] {
  const video = renditions.filter(({ kind }) => kind === 'video');
  const audio = renditions.filter(({ kind }) => kind === 'audio');
  const sound = [...byLanguage(audio).values()].flatMap((group) =>
    remaining(group, limits, (rendition) => video.length > 0 || fitsBitrate(rendition.bandwidth, limits)),
  );
  const soundBps = highestBps(sound);
  const picture = remaining(
    video,
    limits,
    ({ height, bandwidth }) =>
      (limits.maxHeight === null || height === undefined || height <= limits.maxHeight) &&
      fitsBitrate(bandwidth + soundBps, limits),
  );
  const kept = new Set([...picture, ...sound]);
  return renditions.filter((rendition) => kept.has(rendition));
}

/** Bits per second that a session takes at most: the best picture with the best sound. */
export function nominalBps(renditions: readonly Rendition[]): number {
  return (
    highestBps(renditions.filter(({ kind }) => kind === 'video')) +
    highestBps(renditions.filter(({ kind }) => kind === 'audio'))
  );
}

function remaining(
  group: readonly Rendition[],
  { codecs }: RenditionLimits,
  fits: (rendition: Rendition) => boolean,
): readonly Rendition[] {
  const playable = codecs === null ? group : group.filter((rendition) => plays(codecs, rendition.codecs));
  const fitting = playable.filter(fits);
  return fitting.length > 0 ? fitting : lowest(playable.length > 0 ? playable : group);
}

function lowest(group: readonly Rendition[]): readonly Rendition[] {
  if (group.length === 0) return [];
  return [group.reduce((least, rendition) => (rendition.bandwidth < least.bandwidth ? rendition : least))];
}

/** Each codec of a rendition must be one that the device plays, or begin as one does, at a dot. */
function plays(played: readonly string[], codecs: string): boolean {
  return codecs
    .split(',')
    .every((codec) => played.some((known) => codec.trim() === known || codec.trim().startsWith(`${known}.`)));
}

function fitsBitrate(bps: number, { maxBitrate }: RenditionLimits): boolean {
  return maxBitrate === null || bps <= maxBitrate;
}

function byLanguage(renditions: readonly Rendition[]): Map<string, Rendition[]> {
  const groups = new Map<string, Rendition[]>();
  for (const rendition of renditions) {
    const key = rendition.language ?? '';
    groups.set(key, [...(groups.get(key) ?? []), rendition]);
  }
  return groups;
}

function highestBps(renditions: readonly Rendition[]): number {
  return renditions.reduce((most, { bandwidth }) => Math.max(most, bandwidth), 0);
}

function isWhole(text: string, mostDigits: number): boolean {
  return /^[1-9]\d*$/.test(text) && text.length <= mostDigits;
}

function bad(reason: string): LimitsReading {
  return { kind: 'bad', reason };
}
