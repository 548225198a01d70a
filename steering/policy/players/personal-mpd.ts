import type { LiveEvent } from '../../../topology/model/event.ts';
import { isoTime } from '../../../topology/model/iso-time.ts';
import { mpdOf, type MpdOutcome } from '../../../topology/model/mpd.ts';

export interface PersonalMpdRequest {
  /** with the renditions for this viewer */
  event: LiveEvent;
  /** in rank order, at least one */
  servers: readonly { id: string; baseUrl: string }[];
  /** absolute: where the player asks for the order of pathways */
  steeringUri: string;
  /** absolute: where the player gets updates */
  location: string;
  /** absolute: where this service tells the time */
  timeUri: string;
  isUpdate: boolean;
  wallMs: number;
}

/** Only the end of an event shows in an update; until then each is a request for nothing. */
const UPDATE_PERIOD_MS = 10_000;

/**
 * An MPD for one viewer. The clock is this service's, to the millisecond; if it is gone by then, the time at which it wrote
 * the MPD, which is late by what the way took: nothing is asked for too early.
 */
export function personalMpd({ timeUri, wallMs, servers, ...request }: PersonalMpdRequest): MpdOutcome {
  if (servers.length === 0) return { kind: 'unfit', reason: 'no server' };
  return mpdOf({
    ...request,
    wallMs,
    pathways: servers,
    updatePeriodMs: UPDATE_PERIOD_MS,
    clocks: [
      { scheme: 'http-iso', value: timeUri },
      { scheme: 'direct', value: isoTime(wallMs) },
    ],
  });
}
