import { distanceKm } from '../../../topology/model/geography.ts';
import type { Routing } from '../../../topology/model/routing.ts';
import type { Position, Site } from '../../../topology/model/site.ts';
import type { Route } from '../../../topology/model/topology.ts';
import { MOST_CANDIDATES, type ExplainAnswer, type ExplainedClient } from '../../policy/explain-answer.ts';
import type { Explanation } from '../../policy/ranking.ts';
import type { ClientLocation, LocationTrace } from '../client-location.ts';
import type { ExplainRequest } from './explain-request.ts';

/** Where clients are; another topology while it runs is another routing. */
export interface ExplainPlaces {
  readonly routing: Routing | null;
  trace(address: string): LocationTrace;
}

export interface ExplainMap {
  sites: readonly Site[];
  places: ExplainPlaces;
  /** where the people of a country are */
  countries: ReadonlyMap<string, Position>;
}

type ExplainedCandidate = ExplainAnswer['candidates'][number];
/** by site */
type Routes = ReadonlyMap<string, NonNullable<ExplainedCandidate['route']>>;

/** Puts what people want to know beside a ranking: names, places, distances, routes. */
export class ExplainAnswers {
  readonly #map: ExplainMap;
  readonly #sites: ReadonlyMap<string, Site>;
  #last: { routing: Routing; network: string; metro: string; routes: Routes } | null = null;

  constructor(map: ExplainMap) {
    this.#map = map;
    this.#sites = new Map(map.sites.map((site) => [site.id, site]));
  }

  make(request: ExplainRequest, trace: LocationTrace, explanation: Explanation): ExplainAnswer {
    const { address: _address, ...asked } = request;
    const { ttlSeconds, backoff, admission, servers, candidates } = explanation;
    const client = this.#client(trace);
    const routes = this.#routes(trace.location);
    const ranks = new Map(servers.map(({ id, rank }) => [id, rank]));
    const first = candidates.filter(({ id }) => ranks.has(id)).sort((a, b) => ranks.get(a.id)! - ranks.get(b.id)!);
    const others = candidates.filter(({ id }) => !ranks.has(id));
    const told = [...first, ...others].slice(0, MOST_CANDIDATES);
    return {
      version: 1,
      asked,
      client,
      ttlSeconds,
      backoff,
      admission,
      candidates: told.map((candidate): ExplainedCandidate => {
        const { latitude, longitude } = this.#sites.get(candidate.site)!;
        const position = { latitude, longitude };
        const route = routes.get(candidate.site);
        const rank = ranks.get(candidate.id);
        return {
          ...candidate,
          reasons: [...candidate.reasons],
          position,
          ...(client.position === undefined ? {} : { distanceKm: Math.round(distanceKm(client.position, position)) }),
          ...(route === undefined ? {} : { route }),
          ...(rank === undefined ? {} : { rank }),
        };
      }),
      leftOut: candidates.length - told.length,
    };
  }

  #client({ location, zones, prefix }: LocationTrace): ExplainedClient {
    const { address, country, subscriber, where, asn } = location;
    const index = this.#map.places.routing?.index;
    const network = subscriber && index?.topology.networks[index.networks.get(subscriber.network)!];
    const metro = subscriber && index?.topology.metros[index.metros.get(subscriber.metro)!];
    const position = where.position ?? (country === null ? undefined : this.#map.countries.get(country));
    const zone = zones.find(({ zone: { id } }) => id === where.zone?.id);
    return {
      address,
      locatedBy: where.by,
      ...(prefix === null ? {} : { prefix: prefix.prefix }),
      ...(zone === undefined ? {} : { zone: { id: zone.zone.id, type: zone.type, value: zone.value } }),
      ...(network ? { network: named({ id: network.id, asn: network.asn, name: network.name }) } : {}),
      ...(asn === null ? {} : { asn }),
      ...(metro ? { metro: named({ id: metro.id, name: metro.name }) } : {}),
      ...(country === null ? {} : { country }),
      ...(position ? { position: { latitude: position.latitude, longitude: position.longitude } } : {}),
    };
  }

  /** Those of the last viewer are kept: whoever looks goes on asking the same, and a large world has thousands. */
  #routes({ subscriber }: ClientLocation): Routes {
    const { routing } = this.#map.places;
    if (routing === null || subscriber === undefined) return new Map();
    const { network, metro } = subscriber;
    const last = this.#last;
    if (last?.routing === routing && last.network === network && last.metro === metro) return last.routes;
    const { sites } = routing.topology;
    const routes = new Map(
      routing.findRoutesTo(network, metro).map((route) => [sites[route.site]!.id, routeOf(route)] as const),
    );
    this.#last = { routing, network, metro, routes };
    return routes;
  }
}

function routeOf({ reach, asPath, oneWayMs, prefixLength, localPreference, med }: Route) {
  return { reach, asPath: [...asPath], oneWayMs: Math.round(oneWayMs * 10) / 10, prefixLength, localPreference, med };
}

/** Without a name that is not there: absent, not undefined, so that the schema of the answer holds. */
function named<Value extends { name?: string | undefined }>(value: Value): Value & { name?: string } {
  const { name, ...others } = value;
  return (name === undefined ? others : value) as Value & { name?: string };
}
