import { randomBytes } from 'node:crypto';
import type { HttpExchange } from '../../runtime/http-exchange.ts';
import type { Log } from '../../runtime/log.ts';
import { identifierSchema, type LiveEvent } from '../../topology/model/event.ts';
import type { ServersAnswer } from '../../topology/model/servers-answer.ts';
import { readFeedback, steeringManifest } from '../policy/content-steering.ts';
import { multivariantPlaylist } from '../policy/manifests.ts';
import type { Ranking, RankingRequest, ServerRanking } from '../policy/ranking.ts';
import type { AskedCase } from '../policy/test-case-query.ts';
import { respond, respondJson, type BodyType } from './answer.ts';
import type { CaseDesk } from './case-desk.ts';
import type { ClientAddressReader } from './client-address.ts';
import type { ClientLocation, Locator } from './client-location.ts';
import type { EventDocuments, EventOutcome } from './event-documents.ts';
import type { SteeringMetrics } from './steering-metrics.ts';

export interface PlayerDeskOptions {
  ranking: ServerRanking;
  locator: Locator;
  events: EventDocuments;
  addresses: ClientAddressReader;
  /** what answers wrongly on purpose, where that is turned on */
  cases: CaseDesk;
  metrics: SteeringMetrics;
  log: Log;
  /** scheme, host and port under which players reach this service */
  publicUrl: () => string;
  /** monotonic */
  nowMs: () => number;
}

export type PlayerRoute = 'servers' | 'steer-hls' | 'play-hls';

const SESSION = /^[A-Za-z0-9._-]{1,64}$/;
const PATH = /^\/[\x21-\x7e]{0,2047}$/;
const MOST_PATHWAYS = 64;

interface SteeringQuery {
  event: string | null;
  session: string | null;
  pathways: readonly string[];
  forcedAddress: string | null;
  asked: AskedCase | null;
}

/** Answers players: the ranking as JSON, as HLS content steering, as a personal manifest. Nothing here sheds load. */
export class PlayerDesk {
  readonly #options: PlayerDeskOptions;

  constructor(options: PlayerDeskOptions) {
    this.#options = options;
  }

  /** `GET /v1/servers?path=…[&session=…][&ip=…]` */
  servers(exchange: HttpExchange): void {
    const parameters = new URLSearchParams(exchange.query);
    const path = parameters.get('path');
    if (path === null || !PATH.test(path)) {
      return this.#refuse(exchange, 'servers', 'path: give the path to be fetched, such as /live/demo/');
    }
    const named = this.#options.addresses.read(exchange, parameters);
    if (named.kind === 'refused') return this.#refuse(exchange, 'servers', named.reason);
    const client = this.#locate(named.address);
    const ranking = this.#rank(client, { client: sessionOf(parameters) ?? client.address, path });
    const answer: ServersAnswer = {
      version: 1,
      ...ranking,
      client: { address: client.address, ...(client.country === null ? {} : { country: client.country }) },
    };
    this.#answer(exchange, 'servers', 200, 'json', `${JSON.stringify(answer)}\n`);
  }

