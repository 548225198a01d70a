import { HeaderBlock } from '../../runtime/header-block.ts';
import { extraFields, type HttpExchange } from '../../runtime/http-exchange.ts';
import {
  applies,
  CASE_PARAMETERS,
  caseQuery,
  nextTurn,
  readCase,
  type AskedCase,
  type CaseReading,
} from '../policy/players/test-case-query.ts';
import {
  answerOf,
  CASE_NAMES,
  describeCase,
  manifestServers,
  manifestServersBefore,
  type CaseAnswer,
  type CaseContext,
  type CaseServer,
} from '../policy/players/test-cases.ts';
import { CORS, respond, respondJson } from './answer.ts';
import type { QueryValues } from './query-values.ts';
import type { SteeringMetrics } from './steering-metrics.ts';

export interface CaseDeskOptions {
  /** --test-cases */
  enabled: boolean;
  metrics: SteeringMetrics;
  /** late answers at the same time, those that never come among them */
  mostHeld?: number;
  /** how long one that never comes is held */
  hangMs?: number;
}

const MOST_HELD = 200;
const HANG_MS = 120_000;
const OFF = 'test cases are off here: undercard steering --test-cases turns them on';

const TYPES = {
  steeringList: 'application/vnd.apple.steering-list',
  html: 'text/html; charset=utf-8',
  text: 'text/plain; charset=utf-8',
};

/** Answers wrongly on purpose, for those who write players; nothing of it is reachable unless it was turned on. */
export class CaseDesk {
  readonly #options: CaseDeskOptions;
  readonly #mostHeld: number;
  readonly #hangMs: number;
  readonly #held = new Map<HttpExchange, NodeJS.Timeout>();

  constructor(options: CaseDeskOptions) {
    this.#options = options;
    this.#mostHeld = options.mostHeld ?? MOST_HELD;
    this.#hangMs = options.hangMs ?? HANG_MS;
  }

  /** Turned off, `case=` is like any parameter that nobody knows. */
  read(parameters: QueryValues): CaseReading {
    return this.#options.enabled ? readCase((name) => parameters.get(name)) : { kind: 'read', asked: null };
  }

  /** `GET /v1/cases` */
  list(exchange: HttpExchange): void {
    const { enabled, metrics } = this.#options;
    metrics.requests.inc({ route: 'cases', status: enabled ? 200 : 404 });
    if (!enabled) return respondJson(exchange, 404, { error: OFF });
    const cases = CASE_NAMES.map((name) => ({ name, ...describeCase(name) }));
    respondJson(exchange, 200, { parameters: CASE_PARAMETERS, cases });
  }

  /** What the steering URI in a manifest or an answer says beside the rest. */
  query(asked: AskedCase | null): string[] {
    return asked === null ? [] : caseQuery(asked);
  }

  next(asked: AskedCase | null): AskedCase | null {
    return asked === null ? null : nextTurn(asked);
  }

  manifestServers<Server extends CaseServer>(asked: AskedCase | null, servers: readonly Server[]): readonly Server[] {
    return asked === null ? servers : manifestServers(asked.name, servers, applies(asked));
  }

  /** @param ids pathways of the manifest that is updated, of which `known` are servers */
  manifestServersBefore<Server extends CaseServer>(
    asked: AskedCase | null,
    ids: readonly string[],
    known: Server[],
  ): Server[] {
    return asked === null ? known : manifestServersBefore(asked.name, ids, known);
  }

  /** How long a right answer holds. */
  paced<Paced extends { ttlSeconds: number }>({ ttlSeconds }: AskedCase, ranking: Paced): Paced {
    return { ...ranking, ttlSeconds: ttlSeconds ?? ranking.ttlSeconds };
  }

  /** @param context what a right answer would be made of */
  answer(
    exchange: HttpExchange,
    route: string,
    asked: AskedCase,
    context: Omit<CaseContext, 'turn' | 'delaySeconds'>,
  ): void {
    const { after, turn, delaySeconds } = asked;
    const name = applies(asked) ? asked.name : 'normal';
    const answer = answerOf(name, { ...context, turn: turn - after, delaySeconds });
    this.#options.metrics.requests.inc({ route, status: answer.status });
    if (answer.delayMs === 0) return send(exchange, answer);
    if (this.#held.size >= this.#mostHeld) {
      return respond(exchange, 503, 'text', 'too many late answers at the same time\n', 'Retry-After: 5');
    }
    const isEndless = answer.delayMs === Infinity;
    const timer = setTimeout(
      () => {
        this.#held.delete(exchange);
        if (isEndless) exchange.destroy();
        else send(exchange, answer);
      },
      isEndless ? this.#hangMs : answer.delayMs,
    );
    this.#held.set(exchange, timer);
    exchange.hold(() => {
      clearTimeout(timer);
      this.#held.delete(exchange);
    });
  }

  /** Nobody waits for an answer any more. */
  close(): void {
    for (const [exchange, timer] of this.#held) {
      clearTimeout(timer);
      exchange.destroy();
    }
    this.#held.clear();
  }
}

function send(exchange: HttpExchange, { status, type, cors, fields, body, cutAt }: CaseAnswer): void {
  const block = new HeaderBlock([['Content-Type', TYPES[type]], ['Cache-Control', 'no-store'], ...(cors ? CORS : [])]);
  const extra = extraFields(fields);
  if (cutAt === null) return exchange.respond(status, block, extra, body);
  const bytes = Buffer.from(body);
  exchange.hold(() => {});
  exchange.begin(status, block, extra, bytes.byteLength);
  exchange.write(bytes.subarray(0, Math.floor(bytes.byteLength * cutAt)));
  // Cut in this turn, the connection would take what it was just given with it.
  setImmediate(() => exchange.destroy());
}
