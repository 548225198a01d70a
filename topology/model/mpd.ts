import type { LiveEvent, Rendition } from './event.ts';
import { isoDuration, isoTime } from './iso-time.ts';
import { expiresAtMs, oldestNumber } from './live-window.ts';

export const MPD_TYPE = 'application/dash+xml';

/** Where a player may learn the time (ISO/IEC 23009-1 §5.8.4.11): 2014 schemes, tried in this order. */
export interface ClockSource {
  scheme: 'http-iso' | 'http-head' | 'direct';
  /** a URL, or for `direct` the time itself */
  value: string;
}

export interface MpdRequest {
  /** with the renditions that are to be in it */
  event: LiveEvent;
  wallMs: number;
  /** servers by preference, each a service location; without any, URLs are relative to the MPD's own */
  pathways?: readonly { id: string; baseUrl: string }[];
  /** absolute: where the player asks for the order of pathways */
  steeringUri?: string;
  /** where the player gets updates, which have `isUpdate` */
  location: string;
  /** for a player that has had an MPD of this event before */
  isUpdate: boolean;
  /** how often a player looks whether the event has ended; nothing else ever changes */
  updatePeriodMs: number;
  clocks: readonly ClockSource[];
}

export type MpdOutcome =
  | { kind: 'mpd'; text: string }
  /** ended, and nothing of it is left to play */
  | { kind: 'gone' }
  /** what the schemas let through and an MPD cannot carry */
  | { kind: 'unfit'; reason: string };

/** So far behind live a player should play: as HLS has it, three segments (RFC 8216 §6.3.3). */
const DELAY_SEGMENTS = 3;
/** The oldest segments of an ended event expire while a viewer begins; the first one offered stays for so many more. */
const EXPIRY_MARGIN_SEGMENTS = 5;

/**
 * The event as an MPD (ISO/IEC 23009-1, live profile): `$Number$` by the wall clock, so that no player polls for
 * segments. Times and numbers are those of live-window.ts: segment n is there at availabilityStartTime +
 * (n − startNumber + 1) × duration, without an offset, for origins hold a segment until it is whole.
 */
export function mpdOf(request: MpdRequest): MpdOutcome {
  const { event, wallMs, pathways = [], steeringUri, location, clocks } = request;
  const reason = unfitness(request);
  if (reason !== null) return { kind: 'unfit', reason };
  const period = periodOf(event, wallMs, request.isUpdate);
  if (period === null) return { kind: 'gone' };
  const children = [
    ...pathways.map(({ id, baseUrl }) => element('BaseURL', { serviceLocation: id }, text(`${baseUrl}/`))),
    ...(hasEnded(event) ? [] : [element('Location', {}, text(location))]),
    ...(steeringUri === undefined || pathways.length === 0 ? [] : [contentSteering(pathways[0]!.id, steeringUri)]),
    element('Period', { id: '1', start: 'PT0S' }, adaptationSets(event, period, mediaRoot(event, pathways.length > 0))),
    ...(period.isStatic ? [] : clocks.map(utcTiming)),
  ];
  const mpd = element('MPD', mpdAttributes(request, period), ...children);
  return { kind: 'mpd', text: `<?xml version="1.0" encoding="UTF-8"?>\n${mpd.join('\n')}\n` };
}

interface MediaPeriod {
  firstNumber: number;
  /** from its first segment on; null: nobody knows yet */
  durationMs: number | null;
  isStatic: boolean;
}

/**
 * While the event runs, the period is all of it, and the clock says what is there. When it has ended, that is still so for
 * whoever plays it: told that it is static, Shaka would put its begin where the window begins, and show another time of
 * the event. For others it is static, and what is left.
 */
function periodOf(event: LiveEvent, wallMs: number, isUpdate: boolean): MediaPeriod | null {
  const { endNumber, startNumber, segmentDurationMs } = event;
  const durationFrom = (first: number) =>
    endNumber === undefined ? null : Math.max(0, endNumber + 1 - first) * segmentDurationMs;
  const whole = { firstNumber: startNumber, durationMs: durationFrom(startNumber), isStatic: false };
  if (!hasEnded(event)) return whole;
  if (wallMs >= expiresAtMs(event, event.endNumber) || event.endNumber < startNumber) return null;
  if (isUpdate) return whole;
  const oldest = oldestNumber(event, wallMs);
  const firstNumber = oldest === startNumber ? oldest : Math.min(event.endNumber, oldest + EXPIRY_MARGIN_SEGMENTS);
  return { firstNumber, durationMs: durationFrom(firstNumber), isStatic: true };
}

