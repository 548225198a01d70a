import type { HttpExchange } from '../../runtime/http-exchange.ts';
import {
  readFeedback,
  readSteeringQuery,
  steeringManifest,
  steeringQuery,
  type SteeringAnswer,
  type SteeringProtocol,
  type SteeringQuery,
} from '../policy/players/content-steering.ts';
import { readServersQuery } from '../policy/players/servers-query.ts';
import { planPathways, reachable, type CloneHost } from '../policy/players/pathway-clones.ts';
import type { Ranking, RankingRequest } from '../policy/ranking.ts';
import type { AskedCase } from '../policy/players/test-case-query.ts';
import { respond, respondJson, type BodyType } from './answer.ts';
import type { CaseDesk } from './case-desk.ts';
import type { ClientAddressReader } from './client-address.ts';
import type { ClientLocation } from './client-location.ts';
import { queryValues } from './query-values.ts';
import { serversJson } from './servers-json.ts';
import type { SessionRanking } from './session-ranking.ts';
import type { SteeringMetrics } from './steering-metrics.ts';

export interface PlayerDeskOptions {
  ranking: SessionRanking;
  addresses: ClientAddressReader;
  /** what answers wrongly on purpose, where that is turned on */
  cases: CaseDesk;
  metrics: SteeringMetrics;
  /** of a server of the sites file: scheme, host and port */
  baseUrlOf: (id: string) => string | undefined;
  /** scheme, host and port under which players reach this service */
  publicUrl: () => string;
}

type PlayerRoute = 'servers' | `steer-${SteeringProtocol}`;

/** Answers players that ask which servers: as JSON, and as content steering. Nothing here sheds load. */
export class PlayerDesk {
  readonly #options: PlayerDeskOptions;

  constructor(options: PlayerDeskOptions) {
    this.#options = options;
  }

  /** `GET /v1/servers?path=…[&session=…][&playing=…][&bitrate=…][&priority=…][&ip=…]` */
  servers(exchange: HttpExchange): void {
    const { ranking, addresses } = this.#options;
    const parameters = queryValues(exchange.query);
    const read = readServersQuery((name) => parameters.get(name));
    if (read.kind === 'bad') return this.#refuse(exchange, 'servers', read.reason);
    const named = addresses.read(exchange, parameters);
    if (named.kind === 'refused') return this.#refuse(exchange, 'servers', named.reason);
    const client = ranking.locate(named.address);
    const { session, ...asked } = read.query;
    const ranked = ranking.rank(client, { route: 'servers', client: session ?? client.address, ...asked });
    this.#answer(exchange, 'servers', 200, 'json', `${serversJson(ranked, client)}\n`);
  }

  /**
   * `GET /v1/steer/hls` and `/v1/steer/dash`, with what steeringQuery() wrote: always 200, whatever it was asked
   * (standards: never shed).
   */
  steer(exchange: HttpExchange, protocol: SteeringProtocol): void {
    const { addresses, metrics, cases, ranking } = this.#options;
    const route = `steer-${protocol}` as const;
    const parameters = queryValues(exchange.query);
    const reading = cases.read(parameters);
    if (reading.kind === 'bad') return this.#refuse(exchange, route, reading.reason);
    const { asked } = reading;
    const value = (name: string) => parameters.get(name);
    const named = addresses.read(exchange, parameters);
    const address = named.kind === 'client' ? named.address : addresses.connected(exchange);
    // An allowed `?ip=` lives on in the URI, or a test's client would change country at the first reload.
    const forcedAddress = named.kind === 'client' ? parameters.get('ip') : null;
    const query = readSteeringQuery(value);
    const { pathway, cloneHost } = readFeedback(protocol, value);
    const location = ranking.locate(address);
    const wish = {
      route,
      client: query.session ?? address,
      path: `/live/${query.event ?? ''}`,
      nominalBps: query.nominalBps ?? undefined,
      // A player that has not asked before plays from where its manifest began, and that was counted then.
      playing: pathway ?? query.pathways[0],
    };
    if (asked !== null) return this.#steerWrongly(exchange, route, asked, { location, wish, query, forcedAddress });
    const answer = this.#steered(location, wish, query, cloneHost);
    if (pathway !== null && pathway !== answer.priority[0]) metrics.moves.inc();
    const clones = answer.clones.map(({ id }) => id);
    const reloadUri = this.#steeringUri(route, { ...query, clones }, forcedAddress, null);
    this.#answer(exchange, route, 200, 'steeringList', steeringManifest(answer, reloadUri));
  }

