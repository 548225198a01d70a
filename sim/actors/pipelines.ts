import { INIT } from '../../origin/policy/segment-slot.ts';
import type { LiveEvent } from '../../topology/model/event.ts';
import { availableAtMs, newestNumber, oldestNumber } from '../../topology/model/live-window.ts';
import type { Engine } from '../engine/engine.ts';
import { Random } from '../engine/random.ts';
import type { KeyBook } from './key-book.ts';
import type { OriginNode } from './origin-node.ts';

export interface PipelineOptions {
  id: string;
  /** where it stands */
  region: string;
  delayMs: number;
  jitterMs: number;
  /** to each origin, one way */
  oneWayMs: readonly number[];
}

/** What a pipeline does wrong, for faults: shares of its segments. */
export interface PipelineState {
  down: boolean;
  missingShare: number;
  corruptShare: number;
}

/** The encoders: each pipeline puts each segment of each rendition to every origin, some time after it has ended. */
export class Pipelines {
  readonly ids: readonly string[];
  readonly regions: readonly string[];
  readonly states: PipelineState[];
  readonly #engine: Engine;
  readonly #keys: KeyBook;
  readonly #origins: readonly OriginNode[];
  readonly #options: readonly PipelineOptions[];
  readonly #randoms: readonly Random[];
  /** what each pipeline publishes next */
  readonly #next: number[];
  readonly #event: () => LiveEvent;
  readonly #timers: number[];
  /** candidates under way: what arrives when */
  readonly #arrivals: { number: number; pipeline: number; origin: number; corrupt: boolean }[] = [];
  readonly #arrivalKind: number;
  #nextBody = 1;

  constructor(
    options: readonly PipelineOptions[],
    seed: number,
    parts: { engine: Engine; keys: KeyBook; origins: readonly OriginNode[]; event: () => LiveEvent },
  ) {
    this.#options = options;
    this.ids = options.map(({ id }) => id);
    this.regions = options.map(({ region }) => region);
    this.#engine = parts.engine;
    this.#keys = parts.keys;
    this.#origins = parts.origins;
    this.#event = parts.event;
    this.#randoms = options.map(({ id }) => new Random(seed, `pipeline ${id}`));
    this.states = options.map(() => ({ down: false, missingShare: 0, corruptShare: 0 }));
    const { timers } = parts.engine;
    const kind = timers.kind((pipeline) => this.#publish(pipeline));
    this.#timers = options.map((_option, pipeline) => timers.make(kind, pipeline));
    this.#arrivalKind = timers.kind((arrival, timer) => this.#arrive(arrival, timer));
    this.#next = options.map(() => 0);
  }

  /** Puts what is in the DVR window already, and goes on from there. */
  start(): void {
    const event = this.#event();
    const { wallMs } = this.#engine;
    const newest = newestNumber(event, wallMs);
    for (let pipeline = 0; pipeline < this.#options.length; pipeline++) {
      const { delayMs } = this.#options[pipeline]!;
      for (let origin = 0; origin < this.#origins.length; origin++) {
        this.#offerAll(origin, pipeline, INIT, false, 0);
        for (let number = oldestNumber(event, wallMs); number <= newest; number++) {
          const agoMs = wallMs - availableAtMs(event, number) - delayMs;
          if (agoMs >= 0) this.#offerAll(origin, pipeline, number, false, agoMs);
          else this.#send(pipeline, origin, number, false, -agoMs);
        }
      }
      this.#next[pipeline] = newest + 1;
      this.#arm(pipeline);
    }
  }

  #arm(pipeline: number): void {
    const event = this.#event();
    const number = this.#next[pipeline]!;
    if (event.endNumber !== undefined && number > event.endNumber) return;
    const dueMs = availableAtMs(event, number) - this.#engine.wallMs + this.#engine.nowMs;
    this.#engine.timers.set(this.#timers[pipeline]!, Math.max(this.#engine.nowMs, dueMs));
  }

  /** The segment's last picture has been taken. */
  #publish(pipeline: number): void {
    const number = this.#next[pipeline]!++;
    const { delayMs, jitterMs, oneWayMs } = this.#options[pipeline]!;
    const { down, missingShare, corruptShare } = this.states[pipeline]!;
    const random = this.#randoms[pipeline]!;
    const lateMs = delayMs + jitterMs * random.uniform();
    const missing = random.uniform() < missingShare;
    const corrupt = random.uniform() < corruptShare;
    if (!down && !missing) {
      for (let origin = 0; origin < this.#origins.length; origin++)
        this.#send(pipeline, origin, number, corrupt, lateMs + oneWayMs[origin]!);
    }
    this.#arm(pipeline);
  }

  #send(pipeline: number, origin: number, number: number, corrupt: boolean, afterMs: number): void {
    const { timers, nowMs } = this.#engine;
    const arrival = this.#arrivals.push({ number, pipeline, origin, corrupt }) - 1;
    timers.set(timers.make(this.#arrivalKind, arrival), nowMs + afterMs);
  }

  #arrive(arrival: number, timer: number): void {
    const { number, pipeline, origin, corrupt } = this.#arrivals[arrival]!;
    this.#engine.timers.free(timer);
    this.#offerAll(origin, pipeline, number, corrupt, 0);
  }

  #offerAll(origin: number, pipeline: number, number: number, corrupt: boolean, agoMs: number): void {
    const { id, renditions } = this.#event();
    for (let rendition = 0; rendition < renditions.length; rendition++) {
      const key = number === INIT ? this.#keys.init(rendition) : this.#keys.segment(rendition, number);
      this.#origins[origin]!.offer(
        {
          bodyId: this.#nextBody++,
          pipeline,
          eventId: id,
          renditionId: renditions[rendition]!.id,
          number,
          sizeBytes: this.#keys.sizeBytes(key),
          defect: corrupt ? 'digest-mismatch' : null,
        },
        agoMs,
      );
    }
  }
}
