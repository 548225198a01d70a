import type { NodeReport } from '../../../topology/model/node-report.ts';
import { REACHES } from '../../../topology/model/topology.ts';
import { DecisionRecorder, type NextLine, type RecordSink } from './decision-recorder.ts';
import { Proximity } from '../location/proximity.ts';
import type { NodeTable } from '../health/node-table.ts';
import type { RankingRequest, ServerRanking } from '../ranking.ts';
import { headersOf } from './record-header.ts';
import { makePolicies } from './recorded-policies.ts';
import { BadRecordLine, RecordReader } from '../replay/record-reader.ts';
import { ReplayCheck, type Difference } from '../replay/replay-check.ts';
import { AS_RECORDED, type WorldChange } from '../replay/replay-world.ts';
import { WhatIf } from '../replay/what-if.ts';
import type { WhatIfResult } from '../replay/what-if-result.ts';
import { siteOrderOf, type RouteTable } from '../location/site-order.ts';
import { DEFAULT_STEERING, type SteeringPolicyConfig } from '../steering-config.ts';
import { countries, makeSites, reportOf } from '../world.fixture.ts';

/** Lines in memory; what becomes of the next one is the test's to say. */
export class LineList implements RecordSink {
  readonly lines: string[] = [];
  following: NextLine = 'line';
  #lost = 0;

  next(): NextLine {
    const next = this.following;
    if (next === 'lost') this.#lost++;
    else this.following = 'line';
    return next;
  }

  write(line: string): void {
    this.lines.push(line);
  }

  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }
}

/** Networks A and B, each in one metro: A hears all sites, B those beyond the first. */
const routes: RouteTable = {
  version: 1,
  sitesTo: (network) => {
    const sites = Uint16Array.from({ length: 7 }, (_, site) => site).filter((site) => network === 'A' || site > 0);
    return { sites, reaches: Uint8Array.from(sites, (site) => REACHES.indexOf(site === 0 ? 'private' : 'transit')) };
  },
};

/** A table and a ranking that are recorded; time is the test's own. */
export class RecordedWorld {
  readonly sink = new LineList();
  readonly nodes: NodeTable;
  readonly ranking: ServerRanking;
  readonly recorder: DecisionRecorder;
  readonly ids: string[];
  nowMs = 0;
  readonly #sequences = new Map<string, number>();

  constructor(
    edgesPerSite: readonly number[],
    tuning: Partial<SteeringPolicyConfig> = {},
    run = 'one',
    sink: RecordSink | null = null,
  ) {
    const sites = makeSites(edgesPerSite);
    const steering = { ...DEFAULT_STEERING, ...tuning };
    this.ids = sites.flatMap(({ edges }) => edges.map(({ id }) => id));
    const siteIds = sites.map(({ id }) => id);
    const order = siteOrderOf(steering.policy, sites, new Proximity(sites, countries), { table: routes, siteIds });
    const wallMsAt = (atMs: number) => 1.7e12 + atMs;
    const named = { software: 'test', run, clients: 'hashed' } as const;
    const header = headersOf({ ...named, sites, steering, nodesFromMs: 0, wallMsAt });
    this.recorder = new DecisionRecorder({
      sink: sink ?? this.sink,
      order,
      tuning: steering,
      header,
      inputs: {},
      nowMs: 0,
    });
    ({ nodes: this.nodes, ranking: this.ranking } = makePolicies({ sites, order, steering, nowMs: 0 }, this.recorder));
  }

  report(id: string, changes: Partial<NodeReport> = {}): void {
    const sequence = (this.#sequences.get(id) ?? -1) + 1;
    this.#sequences.set(id, sequence);
    this.nodes.report(reportOf(id, { sequence, ...changes }), this.nowMs);
  }

  restart(id: string): void {
    this.#sequences.delete(id);
  }

  /** Seconds in which every node reports that it is well, but for what is said of it. */
  pass(seconds: number, changesOf: (id: string) => Partial<NodeReport> | 'silent' = () => ({})): void {
    for (let second = 0; second < seconds; second++) {
      this.nowMs += 1000;
      for (const id of this.ids) {
        const changes = changesOf(id);
        if (changes !== 'silent') this.report(id, changes);
      }
      this.nodes.settle(this.nowMs);
    }
  }

  rank(client: string, request: Partial<RankingRequest> = {}) {
    return this.ranking.rank({ country: 'DE', client, path: '/live/demo/', route: 'servers', ...request }, this.nowMs);
  }
}

export type CheckOutcome =
  | { kind: 'same'; check: ReplayCheck }
  | { kind: 'differs'; at: number; difference: Difference }
  | { kind: 'bad'; at: number; reason: string };

/** @returns line numbers from 1 on */
export function checkLines(lines: readonly string[]): CheckOutcome {
  const reader = new RecordReader();
  const check = new ReplayCheck(reader);
  for (const [index, line] of lines.entries()) {
    try {
      const event = reader.read(line);
      const difference = event === null ? null : check.feed(event, line);
      if (difference !== null) return { kind: 'differs', at: index + 1, difference };
    } catch (error) {
      if (!(error instanceof BadRecordLine)) throw error;
      return { kind: 'bad', at: index + 1, reason: error.message };
    }
  }
  return { kind: 'same', check };
}

/** Replays lines with something changed. */
export function whatIf(lines: readonly string[], change: Partial<WorldChange> = {}): WhatIfResult {
  const reader = new RecordReader();
  const replay = new WhatIf({ ...AS_RECORDED, ...change });
  for (const line of lines) {
    const event = reader.read(line);
    if (event !== null) replay.feed(event);
  }
  return replay.result()!;
}

export function without(...sites: string[]): Partial<WorldChange> {
  return { without: { sites: new Set(sites), servers: new Set() } };
}
