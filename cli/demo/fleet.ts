import { Child } from './child.ts';
import type { DemoPlan } from './plan.ts';
import { describeStep, type Step } from './schedule.ts';

export interface FleetEvents {
  onProgress: (text: string) => void;
  /** something happened to a process, by plan or not */
  onHappened: (text: string) => void;
  onViewers: (line: Record<string, unknown>) => void;
}

/** All processes of the demo. */
export class Fleet {
  readonly children = new Map<string, Child>();
  /** names of processes whose counters are lost in part, because they were killed or died */
  readonly broken = new Set<string>();
  readonly #plan: DemoPlan;
  readonly #events: FleetEvents;
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopping = false;

  constructor(plan: DemoPlan, logFolder: string, events: FleetEvents) {
    this.#plan = plan;
    this.#events = events;
    for (const { name, args } of [...plan.processes(), plan.viewers()]) {
      const child = new Child(name, args, `${logFolder}/${name}.log`, {
        ...(name === 'viewers' ? { onLine: events.onViewers } : {}),
        onUnexpectedEnd: (who, said) => {
          this.broken.add(who);
          if (!this.#stopping) events.onHappened(`${who} ended by itself: ${said}`);
        },
      });
      this.children.set(name, child);
    }
  }

  /** Starts everything but the viewers: what others need first, then the rest together. */
  async start(): Promise<void> {
    const names = this.#plan.processes().map(({ name }) => name);
    this.#events.onProgress(`starting ${names.length} processes on 127.0.0.x, port ${this.#plan.options.port}`);
    const pipelines = names.filter((name) => name.startsWith('pipeline-'));
    const services = names.filter((name) => !name.startsWith('pipeline-'));
    await this.#startAll(services);
    await this.#startAll(pipelines);
  }

  async startViewers(): Promise<void> {
    await this.children.get('viewers')!.start();
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
    const child = this.children.get(step.name)!;
    if (this.#stopping) return;
    this.#events.onHappened(describeStep(step));
    if (step.kind === 'kill') {
      this.broken.add(step.name);
      child.kill();
    } else if (step.kind === 'fault') {
      child.say(`fault ${step.fault}`);
    } else if (child.running) {
      this.#events.onHappened(`${step.name} is running already`);
    } else {
      try {
        await child.start();
        this.#events.onHappened(`${step.name} is back`);
      } catch (error) {
        this.#events.onHappened(`${step.name} did not come back: ${(error as Error).message}`);
      }
    }
  }

  /** The viewers end first and say what they saw. */
  async stopViewers(): Promise<void> {
    this.#cancel();
    await this.children.get('viewers')!.stop();
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

  async #startAll(names: readonly string[]): Promise<void> {
    let ready = 0;
    const results = await Promise.allSettled(
      names.map(async (name) => {
        await this.children.get(name)!.start();
        this.#events.onProgress(`${++ready}/${names.length} ready: ${name}`);
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
