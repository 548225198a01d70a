import test from 'ava';
import * as fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { defaultTemplates, initPath, type LiveEvent, mediaPath, type Rendition } from './event.ts';
import { availableAtMs, expiresAtMs, newestNumber, oldestNumber } from './live-window.ts';
import { mpdOf, type MpdRequest } from './mpd.ts';

const RENDITIONS: Rendition[] = [
  { id: 'v1', kind: 'video', codecs: 'avc1.64001e', bandwidth: 800_000, width: 640, height: 360, frameRate: 29.97 },
  { id: 'v2', kind: 'video', codecs: 'avc1.64001f', bandwidth: 2_000_000, width: 1280, height: 720, frameRate: 25 },
  { id: 'h1', kind: 'video', codecs: 'hvc1.1.6.L93', bandwidth: 1_500_000, width: 1280, height: 720, frameRate: 23.98 },
  { id: 'a1', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 96_000, language: 'en' },
  { id: 'a2', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 64_000, language: 'en' },
  { id: 'a3', kind: 'audio', codecs: 'mp4a.40.2', bandwidth: 96_000, language: 'de' },
];

function eventWith(changes: Partial<LiveEvent> = {}): LiveEvent {
  return {
    id: 'demo',
    state: 'live',
    availabilityStartMs: 1_700_000_000_123,
    segmentDurationMs: 1920,
    startNumber: 7,
    dvrWindowMs: 60_000,
    renditions: RENDITIONS,
    ...defaultTemplates('demo'),
    ...changes,
  };
}

const PATHWAYS = [
  { id: 'fra-1', baseUrl: 'http://127.0.1.11:8080' },
  { id: 'nyc-1', baseUrl: 'http://127.0.2.11:8080' },
];

function requestWith(changes: Partial<MpdRequest> = {}): MpdRequest {
  return {
    event: eventWith(),
    wallMs: 1_700_000_100_000,
    pathways: PATHWAYS,
    steeringUri: 'http://127.0.0.1:8090/v1/steer/dash?event=demo&session=s1',
    location: 'http://127.0.0.1:8090/play/demo.mpd?session=s1&pathways=fra-1,nyc-1',
    isUpdate: false,
    updatePeriodMs: 10_000,
    clocks: [
      { scheme: 'http-iso', value: 'http://127.0.0.1:8090/v1/time' },
      { scheme: 'direct', value: '2023-11-14T22:15:00.000Z' },
    ],
    ...changes,
  };
}

// ——— an MPD as a reader sees it, by a parser that is not ours ———

type Attributes = Record<string, string>;
type Node = Attributes & { '#text'?: string };
interface Mpd {
  attributes: Attributes;
  baseUrls: Node[];
  location: string | undefined;
  steering: Node | undefined;
  clocks: Attributes[];
  period: Attributes;
  sets: { attributes: Attributes; roles: Attributes[]; template: Attributes; representations: Attributes[] }[];
}

function textOf(changes: Partial<MpdRequest> = {}): string {
  const outcome = mpdOf(requestWith(changes));
  if (outcome.kind !== 'mpd') throw new Error(JSON.stringify(outcome));
  return outcome.text;
}

const LISTS = ['BaseURL', 'AdaptationSet', 'Representation', 'UTCTiming', 'Period', 'Role'];
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseAttributeValue: false,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  isArray: (name) => LISTS.includes(name),
});

function parse(text: string): Mpd {
  if (XMLValidator.validate(text) !== true) throw new Error(`no XML: ${text}`);
  // oxlint-disable-next-line typescript/no-explicit-any
  const { MPD } = parser.parse(text) as { MPD: any };
  const [period, ...others] = MPD.Period;
  if (others.length > 0) throw new Error('more than one period');
  return {
    attributes: MPD,
    baseUrls: MPD.BaseURL ?? [],
    location: MPD.Location,
    steering: MPD.ContentSteering,
    clocks: MPD.UTCTiming ?? [],
    period,
    // oxlint-disable-next-line typescript/no-explicit-any
    sets: period.AdaptationSet.map((set: any) => ({
      attributes: set,
      roles: set.Role ?? [],
      template: set.SegmentTemplate,
      representations: set.Representation,
    })),
  };
}

const mpdWith = (changes: Partial<MpdRequest> = {}) => parse(textOf(changes));

/** xs:duration of seconds alone. */
const msOf = (duration: string | undefined) =>
  Math.round(Number(/^PT(\d+(?:\.\d+)?)S$/.exec(duration ?? '')?.[1]) * 1000);

