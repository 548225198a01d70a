import test from 'ava';
import fc from 'fast-check';
import { HashRing } from '../../topology/model/ring.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';
import { Sources } from './sources.ts';

const SITE = ['edge-1', 'edge-2', 'edge-3'];
const DOWN_MS = 1000;
const ring = new HashRing(SITE);

/** A key whose owners come in this order. */
function keyOwnedBy(...order: string[]): number {
  for (let at = 0; ; at++) {
    const hash = stableHash(`key ${at}`);
    if (ring.owners(hash, SITE.length).join() === order.join()) return hash;
  }
}

const siteOf = (self: string, upstreams = 1) => new Sources({ self, site: SITE, upstreams }, DOWN_MS);
const nameOf = (sources: Sources, source: number) => sources.neighbour(source) ?? `upstream ${source}`;

test('the owner of a key fills from above, the others from the owner', (t) => {
  const hash = keyOwnedBy('edge-2', 'edge-3', 'edge-1');
  for (const self of SITE) {
    const sources = siteOf(self);
    t.is(nameOf(sources, sources.choose(hash, false, [], 0)), self === 'edge-2' ? 'upstream 0' : 'edge-2');
  }
});

test('when the owner is down the next on the ring takes over, and finds so itself', (t) => {
  const hash = keyOwnedBy('edge-2', 'edge-3', 'edge-1');
  for (const [self, takesOver] of [
    ['edge-1', 'edge-3'],
    ['edge-3', 'upstream 0'],
  ] as const) {
    const sources = siteOf(self);
    sources.failed(sources.choose(hash, false, [], 0), 0);
    t.is(nameOf(sources, sources.choose(hash, false, [], 0)), takesOver);
    t.is(nameOf(sources, sources.choose(hash, false, [], DOWN_MS)), 'edge-2', 'and it is asked again after a while');
  }
});

test('whoever is asked by a neighbour goes straight up', (t) => {
  const sources = siteOf('edge-1');
  t.is(sources.choose(keyOwnedBy('edge-2', 'edge-3', 'edge-1'), true, [], 0), 0);
});

test('two edges that disagree about who is down never ask each other in circles', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
      (hash, down) => {
        // Each edge has its own opinion of each other; a request travels at most one hop inside the site.
        for (const [at, self] of SITE.entries()) {
          const sources = siteOf(self);
          for (let other = 0; other < SITE.length; other++) if (down[at * 3 + other]) sources.failed(1 + other, 0);
          const neighbour = sources.neighbour(sources.choose(hash, false, [], 0));
          if (neighbour === self) return false;
          if (neighbour !== null && siteOf(neighbour).choose(hash, true, [], 0) !== 0) return false;
        }
        return true;
      },
    ),
  );
  t.pass();
});

test('upstreams are tried in their order, each once; a lone one that is down is tried all the same', (t) => {
  const sources = new Sources({ self: 'edge-1', site: [], upstreams: 2 }, DOWN_MS);
  t.is(sources.choose(1, false, [], 0), 0);
  t.is(sources.choose(1, false, [0], 0), 1);
  t.is(sources.choose(1, false, [0, 1], 0), -1);
  sources.failed(0, 0);
  t.is(sources.choose(1, false, [], 1), 1);
  sources.failed(1, 1);
  t.is(sources.choose(1, false, [], 2), 0, 'refusing without trying helps nobody');
});

test('each further failure doubles the time out, up to eight times; an answer ends it', (t) => {
  const sources = new Sources({ self: 'edge-1', site: [], upstreams: 2 }, DOWN_MS);
  const downFor = () => {
    sources.failed(0, 0);
    let ms = 0;
    while (sources.choose(1, false, [], ms) !== 0) ms += DOWN_MS;
    return ms / DOWN_MS;
  };
  t.deepEqual([downFor(), downFor(), downFor(), downFor(), downFor()], [1, 2, 4, 8, 8]);
  sources.answered(0);
  t.is(sources.choose(1, false, [], 0), 0);
  t.is(downFor(), 1);
});