  /** Among all servers; among those that the player can be sent to, where the best is none of them. */
  #steered(location: ClientLocation, wish: Wish, query: SteeringQuery, cloneHost: CloneHost): SteeringAnswer {
    const { ranking, baseUrlOf } = this.#options;
    const ranked = ranking.rank(location, wish);
    const { pathways, clones: cloned } = query;
    if (pathways.length === 0) return { ...ranked, priority: idsOf(ranked), clones: [] };
    const known = { pathways, cloned, baseUrlOf, cloneHost };
    const plan = planPathways({ ...known, ranked: ranked.servers });
    if (plan !== null) return { ...ranked, ...plan };
    const among = ranking.rank(location, { ...wish, among: reachable(known) });
    return { ...among, ...(planPathways({ ...known, ranked: among.servers }) ?? { priority: pathways, clones: [] }) };
  }

  /**
   * The case's own awkwardness and no other: the right answer that it is made of has the manifest's pathways in its order,
   * so that nothing but the case moves the player.
   */
  #steerWrongly(
    exchange: HttpExchange,
    route: PlayerRoute & `steer-${string}`,
    asked: AskedCase,
    { location, wish, query, forcedAddress }: CaseRequest,
  ): void {
    const { cases, ranking, baseUrlOf } = this.#options;
    const reloadUri = this.#steeringUri(route, query, forcedAddress, cases.next(asked));
    const ranked = ranking.rank(location, wish);
    const known = serversOf(query.pathways, baseUrlOf);
    const servers = known.length === 0 ? ranked.servers : known;
    const right = { ...cases.paced(asked, ranked), priority: servers.map(({ id }) => id), clones: [] };
    const context = { right: steeringManifest(right, reloadUri), reloadUri, servers, ranked: ranked.servers };
    cases.answer(exchange, route, asked, context);
  }

  #steeringUri(
    route: PlayerRoute & `steer-${string}`,
    query: SteeringQuery,
    forcedAddress: string | null,
    asked: AskedCase | null,
  ): string {
    const { publicUrl, cases } = this.#options;
    return steeringUri(publicUrl(), route, [
      ...steeringQuery(query),
      ...(forcedAddress === null ? [] : [`ip=${encodeURIComponent(forcedAddress)}`]),
      ...cases.query(asked),
    ]);
  }

  #refuse(exchange: HttpExchange, route: PlayerRoute, reason: string): void {
    this.#options.metrics.requests.inc({ route, status: 400 });
    respondJson(exchange, 400, { error: reason });
  }

  #answer(exchange: HttpExchange, route: PlayerRoute, status: number, type: BodyType, body: string): void {
    this.#options.metrics.requests.inc({ route, status });
    respond(exchange, status, type, body);
  }
}

type Wish = Pick<RankingRequest, 'client' | 'path' | 'nominalBps' | 'playing'>;

interface CaseRequest {
  location: ClientLocation;
  wish: Wish;
  query: SteeringQuery;
  forcedAddress: string | null;
}

function idsOf({ servers }: Ranking): string[] {
  return servers.map(({ id }) => id);
}

/** What is no server of ours is passed over. */
export function serversOf(
  ids: readonly string[],
  baseUrlOf: (id: string) => string | undefined,
): { id: string; baseUrl: string }[] {
  return ids.flatMap((id) => {
    const baseUrl = baseUrlOf(id);
    return baseUrl === undefined ? [] : [{ id, baseUrl }];
  });
}

/** @param publicUrl scheme, host and port */
export function steeringUri(publicUrl: string, route: `steer-${SteeringProtocol}`, query: readonly string[]): string {
  const path = `${publicUrl}/v1/steer/${route === 'steer-hls' ? 'hls' : 'dash'}`;
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}
