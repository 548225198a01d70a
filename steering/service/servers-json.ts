import type { RankedServer, Ranking } from '../policy/ranking.ts';

/** Servers of a sites file, and then some. */
const KEPT_MAX = 65_536;

/**
 * Writes answers of `GET /v1/servers`: what `JSON.stringify` would make of `{version: 1, …ranking, client}`, from pieces that
 * nearly all answers share.
 */
export class ServersJson {
  /** by server: what never changes */
  readonly #servers = new Map<string, { siteId: string; baseUrl: string; text: string }>();
  readonly #reasons = new WeakMap<readonly string[], string>();

  write(
    { ttlSeconds, servers, backoff, admission }: Ranking,
    client: { address: string; country: string | null },
  ): string {
    let list = '';
    for (const server of servers) {
      list += `${list === '' ? '' : ','}${this.#server(server)}${server.rank},"reasons":${this.#reasonsOf(server.reasons)}}`;
    }
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

  #server({ id, site, baseUrl }: RankedServer): string {
    const known = this.#servers.get(id);
    if (known !== undefined && known.siteId === site && known.baseUrl === baseUrl) return known.text;
    const fields = `"id":${JSON.stringify(id)},"site":${JSON.stringify(site)},"baseUrl":${JSON.stringify(baseUrl)}`;
    const text = `{${fields},"rank":`;
    if (this.#servers.size < KEPT_MAX) this.#servers.set(id, { siteId: site, baseUrl, text });
    return text;
  }

  #reasonsOf(reasons: readonly string[]): string {
    let text = this.#reasons.get(reasons);
    if (text === undefined) this.#reasons.set(reasons, (text = JSON.stringify(reasons)));
    return text;
  }
}
