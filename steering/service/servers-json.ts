import { KeptRankedServer, type RankedServer } from '../policy/ranked-servers.ts';
import type { Ranking } from '../policy/ranking.ts';

/** The answer of `GET /v1/servers`: what `JSON.stringify` would make of `{version: 1, …ranking, client}`. */
export function serversJson(
  { ttlSeconds, servers, backoff, admission }: Ranking,
  client: { address: string; country: string | null },
): string {
  let list = '';
  for (const server of servers) list += list === '' ? jsonOf(server) : `,${jsonOf(server)}`;
  const { maxRetries, retryAfterSeconds } = backoff;
  const { verdict, maxBitrateBps } = admission;
  const most = maxBitrateBps === undefined ? '' : `,"maxBitrateBps":${maxBitrateBps}`;
  const country = client.country === null ? '' : `,"country":${JSON.stringify(client.country)}`;
  return (
    `{"version":1,"ttlSeconds":${ttlSeconds},"servers":[${list}],` +
    `"backoff":{"maxRetries":${maxRetries},"retryAfterSeconds":${retryAfterSeconds}},` +
    `"admission":{"verdict":"${verdict}"${most}},` +
    `"client":{"address":${JSON.stringify(client.address)}${country}}}`
  );
}

function jsonOf(server: RankedServer): string {
  return server instanceof KeptRankedServer ? server.json : JSON.stringify(server);
}
