import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Log } from '../../runtime/log.ts';
import type { Site } from '../../topology/model/site.ts';
import { RECORD_FORMAT, type RecordHeader } from '../policy/decision-record.ts';
import { DecisionRecorder } from '../policy/decision-recorder.ts';
import { PLACE_REASONS, type SiteOrder } from '../policy/site-order.ts';
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
    const run = randomBytes(6).toString('hex');
    const nodesFromMs = nowMs();
    // Without the tokens of reports: a record is shown to more people than a sites file.
    const plainSites = sites.map(({ id, country, latitude, longitude, kind, edges }) => {
      const plain = edges.map(({ id: edge, url, capacityBps }) => ({ id: edge, url, capacityBps }));
      return { id, country, latitude, longitude, kind, edges: plain };
    });
    const header = (part: number, current: Record<string, string | null>, atMs: number): RecordHeader => ({
      record: 'undercard-steering',
      format: RECORD_FORMAT,
      software: SOFTWARE,
      run,
      part,
      wallMs: wallMs(),
      atMs,
      nodesFromMs,
      clients: addresses ? 'addresses' : 'hashed',
      inputs: current,
      steering,
      sites: plainSites,
      placeReasons: [...PLACE_REASONS],
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
