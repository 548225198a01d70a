import { isIdentifier } from '../../../topology/model/event.ts';
import type { CloneHost, PathwayClone } from './pathway-clones.ts';

export type SteeringProtocol = 'hls' | 'dash';

/** What a player says when it asks again (draft-pantos-content-steering §3, ETSI TS 103 998 §6.3). */
export interface PlayerFeedback {
  /** the pathway it plays from; null when it did not say, or not in words we know */
  pathway: string | null;
  /** bits per second that it measured there */
  throughputBps: number | null;
  /** how a host must be written for it in a clone */
  cloneHost: CloneHost;
}

/**
 * `_HLS_pathway` and `_HLS_throughput`, or `_DASH_…`. Quoted in the HLS grammar, sent unquoted by every HLS client seen:
 * both are read. dash.js sends quoted lists of what it used since it asked last, a throughput at each place or nothing; the
 * newest is what it plays from. Nonsense counts as nothing said, because a steering request is never refused.
 * @param value looks a parameter up, percent-decoded
 */
export function readFeedback(protocol: SteeringProtocol, value: (name: string) => string | null): PlayerFeedback {
  const prefix = protocol === 'hls' ? '_HLS_' : '_DASH_';
  const said = value(`${prefix}pathway`);
  const pathways = listOf(said);
  const pathway = pathways.at(-1) ?? '';
  const throughput = listOf(value(`${prefix}throughput`))[pathways.length - 1] ?? '';
  return {
    pathway: /^[A-Za-z0-9._-]{1,64}$/.test(pathway) ? pathway : null,
    throughputBps: /^\d{1,15}$/.test(throughput) ? Number(throughput) : null,
    cloneHost: protocol === 'hls' ? 'name' : cloneHostOf(said),
  };
}

/** Of the DASH players that steer, dash.js alone quotes; it is also the one that loses the base's port. */
function cloneHostOf(said: string | null): CloneHost {
  if (said === null || said === '') return 'unknown';
  return said.trim().startsWith('"') ? 'name-and-port' : 'name';
}

export interface SteeringAnswer {
  ttlSeconds: number;
  /** best first */
  priority: readonly string[];
  clones: readonly PathwayClone[];
}

/**
 * The steering manifest, one for HLS and DASH. VERSION, an integer TTL and an absolute RELOAD-URI are always there: hls.js
 * without a TTL asks again at once, without end.
 * @param reloadUri absolute
 */
export function steeringManifest({ ttlSeconds, priority, clones }: SteeringAnswer, reloadUri: string): string {
  return JSON.stringify({
    VERSION: 1,
    TTL: ttlSeconds,
    'RELOAD-URI': reloadUri,
    'PATHWAY-PRIORITY': priority,
    ...(clones.length === 0 ? {} : { 'PATHWAY-CLONES': clones.map(cloneEntry) }),
  });
}

/** What the steering URI says, so that a later answer needs nothing kept: any instance can give it. */
export interface SteeringQuery {
  event: string | null;
  session: string | null;
  /** what the manifest has, in its order */
  pathways: readonly string[];
  /** servers given as clones since */
  clones: readonly string[];
  /** bits per second that the session takes at most */
  nominalBps: number | null;
}

const SESSION = /^[A-Za-z0-9._-]{1,64}$/;
const MOST_PATHWAYS = 64;

/** @param value looks a parameter up, percent-decoded */
export function readSteeringQuery(value: (name: string) => string | null): SteeringQuery {
  const bps = value('bps');
  return {
    event: identifierIn(value('event')),
    session: sessionIn(value('session')),
    pathways: identifiersIn(value('pathways')),
    clones: identifiersIn(value('clones')),
    nominalBps: bps !== null && /^[1-9]\d{0,10}$/.test(bps) ? Number(bps) : null,
  };
}

/** The parameters that carry it on. */
export function steeringQuery({ event, session, pathways, clones, nominalBps }: SteeringQuery): string[] {
  return [
    ...(event === null ? [] : [`event=${event}`]),
    ...(session === null ? [] : [`session=${session}`]),
    ...(pathways.length === 0 ? [] : [`pathways=${pathways.join(',')}`]),
    ...(clones.length === 0 ? [] : [`clones=${clones.join(',')}`]),
    ...(nominalBps === null ? [] : [`bps=${nominalBps}`]),
  ];
}

export function sessionIn(text: string | null): string | null {
  return text !== null && SESSION.test(text) ? text : null;
}

/** What is none is passed over. */
export function identifiersIn(text: string | null): string[] {
  const named = text?.split(',', MOST_PATHWAYS) ?? [];
  return named.filter(isIdentifier);
}

function identifierIn(text: string | null): string | null {
  return text !== null && isIdentifier(text) ? text : null;
}

function cloneEntry({ baseId, id, host }: PathwayClone): object {
  return { 'BASE-ID': baseId, ID: id, 'URI-REPLACEMENT': { HOST: host } };
}

function listOf(text: string | null): string[] {
  return text === null
    ? []
    : text
        .trim()
        .replace(/^"(.*)"$/s, '$1')
        .split(',');
}