/** An end of which nobody knows the place is none. */
function hasEnded(event: LiveEvent): event is LiveEvent & { endNumber: number } {
  return event.state === 'ended' && event.endNumber !== undefined;
}

function mpdAttributes({ event, wallMs, updatePeriodMs }: MpdRequest, period: MediaPeriod): Attributes {
  const { availabilityStartMs, segmentDurationMs, dvrWindowMs } = event;
  const always = {
    xmlns: 'urn:mpeg:dash:schema:mpd:2011',
    profiles: 'urn:mpeg:dash:profile:isoff-live:2011',
    minBufferTime: isoDuration(segmentDurationMs),
    maxSegmentDuration: isoDuration(segmentDurationMs),
    mediaPresentationDuration: period.durationMs === null ? undefined : isoDuration(period.durationMs),
  };
  if (period.isStatic) return { ...always, type: 'static' };
  return {
    ...always,
    type: 'dynamic',
    availabilityStartTime: isoTime(availabilityStartMs),
    publishTime: isoTime(wallMs),
    minimumUpdatePeriod: hasEnded(event) ? undefined : isoDuration(updatePeriodMs),
    timeShiftBufferDepth: isoDuration(dvrWindowMs),
    suggestedPresentationDelay: isoDuration(DELAY_SEGMENTS * segmentDurationMs),
  };
}

/** Video by codec family, audio by language and codec family: a player may change within a set and not between them. */
function adaptationSets({ renditions, ...event }: LiveEvent, period: MediaPeriod, root: string): string[] {
  const sets = new Map<string, Rendition[]>();
  for (const rendition of renditions) {
    const { kind, codecs, language } = rendition;
    const key = JSON.stringify([kind, kind === 'audio' ? (language ?? '') : '', codecs.split('.', 1)[0]]);
    sets.set(key, [...(sets.get(key) ?? []), rendition]);
  }
  const all = [...sets.values()].sort(([a], [b]) => kindOrder(a!) - kindOrder(b!));
  const firstAudio = all.find(([rendition]) => rendition!.kind === 'audio');
  return all.flatMap((members, index) => {
    const { kind, language } = members[0]!;
    const attributes = {
      id: String(index + 1),
      contentType: kind,
      mimeType: `${kind}/mp4`,
      lang: kind === 'audio' ? language : undefined,
      segmentAlignment: 'true',
      startWithSAP: '1',
    };
    const role = members === firstAudio ? [MAIN_ROLE] : [];
    const template = segmentTemplate(event, period, root);
    return element('AdaptationSet', attributes, ...role, template, ...members.map(representation));
  });
}

const kindOrder = ({ kind }: Rendition) => (kind === 'video' ? 0 : 1);

function representation({ id, bandwidth, codecs, width, height, frameRate }: Rendition): string[] {
  return element('Representation', {
    id,
    bandwidth: String(bandwidth),
    codecs,
    width: width === undefined ? undefined : String(width),
    height: height === undefined ? undefined : String(height),
    frameRate: frameRate === undefined ? undefined : frameRateOf(frameRate),
  });
}

/** A whole number, or a fraction: of 1001 where that is what was meant (29.97 is 30000/1001), else of 1000. */
function frameRateOf(perSecond: number): string | undefined {
  if (perSecond > 1e6 || perSecond < 0.001) return undefined;
  if (Number.isInteger(perSecond)) return String(perSecond);
  const ntsc = Math.round(perSecond * 1.001);
  if (Math.abs((ntsc * 1000) / 1001 - perSecond) < 0.005) return `${ntsc * 1000}/1001`;
  return `${Math.round(perSecond * 1000)}/1000`;
}

