import { randomBytes } from 'node:crypto';
import { HeaderBlock } from '../../../runtime/header-block.ts';
import type { HttpExchange } from '../../../runtime/http-exchange.ts';
import type { Log } from '../../../runtime/log.ts';
import type { Cdns } from '../../../topology/model/cdns.ts';
import {
  identifiersIn,
  sessionIn,
  steeringQuery,
  type SteeringProtocol,
} from '../../policy/players/content-steering.ts';
import { respond, respondJson, type BodyType } from '../answer.ts';
import type { ClientAddressReader } from '../client-address.ts';
import { steeringUri } from '../player-desk.ts';
import type { SessionRanking } from '../session-ranking.ts';
import type { SteeringMetrics } from '../steering-metrics.ts';
import type { CdnBases } from './cdn-bases.ts';
import type { Manifest } from './manifest.ts';
import type { ManifestOutcome, ManifestStore } from './manifest-store.ts';
import { redirectPath } from './redirect-path.ts';

export interface CdnDeskOptions {
  cdns: Cdns;
  bases: CdnBases;
  ranking: SessionRanking;
  manifests: ManifestStore;
  addresses: ClientAddressReader;
  metrics: SteeringMetrics;
  log: Log;
  /** scheme, host and port under which players reach this service */
  publicUrl: () => string;
}

const MOST_URL = 2048;
/** Of a parameter that goes on to the CDNs. */
const MOST_VALUE = 1024;

interface Wanted {
  route: string;
  url: URL;
  /** the service's own path and query that lead here again, without the session */
  again: string;
  type?: Manifest['type'];
}

interface Personal {
  session: string;
  clientQuery: string;
  /** `?ip=`, where that is allowed */
  forcedIp: string | null;
  /** of a player that has an MPD: its CDNs in its order */
  before: readonly string[];
}

/** For viewers of other people's CDNs: their manifests handed on with steering, and redirects for players that know none. */
export class CdnDesk {
  readonly #options: CdnDeskOptions;
  readonly #named: ReadonlyMap<string, URL>;
  readonly #ids: ReadonlySet<string>;

  constructor(options: CdnDeskOptions) {
    this.#options = options;
    this.#ids = new Set(options.cdns.cdns.map(({ id }) => id));
    this.#named = new Map(options.cdns.manifests.map(({ name, url }) => [name, new URL(url)]));
  }

  /** `GET /v1/manifest?url=https://…/master.m3u8[&session=…]`: only of a CDN or source of the file. */
  manifest(exchange: HttpExchange): void {
    const parameters = new URLSearchParams(exchange.query);
    const text = parameters.get('url') ?? '';
    const unread = whyUnread(text);
    if (unread !== null) return this.#refuse(exchange, 'manifest', 400, `url: ${unread}`);
    const url = new URL(text);
    url.hash = '';
    if (this.#options.bases.locate(url) === null) {
      return this.#refuse(exchange, 'manifest', 403, `url: ${this.#whyForeign(url)}`);
    }
    const again = `/v1/manifest?url=${encodeURIComponent(url.href)}`;
    this.#handOn(exchange, parameters, { route: 'manifest', url, again });
  }

  /** `GET /play/<name>.m3u8` or `.mpd`: a manifest that the file names, which was checked to be at a place of it. */
  play(exchange: HttpExchange, file: string): void {
    const dot = file.lastIndexOf('.');
    const url = this.#named.get(file.slice(0, dot));
    if (url === undefined)
      return this.#answer(exchange, 'play', 404, 'text', `the file names no manifest ${file.slice(0, dot)}\n`);
    const type = file.endsWith('.mpd') ? 'mpd' : 'hls';
    this.#handOn(exchange, new URLSearchParams(exchange.query), { route: 'play', url, again: `/play/${file}`, type });
  }

  /** `GET /r/<path>[?<query>]`: 302 to the best CDN's base and this path. */
  redirect(exchange: HttpExchange, path: string): void {
    const target = redirectPath(path, exchange.query);
    if (target.kind === 'refused') return this.#refuse(exchange, 'redirect', 400, target.reason);
    const { addresses, bases, metrics, ranking } = this.#options;
    const parameters = new URLSearchParams(exchange.query);
    const named = addresses.read(exchange, parameters);
    if (named.kind === 'refused') return this.#refuse(exchange, 'redirect', 400, named.reason);
    const client = sessionIn(parameters.get('session')) ?? named.address;
    const { servers } = ranking.rank(ranking.locate(named.address), { client, path: target.path, lease: 'long' });
    metrics.requests.inc({ route: 'redirect', status: 302 });
    exchange.respond(302, REDIRECT, `Location: ${bases.at(servers[0]!.id, target)}`, null);
  }

