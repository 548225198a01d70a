import type { Site } from '../../../topology/model/site.ts';
import { RECORD_FORMAT, type RecordHeader } from './decision-record.ts';
import type { RecorderParts } from './decision-recorder.ts';
import { PLACE_REASONS } from '../location/site-order.ts';
import type { SteeringPolicyConfig } from '../steering-config.ts';

export interface RecordedRun {
  /** version of the program */
  software: string;
  run: string;
  clients: RecordHeader['clients'];
  sites: readonly Site[];
  steering: SteeringPolicyConfig;
  /** when the table of nodes is made, by the monotonic clock */
  nodesFromMs: number;
  /** Unix time of a moment of the monotonic clock */
  wallMsAt: (atMs: number) => number;
}

/** The headers of one run's files. Without the tokens of reports: a record is shown to more people than a sites file. */
export function headersOf({ sites, wallMsAt, ...run }: RecordedRun): RecorderParts['header'] {
  const plainSites = sites.map(({ id, country, latitude, longitude, kind, edges }) => {
    const plain = edges.map(({ id: edge, url, capacityBps }) => ({ id: edge, url, capacityBps }));
    return { id, country, latitude, longitude, kind, edges: plain };
  });
  return (part, inputs, atMs) => ({
    record: 'undercard-steering',
    format: RECORD_FORMAT,
    software: run.software,
    run: run.run,
    part,
    wallMs: wallMsAt(atMs),
    atMs,
    nodesFromMs: run.nodesFromMs,
    clients: run.clients,
    inputs,
    steering: run.steering,
    sites: plainSites,
    placeReasons: [...PLACE_REASONS],
  });
}
