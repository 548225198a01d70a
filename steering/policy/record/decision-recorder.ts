import type { NodeReport } from '../../../topology/model/node-report.ts';
import { PRIORITIES } from '../../../topology/model/priority.ts';
import {
  changedText,
  decisionText,
  explainedText,
  gapText,
  headerText,
  LINE,
  reportText,
  type AskedFields,
  type DecisionFields,
  type RecordHeader,
} from './decision-record.ts';
import type { DecisionView } from './decision-view.ts';
import { Propensity } from './propensity.ts';
import type { Explanation, Ranking, RankingRequest } from '../ranking.ts';
import { LineChain } from './record-line.ts';
import { RecordTables } from './record-tables.ts';
import { answeredFields, seenDecision, type SeenDecision } from './seen-decision.ts';
import type { SiteOrder } from '../location/site-order.ts';
import type { SteeringPolicyConfig } from '../steering-config.ts';

/** What becomes of the next line: `part`: it begins a file of its own; `again`: lines before it were lost. */
export type NextLine = 'line' | 'part' | 'again' | 'lost';

/** Where lines go. The shell must not wait for a disk, and may lose some; it says so beforehand. */
export interface RecordSink {
  /** Asked once for each decision and each input. */
  next(): NextLine;
  /** without the line's end */
  write(line: string): void;
  /** Lines that were lost since this was asked last. */
  takeLost(): number;
}

export interface RecorderParts {
  sink: RecordSink;
  order: SiteOrder;
  tuning: SteeringPolicyConfig;
  /** of a file of that number */
  header: (part: number, inputs: Record<string, string | null>, atMs: number) => RecordHeader;
  inputs: Record<string, string | null>;
  nowMs: number;
}

/**
 * Writes down everything that a decision comes from, in the order in which it happened, and every decision: whoever feeds
 * the lines to a fresh table and ranking gets the same ones. Changes nothing of what is decided.
 */
export class DecisionRecorder {
  readonly #sink: RecordSink;
  readonly #header: RecorderParts['header'];
  readonly #chain = new LineChain();
  readonly #tables: RecordTables;
  readonly #propensity: Propensity;
  readonly #servers: ReadonlyMap<string, number>;
  readonly #isWhole: boolean;
  readonly #addresses: boolean;
  #inputs: Record<string, string | null>;
  #version = 0;
  #part = 0;
  #seen: SeenDecision | null = null;

  constructor({ sink, order, tuning, header, inputs, nowMs }: RecorderParts) {
    this.#sink = sink;
    this.#header = header;
    this.#inputs = inputs;
    this.#tables = new RecordTables(order, (text) => this.#write(text));
    this.#propensity = new Propensity(tuning.exploreShare);
    // Orders to compare with are made of all sites of a place.
    this.#isWhole = tuning.policy === 'round-robin' || tuning.policy === 'random';
    const first = header(0, inputs, nowMs);
    this.#servers = new Map(first.sites.flatMap(({ edges }) => edges).map(({ id }, server) => [id, server]));
    this.#addresses = first.clients === 'addresses';
    this.#writeFirst(headerText(first));
  }

  /** For `ServerRanking.rankTold`. */
  readonly see = (view: DecisionView): void => {
    this.#seen = seenDecision(view, this.#propensity);
  };

  /** The decision that was just seen, and its answer. */
  decided(request: RankingRequest, ranking: Ranking, nowMs: number): void {
    const seen = this.#seen!;
    this.#seen = null;
    if (!this.#isReady(nowMs)) return;
    const fields: DecisionFields = {
      ...answeredFields(seen, ranking, (reasons) => this.#tables.list(reasons)),
      ...this.#asked(request, seen.session, seen.sitesUsed, nowMs),
      address: this.#addresses ? (request.address ?? '') : null,
    };
    this.#write(decisionText(fields));
  }

  /** A question that was answered for people. Loads are settled when they are looked at, so this, too, has an effect. */
  explained(request: RankingRequest & { session: number }, explanation: Explanation, nowMs: number): void {
    if (!this.#isReady(nowMs)) return;
    const sitesUsed = explanation.candidates.reduce((most, { siteRank }) => Math.max(most, siteRank + 1), 0);
    this.#write(explainedText(this.#asked(request, request.session, sitesUsed, nowMs)));
  }

  /** @param server by number */
  reported(server: number, report: NodeReport, nowMs: number): void {
    if (!this.#isReady(nowMs)) return;
    const { state, reservedBps = null, ...fields } = report;
    this.#write(reportText({ ...fields, atMs: nowMs, server, isDraining: state === 'draining', reservedBps }));
  }

  probed(server: number, isWell: boolean, inTurn: boolean, askedMs: number, nowMs: number): void {
    if (!this.#isReady(nowMs)) return;
    this.#write(`["${LINE.probe}",${nowMs},${server},${isWell ? 1 : 0},${inTurn ? 1 : 0},${askedMs}`);
  }

  playerTold(server: number, network: string, client: number, sign: string, nowMs: number): void {
    if (!this.#isReady(nowMs)) return;
    const [networkWord, signWord] = [this.#tables.word(network), this.#tables.word(sign)];
    this.#write(`["${LINE.sign}",${nowMs},${server},${networkWord},${client},${signWord}`);
  }

  settled(nowMs: number): void {
    if (this.#isReady(nowMs)) this.#write(`["${LINE.settle}",${nowMs}`);
  }

  /** A file that decisions depend on was read anew. */
  changed(inputs: Record<string, string | null>, nowMs: number): void {
    this.#inputs = { ...this.#inputs, ...inputs };
    this.#version++;
    if (this.#isReady(nowMs)) this.#write(changedText(nowMs, this.#version, inputs));
  }

  #asked(request: RankingRequest, session: number, sitesUsed: number, nowMs: number): AskedFields {
    const tables = this.#tables;
    const { priority, nominalBps, among } = request;
    return {
      atMs: nowMs,
      version: this.#version,
      route: tables.word(request.route ?? ''),
      place: tables.place(request, sitesUsed, this.#isWhole),
      content: tables.content(request.path),
      session,
      nominalBps: nominalBps ?? 0,
      priority: priority === undefined ? -1 : PRIORITIES.indexOf(priority),
      playing: this.#numberOf(request.playing),
      among: among === undefined ? null : this.#numbersOf(among),
    };
  }

  /** What must come before the next line comes. @returns false when that will be lost */
  #isReady(nowMs: number): boolean {
    const next = this.#sink.next();
    if (next === 'lost') return false;
    if (next === 'line') {
      if (!this.#tables.isFull) return true;
      this.#tables.clear();
      this.#write(`["${LINE.emptied}"`);
      return true;
    }
    this.#tables.clear();
    if (next === 'part') this.#writeFirst(headerText(this.#header(++this.#part, this.#inputs, nowMs)));
    const lost = this.#sink.takeLost();
    if (lost > 0) this.#writeFirst(gapText(nowMs, lost));
    return true;
  }

  /** What can be read whatever came before. */
  #writeFirst(text: string): void {
    this.#chain.restart();
    this.#write(text);
  }

  #write(text: string): void {
    this.#sink.write(this.#chain.seal(text));
  }

  #numberOf(id: string | null | undefined): number {
    return id === null || id === undefined ? -1 : (this.#servers.get(id) ?? -1);
  }

  #numbersOf(ids: Iterable<string>): number[] {
    const numbers: number[] = [];
    for (const id of ids) {
      const number = this.#servers.get(id);
      if (number !== undefined) numbers.push(number);
    }
    return numbers;
  }
}