  #whyForeign({ origin, protocol, username, password, pathname }: URL): string {
    if (!isHttp(protocol)) return WANTS_HTTP;
    if (username !== '' || password !== '') return 'may hold no user name or password';
    return this.#options.bases.hasOrigin(origin)
      ? `${origin} is in the file, but with a path that ${pathname} is not below`
      : `${origin} is no CDN or source of the file: scheme, host and port must be as there (sources: adds one)`;
  }

  #handOn(exchange: HttpExchange, parameters: URLSearchParams, wanted: Wanted): void {
    const { addresses, manifests, log } = this.#options;
    const { route, url } = wanted;
    const named = addresses.read(exchange, parameters);
    if (named.kind === 'refused') return this.#refuse(exchange, route, 400, named.reason);
    const clientQuery = this.#clientQuery(parameters);
    if (clientQuery === null) return this.#refuse(exchange, route, 400, `a parameter is longer than ${MOST_VALUE}`);
    exchange.hold(() => {});
    manifests
      .get(url)
      .then((outcome) => {
        if (outcome.kind !== 'manifest') return this.#refuseOutcome(exchange, wanted, outcome);
        const session = sessionIn(parameters.get('session')) ?? randomBytes(12).toString('base64url');
        const forcedIp = parameters.get('ip');
        const before = identifiersIn(parameters.get('pathways')).filter((id) => this.#ids.has(id));
        this.#give(exchange, wanted, outcome.manifest, named.address, { session, clientQuery, forcedIp, before });
      })
      .catch((error: unknown) => {
        log.error({ err: error, where: exchange.path }, 'a handler failed');
        this.#answer(exchange, route, 500, 'text', 'internal error\n');
      });
  }

  #give(
    exchange: HttpExchange,
    { route, url, again, type }: Wanted,
    manifest: Manifest,
    address: string,
    { session, clientQuery, forcedIp, before }: Personal,
  ): void {
    const { cdns, bases, publicUrl, ranking } = this.#options;
    if (type !== undefined && type !== manifest.type) {
      const suffix = manifest.type === 'mpd' ? '.mpd' : '.m3u8';
      return this.#refuse(exchange, route, 404, `${url.href} is ${NAMES[manifest.type]}: ask for it as ${suffix}`);
    }
    // A player that has an MPD already keeps its places in their order: steering moves it, not an update.
    const ranked = () => ranking.rank(ranking.locate(address), { client: session, path: bases.locate(url)!.path });
    const isUpdate = manifest.type === 'mpd' && before.length > 0;
    const pathways = isUpdate ? before : ranked().servers.map(({ id }) => id);
    const forced = forcedIp === null ? [] : [`ip=${encodeURIComponent(forcedIp)}`];
    const query = steeringQuery({ event: null, session, pathways, clones: [], nominalBps: null });
    const protocol: SteeringProtocol = manifest.type === 'mpd' ? 'dash' : 'hls';
    const own = [`session=${session}`, `pathways=${pathways.join(',')}`, ...forced, clientQuery]
      .filter(Boolean)
      .join('&');
    const outcome = manifest.handOn({
      bases,
      pathways,
      steeringUri: steeringUri(publicUrl(), `steer-${protocol}`, [...query, ...forced]),
      location: `${publicUrl()}${again}${again.includes('?') ? '&' : '?'}${own}`,
      nominalBps: cdns.balance.nominalBps,
      clientQuery,
    });
    if (outcome.kind === 'unfit') return this.#refuse(exchange, route, 502, `${url.href}: ${outcome.reason}`);
    this.#answer(exchange, route, 200, manifest.type === 'mpd' ? 'mpd' : 'playlist', outcome.text);
  }

  /** What the file lets go on to the CDNs; null when it is too long. */
  #clientQuery(parameters: URLSearchParams): string | null {
    const parts: string[] = [];
    for (const name of this.#options.cdns.clientParameters) {
      const value = parameters.get(name);
      if (value === null) continue;
      if (value.length > MOST_VALUE) return null;
      // What encodeURIComponent leaves of RFC 3986's sub-delims has no meaning of its own in HLS, XML or a query.
      parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
    }
    return parts.join('&');
  }

  #refuseOutcome(
    exchange: HttpExchange,
    { route, url }: Wanted,
    outcome: Exclude<ManifestOutcome, { kind: 'manifest' }>,
  ): void {
    if (outcome.kind === 'unknown') return this.#answer(exchange, route, 404, 'text', `${url.href} is not there\n`);
    const status = outcome.cause === 'timeout' ? 504 : outcome.cause === 'busy' ? 503 : 502;
    const text = `${url.href} cannot be had (${outcome.cause}): ${outcome.detail}\n`;
    this.#answer(exchange, route, status, 'text', text, 'Retry-After: 1');
  }

  #refuse(exchange: HttpExchange, route: string, status: number, reason: string): void {
    this.#options.metrics.requests.inc({ route, status });
    respondJson(exchange, status, { error: reason });
  }

  #answer(exchange: HttpExchange, route: string, status: number, type: BodyType, body: string, extra = ''): void {
    this.#options.metrics.requests.inc({ route, status });
    respond(exchange, status, type, body, extra);
  }
}

const WANTS_HTTP = 'must begin with http:// or https://';

function whyUnread(text: string): string | null {
  if (text === '') return 'give the URL of an HLS playlist or an MPD, percent-encoded';
  if (text.length > MOST_URL) return `is longer than ${MOST_URL} characters`;
  if (URL.canParse(text)) return null;
  return /^https?:\/\//i.test(text) ? 'is no URL' : WANTS_HTTP;
}

function isHttp(protocol: string): boolean {
  return protocol === 'http:' || protocol === 'https:';
}

const NAMES = { hls: 'an HLS playlist', mpd: 'an MPD' };

/** A choice of this moment: nobody may keep it for others or for later. */
const REDIRECT = new HeaderBlock([
  ['Cache-Control', 'no-store'],
  ['Access-Control-Allow-Origin', '*'],
  ['Access-Control-Expose-Headers', 'Location'],
  ['Timing-Allow-Origin', '*'],
]);
