import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadInput } from '../../runtime/bad-input.ts';
import { stopAsked } from '../../runtime/service.ts';
import type { LoadSnapshot } from '../../sim/load/snapshot.ts';
import { topologyJson } from '../../topology/load/topology-file.ts';
import type { HopTimes } from '../../sim/actors/ways.ts';
import { measureHops } from './calibration.ts';
import { runChecks } from './checks.ts';
import { ChildEnded } from './child.ts';
import { Fleet } from './fleet.ts';
import { Observer } from './observer.ts';
import { DemoPlan, type DemoOptions } from './plan.ts';
import { isPredictable, predict, type Prediction } from './prediction.ts';
import type { Step } from './schedule.ts';
import { fitInto, renderLine, renderSummary, renderTable } from './screen.ts';
import { openWatchServer } from './watch-server.ts';
import type { DemoWorld } from './world.ts';

const LOOK_MS = 1000;
const LINE_EVERY = 5;
/** Answers that were under way when the last viewer stopped reading are accounted for by then. */
const SETTLE_MS = 300;
const EDGE_MEMORY_BYTES = 512 * 2 ** 20;

export interface DemoRun extends DemoOptions {
  world: DemoWorld;
  steps: readonly Step[];
  json: boolean;
}

/** Runs the demo until its time is over or somebody stops it. @returns whether everything held */
export async function runDemo(options: DemoRun): Promise<boolean> {
  const stopped = stopAsked();
  const folder = await mkdtemp(join(tmpdir(), 'undercard-demo-'));
  const plan = new DemoPlan(options, options.world, folder);
  const demo = new Demo(options, plan, folder);
  let logsMatter = false;
  try {
    const up = await Promise.race([demo.start().then(() => true), stopped.then(() => false)]);
    // Stopped while it was starting: nothing was promised yet.
    const held = !up || (await demo.runUntil(stopped));
    logsMatter = !held;
    return held;
  } catch (error) {
    if (!(error instanceof ChildEnded)) throw error;
    logsMatter = true;
    throw new BadInput(error.message, { cause: error });
  } finally {
    await demo.end();
    if (logsMatter) console.error(`undercard: the logs of all processes are in ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

class Demo {
  readonly #options: DemoRun;
  readonly #plan: DemoPlan;
  readonly #fleet: Fleet;
  readonly #observer: Observer;
  readonly #happened: string[] = [];
  #viewers: LoadSnapshot | null = null;
  #final: LoadSnapshot | null = null;
  #watch: Awaited<ReturnType<typeof openWatchServer>> | null = null;
  #startedMs = performance.now();
  #looks = 0;
  #hops: HopTimes | null = null;

  constructor(options: DemoRun, plan: DemoPlan, folder: string) {
    this.#options = options;
    this.#plan = plan;
    this.#observer = new Observer(plan);
    this.#fleet = new Fleet(plan, folder, {
      onProgress: (text) => this.#say(text),
      onHappened: (text) => this.#note(text),
      onViewers: (line) => {
        if ('final' in line) this.#final = line.final as LoadSnapshot;
        else this.#viewers = line as unknown as LoadSnapshot;
      },
      beforeKill: () => this.#observer.look(),
    });
  }

  async #prepare(): Promise<void> {
    this.#say('Undercard demo: a live event on your own machine. Ctrl-C ends it.');
    // First of all, so that a port in use is told before anything is started.
    this.#watch = await openWatchServer(this.#plan.watchAddress, {
      status: () => this.#status(),
      act: (kind, name) => this.#act(kind, name),
    });
    await writePlanFiles(this.#plan);
  }

  async start(): Promise<void> {
    await this.#prepare();
    await this.#fleet.start();
    this.#hops = await measureHops(this.#plan).catch(() => null);
    this.#startedMs = performance.now();
    this.#fleet.schedule(this.#options.steps);
    const urls = this.#urls();
    if (this.#options.json) console.log(JSON.stringify({ ready: true, urls }));
    else console.log(`\n  Watch it: ${urls.watch}/   (stop a server there, and see the picture go on)\n`);
    if (this.#options.viewers > 0) await this.#fleet.startViewers();
  }

  async runUntil(stopped: Promise<unknown>): Promise<boolean> {
    const { durationMs } = this.#options;
    const stop = stopped.then(() => 'stopped');
    const next = () => new Promise((resolve) => setTimeout(resolve, LOOK_MS, 'look'));
    while ((await Promise.race([stop, next()])) === 'look') {
      await this.#observer.look();
      this.#show();
      if (durationMs !== null && this.#elapsedMs() >= durationMs) break;
    }
    return this.#close();
  }

  async end(): Promise<void> {
    await this.#fleet.stop();
    await this.#watch?.close(0);
  }

  async #close(): Promise<boolean> {
    this.#say('ending: viewers first, then the servers');
    await this.#fleet.stopViewers();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await this.#observer.look();
    const checks =
      this.#options.viewers === 0
        ? []
        : runChecks({
            final: this.#final,
            nodes: this.#observer.lastSeen,
            edgeNames: this.#plan.edgeNames,
            shieldNames: this.#plan.shieldNames,
            urlOf: (name) => this.#plan.url(name),
            broken: this.#fleet.broken,
            memoryBytes: EDGE_MEMORY_BYTES,
            relayed: this.#plan.options.accessRelays,
          });
    const held = checks.every(({ holds }) => holds !== false);
    const predicted = await this.#predict();
    if (this.#options.json) {
      const summary = { held, checks, ...this.#tiers(), viewers: this.#final, happened: this.#happened, predicted };
      console.log(JSON.stringify({ summary }));
    } else {
      console.log(renderSummary(this.#observer, this.#final, checks, this.#happened, predicted));
    }
    return held;
  }

  /** What the simulator makes of the same plan, viewers and outages; it sees nothing of what was measured but when. */
  async #predict(): Promise<Prediction | null> {
    const final = this.#final;
    if (final === null || !isPredictable(this.#plan, final.elapsedMs)) return null;
    this.#say('simulating the same');
    // Moments on the monotonic clock, counted from the viewers' start.
    const startMs = performance.now() + final.startAtMs - Date.now();
    const outages = this.#fleet.outages.map((outage) => ({
      ...outage,
      fromMs: outage.fromMs - startMs,
      untilMs: outage.untilMs - startMs,
    }));
    const begunMs = Math.max(0, final.startAtMs - this.#fleet.eventStartMs);
    return predict(this.#plan, { begunMs, durationMs: final.elapsedMs, outages, hops: this.#hops });
  }

  #show(): void {
    this.#looks++;
    if (this.#options.json) {
      console.log(JSON.stringify(this.#status()));
    } else if (process.stdout.isTTY) {
      const running = (name: string) => this.#fleet.children.get(name)?.running ?? false;
      const table = renderTable(this.#observer, this.#viewers, running, this.#plan);
      const recent = this.#happened.slice(-3).map((text) => `  ${text}`);
      const head = `Undercard demo · ${Math.round(this.#elapsedMs() / 1000)} s · ${this.#plan.url('watch')}`;
      const text = fitInto([head, '', table, '', ...recent].join('\n'), process.stdout.columns, process.stdout.rows);
      process.stdout.write(`\x1b[H\x1b[J${text}\n`);
    } else if (this.#looks % LINE_EVERY === 0) {
      console.log(renderLine(this.#observer, this.#viewers, this.#elapsedMs()));
    }
  }

  #status() {
    return {
      atMs: Math.round(this.#elapsedMs()),
      eventId: this.#options.eventId,
      steering: this.#plan.url('steering'),
      addresses: Object.fromEntries(this.#plan.world.places.map(({ name, addresses: [first] }) => [name, first])),
      tiers: this.#tiers(),
      processes: this.#plan.processNames.map((name) => ({
        name,
        site: this.#isEdge(name) ? this.#plan.siteOf(name) : null,
        url: this.#isEdge(name) ? this.#plan.url(name) : null,
        running: this.#fleet.children.get(name)?.running ?? false,
        counters: this.#countersOf(name),
      })),
      viewers: this.#viewers,
      happened: this.#happened.slice(-8),
    };
  }

  #tiers() {
    const { edges, origin } = this.#observer;
    return { edges, shield: this.#observer.shields, origin };
  }

  #isEdge(name: string): boolean {
    return this.#plan.edgeNames.includes(name);
  }

  #countersOf(name: string) {
    const { lastSeen, origin } = this.#observer;
    if (lastSeen.has(name)) return this.#observer.totals(name);
    if (name !== 'origin' || origin === null) return null;
    const { reads, sentBytes } = origin;
    return { requests: reads, hits: null, collapsed: null, fills: null, egressBytes: sentBytes };
  }

  #act(kind: 'kill' | 'restart', name: string): string | null {
    if (!this.#plan.processNames.includes(name)) return `nothing is called "${name}"`;
    void this.#fleet.perform({ kind, name, atMs: 0 });
    return null;
  }

  #urls() {
    const { edgeNames, shieldNames } = this.#plan;
    const names = ['steering', 'origin', ...shieldNames];
    return {
      watch: this.#plan.url('watch'),
      ...Object.fromEntries(names.map((name) => [name, this.#plan.url(name)])),
      edges: Object.fromEntries(edgeNames.map((name) => [name, this.#plan.url(name)])),
      admin: Object.fromEntries(
        [...edgeNames, ...shieldNames, 'origin', 'steering'].map((name) => [name, this.#plan.adminUrl(name)]),
      ),
    };
  }

  /** Since everything was up: what --kill and --duration count from. */
  #elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  #note(text: string): void {
    const atSeconds = Math.round(this.#elapsedMs() / 1000);
    this.#happened.push(`${atSeconds} s: ${text}`);
    if (!this.#options.json && !process.stdout.isTTY) console.log(`${atSeconds} s: ${text}`);
  }

  /** Progress: for people only, and where it does not disturb results. */
  #say(text: string): void {
    if (this.#options.json) console.error(`undercard: ${text}`);
    else console.log(text);
  }
}

/** What the processes read. */
export async function writePlanFiles(plan: DemoPlan): Promise<void> {
  await writeFile(plan.sitesFile, plan.sitesYaml());
  await writeFile(plan.topologyFile, topologyJson(plan.world.topology));
  await writeFile(plan.addressesFile, plan.addressesJson());
  await writeFile(plan.linksFile('backbone'), JSON.stringify({ links: plan.backboneLinks() }));
  const { accessRelays, steering } = plan.options;
  if (steering !== undefined) await writeFile(plan.steeringFile, JSON.stringify(steering));
  if (accessRelays) await writeFile(plan.linksFile('access'), JSON.stringify({ links: plan.accessLinks() }));
}
