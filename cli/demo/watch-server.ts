import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { HeaderBlock } from '../../runtime/header-block.ts';
import type { HttpExchange } from '../../runtime/http-exchange.ts';
import { HttpFront } from '../../runtime/http-front.ts';
import type { Address } from '../../runtime/address.ts';

const HERE = new URL('./watch/', import.meta.url);

/** What the page may ask of the demo. */
export interface WatchActions {
  /** JSON of everything the page shows */
  status: () => unknown;
  /** @returns what is wrong with the wish, or null */
  act: (kind: 'kill' | 'restart', name: string) => string | null;
}

interface Asset {
  block: HeaderBlock;
  body: Buffer;
}

/** Serves the watch page, hls.js and the demo's state; takes orders from the page, and only from it. */
export async function openWatchServer(address: Address, actions: WatchActions): Promise<HttpFront> {
  const hls = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js');
  const assets = new Map<string, Asset>([
    ['/', await asset(new URL('index.html', HERE), 'text/html; charset=utf-8')],
    ['/watch.js', await asset(new URL('watch.js', HERE), 'text/javascript; charset=utf-8')],
    ['/watch.css', await asset(new URL('watch.css', HERE), 'text/css; charset=utf-8')],
    ['/hls.js', await asset(new URL(`file://${hls}`), 'text/javascript; charset=utf-8')],
  ]);
  const front = new HttpFront({ address, raw: (exchange) => answer(exchange, assets, actions) });
  await front.open();
  return front;
}

const JSON_FIELDS = new HeaderBlock([
  ['Content-Type', 'application/json'],
  ['Cache-Control', 'no-store'],
]);

function answer(exchange: HttpExchange, assets: ReadonlyMap<string, Asset>, actions: WatchActions): void {
  const { method, path } = exchange;
  const found = assets.get(path);
  if (found && (method === 'GET' || method === 'HEAD')) {
    exchange.respond(200, found.block, '', found.body);
  } else if (path === '/status.json' && method === 'GET') {
    exchange.respond(200, JSON_FIELDS, '', JSON.stringify(actions.status()));
  } else if ((path === '/kill' || path === '/restart') && method === 'POST') {
    // A page of another origin cannot send this field without asking first, and nobody answers that question; one whose
    // name was made to point here shows that name as Host.
    const own =
      exchange.head.has('undercard-demo') &&
      /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(exchange.head.get('host') ?? '');
    const reason = own
      ? actions.act(path === '/kill' ? 'kill' : 'restart', new URLSearchParams(exchange.query).get('name') ?? '')
      : 'not asked by the watch page';
    exchange.respond(reason === null ? 200 : 400, JSON_FIELDS, '', JSON.stringify({ ok: reason === null, reason }));
  } else {
    exchange.respond(404, null, 'Content-Type: text/plain', 'not found\n');
  }
}

async function asset(url: URL, type: string): Promise<Asset> {
  const block = new HeaderBlock([
    ['Content-Type', type],
    ['Cache-Control', 'no-cache'],
  ]);
  return { block, body: await readFile(url) };
}
