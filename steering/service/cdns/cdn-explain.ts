import type { AdminRoute } from '../../../runtime/admin.ts';
import { canonicalAddress } from '../../../topology/model/ip-address.ts';
import { NO_LIMIT, type CdnRanking } from '../../policy/cdns/cdn-ranking.ts';
import { sessionIn } from '../../policy/players/content-steering.ts';
import { respondJson } from '../answer.ts';
import type { Locator } from '../client-location.ts';

/** `GET /v1/explain?ip=…[&session=…]` on the admin listener: every CDN for that client, with its reasons; nothing is counted. */
export function explainRoute(ranking: CdnRanking, locator: Locator, nowMs: () => number): AdminRoute {
  return {
    path: '/v1/explain',
    handle: (exchange) => {
      const parameters = new URLSearchParams(exchange.query);
      const address = canonicalAddress(parameters.get('ip') ?? '');
      if (address === null) return respondJson(exchange, 400, { error: 'ip: give an IPv4 or IPv6 address' });
      const location = locator.locate(address);
      const client = sessionIn(parameters.get('session')) ?? address;
      const { candidates, ttlSeconds } = ranking.explain({ ...location, client, path: '/' }, nowMs());
      const { country, asn, subdivision } = location;
      const shown = candidates.map(({ capacityBps, ...candidate }) => ({
        ...candidate,
        capacityBps: capacityBps === NO_LIMIT ? null : capacityBps,
      }));
      respondJson(exchange, 200, { client: { address, country, asn, subdivision }, ttlSeconds, candidates: shown });
    },
  };
}
