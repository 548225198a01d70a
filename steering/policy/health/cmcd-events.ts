import { KeptByUse } from '../kept-by-use.ts';
import type { PlayerSign } from './player-evidence.ts';
import type { SignRefusal } from './player-health.ts';
import type { ServerHosts } from './server-hosts.ts';

/** What is read of one event of CMCD version 2 (CTA-5004-B); what is absent or of another type is undefined. */
export interface CmcdEvent {
  /** rr: response received; ps: play state; e: error; … */
  e: string | undefined;
  sid: string | undefined;
  url: string | undefined;
  /** the CDN and the host that the player uses, as far as it tells */
  cdn: string | undefined;
  h: string | undefined;
  /** status of the response; 0: there was none */
  rc: number | undefined;
  /** to the first and last byte, and of the object, in milliseconds */
  ttfb: number | undefined;
  ttlb: number | undefined;
  d: number | undefined;
  /** p: playing; r: rebuffering; f: fatal error; … */
  sta: string | undefined;
  /** encoded bitrate of the object, in kbit/s, and its type */
  br?: number | undefined;
  ot?: string | undefined;
}

/**
 * What became of an event. `ignored`: it says nothing of a server; `foreign`: its URL is none of ours; `repeated`: of the
 * same trouble as another; `no-server`: nobody knows which server it is about; `absurd`: a number that cannot be.
 */
export type CmcdOutcome = PlayerSign | SignRefusal | 'ignored' | 'foreign' | 'repeated' | 'no-server' | 'absurd';

/** Where signs go; `NodeTable.playerTold` is one. */
export type Tell = (
  server: number,
  network: string,
  client: number,
  sign: PlayerSign,
  nowMs: number,
) => SignRefusal | null;

const MOST_TIME_MS = 600_000;
/** Slower than this, and twice as long as it plays, an answer is as bad as none. Live ones are held for a segment. */
export const SLOW_MS = 5000;
export const SLOW_DURATIONS = 2;
/** A stall, and the error that ends playback after it, are one trouble. */
const SAME_TROUBLE_MS = 5000;
const SESSIONS_MAX = 1 << 16;

interface Session {
  /** it had its last answer from */
  server: number;
  troubleMs: number;
  /** its player said so last */
  isPlaying: boolean;
}

/**
 * Turns players' events into signs of servers. Responses name their server by URL. Stalls and errors do not: they are held
 * against the server that the session had its last answer from, for most players tell of successful responses alone.
 *
 * A stall is what interrupts playing: players are said to rebuffer while they start and seek, too. The key `bs` is not
 * used: dash.js (5.2.1) sets it at each start and change of quality.
 */
export class CmcdEvents {
  readonly #hosts: ServerHosts;
  readonly #tell: Tell;
  readonly #sessions = new KeptByUse<string, Session>(SESSIONS_MAX);

  constructor(hosts: ServerHosts, tell: Tell) {
    this.#hosts = hosts;
    this.#tell = tell;
  }

  /** @param client stable hash of the sender's address */
  take(event: CmcdEvent, network: string, client: number, nowMs: number): CmcdOutcome {
    if (isAbsurd(event)) return 'absurd';
    if (event.e === 'rr') return this.#response(event, network, client, nowMs);
    const session = event.sid === undefined ? undefined : this.#sessions.get(event.sid);
    const sign = troubleOf(event, session?.isPlaying ?? false);
    noteState(session, event);
    if (sign === null) return 'ignored';
    const named = this.#named(event);
    const server = named >= 0 ? named : (session?.server ?? -1);
    if (server < 0) return 'no-server';
    return this.#trouble(server, session, sign, network, client, nowMs);
  }

  #response(event: CmcdEvent, network: string, client: number, nowMs: number): CmcdOutcome {
    const byUrl = event.url === undefined ? -1 : this.#hosts.ofUrl(event.url);
    const server = byUrl >= 0 ? byUrl : event.url === undefined ? this.#named(event) : -1;
    if (server < 0) return event.url === undefined ? 'no-server' : 'foreign';
    noteState(this.#sessionAt(event.sid, server), event);
    const sign = signOfResponse(event);
    if (sign === null) return 'ignored';
    return this.#tell(server, network, client, sign, nowMs) ?? sign;
  }

  #trouble(
    server: number,
    session: Session | undefined,
    sign: PlayerSign,
    network: string,
    client: number,
    nowMs: number,
  ): CmcdOutcome {
    if (session !== undefined) {
      if (nowMs - session.troubleMs < SAME_TROUBLE_MS) return 'repeated';
      session.troubleMs = nowMs;
    }
    return this.#tell(server, network, client, sign, nowMs) ?? sign;
  }

  #named({ h, cdn }: CmcdEvent): number {
    const byHost = h === undefined ? -1 : this.#hosts.ofName(h);
    return byHost >= 0 || cdn === undefined ? byHost : this.#hosts.ofName(cdn);
  }

  #sessionAt(sid: string | undefined, server: number): Session | undefined {
    if (sid === undefined) return undefined;
    let session = this.#sessions.get(sid);
    if (session === undefined) this.#sessions.set(sid, (session = { server, troubleMs: -Infinity, isPlaying: false }));
    session.server = server;
    return session;
  }
}

function noteState(session: Session | undefined, { sta }: CmcdEvent): void {
  if (session !== undefined && sta !== undefined) session.isPlaying = sta === 'p';
}

function isAbsurd({ rc, ttlb, d }: CmcdEvent): boolean {
  if (rc !== undefined && !(Number.isInteger(rc) && rc >= 0 && rc <= 999)) return true;
  return [ttlb, d].some((time) => time !== undefined && !isTime(time));
}

function isTime(timeMs: number): boolean {
  return timeMs >= 0 && timeMs <= MOST_TIME_MS;
}

/** null for what is the player's own doing: it asked for what is not there, or not yet, or not for it. */
function signOfResponse({ rc, ttfb, ttlb, d }: CmcdEvent): PlayerSign | null {
  if (rc === undefined) return null;
  if (rc === 0 || rc >= 500 || rc === 408 || rc === 429) return 'failed';
  if (rc >= 400) return null;
  // dash.js (5.2.1) gives the time of day as the time to the first byte of some responses.
  const firstMs = ttfb !== undefined && isTime(ttfb) ? ttfb : 0;
  return (ttlb ?? firstMs) > Math.max(SLOW_MS, SLOW_DURATIONS * (d ?? 0)) ? 'failed' : 'well';
}

function troubleOf({ e, sta }: CmcdEvent, wasPlaying: boolean): PlayerSign | null {
  if (e === 'e' || (e === 'ps' && sta === 'f')) return 'broken';
  return e === 'ps' && sta === 'r' && wasPlaying ? 'stalled' : null;
}
