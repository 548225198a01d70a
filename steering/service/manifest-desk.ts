import { randomBytes } from 'node:crypto';
import type { HttpExchange } from '../../runtime/http-exchange.ts';
import type { Log } from '../../runtime/log.ts';
import type { LiveEvent } from '../../topology/model/event.ts';
import { identifiersIn, sessionIn, steeringQuery, type SteeringProtocol } from '../policy/players/content-steering.ts';
import { multivariantPlaylist } from '../policy/players/manifests.ts';
import { personalMpd } from '../policy/players/personal-mpd.ts';
import {
  allowedRenditions,
  limitedTo,
  limitsQuery,
  nominalBps,
  readLimits,
  type RenditionLimits,
} from '../policy/players/rendition-limits.ts';
import type { AskedCase } from '../policy/players/test-case-query.ts';
import { respond, respondJson, type BodyType } from './answer.ts';
import type { CaseDesk } from './case-desk.ts';
import type { ClientAddressReader } from './client-address.ts';
import type { EventDocuments, EventOutcome } from './event-documents.ts';
import { serversOf, steeringUri } from './player-desk.ts';
import type { SessionRanking } from './session-ranking.ts';
import type { SteeringMetrics } from './steering-metrics.ts';

export interface ManifestDeskOptions {
  ranking: SessionRanking;
  events: EventDocuments;
  addresses: ClientAddressReader;
  cases: CaseDesk;
  metrics: SteeringMetrics;
  log: Log;
  /** of a server of the sites file: scheme, host and port */
  baseUrlOf: (id: string) => string | undefined;
  /** scheme, host and port under which players reach this service */
  publicUrl: () => string;
  /** Unix time */
  wallMs: () => number;
}

type PlayRoute = `play-${SteeringProtocol}`;

/** One viewer's wish to play. */
interface Viewer {
  session: string;
  address: string;
  /** `?ip=`, where that is allowed */
  forcedAddress: string | null;
  limits: RenditionLimits;
  /** of an MPD that is to be updated: its pathways, in its order */
  pathways: readonly string[];
  asked: AskedCase | null;
}

interface Server {
  id: string;
  baseUrl: string;
}

/** Gives manifests made for one viewer, `GET /play/<event>.m3u8` and `.mpd`, and the time that an MPD is played by. */
export class ManifestDesk {
  readonly #options: ManifestDeskOptions;

  constructor(options: ManifestDeskOptions) {
    this.#options = options;
  }

  /** `GET /v1/time`: for UTCTiming, urn:mpeg:dash:utc:http-iso:2014. */
  time(exchange: HttpExchange): void {
    const { metrics, wallMs } = this.#options;
    metrics.requests.inc({ route: 'time', status: 200 });
    respond(exchange, 200, 'text', new Date(wallMs()).toISOString());
  }

  /**
   * `GET /play/<event>.m3u8|.mpd[?session=…][&maxHeight=…][&maxBitrate=…][&codecs=…]`: without a session one is drawn and
   * lives on in the steering URI.
   */
  play(exchange: HttpExchange, protocol: SteeringProtocol, eventId: string): void {
    const { events, log } = this.#options;
    const route = `play-${protocol}` as const;
    const viewer = this.#viewer(exchange);
    if (typeof viewer === 'string') {
      this.#options.metrics.requests.inc({ route, status: 400 });
      return respondJson(exchange, 400, { error: viewer });
    }
    exchange.hold(() => {});
    events
      .get(eventId)
      .then((outcome) => {
        if (outcome.kind !== 'event') return this.#refuseEvent(exchange, route, eventId, outcome);
        this.#give(exchange, protocol, outcome.event, viewer);
      })
      .catch((error: unknown) => {
        log.error({ err: error, where: exchange.url }, 'a handler failed');
        this.#answer(exchange, route, 500, 'text', 'internal error\n');
      });
  }