/** As ISO/IEC 23009-1 §5.3.9.4.4 has it, in a reader's words. */
const fill = (template: string, id: string, number: number) =>
  template.replaceAll(/\$(RepresentationID|Number|)\$/g, (_, name: string) =>
    name === '' ? '$' : name === 'Number' ? String(number) : id,
  );

test('a personal MPD names its servers in rank order, asks steering, and says where time and updates are', (t) => {
  const { attributes, baseUrls, location, steering, clocks } = mpdWith();
  t.is(attributes['type'], 'dynamic');
  t.is(attributes['profiles'], 'urn:mpeg:dash:profile:isoff-live:2011');
  t.deepEqual(
    baseUrls.map((node) => [node['serviceLocation'], node['#text']]),
    [
      ['fra-1', 'http://127.0.1.11:8080/'],
      ['nyc-1', 'http://127.0.2.11:8080/'],
    ],
  );
  t.is(location, 'http://127.0.0.1:8090/play/demo.mpd?session=s1&pathways=fra-1,nyc-1');
  t.is(steering!['#text'], 'http://127.0.0.1:8090/v1/steer/dash?event=demo&session=s1');
  t.is(steering!['defaultServiceLocation'], 'fra-1', 'one, and the first');
  t.is(steering!['queryBeforeStart'], 'false');
  t.deepEqual(
    clocks.map(({ schemeIdUri, value }) => [schemeIdUri, value]),
    [
      ['urn:mpeg:dash:utc:http-iso:2014', 'http://127.0.0.1:8090/v1/time'],
      ['urn:mpeg:dash:utc:direct:2014', '2023-11-14T22:15:00.000Z'],
    ],
  );
});

test('a set is one codec family of video, or one language of audio', (t) => {
  const { sets } = mpdWith({ event: eventWith({ renditions: RENDITIONS.toReversed() }) });
  t.deepEqual(
    sets.map(({ attributes, representations }) => [
      attributes['contentType'],
      attributes['mimeType'],
      attributes['lang'],
      representations.map(({ id }) => id),
    ]),
    [
      ['video', 'video/mp4', undefined, ['h1']],
      ['video', 'video/mp4', undefined, ['v2', 'v1']],
      ['audio', 'audio/mp4', 'de', ['a3']],
      ['audio', 'audio/mp4', 'en', ['a2', 'a1']],
    ],
  );
  t.deepEqual(
    sets.map(({ roles }) => roles.length),
    [0, 0, 1, 0],
    'the first audio is the main one',
  );
  t.is(new Set(sets.map(({ attributes }) => attributes['id'])).size, 4);
  const [, avc] = sets;
  const { id, bandwidth, codecs, width, height, frameRate } = avc!.representations[1]!;
  t.deepEqual(
    { id, bandwidth, codecs, width, height, frameRate },
    { id: 'v1', bandwidth: '800000', codecs: 'avc1.64001e', width: '640', height: '360', frameRate: '30000/1001' },
  );
  t.is(avc!.representations[0]!['frameRate'], '25');
  t.is(sets[0]!.representations[0]!['frameRate'], '24000/1001');
});

const anyEvent = fc
  .record({
    availabilityStartMs: fc.integer({ min: 0, max: 4e12 }),
    segmentDurationMs: fc.integer({ min: 100, max: 60_000 }),
    startNumber: fc.integer({ min: 0, max: 1e6 }),
    dvrWindowMs: fc.integer({ min: 1, max: 1e8 }),
  })
  .map(eventWith);

test('a player computes from it exactly the window that origin and edges have', (t) => {
  fc.assert(
    fc.property(anyEvent, fc.integer({ min: 1, max: 1e9 }), (event, elapsedMs) => {
      const wallMs = event.availabilityStartMs + elapsedMs;
      const { attributes, sets, period } = mpdWith({ event, wallMs });
      t.is(period['start'], 'PT0S');
      const template = sets[0]!.template;
      const startMs = Date.parse(attributes['availabilityStartTime']!);
      const durationMs = (Number(template['duration']) * 1000) / Number(template['timescale']);
      const firstNumber = Number(template['startNumber']);
      t.is(template['presentationTimeOffset'], undefined);
      // ISO/IEC 23009-1 §5.3.9.5.3 without an availabilityTimeOffset.
      const newest = firstNumber + Math.floor((wallMs - startMs) / durationMs) - 1;
      t.is(newest, newestNumber(event, wallMs));
      const availableMs = startMs + (newest - firstNumber + 1) * durationMs;
      t.is(availableMs, availableAtMs(event, newest));
      t.is(availableMs + msOf(attributes['timeShiftBufferDepth']), expiresAtMs(event, newest));
      t.is(fill(`/${template['media']!}`, 'v1', newest), mediaPath(event, 'v1', newest));
      t.is(fill(`/${template['initialization']!}`, 'v1', newest), initPath(event, 'v1'));
      t.is(Date.parse(attributes['publishTime']!), wallMs);
      t.is(msOf(attributes['suggestedPresentationDelay']), 3 * event.segmentDurationMs);
      t.is(msOf(attributes['minimumUpdatePeriod']), 10_000);
      t.false('availabilityTimeOffset' in template);
    }),
  );
});

