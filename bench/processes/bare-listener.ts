// The listener that every service of ours has, with nothing behind it: each answer is the same bytes. argv = how many.
import { HeaderBlock } from '../../runtime/header-block.ts';
import { HttpFront } from '../../runtime/http-front.ts';

const body = 'x'.repeat(Number(process.argv[2]));
const block = new HeaderBlock([
  ['Content-Type', 'application/json'],
  ['Access-Control-Allow-Origin', '*'],
  ['Cache-Control', 'no-store'],
]);
const front = new HttpFront({
  address: { host: '127.0.0.1', port: 0 },
  raw: (exchange) => exchange.respond(200, block, '', body),
  onError: (error) => console.error(error),
});
const { port } = await front.open();
console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