  /** `GET /v1/steer/hls?event=…&session=…[&pathways=…]`: always 200, whatever it was asked (standards: never shed). */
  steerHls(exchange: HttpExchange): void {
    const { addresses, metrics, cases } = this.#options;
    const parameters = new URLSearchParams(exchange.query);
    const reading = cases.read(parameters);
    if (reading.kind === 'bad') return this.#refuse(exchange, 'steer-hls', reading.reason);
    const { asked } = reading;
    const named = addresses.read(exchange, parameters);
    const address = named.kind === 'client' ? named.address : addresses.connected(exchange);
    const event = eventIdOf(parameters.get('event'));
    const session = sessionOf(parameters);
    const pathways = pathwaysOf(parameters);
    const location = this.#locate(address);
    const wish = { client: session ?? address, path: `/live/${event ?? ''}` };
    const ranking = this.#rank(location, {
      ...wish,
      ...(pathways.length === 0 ? {} : { among: new Set(pathways) }),
    });
    const { pathway } = readFeedback((name) => parameters.get(name));
    if (pathway !== null && pathway !== ranking.servers[0]!.id) metrics.moves.inc();
    // An allowed `?ip=` lives on in the URI, or a test's client would change country at the first reload.
    const forcedAddress = named.kind === 'client' ? parameters.get('ip') : null;
    const reloadUri = this.#steeringUri({ event, session, pathways, forcedAddress, asked: cases.next(asked) });
    if (asked !== null) {
      return cases.answer(exchange, 'steer-hls', asked, {
        right: steeringManifest(cases.paced(asked, ranking), reloadUri),
        reloadUri,
        servers: ranking.servers,
        everyServer: () => this.#rank(location, wish).servers,
      });
    }
    this.#answer(exchange, 'steer-hls', 200, 'steeringList', steeringManifest(ranking, reloadUri));
  }

  /** `GET /play/<event>.m3u8[?session=…]`: without a session one is drawn and lives on in the steering URI. */
  playHls(exchange: HttpExchange, eventId: string): void {
    const parameters = new URLSearchParams(exchange.query);
    const named = this.#options.addresses.read(exchange, parameters);
    if (named.kind === 'refused') return this.#refuse(exchange, 'play-hls', named.reason);
    const { events, log, cases } = this.#options;
    const reading = cases.read(parameters);
    if (reading.kind === 'bad') return this.#refuse(exchange, 'play-hls', reading.reason);
    const session = sessionOf(parameters) ?? randomBytes(12).toString('base64url');
    const query = { session, forcedAddress: parameters.get('ip'), asked: reading.asked };
    exchange.hold(() => {});
    events
      .get(eventId)
      .then((outcome) => {
        if (outcome.kind !== 'event') return this.#refuseEvent(exchange, eventId, outcome);
        this.#giveManifest(exchange, outcome.event, named.address, query);
      })
      .catch((error: unknown) => {
        log.error({ err: error, where: exchange.url }, 'a handler failed');
        this.#answer(exchange, 'play-hls', 500, 'text', 'internal error\n');
      });
  }

  #giveManifest(
    exchange: HttpExchange,
    event: LiveEvent,
    address: string,
    query: Pick<SteeringQuery, 'forcedAddress' | 'asked'> & { session: string },
  ): void {
    const ranking = this.#rank(this.#locate(address), { client: query.session, path: `/live/${event.id}` });
    const servers = this.#options.cases.manifestServers(query.asked, ranking.servers);
    const pathways = servers.map(({ id }) => id);
    const steeringUri = this.#steeringUri({ ...query, event: event.id, pathways });
    const manifest = multivariantPlaylist({ event, servers, steeringUri });
    if (manifest.kind === 'playlist') this.#answer(exchange, 'play-hls', 200, 'playlist', manifest.text);
    else this.#answer(exchange, 'play-hls', 502, 'text', `${manifest.reason}\n`, 'Retry-After: 1');
  }

  #rank({ country, subscriber, where }: ClientLocation, asked: Omit<RankingRequest, keyof ClientLocation>): Ranking {
    const { ranking, metrics, nowMs } = this.#options;
    const ranked = ranking.rank({ country, subscriber, where, ...asked }, nowMs());
    const [first] = ranked.servers;
    metrics.firstChoices.inc({ site: first!.site, node: first!.id });
    metrics.clients.inc({ located_by: where.zone === null ? where.by : 'coverage-zone' });
    return ranked;
  }

  #locate(address: string): ClientLocation {
    return this.#options.locator.locate(address);
  }

  /** Its query says what a later answer needs, so that any instance can give it: nothing is kept here. */
  #steeringUri({ event, session, pathways, forcedAddress, asked }: SteeringQuery): string {
    const parts: string[] = [];
    if (event !== null) parts.push(`event=${event}`);
    if (session !== null) parts.push(`session=${session}`);
    if (pathways.length > 0) parts.push(`pathways=${pathways.join(',')}`);
    if (forcedAddress !== null) parts.push(`ip=${encodeURIComponent(forcedAddress)}`);
    parts.push(...this.#options.cases.query(asked));
    const query = parts.length === 0 ? '' : `?${parts.join('&')}`;
    return `${this.#options.publicUrl()}/v1/steer/hls${query}`;
  }

  #refuseEvent(exchange: HttpExchange, eventId: string, outcome: Exclude<EventOutcome, { kind: 'event' }>): void {
    if (outcome.kind === 'unknown') {
      return this.#answer(exchange, 'play-hls', 404, 'text', `no event ${eventId}\n`);
    }
    const status = outcome.cause === 'timeout' ? 504 : outcome.cause === 'busy' ? 503 : 502;
    const text = `the document of event ${eventId} cannot be had (${outcome.cause}): ${outcome.detail}\n`;
    this.#answer(exchange, 'play-hls', status, 'text', text, 'Retry-After: 1');
  }

  #refuse(exchange: HttpExchange, route: PlayerRoute, reason: string): void {
    this.#options.metrics.requests.inc({ route, status: 400 });
    respondJson(exchange, 400, { error: reason });
  }

  #answer(exchange: HttpExchange, route: PlayerRoute, status: number, type: BodyType, body: string, extra = ''): void {
    this.#options.metrics.requests.inc({ route, status });
    respond(exchange, status, type, body, extra);
  }
}

function sessionOf(parameters: URLSearchParams): string | null {
  const session = parameters.get('session');
  return session !== null && SESSION.test(session) ? session : null;
}

function eventIdOf(text: string | null): string | null {
  return text !== null && identifierSchema.safeParse(text).success ? text : null;
}

function pathwaysOf(parameters: URLSearchParams): string[] {
  const named = parameters.get('pathways')?.split(',', MOST_PATHWAYS) ?? [];
  return named.filter((id) => eventIdOf(id) !== null);
}