test('an ended event has its end for who plays it, and is static, what is left of it, for who begins', (t) => {
  const live = eventWith({ dvrWindowMs: 100_000, segmentDurationMs: 2000 });
  const endNumber = live.startNumber + 99;
  const event: LiveEvent = { ...live, state: 'ended', endNumber };
  const wallMs = availableAtMs(event, endNumber) + 10_500;

  const begun = mpdWith({ event, wallMs, isUpdate: true });
  t.is(begun.attributes['type'], 'dynamic', 'numbers, times and window as before: players go on by them');
  t.is(begun.attributes['availabilityStartTime'], mpdWith({ event: live }).attributes['availabilityStartTime']);
  t.is(msOf(begun.attributes['mediaPresentationDuration']), 200_000);
  t.is(begun.sets[0]!.template['startNumber'], '7');
  t.is(begun.sets[0]!.template['presentationTimeOffset'], undefined);
  t.false('minimumUpdatePeriod' in begun.attributes, 'nothing will change any more');
  t.deepEqual([begun.clocks.length, begun.location], [2, undefined]);
  t.is(begun.steering!['defaultServiceLocation'], 'fra-1', 'steering goes on');

  const left = mpdWith({ event, wallMs });
  t.is(left.attributes['type'], 'static');
  for (const gone of ['minimumUpdatePeriod', 'timeShiftBufferDepth', 'availabilityStartTime']) {
    t.false(gone in left.attributes, gone);
  }
  t.deepEqual([left.clocks.length, left.location], [0, undefined]);
  const { startNumber, presentationTimeOffset, timescale } = left.sets[0]!.template;
  const first = Number(startNumber);
  t.true(first > oldestNumber(event, wallMs), 'not what expires at this moment');
  t.is(Number(presentationTimeOffset) / Number(timescale), (first - 7) * 2, 'the first segment is at time 0');
  t.is(msOf(left.attributes['mediaPresentationDuration']), (endNumber + 1 - first) * 2000);

  const young = mpdWith({ event: { ...event, endNumber: 10 }, wallMs: availableAtMs(event, 10) });
  t.is(young.sets[0]!.template['startNumber'], '7', 'nothing has expired');
  const last = mpdWith({ event, wallMs: expiresAtMs(event, endNumber) - 1 });
  t.is(last.sets[0]!.template['startNumber'], String(endNumber));
  t.deepEqual(mpdOf(requestWith({ event, wallMs: expiresAtMs(event, endNumber) })), { kind: 'gone' });
  t.deepEqual(mpdOf(requestWith({ event: { ...event, endNumber: 6 }, wallMs })), { kind: 'gone' });
});

test('an end that is known before it comes is told; one of which nobody knows the place is none', (t) => {
  const announced = mpdWith({ event: eventWith({ endNumber: 106 }) });
  t.is(announced.attributes['type'], 'dynamic');
  t.is(msOf(announced.attributes['mediaPresentationDuration']), 100 * 1920);
  t.true('minimumUpdatePeriod' in announced.attributes);
  const unknown = mpdWith({ event: eventWith({ state: 'ended' }) });
  t.is(unknown.attributes['type'], 'dynamic');
  t.false('mediaPresentationDuration' in unknown.attributes);
  t.true('minimumUpdatePeriod' in unknown.attributes);
});

