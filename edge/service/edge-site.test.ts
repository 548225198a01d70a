import test, { type ExecutionContext } from 'ava';
import {
  ask,
  Asked,
  EdgeProcess,
  freeAddress,
  openEdge,
  stateOf,
  until,
  type Answer,
} from '../../test/support/edge-process.ts';
import { bytesOf, Gate, give, giveInHalves, OriginServer, type Behaviour } from '../../test/support/origin-server.ts';
import { HashRing } from '../../topology/model/ring.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';

const FRESH = { 'Cache-Control': 'max-age=60' };
const SITE = new HashRing(['edge-a', 'edge-b']);

const statusOf = ({ fields }: Answer) => String(fields['cache-status']);
const echo: Behaviour = (request, response) => give(request.target, FRESH)(request, response);

/** So many paths that this edge of the site owns. */
function pathsOwnedBy(owner: string, prefix: string, count: number): string[] {
  const paths: string[] = [];
  for (let number = 0; paths.length < count; number++) {
    const path = `/${prefix}-${number}`;
    if (SITE.owners(stableHash(path), 1)[0] === owner) paths.push(path);
  }
  return paths;
}

/** Two edges of one site: edge-a in this process, edge-b in one of its own that can be killed. */
async function openSite(t: ExecutionContext, behave: Behaviour) {
  const origin = await OriginServer.open(t, behave);
  const [addressA, addressB] = [freeAddress(), freeAddress()];
  const flags = ['--id', 'edge-b', '--listen', addressB, '--neighbour', `edge-a=http://${addressA}`];
  const other = new EdgeProcess(t, [...flags, '--upstream', origin.url, '--json']);
  const neighbours = { 'edge-b': `http://${addressB}` };
  const edge = await openEdge(t, { id: 'edge-a', listen: addressA, upstreams: [origin.url], neighbours });
  return { origin, edge, other, otherUrl: (await other.ready).listen! };
}

test('inside a site the owner of a key fills from above and the other from it: one fill for all', async (t) => {
  const { origin, edge, otherUrl } = await openSite(t, echo);
  for (const [owner, ownerUrl, neighbour, neighbourUrl] of [
    ['edge-a', edge.url, 'edge-b', otherUrl],
    ['edge-b', otherUrl, 'edge-a', edge.url],
  ] as const) {
    const [path, ...more] = pathsOwnedBy(owner, 'owned', 20);
    const miss = 'fwd=uri-miss;fwd-status=200;stored';
    t.is(statusOf(await ask(neighbourUrl, path!)), `${owner};${miss}, ${neighbour};${miss}`);
    t.is(origin.asked(path!)[0]!.fields['cdn-loop'], `${neighbour}, ${owner}`);
    t.regex(statusOf(await ask(ownerUrl, path!)), new RegExp(`^${owner};hit`));
    t.regex(statusOf(await ask(neighbourUrl, path!)), new RegExp(`${neighbour};hit`));
    await Promise.all(more.flatMap((target) => [ask(neighbourUrl, target), ask(ownerUrl, target)]));
    for (const target of [path!, ...more]) t.is(origin.count(target), 1, target);
  }
});

test('the owner is killed: the next fills go straight up, and no client sees an error', async (t) => {
  const { origin, edge, other } = await openSite(t, echo);
  const [before, ...after] = pathsOwnedBy('edge-b', 'late', 30);
  await ask(edge.url, before!);
  other.signal('SIGKILL');
  await other.ended;
  const answers = await Promise.all(after.map((target) => ask(edge.url, target)));
  for (const [at, answer] of answers.entries()) {
    t.is(answer.status, 200);
    t.is(answer.body.toString(), after[at]!);
    t.is(origin.asked(after[at]!)[0]!.fields['cdn-loop'], 'edge-a');
  }
  const { fillFailures, refused } = await stateOf(edge);
  t.true((fillFailures.refused ?? 0) + (fillFailures.reset ?? 0) > 0, JSON.stringify(fillFailures));
  t.is(refused, 0);
});

test('the owner is killed in the middle of a body: its readers get the rest from above and notice nothing', async (t) => {
  const object = bytesOf(200_000);
  const [path] = pathsOwnedBy('edge-b', 'object', 1);
  const fields = { ...FRESH, ETag: '"one"', 'Content-Length': object.byteLength };
  const held = new Gate();
  t.teardown(held.open);
  const { origin, edge, other } = await openSite(t, (request, response) =>
    request.fields['cdn-loop'] === 'edge-a, edge-b'
      ? giveInHalves(object, held, fields)(request, response)
      : give(object, fields)(request, response),
  );
  const askings = Array.from({ length: 5 }, () => new Asked(edge.url, path!));
  const answers = askings.map((asked) => asked.answer());
  for (const asked of askings) await until(() => asked.receivedBytes === 100_000, 'the first half');
  other.signal('SIGKILL');
  for (const answer of await Promise.all(answers)) {
    t.is(answer.status, 200);
    t.true(answer.whole && answer.body.equals(object));
  }
  t.is(origin.count(path!), 2);
  const hit = await ask(edge.url, path!);
  t.regex(statusOf(hit), /edge-a;hit/);
  t.true(hit.body.equals(object), 'what was stored is whole too');
});

test('a neighbour that was killed and has come back is the owner again', async (t) => {
  const { origin, edge, other, otherUrl } = await openSite(t, echo);
  other.signal('SIGKILL');
  await other.ended;
  const paths = pathsOwnedBy('edge-b', 'again', 1000);
  t.is((await ask(edge.url, paths[0]!)).status, 200);
  const { host } = new URL(otherUrl);
  const again = new EdgeProcess(t, [
    '--id',
    'edge-b',
    '--listen',
    host,
    '--upstream',
    origin.url,
    '--tier',
    'edge-a',
    '--json',
  ]);
  await again.ready;
  let at = 1;
  const viaOwner = () => origin.seen.some(({ fields }) => fields['cdn-loop'] === 'edge-a, edge-b');
  for (; at < paths.length && !viaOwner(); at++) {
    t.is((await ask(edge.url, paths[at]!)).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  t.true(viaOwner());
});
