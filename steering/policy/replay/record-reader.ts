import { PRIORITIES } from '../../../topology/model/priority.ts';
import {
  isAmount,
  isNumbers,
  LINE,
  readAsked,
  readDecision,
  readPlace,
  readReport,
  RECORD_FORMAT,
  recordHeaderSchema,
  type AskedFields,
  type DecisionFields,
  type RecordHeader,
  type ReportFields,
} from '../record/decision-record.ts';
import type { RankingRequest } from '../ranking.ts';
import { LineChain } from '../record/record-line.ts';
import { ENTRIES_MAX } from '../record/record-tables.ts';
import { RecordedPlace } from './recorded-place.ts';

export type RecordEvent =
  /** `goesOn`: with the state that the file before it ended in */
  | { kind: 'header'; atMs: number; header: RecordHeader; goesOn: boolean }
  | { kind: 'gap'; atMs: number; lostLines: number }
  | { kind: 'changed'; atMs: number; version: number }
  | { kind: 'report'; atMs: number; report: ReportFields }
  | { kind: 'probe'; atMs: number; server: number; isWell: boolean; inTurn: boolean; askedMs: number }
  | { kind: 'sign'; atMs: number; server: number; network: string; client: number; sign: string }
  | { kind: 'settle'; atMs: number }
  | { kind: 'explained'; atMs: number; request: RankingRequest }
  | { kind: 'decision'; atMs: number; decision: DecisionFields; request: RankingRequest; place: RecordedPlace };

const UNKNOWN_SERVER = 'it names a server that the header does not have';

/** Whoever tells of something may have looked at the clock before others did. */
const LATE_MAX_MS = 5000;

/** A line that cannot be used, and why. */
export class BadRecordLine extends Error {}

/** A line without which nothing that follows can be used. */
export class UnusableRecord extends BadRecordLine {}

/** Reads the lines of a record one after the other; what numbers stand for is kept from the lines that said so. */
export class RecordReader {
  readonly #chain = new LineChain();
  #header: RecordHeader | null = null;
  #serverIds: readonly string[] = [];
  #lastMs = -Infinity;
  #places: RecordedPlace[] = [];
  #contents: string[] = [];
  #words: string[] = [];
  #wordNumbers = new Map<string, number>();
  /** lines that gave numbers may be among those that could not be used */
  #isUnsure = false;

  /**
   * @returns null for a line that only says what a number stands for
   * @throws BadRecordLine; whoever can do without the line may go on
   */
  read(line: string): RecordEvent | null {
    const letter = line.charAt(2);
    try {
      return this.#read(line, letter);
    } catch (error) {
      this.#isUnsure = true;
      if (letter !== LINE.header || !(error instanceof BadRecordLine)) throw error;
      throw new UnusableRecord(error.message);
    }
  }

  #read(line: string, letter: string): RecordEvent | null {
    if (letter === LINE.header || letter === LINE.gap) this.#chain.restart();
    if (!this.#chain.follows(line)) {
      throw new BadRecordLine(
        this.#header === null
          ? 'not a record: make one with undercard steering --record'
          : 'it does not follow upon the line before: one of them was altered, or lines between them are missing',
      );
    }
    let elements: unknown[];
    try {
      elements = JSON.parse(line) as unknown[];
    } catch {
      throw new BadRecordLine('not JSON');
    }
    if (this.#header === null && letter !== LINE.header) throw new BadRecordLine('no header comes before it');
    // Neither the letter nor the checksum.
    const event = this.#event(letter, elements.slice(1, -1));
    if (event === null) return null;
    if (event.atMs < this.#lastMs - LATE_MAX_MS) {
      throw new BadRecordLine(`its time (${event.atMs} ms) is long before the last line’s (${this.#lastMs} ms)`);
    }
    this.#lastMs = Math.max(this.#lastMs, event.atMs);
    return event;
  }

  /** −1 for a word that no line has given a number. */
  wordNumber(word: string): number {
    return this.#wordNumbers.get(word) ?? -1;
  }

