import type { Ranking } from './ranking.ts';

/** What a player says when it asks again (draft-pantos-content-steering §3; `_HLS_pathway`, `_HLS_throughput`). */
export interface PlayerFeedback {
  /** the pathway it plays from; null when it did not say, or not in words we know */
  pathway: string | null;
  /** bits per second that it measured */
  throughputBps: number | null;
}

/**
 * Quoted in the grammar, sent unquoted by every client seen: both are read. Nonsense counts as nothing said, because
 * a steering request is never refused.
 * @param value looks a parameter up, percent-decoded
 */
export function readFeedback(value: (name: string) => string | null): PlayerFeedback {
  const pathway = unquoted(value('_HLS_pathway'));
  const throughput = unquoted(value('_HLS_throughput'));
  return {
    pathway: pathway !== null && /^[A-Za-z0-9._-]{1,64}$/.test(pathway) ? pathway : null,
    throughputBps: throughput !== null && /^\d{1,15}$/.test(throughput) ? Number(throughput) : null,
  };
}

/**
 * The steering manifest. VERSION, an integer TTL and an absolute RELOAD-URI are always there: hls.js without a TTL asks
 * again at once, without end.
 * @param reloadUri absolute
 */
export function steeringManifest({ ttlSeconds, servers }: Ranking, reloadUri: string): string {
  return JSON.stringify({
    VERSION: 1,
    TTL: ttlSeconds,
    'RELOAD-URI': reloadUri,
    'PATHWAY-PRIORITY': servers.map(({ id }) => id),
  });
}

function unquoted(text: string | null): string | null {
  return text === null ? null : text.trim().replace(/^"(.*)"$/s, '$1');
}
