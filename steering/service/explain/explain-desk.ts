import type { AdminRoute } from '../../../runtime/admin.ts';
import { HeaderBlock } from '../../../runtime/header-block.ts';
import type { HttpExchange } from '../../../runtime/http-exchange.ts';
import type { Log } from '../../../runtime/log.ts';
import type { ServerRanking } from '../../policy/ranking.ts';
import type { ClientAddressReader } from '../client-address.ts';
import type { Route } from '../routes.ts';
import type { SteeringMetrics } from '../steering-metrics.ts';
import { ExplainAnswers, type ExplainMap } from './explain-answer.ts';
import { renderExplainPage } from './explain-page.ts';
import { readExplainRequest } from './explain-request.ts';
import { ExplainWorld } from './explain-world.ts';
import { LiveCounters, type LiveNodes } from './live-counters.ts';

export interface ExplainDeskOptions extends ExplainMap {
  /** of this instance */
  id: string;
  ranking: ServerRanking;
  nodes: LiveNodes;
  metrics: SteeringMetrics;
  addresses: ClientAddressReader;
  log: Log;
  /** monotonic */
  nowMs: () => number;
}

// Without Access-Control-Allow-Origin: what it tells of the operator is for pages from here alone.
const OWN = [
  ['Cache-Control', 'no-store'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
] as const;
const JSON_BLOCK = new HeaderBlock([['Content-Type', 'application/json'], ...OWN]);

/** For people: why a viewer gets the servers it gets, and what steering does. Reads only. */
export class ExplainDesk {
  readonly #options: ExplainDeskOptions;
  readonly #answers: ExplainAnswers;
  readonly #live: LiveCounters;
  readonly #world: ExplainWorld;
  readonly #page: string;
  readonly #pageBlock: HeaderBlock;

  constructor(options: ExplainDeskOptions) {
    this.#options = options;
    const { id, sites, places, nodes, metrics, nowMs } = options;
    this.#world = new ExplainWorld(id, sites, () => places.routing);
    this.#answers = new ExplainAnswers(options);
    this.#live = new LiveCounters(sites, this.#world.spots, nodes, metrics, nowMs);
    const { text, policy } = renderExplainPage();
    this.#page = text;
    this.#pageBlock = new HeaderBlock([
      ['Content-Type', 'text/html; charset=utf-8'],
      ['Content-Security-Policy', policy],
      ['Referrer-Policy', 'no-referrer'],
      ['X-Frame-Options', 'DENY'],
      ['Cross-Origin-Opener-Policy', 'same-origin'],
      ...OWN,
    ]);
  }

  /** The page holds nothing of this node: whoever has no token may open it, and is asked for one. */
  adminRoutes(): AdminRoute[] {
    return this.#paths().map(([path, handle]) => ({ path, open: path === '/explain', handle }));
  }

  /** The same where players come. */
  publicRoutes(): Route[] {
    return this.#paths().map(([path, handle]) => ({ name: 'explain', path, handle }));
  }

  #paths(): [path: string, handle: (exchange: HttpExchange) => void][] {
    return [
      ['/explain', (exchange) => exchange.respond(200, this.#pageBlock, '', this.#page)],
      ['/v1/explain', (exchange) => this.#explain(exchange)],
      ['/v1/explain/world', (exchange) => respondJson(exchange, 200, this.#world.json())],
      ['/v1/explain/live', (exchange) => this.#counters(exchange)],
    ];
  }

  /** `GET /v1/explain?ip=…&path=…[&session=…][&pathways=…][&bitrate=…][&priority=…][&playing=…]` */
  #explain(exchange: HttpExchange): void {
    const { ranking, places, addresses, nowMs } = this.#options;
    const outcome = readExplainRequest(new URLSearchParams(exchange.query), addresses.connected(exchange));
    if (outcome.kind === 'bad') {
      const { field, detail } = outcome;
      // Looking is not counted; what is refused is, as everywhere.
      this.#options.metrics.requests.inc({ route: 'explain', status: 400 });
      return respondJson(exchange, 400, { error: 'bad-request', field, detail });
    }
    const { request } = outcome;
    const trace = places.trace(request.address);
    const { country, subscriber, where } = trace.location;
    const { address, session, pathways, bitrateBps, ...asked } = request;
    const explanation = ranking.explain(
      {
        ...asked,
        country,
        subscriber,
        where,
        client: session ?? address,
        nominalBps: bitrateBps,
        among: pathways && new Set(pathways),
        route: 'explain',
        address,
      },
      nowMs(),
    );
    respondJson(exchange, 200, this.#answers.make(request, trace, explanation));
  }

  /** `GET /v1/explain/live[?since=…]` */
  #counters(exchange: HttpExchange): void {
    const { log } = this.#options;
    const since = /^\d{1,15}$/.exec(new URLSearchParams(exchange.query).get('since') ?? '');
    exchange.hold(() => {});
    this.#live.read(since === null ? -1 : Number(since[0])).then(
      (answer) => respondJson(exchange, 200, answer),
      (error: unknown) => {
        log.error({ err: error, where: exchange.url }, 'a handler failed');
        respondJson(exchange, 500, { error: 'internal', detail: 'internal error' });
      },
    );
  }
}

function respondJson(exchange: HttpExchange, status: number, value: unknown): void {
  exchange.respond(status, JSON_BLOCK, '', `${JSON.stringify(value)}\n`);
}