test('without servers it is a stock MPD: URLs relative to its own, no steering', (t) => {
  const { baseUrls, steering, sets } = mpdWith({ pathways: [], location: 'manifest.mpd?update' });
  t.deepEqual([baseUrls, steering], [[], undefined]);
  t.is(sets[0]!.template['media'], '$RepresentationID$/$Number$.m4s');
  t.is(sets[0]!.template['initialization'], '$RepresentationID$/init.mp4');
  const elsewhere = mpdWith({ pathways: [], event: eventWith({ mediaTemplate: '/media/{rendition}/{number}.m4s' }) });
  t.is(elsewhere.sets[0]!.template['media'], '/media/$RepresentationID$/$Number$.m4s');
  t.is(elsewhere.sets[0]!.template['initialization'], '/live/demo/$RepresentationID$/init.mp4');
});

test('a template that holds what DASH or XML would read otherwise fetches the same path', (t) => {
  const event = eventWith({
    mediaTemplate: `/live/demo/$Number$/{rendition}/a&b"<'>/{number}.m4s`,
    initTemplate: '/live/demo/$$/{rendition}/init.mp4',
  });
  const { template } = mpdWith({ event }).sets[0]!;
  t.is(`/${fill(template['media']!, 'v1', 12)}`, mediaPath(event, 'v1', 12));
  t.is(`/${fill(template['initialization']!, 'v1', 12)}`, initPath(event, 'v1'));
});

/** Any text, often with what XML minds. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('<', '>', '&', '"', "'", ']]>', '&amp;', '\t', '\n', '\r', '\u0000', '\ufffe', 'ä'),
  }),
);
const nastyRendition = fc.record(
  {
    id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,9}$/),
    kind: fc.constantFrom('video' as const, 'audio' as const),
    codecs: nasty.filter((codecs) => codecs !== ''),
    bandwidth: fc.integer({ min: 1, max: 1e8 }),
    width: fc.integer({ min: 1, max: 8192 }),
    height: fc.integer({ min: 1, max: 8192 }),
    frameRate: fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }),
    language: nasty,
  },
  { requiredKeys: ['id', 'kind', 'codecs', 'bandwidth'] },
);
const renditionsOfOneId = fc.uniqueArray(nastyRendition, { minLength: 1, maxLength: 5, selector: ({ id }) => id });

test('whatever an event document holds, what is read back is what was meant, or it was refused', (t) => {
  let accepted = 0;
  fc.assert(
    fc.property(renditionsOfOneId, nasty, (renditions, query) => {
      const steeringUri = `http://127.0.0.1/v1/steer/dash?${query}`;
      const outcome = mpdOf(requestWith({ event: eventWith({ renditions }), steeringUri }));
      if (outcome.kind !== 'mpd') {
        t.is(outcome.kind, 'unfit');
        return;
      }
      accepted++;
      const mpd = parse(outcome.text);
      t.is(mpd.steering!['#text'], steeringUri);
      const read = new Map<string | undefined, Attributes & { lang: string | undefined }>(
        mpd.sets.flatMap(({ attributes, representations }) =>
          representations.map((representation) => [
            representation['id'],
            { ...representation, lang: attributes['lang'] } as Attributes & { lang: string | undefined },
          ]),
        ),
      );
      t.is(read.size, renditions.length);
      for (const { id, kind, codecs, language } of renditions) {
        t.is(read.get(id)!['codecs'], codecs);
        if (kind === 'audio') t.is(read.get(id)!.lang, language);
        t.regex(read.get(id)!['frameRate'] ?? '1', /^\d+(\/\d+)?$/);
      }
    }),
    { numRuns: 500 },
  );
  t.true(accepted > 50, `${accepted} accepted`);
});

test('what an MPD cannot carry is refused with its place', (t) => {
  const refused = (changes: Partial<MpdRequest>) => {
    const outcome = mpdOf(requestWith(changes));
    return outcome.kind === 'unfit' ? outcome.reason : outcome.kind;
  };
  const [video, , , audio] = RENDITIONS;
  t.regex(refused({ event: eventWith({ renditions: [video!, video!] }) }), /v1 twice/);
  t.regex(refused({ event: eventWith({ renditions: [{ ...video!, codecs: 'a\u0000' }] }) }), /rendition v1 .* codecs/);
  t.regex(refused({ event: eventWith({ renditions: [{ ...audio!, language: '\ud800' }] }) }), /a1 .* language/);
  t.regex(refused({ event: eventWith({ mediaTemplate: '/{rendition}/\u0001{number}' }) }), /template/);
  t.regex(refused({ steeringUri: 'http://x/ y' }), /a URI holds a space/);
  t.regex(refused({ location: 'http://x/\n' }), /a URI holds a space/);
});
