import type { HttpExchange } from '../../runtime/http-exchange.ts';
import { respond, respondPreflight } from './answer.ts';

type Method = 'GET' | 'HEAD' | 'POST';

/** What a desk answers. `path` is exact, or matches the whole path; its first group goes to `handle`. */
export interface Route {
  /** in metrics */
  name: string;
  path: string | RegExp;
  /** without it GET and HEAD; `any`: the desk refuses itself */
  methods?: readonly Method[] | 'any';
  handle(exchange: HttpExchange, part: string): void;
}

const READ: readonly Method[] = ['GET', 'HEAD'];

/** Finds who answers a request: exact paths by a table, for each viewer asks every few seconds; then patterns in turn. */
export class Routes {
  readonly #exact = new Map<string, Route>();
  readonly #patterns: Route[] = [];
  readonly #onRefused: (route: string, status: number) => void;

  /** @param onRefused for metrics: no route (404), or not with this method (405) */
  constructor(routes: readonly Route[], onRefused: (route: string, status: number) => void) {
    this.#onRefused = onRefused;
    for (const route of routes) {
      if (typeof route.path === 'string') this.#exact.set(route.path, route);
      else this.#patterns.push(route);
    }
  }

  dispatch(exchange: HttpExchange): void {
    if (exchange.method === 'OPTIONS') return respondPreflight(exchange);
    const exact = this.#exact.get(exchange.path);
    if (exact !== undefined) return this.#hand(exchange, exact, '');
    for (const route of this.#patterns) {
      const match = (route.path as RegExp).exec(exchange.path);
      if (match !== null) return this.#hand(exchange, route, match[1] ?? '');
    }
    this.#onRefused('other', 404);
    respond(exchange, 404, 'text', 'not found\n');
  }

  #hand(exchange: HttpExchange, { name, methods = READ, handle }: Route, part: string): void {
    if (methods === 'any' || methods.includes(exchange.method as Method)) return handle(exchange, part);
    this.#onRefused(name, 405);
    const allowed = [...methods, 'OPTIONS'].join(', ');
    respond(exchange, 405, 'text', `${methods.join(' or ')} only\n`, `Allow: ${allowed}`);
  }
}
