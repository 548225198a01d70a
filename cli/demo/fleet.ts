import { testStreamEvent } from '../../origin/test-stream/loop.ts';
import { Child, ChildEnded } from './child.ts';
import { PIPELINE_NAMES, type DemoPlan, type ProcessPlan } from './plan.ts';
import type { Outage } from './prediction.ts';
import { describeStep, type Step } from './schedule.ts';

/** What a pipeline's process takes to start; the event's first segment is due one segment later. */
const PIPELINE_START_MS = 1000;

export interface FleetEvents {
  onProgress: (text: string) => void;
  /** something happened to a process, by plan or not */
  onHappened: (text: string) => void;
  onViewers: (line: Record<string, unknown>) => void;
  /** the last moment to look at its counters */
  beforeKill?: () => Promise<void>;
}

/** All processes of the demo. */
export class Fleet {
  readonly children = new Map<string, Child>();
  /** Unix: media time 0 of the event */
  eventStartMs = 0;
  /** what was down or did wrong when, on the monotonic clock */
  readonly outages: Outage[] = [];
  /** names of processes whose counters are lost in part, because they were killed or died */
  readonly broken = new Set<string>();
  readonly #plan: DemoPlan;
  readonly #events: FleetEvents;
  readonly #logFolder: string;
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopping = false;

  constructor(plan: DemoPlan, logFolder: string, events: FleetEvents) {
    this.#plan = plan;
    this.#events = events;
    this.#logFolder = logFolder;
  }

  /** Starts everything but the viewers. The event begins when there is somebody to take it. */
  async start(): Promise<void> {
    const services = this.#plan.processes();
    const { port } = this.#plan.options;
    this.#events.onProgress(`starting ${services.length + PIPELINE_NAMES.length} processes on 127.0.0.x, port ${port}`);
    await this.#startAll(services);
    const startMs = Date.now() + PIPELINE_START_MS;
    this.eventStartMs = testStreamEvent({
      eventId: this.#plan.options.eventId,
      startMs,
      dvrWindowMs: 1,
    }).availabilityStartMs;
    await this.#startAll(this.#plan.pipelines(startMs));
  }

  /** @param startAtMs wall clock at which they begin to come; without it: as soon as they can */
  async startViewers(startAtMs?: number): Promise<void> {
    if (this.#stopping) return;
    await this.#add(this.#plan.viewers(startAtMs)).start();
  }

  schedule(steps: readonly Step[]): void {
    for (const step of steps) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.perform(step);
      }, step.atMs);
      this.#timers.add(timer);
    }
  }

  async perform(step: Step): Promise<void> {
    const child = this.children.get(step.name);
    if (this.#stopping || child === undefined) return;
    this.#events.onHappened(describeStep(step));
    if (step.kind !== 'restart' && !child.running) {
      this.#events.onHappened(`${step.name} is not running`);
    } else if (step.kind === 'kill') {
      this.broken.add(step.name);
      await this.#events.beforeKill?.();
      child.kill();
      this.#begins(step.name);
    } else if (step.kind === 'fault') {
      child.say(`fault ${step.fault}`);
      this.#isOver(step.name);
      if (step.fault !== 'none') this.#begins(step.name, step.fault);
    } else if (child.running) {
      this.#events.onHappened(`${step.name} is running already`);
    } else {
      try {
        await child.start();
        this.#isOver(step.name);
        this.#events.onHappened(`${step.name} is back`);
      } catch (error) {
        if (!this.#stopping) this.#events.onHappened(`${step.name} did not come back: ${(error as Error).message}`);
      }
    }
  }

  #begins(name: string, fault?: string): void {
    this.outages.push({
      name,
      ...(fault === undefined ? {} : { fault }),
      fromMs: performance.now(),
      untilMs: Infinity,
    });
  }

  #isOver(name: string): void {
    const outage = this.outages.findLast((one) => one.name === name && one.untilMs === Infinity);
    if (outage !== undefined) outage.untilMs = performance.now();
  }

  /** The viewers end first and say what they saw. */
  async stopViewers(): Promise<void> {
    this.#cancel();
    await this.children.get('viewers')?.stop();
  }

  /** Nothing is left behind. */
  async stop(): Promise<void> {
    this.#cancel();
    await Promise.all([...this.children.values()].map((child) => child.stop()));
  }

  #cancel(): void {
    this.#stopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #add({ name, args }: ProcessPlan): Child {
    const child = new Child(name, args, `${this.#logFolder}/${name}.log`, {
      ...(name === 'viewers' ? { onLine: this.#events.onViewers } : {}),
      onUnexpectedEnd: (who, said) => {
        this.broken.add(who);
        this.#begins(who);
        if (!this.#stopping) this.#events.onHappened(`${who} ended by itself: ${said}`);
      },
    });
    this.children.set(name, child);
    return child;
  }

  async #startAll(plans: readonly ProcessPlan[]): Promise<void> {
    if (this.#stopping) throw new ChildEnded('stopped while starting');
    let ready = 0;
    const results = await Promise.allSettled(
      plans.map(async (plan) => {
        await this.#add(plan).start();
        if (!this.#stopping) this.#events.onProgress(`${++ready}/${plans.length} ready: ${plan.name}`);
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