  #event(letter: string, elements: readonly unknown[]): RecordEvent | null {
    switch (letter) {
      case LINE.decision:
        return this.#decision(elements);
      case LINE.explained:
        return this.#explained(elements);
      case LINE.report:
        return this.#report(elements);
      case LINE.settle:
        return { kind: 'settle', atMs: amount(elements[0]) };
      case LINE.probe:
        return this.#probe(elements);
      case LINE.sign:
        return this.#sign(elements);
      case LINE.place:
      case LINE.placeMore:
      case LINE.content:
      case LINE.word:
        this.#define(letter, elements);
        return null;
      case LINE.emptied:
        this.#empty();
        return null;
      case LINE.changed:
        return { kind: 'changed', atMs: amount(elements[0]), version: amount(elements[1]) };
      case LINE.gap:
        this.#empty();
        return { kind: 'gap', atMs: amount(elements[0]), lostLines: amount(elements[1]) };
      case LINE.header:
        return this.#begin(elements[0]);
      default:
        throw new BadRecordLine(`no kind of line is called "${letter}"`);
    }
  }

  #begin(plain: unknown): RecordEvent {
    const format = (plain as { format?: unknown } | null)?.format;
    if (typeof format === 'number' && format !== RECORD_FORMAT) {
      throw new BadRecordLine(`format ${format} is not known; this program reads format ${RECORD_FORMAT}`);
    }
    const checked = recordHeaderSchema.safeParse(plain);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      throw new BadRecordLine(`not a whole header: ${issue!.path.join('.')}: ${issue!.message}`);
    }
    const header = checked.data;
    const before = this.#header;
    const goesOn = before !== null && header.run === before.run && header.part === before.part + 1;
    this.#header = header;
    this.#serverIds = header.sites.flatMap(({ edges }) => edges.map(({ id }) => id));
    this.#empty();
    // Another start has another clock.
    if (!goesOn) this.#lastMs = -Infinity;
    return { kind: 'header', atMs: header.atMs, header, goesOn };
  }

  #empty(): void {
    this.#isUnsure = false;
    this.#places = [];
    this.#contents = [];
    this.#words = [];
    this.#wordNumbers = new Map();
  }

  #define(letter: string, elements: readonly unknown[]): void {
    const [number, second, third] = elements;
    if (letter === LINE.place) {
      const fields = readPlace(elements);
      if (fields === null) throw new BadRecordLine('not a place');
      this.#checkSites(fields.sites, fields.reasons);
      this.#makeRoom(fields.number, () => this.#places);
      this.#places.push(new RecordedPlace(fields, this.#header!.placeReasons));
    } else if (letter === LINE.placeMore) {
      const place = this.#places[amount(number)];
      if (place === undefined || !isNumbers(second) || !isNumbers(third)) throw new BadRecordLine('not a place');
      this.#checkSites(second, third);
      place.goesOn(second, third, this.#header!.placeReasons);
    } else {
      if (typeof second !== 'string') throw new BadRecordLine('not a name');
      const names = () => (letter === LINE.content ? this.#contents : this.#words);
      this.#makeRoom(amount(number), names);
      names().push(second);
      if (letter === LINE.word) this.#wordNumbers.set(second, amount(number));
    }
  }

  /** Numbers follow one upon the other; where a line could not be used some are missing, or have begun anew. */
  #makeRoom(number: number, table: () => unknown[]): void {
    if (number === table().length) return;
    if (!this.#isUnsure || number > ENTRIES_MAX) throw new BadRecordLine('its number is not the next one');
    if (number < table().length) this.#empty();
    table().length = number;
    this.#isUnsure = true;
  }

  #checkSites(sites: readonly number[], reasons: readonly number[]): void {
    const { sites: known, placeReasons } = this.#header!;
    const told = reasons.reduce((sum, count, at) => (at % 2 === 1 ? sum + count : sum), 0);
    const areKnown = sites.every((site) => site < known.length);
    const areReasons = reasons.every((reason, at) => at % 2 === 1 || reason < placeReasons.length);
    if (!areKnown || !areReasons || told !== sites.length) throw new BadRecordLine('a place with unknown sites');
  }

  #decision(elements: readonly unknown[]): RecordEvent {
    const decision = readDecision(elements);
    if (decision === null) throw new BadRecordLine('not a decision');
    const { atMs, ranked, turnedAway } = decision;
    const request = this.#request(decision);
    const servers = this.#serverIds.length;
    if (!ranked.every((server) => server < servers)) throw new BadRecordLine(UNKNOWN_SERVER);
    for (let at = 0; at < turnedAway.length; at += 2) {
      if (turnedAway[at]! >= servers) throw new BadRecordLine(UNKNOWN_SERVER);
      if (this.#words[turnedAway[at + 1]!] === undefined) throw new BadRecordLine('no line has named its reasons');
    }
    return { kind: 'decision', atMs, decision, request, place: this.#places[decision.place]! };
  }

  #explained(elements: readonly unknown[]): RecordEvent {
    const asked = readAsked(elements);
    if (asked === null) throw new BadRecordLine('not a question');
    return { kind: 'explained', atMs: asked.atMs, request: this.#request(asked) };
  }

  #request({ place: number, content, among, playing, nominalBps, priority, session }: AskedFields): RankingRequest {
    const place = this.#places[number];
    const path = this.#contents[content];
    if (place === undefined || path === undefined) {
      throw new BadRecordLine('its place or content is in a line that is missing');
    }
    const servers = this.#serverIds;
    const areKnown = playing < servers.length && (among ?? []).every((server) => server < servers.length);
    if (!areKnown) throw new BadRecordLine(UNKNOWN_SERVER);
    return {
      country: place.country,
      client: '',
      session,
      subscriber: place.subscriber ?? undefined,
      where: place,
      path,
      among: among === null ? undefined : new Set(among.map((server) => servers[server]!)),
      nominalBps: nominalBps === 0 ? undefined : nominalBps,
      priority: priority < 0 ? undefined : PRIORITIES[priority],
      playing: playing < 0 ? null : servers[playing]!,
    };
  }

  #report(elements: readonly unknown[]): RecordEvent {
    const report = readReport(elements);
    if (report === null || report.server >= this.#serverIds.length) throw new BadRecordLine('not a report');
    return { kind: 'report', atMs: report.atMs, report };
  }

  #probe([atMs, server, isWell, inTurn, askedMs]: readonly unknown[]): RecordEvent {
    if (typeof askedMs !== 'number') throw new BadRecordLine('not a probe');
    const asked = { isWell: isWell === 1, inTurn: inTurn === 1, askedMs };
    return { kind: 'probe', atMs: amount(atMs), server: this.#server(server), ...asked };
  }

  #sign([atMs, server, network, client, sign]: readonly unknown[]): RecordEvent {
    const [networkName, signName] = [this.#words[amount(network)], this.#words[amount(sign)]];
    if (networkName === undefined || signName === undefined) throw new BadRecordLine('not a sign of a player');
    const told = { network: networkName, client: amount(client), sign: signName };
    return { kind: 'sign', atMs: amount(atMs), server: this.#server(server), ...told };
  }

  #server(value: unknown): number {
    const server = amount(value);
    if (server < this.#serverIds.length) return server;
    throw new BadRecordLine(UNKNOWN_SERVER);
  }
}

function amount(value: unknown): number {
  if (isAmount(value)) return value;
  throw new BadRecordLine('a number is missing');
}
