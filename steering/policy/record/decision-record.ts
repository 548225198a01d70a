import { z } from 'zod';
import { countrySchema } from '../../../topology/model/site.ts';
import { identifierSchema } from '../../../topology/model/event.ts';
import { PRIORITIES } from '../../../topology/model/priority.ts';
import { LOCATED_BY } from '../location/whereabouts.ts';

/**
 * The lines of a record (docs/decision-record.md), as fields and as text. Each is a JSON array that begins with a letter;
 * its checksum is put on by `LineChain`. Servers, sites, places, contents and words are numbers: of the header, or of the
 * line that gave them theirs.
 */
export const RECORD_FORMAT = 1;

export const LINE = {
  header: 'h',
  changed: 'v',
  gap: 'g',
  emptied: 'z',
  place: 'p',
  placeMore: 'q',
  content: 'c',
  word: 'w',
  report: 'n',
  probe: 'x',
  sign: 's',
  settle: 't',
  decision: 'd',
  explained: 'e',
} as const;

/** What every field of a header must be for the rest to be read; tuning is checked by whoever decides with it. */
export const recordHeaderSchema = z.object({
  record: z.literal('undercard-steering'),
  format: z.number().int(),
  /** of whoever wrote it */
  software: z.string().max(64),
  /** another one for each start of the service */
  run: z.string().max(64),
  /** files of one run count from 0 */
  part: z.number().int().nonnegative(),
  /** the same moment by the wall clock and by the monotonic clock of all other lines */
  wallMs: z.number(),
  atMs: z.number(),
  /** when the table of nodes was made, by the monotonic clock */
  nodesFromMs: z.number(),
  /** how clients are told apart: by a hash, or by a hash and their address beside it */
  clients: z.enum(['hashed', 'addresses']),
  /** version 0 of the inputs: digests of files, by name */
  inputs: z.record(z.string(), z.string().nullable()),
  steering: z.looseObject({}),
  sites: z
    .array(
      z.object({
        id: identifierSchema,
        country: countrySchema,
        latitude: z.number().min(-90).max(90),
        longitude: z.number().min(-180).max(180),
        kind: z.enum(['ix', 'embedded']),
        edges: z
          .array(z.object({ id: identifierSchema, url: z.string(), capacityBps: z.number().positive() }))
          .min(1)
          .max(10_000),
      }),
    )
    .min(1)
    .max(20_000),
  /** what numbers in the reasons of places stand for */
  placeReasons: z.array(z.string()).max(64),
});
export type RecordHeader = z.infer<typeof recordHeaderSchema>;

export interface PlaceFields {
  number: number;
  by: (typeof LOCATED_BY)[number];
  country: string | null;
  network: string | null;
  metro: string | null;
  zone: string | null;
  latitude: number | null;
  longitude: number | null;
  /** sites of its order, of which those that decisions looked at are told */
  total: number;
  sites: readonly number[];
  /** runs of equal reasons: which, how many, which, how many … */
  reasons: readonly number[];
}

export interface ReportFields {
  atMs: number;
  server: number;
  sequence: number;
  isDraining: boolean;
  egressBps: number;
  /** null: an older node, which does not tell it */
  reservedBps: number | null;
  capacityBps: number;
  connections: number;
  requestsPerSecond: number;
  errorShare: number;
  eventLoopDelayMs: number;
}

export interface AskedFields {
  atMs: number;
  /** of the inputs: how many `changed` lines came before */
  version: number;
  /** number of a word: by which way it was asked */
  route: number;
  place: number;
  content: number;
  /** stable hash of client and content */
  session: number;
  /** 0: not told */
  nominalBps: number;
  /** index into `PRIORITIES`; −1: the content's own */
  priority: number;
  /** −1: none that is known */
  playing: number;
  among: readonly number[] | null;
}

export interface DecisionFields extends AskedFields {
  /** servers answered, the first choice first */
  ranked: readonly number[];
  ttlSeconds: number;
  /** 0: admitted; −1: refused; else reduced to so many bits per second */
  admission: number;
  /** the first choice is one that is being tried */
  explored: boolean;
  /** how probably a session such as this one gets this first choice; 0: by no chance that is known */
  propensity: number;
  /** servers that were looked at and do not take the session, each with the number of its reasons' word */
  turnedAway: readonly number[];
  /** only where addresses are recorded */
  address: string | null;
}

const PROPENSITY_STEPS = 1e6;

/** As it is written: more digits than anybody needs would be most of the line. */
export function roundPropensity(propensity: number): number {
  return Math.round(propensity * PROPENSITY_STEPS) / PROPENSITY_STEPS;
}

// Without a closing bracket: the checksum comes last.

export function headerText(header: RecordHeader): string {
  return `["${LINE.header}",${JSON.stringify(header)}`;
}

export function placeText(place: PlaceFields): string {
  const { number, by, country, network, metro, zone, latitude, longitude, total } = place;
  const names = JSON.stringify([by, country, network, metro, zone, latitude, longitude]).slice(1, -1);
  return `["${LINE.place}",${number},${names},${total},[${place.sites.join()}],[${place.reasons.join()}]`;
}

export function placeMoreText(number: number, sites: readonly number[], reasons: readonly number[]): string {
  return `["${LINE.placeMore}",${number},[${sites.join()}],[${reasons.join()}]`;
}

export function namedText(kind: 'c' | 'w', number: number, name: string): string {
  return `["${kind}",${number},${JSON.stringify(name)}`;
}

