import { monitorEventLoopDelay } from 'node:perf_hooks';
import got from 'got';
import type { Log } from '../../runtime/log.ts';
import type { NodeReport } from '../../topology/model/node-report.ts';

const INTERVAL_MS = 1000;
const TIMEOUT_MS = 900;
/** More is no rate that a report may tell. */
const MOST_BPS = 1e13;

/** What a report is made from: totals since the start, of which the reporter takes the differences. */
export interface ReportSource {
  identity: Pick<NodeReport, 'id' | 'role' | 'site' | 'url' | 'capacityBps'>;
  state(): NodeReport['state'];
  /** asked once a report */
  reservedBps(): number;
  totals(): { egressBytes: number; requests: number; errors: number; connections: number };
}

/** Tells each steering instance once a second how this node is. Steering being down costs a log line, nothing else. */
export class NodeReporter {
  readonly #source: ReportSource;
  readonly #targets: readonly string[];
  readonly #key: string | undefined;
  readonly #log: Log;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: 10 });
  #timer: NodeJS.Timeout | undefined;
  #sequence = 0;
  #last: { atMs: number; egressBytes: number; requests: number; errors: number };
  #failing = new Set<string>();

  constructor(source: ReportSource, targets: readonly string[], key: string | undefined, log: Log) {
    this.#source = source;
    this.#targets = targets;
    this.#key = key;
    this.#log = log;
    this.#last = { atMs: performance.now(), ...source.totals() };
  }

  start(): void {
    this.#loopDelay.enable();
    this.#timer = setInterval(() => this.report(), INTERVAL_MS);
    this.report();
  }

  /** Sends one now, so that a change of state need not wait. */
  report(): void {
    const report = this.#compose();
    for (const target of this.#targets) void this.#send(target, report);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#loopDelay.disable();
  }

  #compose(): NodeReport {
    const atMs = performance.now();
    const totals = this.#source.totals();
    const seconds = Math.max(0.001, (atMs - this.#last.atMs) / 1000);
    const answers = totals.requests - this.#last.requests;
    const report: NodeReport = {
      ...this.#source.identity,
      state: this.#source.state(),
      sequence: this.#sequence++,
      egressBps: ((totals.egressBytes - this.#last.egressBytes) * 8) / seconds,
      reservedBps: Math.min(this.#source.reservedBps(), MOST_BPS),
      connections: totals.connections,
      requestsPerSecond: answers / seconds,
      errorShare: answers > 0 ? Math.min(1, (totals.errors - this.#last.errors) / answers) : 0,
      // The histogram counts the sampling interval itself.
      eventLoopDelayMs: Math.max(0, this.#loopDelay.max / 1e6 - 10),
    };
    this.#loopDelay.reset();
    this.#last = { atMs, ...totals };
    return report;
  }

  async #send(target: string, report: NodeReport): Promise<void> {
    try {
      await got.post(`${target}/v1/nodes/${report.id}/report`, {
        json: report,
        timeout: { request: TIMEOUT_MS },
        retry: { limit: 0 },
        ...(this.#key === undefined ? {} : { headers: { authorization: `Bearer ${this.#key}` } }),
      });
      if (this.#failing.delete(target)) this.#log.info({ target }, 'steering takes reports again');
    } catch (error) {
      if (this.#failing.has(target)) return;
      this.#failing.add(target);
      this.#log.warn({ target, error: (error as Error).message }, 'steering does not take reports');
    }
  }
}