  /** @returns or why it is refused */
  #viewer(exchange: HttpExchange): Viewer | string {
    const parameters = new URLSearchParams(exchange.query);
    const named = this.#options.addresses.read(exchange, parameters);
    if (named.kind === 'refused') return named.reason;
    const reading = this.#options.cases.read(parameters);
    if (reading.kind === 'bad') return reading.reason;
    const limits = readLimits((name) => parameters.get(name));
    if (limits.kind === 'bad') return limits.reason;
    return {
      session: sessionIn(parameters.get('session')) ?? randomBytes(12).toString('base64url'),
      address: named.address,
      forcedAddress: parameters.get('ip'),
      limits: limits.limits,
      pathways: identifiersIn(parameters.get('pathways')),
      asked: reading.asked,
    };
  }

  #give(exchange: HttpExchange, protocol: SteeringProtocol, whole: LiveEvent, viewer: Viewer): void {
    const isUpdate = protocol === 'dash' && viewer.pathways.length > 0;
    const before = isUpdate ? this.#serversBefore(viewer) : [];
    if (before.length > 0) return this.#giveMpd(exchange, whole, before, viewer, isUpdate);
    const { ranking, cases } = this.#options;
    const asked = allowedRenditions(whole.renditions, viewer.limits);
    const ranked = ranking.rank(ranking.locate(viewer.address), {
      route: `play-${protocol}`,
      client: viewer.session,
      path: `/live/${whole.id}`,
      nominalBps: nominalBps(asked),
    });
    const { verdict, maxBitrateBps } = ranked.admission;
    if (verdict === 'refused') {
      const retryAfter = `Retry-After: ${Math.ceil(ranked.backoff.retryAfterSeconds)}`;
      return this.#answer(exchange, `play-${protocol}`, 503, 'text', 'all servers are full\n', retryAfter);
    }
    const granted = { ...viewer, limits: limitedTo(viewer.limits, maxBitrateBps) };
    const servers = cases.manifestServers(viewer.asked, ranked.servers);
    if (protocol === 'dash') this.#giveMpd(exchange, whole, servers, granted, isUpdate);
    else this.#givePlaylist(exchange, whole, servers, granted);
  }

  #givePlaylist(exchange: HttpExchange, whole: LiveEvent, servers: readonly Server[], viewer: Viewer): void {
    const event = { id: whole.id, renditions: allowedRenditions(whole.renditions, viewer.limits) };
    const uri = this.#steeringUri('hls', event, servers, viewer);
    const manifest = multivariantPlaylist({ event, servers, steeringUri: uri });
    if (manifest.kind === 'playlist') this.#answer(exchange, 'play-hls', 200, 'playlist', manifest.text);
    else this.#answer(exchange, 'play-hls', 502, 'text', `${manifest.reason}\n`, 'Retry-After: 1');
  }

  #giveMpd(
    exchange: HttpExchange,
    whole: LiveEvent,
    servers: readonly Server[],
    viewer: Viewer,
    isUpdate: boolean,
  ): void {
    const event = { ...whole, renditions: allowedRenditions(whole.renditions, viewer.limits) };
    const { publicUrl, wallMs, cases } = this.#options;
    const location = [
      `session=${viewer.session}`,
      ...limitsQuery(viewer.limits),
      `pathways=${servers.map(({ id }) => id).join(',')}`,
      ...forced(viewer),
      ...cases.query(viewer.asked),
    ];
    const mpd = personalMpd({
      event,
      servers,
      steeringUri: this.#steeringUri('dash', event, servers, viewer),
      location: `${publicUrl()}/play/${event.id}.mpd?${location.join('&')}`,
      timeUri: `${publicUrl()}/v1/time`,
      isUpdate,
      wallMs: wallMs(),
    });
    if (mpd.kind === 'mpd') this.#answer(exchange, 'play-dash', 200, 'mpd', mpd.text);
    else if (mpd.kind === 'gone') this.#answer(exchange, 'play-dash', 410, 'text', `event ${event.id} is over\n`);
    else this.#answer(exchange, 'play-dash', 502, 'text', `${mpd.reason}\n`, 'Retry-After: 1');
  }

  /**
   * Of a player that has an MPD already: what that named, in its order. Steering moves it, and an MPD that named others
   * would share nothing with what steering says next. So this ranks nothing, and promises no server anything.
   */
  #serversBefore({ pathways, asked }: Viewer): Server[] {
    const { cases, baseUrlOf } = this.#options;
    return cases.manifestServersBefore(asked, pathways, serversOf(pathways, baseUrlOf));
  }

  #steeringUri(
    protocol: SteeringProtocol,
    { id, renditions }: Pick<LiveEvent, 'id' | 'renditions'>,
    servers: readonly Server[],
    viewer: Viewer,
  ): string {
    const query = {
      event: id,
      session: viewer.session,
      pathways: servers.map((server) => server.id),
      clones: [],
      nominalBps: nominalBps(renditions),
    };
    const { publicUrl, cases } = this.#options;
    return steeringUri(publicUrl(), `steer-${protocol}`, [
      ...steeringQuery(query),
      ...forced(viewer),
      ...cases.query(viewer.asked),
    ]);
  }

  #refuseEvent(
    exchange: HttpExchange,
    route: PlayRoute,
    eventId: string,
    outcome: Exclude<EventOutcome, { kind: 'event' }>,
  ): void {
    if (outcome.kind === 'unknown') return this.#answer(exchange, route, 404, 'text', `no event ${eventId}\n`);
    const status = outcome.cause === 'timeout' ? 504 : outcome.cause === 'busy' ? 503 : 502;
    const text = `the document of event ${eventId} cannot be had (${outcome.cause}): ${outcome.detail}\n`;
    this.#answer(exchange, route, status, 'text', text, 'Retry-After: 1');
  }

  #answer(exchange: HttpExchange, route: PlayRoute, status: number, type: BodyType, body: string, extra = ''): void {
    this.#options.metrics.requests.inc({ route, status });
    respond(exchange, status, type, body, extra);
  }
}

function forced({ forcedAddress }: Viewer): string[] {
  return forcedAddress === null ? [] : [`ip=${encodeURIComponent(forcedAddress)}`];
}
