import { decisionText } from '../record/decision-record.ts';
import { Propensity } from '../record/propensity.ts';
import { answeredFields, seenDecision, type SeenDecision } from '../record/seen-decision.ts';
import type { RecordEvent, RecordReader } from './record-reader.ts';
import { AS_RECORDED, ReplayWorld } from './replay-world.ts';

/** By then what was not seen is of no account: health has settled, and what players told has been forgotten. */
export const WARM_UP_MS = 180_000;

export interface Difference {
  recorded: string;
  replayed: string;
}

/** Makes every decision of a record again, from what it has of the inputs, and compares them byte by byte. */
export class ReplayCheck {
  decisions = 0;
  inputs = 0;
  /** decisions that were not compared, because lines before them are missing */
  uncompared = 0;
  readonly #reader: RecordReader;
  #world: ReplayWorld | null = null;
  #propensity = new Propensity(0);
  #compareFromMs = -Infinity;

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  /**
   * @param line that the event was read from
   * @returns null when the same came out
   */
  feed(event: RecordEvent, line: string): Difference | null {
    switch (event.kind) {
      case 'header':
        if (event.goesOn) return null;
        this.#world = new ReplayWorld(event.header, AS_RECORDED);
        this.#propensity = new Propensity(this.#world.steering.exploreShare);
        this.#compareFromMs = event.header.part === 0 ? -Infinity : event.atMs + WARM_UP_MS;
        return null;
      case 'gap':
        this.#compareFromMs = event.atMs + WARM_UP_MS;
        return null;
      case 'decision':
        return this.#decide(event, line);
      default:
        this.inputs++;
        this.#world!.feed(event);
        return null;
    }
  }

  #decide({ atMs, decision, request }: RecordEvent & { kind: 'decision' }, line: string): Difference | null {
    let seen: SeenDecision | null = null;
    const ranking = this.#world!.ranking.rankTold(request, atMs, (view) => {
      seen = seenDecision(view, this.#propensity);
    });
    if (atMs < this.#compareFromMs) {
      this.uncompared++;
      return null;
    }
    this.decisions++;
    const answered = answeredFields(seen!, ranking, (reasons) => this.#reader.wordNumber(reasons.join(' ')));
    const replayed = decisionText({ ...decision, ...answered });
    const recorded = line.slice(0, line.lastIndexOf(','));
    return replayed === recorded ? null : { recorded, replayed };
  }
}
