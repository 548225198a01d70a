import { HeaderBlock } from '../../runtime/header-block.ts';
import type { HttpExchange } from '../../runtime/http-exchange.ts';
import { MPD_TYPE } from '../../topology/model/mpd.ts';

/** A page on any site may ask, and read what it needs. */
export const CORS: readonly (readonly [string, string])[] = [
  ['Access-Control-Allow-Origin', '*'],
  ['Access-Control-Expose-Headers', 'Age, Date, Retry-After, Cache-Status, CMSD-Static, CMSD-Dynamic'],
  ['Timing-Allow-Origin', '*'],
];
/** Nothing is stored: an answer is for one client and one moment. */
const COMMON = [...CORS, ['Cache-Control', 'no-store']] as const;

const typed = (type: string) => new HeaderBlock([['Content-Type', type], ...COMMON]);

const BLOCKS = {
  json: typed('application/json'),
  text: typed('text/plain; charset=utf-8'),
  steeringList: typed('application/vnd.apple.steering-list'),
  playlist: typed('application/vnd.apple.mpegurl'),
  mpd: typed(MPD_TYPE),
};
const NOTHING = new HeaderBlock(COMMON);
const PREFLIGHT = new HeaderBlock([
  ...COMMON,
  ['Access-Control-Allow-Methods', 'GET, HEAD, POST, OPTIONS'],
  ['Access-Control-Allow-Headers', '*, Authorization'],
  ['Access-Control-Max-Age', '86400'],
]);

export type BodyType = keyof typeof BLOCKS;

/** @param extra one field line of our own making, such as `Retry-After: 1` */
export function respond(exchange: HttpExchange, status: number, type: BodyType, body: string, extra = ''): void {
  exchange.respond(status, BLOCKS[type], extra, body);
}

export function respondJson(exchange: HttpExchange, status: number, value: unknown, extra = ''): void {
  respond(exchange, status, 'json', `${JSON.stringify(value)}\n`, extra);
}

export function respondNothing(exchange: HttpExchange): void {
  exchange.respond(204, NOTHING, '', null);
}

/** Players in header mode of CMCD, and range requests, make the browser ask first. */
export function respondPreflight(exchange: HttpExchange): void {
  exchange.respond(204, PREFLIGHT, '', null);
}
