import { isIdentifier } from '../../../topology/model/event.ts';
import { PRIORITIES, type Priority } from '../../../topology/model/priority.ts';
import { sessionIn } from './content-steering.ts';

/** What `GET /v1/servers` is asked. */
export interface ServersQuery {
  path: string;
  session: string | null;
  /** the server that the session plays from */
  playing: string | null;
  /** bits per second that it takes at most */
  nominalBps: number | undefined;
  priority: Priority | undefined;
}

export type ServersQueryOutcome = { kind: 'query'; query: ServersQuery } | { kind: 'bad'; reason: string };

const PATH = /^\/[\x21-\x7e]{0,2047}$/;
const BITRATE = /^[1-9]\d{0,9}$/;

/** @param value looks a parameter up, percent-decoded */
export function readServersQuery(value: (name: string) => string | null): ServersQueryOutcome {
  const path = value('path');
  if (path === null || !PATH.test(path)) return bad('path: give the path to be fetched, such as /live/demo/');
  const bitrate = value('bitrate');
  if (bitrate !== null && !BITRATE.test(bitrate)) {
    return bad('bitrate: bits per second that the session takes at most, such as 5000000');
  }
  const priority = value('priority');
  if (priority !== null && !isPriority(priority)) return bad(`priority: one of ${PRIORITIES.join(', ')}`);
  const playing = value('playing');
  return {
    kind: 'query',
    query: {
      path,
      session: sessionIn(value('session')),
      // A name that is none is as good as no answer: who plays from elsewhere comes anew.
      playing: playing !== null && isIdentifier(playing) ? playing : null,
      nominalBps: bitrate === null ? undefined : Number(bitrate),
      priority: priority ?? undefined,
    },
  };
}

function isPriority(text: string): text is Priority {
  return (PRIORITIES as readonly string[]).includes(text);
}

function bad(reason: string): ServersQueryOutcome {
  return { kind: 'bad', reason };
}