function segmentTemplate(
  { mediaTemplate, initTemplate, segmentDurationMs, startNumber }: Omit<LiveEvent, 'renditions'>,
  { firstNumber }: MediaPeriod,
  root: string,
): string[] {
  const offsetMs = (firstNumber - startNumber) * segmentDurationMs;
  return element('SegmentTemplate', {
    timescale: '1000',
    duration: String(segmentDurationMs),
    startNumber: String(firstNumber),
    presentationTimeOffset: offsetMs === 0 ? undefined : String(offsetMs),
    initialization: templateOf(initTemplate, root),
    media: templateOf(mediaTemplate, root),
  });
}

/** What a template begins with and its base has already: the server's root, or the folder that the MPD itself is in. */
function mediaRoot({ id, mediaTemplate, initTemplate }: LiveEvent, hasBase: boolean): string {
  const folder = `/live/${id}/`;
  if (hasBase) return '/';
  return mediaTemplate.startsWith(folder) && initTemplate.startsWith(folder) ? folder : '';
}

/** Ours says `{number}` where DASH says `$Number$`, and `$` is `$$` there (ISO/IEC 23009-1 table 16). */
function templateOf(template: string, root: string): string {
  return template
    .slice(root.length)
    .replaceAll('$', '$$$$')
    .replace('{rendition}', '$$RepresentationID$$')
    .replace('{number}', '$$Number$$');
}

/**
 * Not before the start: the MPD itself is a ranking of this moment, and a steering that has died since must delay nobody.
 * One location, for dash.js splits several at spaces and Shaka at commas.
 */
function contentSteering(first: string, uri: string): string[] {
  return element('ContentSteering', { defaultServiceLocation: first, queryBeforeStart: 'false' }, text(uri));
}

function utcTiming({ scheme, value }: ClockSource): string[] {
  return element('UTCTiming', { schemeIdUri: `urn:mpeg:dash:utc:${scheme}:2014`, value });
}

// ——— XML ———

type Attributes = Record<string, string | undefined>;

const MAIN_ROLE = element('Role', { schemeIdUri: 'urn:mpeg:dash:role:2011', value: 'main' });

/** The lines of an element; with text alone it is one line. */
function element(
  name: string,
  attributes: Attributes,
  ...children: readonly (string[] | { text: string })[]
): string[] {
  const written = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const head = `<${name}${written.map(([key, value]) => ` ${key}="${escaped(value!)}"`).join('')}`;
  const [first] = children;
  if (first === undefined) return [`${head}/>`];
  if (!Array.isArray(first)) return [`${head}>${escaped(first.text)}</${name}>`];
  const inner = (children as string[][]).flat().map((line) => `  ${line}`);
  return [`${head}>`, ...inner, `</${name}>`];
}

function text(content: string): { text: string } {
  return { text: content };
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** XML 1.0 §2.4; tab and line ends as references, or a parser makes spaces of them in attributes (§3.3.3). */
function escaped(value: string): string {
  return value.replace(/[&<>"'\t\n\r]/g, (char) => ENTITIES[char] ?? `&#${char.charCodeAt(0)};`);
}

/** XML 1.0 §2.2: these characters no document may hold, not even as references. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/u;

function unfitness({ event, pathways = [], steeringUri = '', location, clocks }: MpdRequest): string | null {
  const ids = new Set<string>();
  for (const { id, codecs, language = '' } of event.renditions) {
    if (ids.has(id)) return `event ${event.id} has the rendition ${id} twice`;
    ids.add(id);
    const what = FORBIDDEN.test(codecs) ? 'codecs hold' : FORBIDDEN.test(language) ? 'language holds' : null;
    if (what !== null) return `rendition ${id} of event ${event.id}: its ${what} a character that XML cannot carry`;
  }
  if (FORBIDDEN.test(event.mediaTemplate + event.initTemplate)) {
    return `event ${event.id}: a template holds a character that XML cannot carry`;
  }
  const uris = [...pathways.map(({ baseUrl }) => baseUrl), steeringUri, location, ...clocks.map(({ value }) => value)];
  // Players trim and split at white space; a URI has none (RFC 3986 §2).
  const hostile = uris.find((uri) => /\s/.test(uri) || FORBIDDEN.test(uri));
  return hostile === undefined ? null : `a URI holds a space or a control character: ${JSON.stringify(hostile)}`;
}
