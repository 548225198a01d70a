import { z } from 'zod';
import { PRIORITIES, type Priority } from '../../topology/model/priority.ts';

/** What the shield may ask of the origin, and how long a fill may wait for its turn. */
export const originBudgetSchema = z
  .strictObject({
    fillsMax: z
      .number()
      .int()
      .min(1)
      .default(64)
      .describe('Requests at the origin at one time, those it holds included.'),
    queueMax: z
      .number()
      .int()
      .min(0)
      .default(1000)
      .describe('Fills waiting for their turn; beyond it the least important is shed.'),
    queueMs: z.number().positive().default(2000).describe('How long a fill waits for its turn before it is shed.'),
  })
  .prefault({});

export type OriginBudgetConfig = z.infer<typeof originBudgetSchema>;

export interface BudgetSink {
  start(fillId: number): void;
  /** 503 with Retry-After to whoever waits */
  shed(fillId: number): void;
}

interface Queued {
  readonly fillId: number;
  readonly untilMs: number;
}

/**
 * The origin's budget: so many requests at one time, the live edge before DVR before everything else (DESIGN §5), and
 * what cannot have its turn in time is shed while the answer is still worth something.
 */
export class OriginBudget {
  readonly stats = { started: 0, queued: 0, shed: 0 };
  readonly #config: OriginBudgetConfig;
  readonly #sink: BudgetSink;
  readonly #running = new Set<number>();
  /** by priority, most important first; each in order of arrival */
  readonly #queues: Queued[][] = PRIORITIES.map(() => []);

  constructor(config: OriginBudgetConfig, sink: BudgetSink) {
    this.#config = config;
    this.#sink = sink;
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.length, 0);
  }

  admit(fillId: number, priority: Priority, nowMs: number): void {
    if (this.#running.size < this.#config.fillsMax) {
      this.#start(fillId);
      return;
    }
    this.#queues[PRIORITIES.indexOf(priority)]!.push({ fillId, untilMs: nowMs + this.#config.queueMs });
    this.stats.queued++;
    if (this.waiting > this.#config.queueMax) this.#shedLeast();
  }

  /** The fill has ended, however; one that never started leaves the queue. */
  done(fillId: number): void {
    if (this.#running.delete(fillId)) {
      this.#startNext();
      return;
    }
    for (const queue of this.#queues) {
      const at = queue.findIndex((queued) => queued.fillId === fillId);
      if (at >= 0) queue.splice(at, 1);
    }
  }

  wake(nowMs: number): void {
    for (const queue of this.#queues) while (queue.length > 0 && queue[0]!.untilMs <= nowMs) this.#shed(queue.shift()!);
  }

  /** When the first of those waiting has waited long enough; Infinity when none waits. */
  nextWake(): number {
    return Math.min(...this.#queues.map((queue) => queue[0]?.untilMs ?? Infinity));
  }

  #start(fillId: number): void {
    this.#running.add(fillId);
    this.stats.started++;
    this.#sink.start(fillId);
  }

  #startNext(): void {
    const queue = this.#queues.find((candidates) => candidates.length > 0);
    if (queue) this.#start(queue.shift()!.fillId);
  }

  /** The newest of the least important: those before it have waited longer for the same. */
  #shedLeast(): void {
    const queue = this.#queues.findLast((candidates) => candidates.length > 0);
    if (queue) this.#shed(queue.pop()!);
  }

  #shed(queued: Queued): void {
    this.stats.shed++;
    this.#sink.shed(queued.fillId);
  }
}