export function gapText(atMs: number, lostLines: number): string {
  return `["${LINE.gap}",${atMs},${lostLines}`;
}

export function changedText(atMs: number, version: number, inputs: Record<string, string | null>): string {
  return `["${LINE.changed}",${atMs},${version},${JSON.stringify(inputs)}`;
}

export function reportText(report: ReportFields): string {
  const { atMs, server, sequence, isDraining, egressBps, reservedBps, capacityBps } = report;
  const load = `${egressBps},${reservedBps},${capacityBps}`;
  const strain = `${report.connections},${report.requestsPerSecond},${report.errorShare},${report.eventLoopDelayMs}`;
  return `["${LINE.report}",${atMs},${server},${sequence},${isDraining ? 1 : 0},${load},${strain}`;
}

export function decisionText(decision: DecisionFields): string {
  const { ranked, ttlSeconds, admission, explored, propensity, turnedAway, address } = decision;
  const answered = `[${ranked.join()}],${ttlSeconds},${admission},${explored ? 1 : 0},${propensity}`;
  const told = address === null ? '' : `,${JSON.stringify(address)}`;
  return `["${LINE.decision}",${askedText(decision)},${answered},[${turnedAway.join()}]${told}`;
}

/** A question that was answered for people: it changes when what is reported is taken in, and so it belongs to the inputs. */
export function explainedText(asked: AskedFields): string {
  return `["${LINE.explained}",${askedText(asked)}`;
}

function askedText(asked: AskedFields): string {
  const { atMs, version, route, place, content, session, nominalBps, priority, playing, among } = asked;
  const named = among === null ? 'null' : `[${among.join()}]`;
  return `${atMs},${version},${route},${place},${content},${session},${nominalBps},${priority},${playing},${named}`;
}

// The other way: elements after the letter, without the checksum. Null for what is not such a line.

type Elements = readonly unknown[];

const placeSchema = z.tuple([
  z.number().int().nonnegative(),
  z.enum(LOCATED_BY),
  z.string().nullable(),
  z.string().nullable(),
  z.string().nullable(),
  z.string().nullable(),
  z.number().nullable(),
  z.number().nullable(),
  z.number().int().nonnegative(),
  z.array(z.number().int().nonnegative()),
  z.array(z.number().int().nonnegative()),
]);

export function readPlace(elements: Elements): PlaceFields | null {
  const read = placeSchema.safeParse(elements);
  if (!read.success) return null;
  const [number, by, country, network, metro, zone, latitude, longitude, total, sites, reasons] = read.data;
  return { number, by, country, network, metro, zone, latitude, longitude, total, sites, reasons };
}

export function readReport(elements: Elements): ReportFields | null {
  const reservedBps = elements[5];
  const others = reservedBps === null ? elements.toSpliced(5, 1) : elements;
  if (elements.length !== 11 || !others.every(isAmount)) return null;
  const [atMs, server, sequence, state, egressBps, , capacityBps, connections, requestsPerSecond, errorShare, delayMs] =
    elements as number[];
  return {
    atMs: atMs!,
    server: server!,
    sequence: sequence!,
    isDraining: state === 1,
    egressBps: egressBps!,
    reservedBps: reservedBps as number | null,
    capacityBps: capacityBps!,
    connections: connections!,
    requestsPerSecond: requestsPerSecond!,
    errorShare: errorShare!,
    eventLoopDelayMs: delayMs!,
  };
}

const NUMBERS_ASKED = 9;
const ASKED = NUMBERS_ASKED + 1;
const DECIDED = ASKED + 6;

/** By hand, for a record has millions of these. */
export function readAsked(elements: Elements): AskedFields | null {
  for (let at = 0; at < NUMBERS_ASKED; at++) if (!Number.isFinite(elements[at])) return null;
  const [atMs, version, route, place, content, session, nominalBps, priority, playing] = elements as number[];
  const among = elements[NUMBERS_ASKED];
  if (among !== null && !isNumbers(among)) return null;
  if (!Number.isInteger(priority) || priority! < -1 || priority! >= PRIORITIES.length) return null;
  if (!Number.isInteger(playing) || playing! < -1) return null;
  return {
    atMs: atMs!,
    version: version!,
    route: route!,
    place: place!,
    content: content!,
    session: session!,
    nominalBps: nominalBps!,
    priority: priority!,
    playing: playing!,
    among,
  };
}

export function readDecision(elements: Elements): DecisionFields | null {
  if (elements.length !== DECIDED && elements.length !== DECIDED + 1) return null;
  const asked = readAsked(elements);
  const [ranked, ttlSeconds, admission, explored, propensity, turnedAway, address = null] = elements.slice(ASKED);
  if (asked === null || !isNumbers(ranked) || ranked.length === 0) return null;
  if (!isNumbers(turnedAway) || turnedAway.length % 2 !== 0) return null;
  if (!isAmount(ttlSeconds) || !Number.isFinite(admission) || !isAmount(explored) || !isAmount(propensity)) return null;
  if (address !== null && typeof address !== 'string') return null;
  const rest = { explored: explored === 1, propensity, turnedAway, address };
  return { ...asked, ranked, ttlSeconds, admission: admission as number, ...rest };
}

export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

/** Of servers, sites and words. */
export function isNumbers(value: unknown): value is number[] {
  if (!Array.isArray(value)) return false;
  for (const one of value) if (!Number.isInteger(one) || (one as number) < 0) return false;
  return true;
}
