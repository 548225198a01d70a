import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Log } from '../../runtime/log.ts';
import type { Site } from '../../topology/model/site.ts';
import { DecisionRecorder } from '../policy/record/decision-recorder.ts';
import { headersOf } from '../policy/record/record-header.ts';
import type { SiteOrder } from '../policy/location/site-order.ts';
import type { SteeringPolicyConfig } from '../policy/steering-config.ts';
import { RecordLog, type RecordLogOptions } from './record-log.ts';

/** What of a service's configuration concerns the record. */
export interface RecordConfig {
  path: string;
  maxBytes: number;
  keep: number;
  /** clients' addresses, too */
  addresses: boolean;
}

export interface RecordingOptions extends RecordConfig {
  sites: readonly Site[];
  order: SiteOrder;
  steering: SteeringPolicyConfig;
  /** files that decisions depend on, by the name they have in the record */
  files: ReadonlyMap<string, string>;
  log: Log;
  onLines: RecordLogOptions['onLines'];
  /** monotonic */
  nowMs: () => number;
  /** Unix time */
  wallMs: () => number;
}

const { version: SOFTWARE } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The record of one start of the service: what goes into its headers, and the file that it goes to. */
export class Recording {
  readonly recorder: DecisionRecorder;
  /** when the table of nodes has to be made, by the monotonic clock */
  readonly nodesFromMs: number;
  readonly #options: RecordingOptions;
  readonly #file: RecordLog;

  private constructor(options: RecordingOptions, file: RecordLog, inputs: Record<string, string | null>) {
    this.#options = options;
    this.#file = file;
    const { sites, order, steering, addresses, nowMs, wallMs } = options;
    const nodesFromMs = nowMs();
    const header = headersOf({
      software: SOFTWARE,
      run: randomBytes(6).toString('hex'),
      clients: addresses ? 'addresses' : 'hashed',
      // It is asked at that moment: the wall clock may have been set since the start.
      wallMsAt: () => wallMs(),
      ...{ sites, steering, nodesFromMs },
    });
    this.recorder = new DecisionRecorder({ sink: file, order, tuning: steering, header, inputs, nowMs: nodesFromMs });
    this.nodesFromMs = nodesFromMs;
  }

  /** @throws BadInput when the file cannot be written */
  static async open(options: RecordingOptions): Promise<Recording> {
    const inputs: Record<string, string | null> = {};
    for (const [name, file] of options.files) inputs[name] = await digestOf(file);
    return new Recording(options, await RecordLog.open(options), inputs);
  }

  /** Files of that name, or names that begin so and have a number, were read anew. */
  async changed(name: string): Promise<void> {
    const inputs: Record<string, string | null> = {};
    for (const [each, file] of this.#options.files) {
      if (each === name || each.startsWith(`${name}-`)) inputs[each] = await digestOf(file);
    }
    this.recorder.changed(inputs, this.#options.nowMs());
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** @returns null for a file that is gone meanwhile */
async function digestOf(file: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch {
    return null;
  }
  return `sha256:${hash.digest('hex')}`;
}
