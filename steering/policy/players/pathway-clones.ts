import type { RankedServer } from '../ranked-servers.ts';

/** A server that the manifest does not have, as a pathway made of one that it has (rfc8216bis §7.3). */
export interface PathwayClone {
  /** a pathway of the manifest */
  baseId: string;
  id: string;
  /** replaces the host in the base's URIs */
  host: string;
}

/**
 * What a player does with `HOST`, as read in their sources: hls.js and Shaka set the host name and keep the port (one in
 * HOST would void the whole change); dash.js sets host and port, so that a HOST without one means the scheme's own.
 * Where the port is the scheme's own all agree. `unknown`: nobody has said which player this is.
 */
export type CloneHost = 'name' | 'name-and-port' | 'unknown';

export interface PathwayRequest {
  /** best first, of all servers */
  ranked: readonly RankedServer[];
  /** what the manifest has, in its order */
  pathways: readonly string[];
  /** clones that an answer before this one gave */
  cloned: readonly string[];
  /** of a server; undefined when there is none of this name */
  baseUrlOf: (id: string) => string | undefined;
  cloneHost: CloneHost;
}

export interface PathwayPlan {
  /** best first; all pathways of the manifest are among them */
  priority: string[];
  clones: PathwayClone[];
}

/** What a player has to keep for the rest of the session; hls.js never forgets one. */
const MOST_CLONES = 4;

/**
 * The order of pathways for a player whose manifest was made before: the ranking's, as far as the player has its servers.
 * One that it has not is cloned when it is the best, or when otherwise all would be of one site; a clone that was given
 * stays one for as long as it is ranked. Behind them, whatever else the manifest has: a player falls back to that alone,
 * and a DASH priority that shares nothing with the MPD ends playback.
 * @returns null when the best server cannot be cloned: rank among `reachable` ones instead
 */
export function planPathways(request: PathwayRequest): PathwayPlan | null {
  const { ranked, pathways, cloned } = request;
  const clonable = new Map<string, PathwayClone>();
  for (const server of ranked) {
    const clone = pathways.includes(server.id) ? null : cloneOf(server, request);
    if (clone !== null) clonable.set(server.id, clone);
  }
  const isReachable = ({ id }: RankedServer) => pathways.includes(id) || clonable.has(id);
  const [first] = ranked;
  if (first === undefined || !isReachable(first)) return null;

  const kept = new Set([first.id]);
  for (const { id } of ranked) if (pathways.includes(id) || (cloned.includes(id) && clonable.has(id))) kept.add(id);
  const isElsewhere = ({ site }: RankedServer) => site !== first.site;
  if (!ranked.some((server) => isElsewhere(server) && kept.has(server.id))) {
    const elsewhere = ranked.find((server) => isElsewhere(server) && isReachable(server));
    if (elsewhere !== undefined) kept.add(elsewhere.id);
  }

  const priority: string[] = [];
  const clones: PathwayClone[] = [];
  for (const { id } of ranked) {
    if (!kept.has(id)) continue;
    const clone = clonable.get(id);
    if (clone !== undefined && clones.length === MOST_CLONES) continue;
    if (clone !== undefined) clones.push(clone);
    priority.push(id);
  }
  return { priority: [...priority, ...pathways.filter((id) => !priority.includes(id))], clones };
}

/** The servers that the player has, or has been given as clones that it can still make. */
export function reachable({ pathways, cloned, baseUrlOf, cloneHost }: Omit<PathwayRequest, 'ranked'>): Set<string> {
  const known = new Set(pathways);
  for (const id of cloned) {
    const baseUrl = baseUrlOf(id);
    if (baseUrl !== undefined && cloneOf({ id, baseUrl }, { pathways, baseUrlOf, cloneHost }) !== null) known.add(id);
  }
  return known;
}

/** Only the host is replaced, so scheme and port must be the base's. The first pathway that has them: always the same. */
function cloneOf(
  { id, baseUrl }: Pick<RankedServer, 'id' | 'baseUrl'>,
  { pathways, baseUrlOf, cloneHost }: Pick<PathwayRequest, 'pathways' | 'baseUrlOf' | 'cloneHost'>,
): PathwayClone | null {
  const server = endpointOf(baseUrl);
  if (server === null) return null;
  const isUsual = server.port === USUAL_PORTS[server.scheme];
  if (!isUsual && cloneHost === 'unknown') return null;
  const baseId = pathways.find((pathway) => {
    const base = endpointOf(baseUrlOf(pathway) ?? '');
    return base !== null && base.scheme === server.scheme && base.port === server.port;
  });
  if (baseId === undefined) return null;
  const host = !isUsual && cloneHost === 'name-and-port' ? `${server.host}:${server.port}` : server.host;
  return { baseId, id, host };
}

const USUAL_PORTS: Record<string, number> = { http: 80, https: 443 };

/** Policy has no URL class; servers' URLs are scheme, host and port (topology/model/site.ts). */
function endpointOf(baseUrl: string): { scheme: string; host: string; port: number } | null {
  const parts = /^(https?):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d{1,5}))?$/.exec(baseUrl);
  if (parts === null) return null;
  const scheme = parts[1]!;
  return { scheme, host: parts[2]!, port: parts[3] === undefined ? USUAL_PORTS[scheme]! : Number(parts[3]) };
}
