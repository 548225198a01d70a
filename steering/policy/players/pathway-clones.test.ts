import test from 'ava';
import * as fc from 'fast-check';
import { type CloneHost, type PathwayRequest, planPathways, reachable } from './pathway-clones.ts';

const URLS: Record<string, string> = {
  'fra-1': 'http://127.0.1.11:8080',
  'fra-2': 'http://127.0.1.12:8080',
  'nyc-1': 'http://127.0.2.11:8080',
  'nyc-2': 'http://127.0.2.12:8080',
  'sao-1': 'http://127.0.3.11:8080',
  'lon-1': 'http://127.0.4.11:8080',
  'akl-1': 'http://127.0.5.11:8080',
  'sin-1': 'http://127.0.6.11:8080',
  'tls-1': 'https://edge.example',
  'tls-2': 'https://other.example:443',
  'odd-1': 'http://127.0.7.11:9090',
  'six-1': 'https://[2001:db8::1]',
};

const ranked = (...ids: string[]) =>
  ids.map((id, rank) => ({ id, site: id.slice(0, 3), baseUrl: URLS[id]!, rank, reasons: [] }));

function plan(
  best: readonly string[],
  pathways: readonly string[],
  { cloned = [], cloneHost = 'name' }: { cloned?: string[]; cloneHost?: CloneHost } = {},
) {
  return planPathways({ ranked: ranked(...best), pathways, cloned, baseUrlOf: (id) => URLS[id], cloneHost });
}

test('while the best server is in the manifest the order is the ranking’s, and nothing is cloned', (t) => {
  t.deepEqual(plan(['nyc-1', 'fra-1', 'sao-1'], ['fra-1', 'nyc-1']), { priority: ['nyc-1', 'fra-1'], clones: [] });
});

test('a better server than the manifest has comes first as a clone; the rest of the manifest stays behind it', (t) => {
  t.deepEqual(plan(['sao-1', 'lon-1', 'nyc-1'], ['fra-1', 'nyc-1']), {
    priority: ['sao-1', 'nyc-1', 'fra-1'],
    clones: [{ baseId: 'fra-1', id: 'sao-1', host: '127.0.3.11' }],
  });
});

test('a clone is repeated for as long as it is ranked, on the same base; then it goes', (t) => {
  const first = plan(['sao-1', 'fra-1', 'nyc-1'], ['fra-1', 'nyc-1'])!;
  const later = plan(['nyc-1', 'lon-1', 'sao-1', 'fra-1'], ['fra-1', 'nyc-1'], { cloned: ['sao-1'] })!;
  t.deepEqual(later.priority, ['nyc-1', 'sao-1', 'fra-1']);
  t.deepEqual(later.clones, first.clones);
  const gone = plan(['nyc-1', 'fra-1'], ['fra-1', 'nyc-1'], { cloned: ['sao-1'] })!;
  t.deepEqual(gone, { priority: ['nyc-1', 'fra-1'], clones: [] });
});

test('where all that the player has would be of one site, another site’s best is cloned behind the first', (t) => {
  t.deepEqual(plan(['fra-1', 'fra-2', 'sao-1', 'lon-1'], ['fra-1', 'fra-2']), {
    priority: ['fra-1', 'fra-2', 'sao-1'],
    clones: [{ baseId: 'fra-1', id: 'sao-1', host: '127.0.3.11' }],
  });
});

test('only a server with the scheme and the port of one of the manifest’s can be a clone', (t) => {
  t.is(plan(['odd-1', 'fra-1'], ['fra-1', 'nyc-1']), null);
  t.is(plan(['tls-1', 'fra-1'], ['fra-1', 'nyc-1']), null);
  t.deepEqual(plan(['fra-1', 'odd-1', 'sao-1'], ['fra-1'])!.clones, [
    { baseId: 'fra-1', id: 'sao-1', host: '127.0.3.11' },
  ]);
  t.deepEqual(
    plan(['tls-1', 'fra-1'], ['fra-1', 'tls-2'])!.clones,
    [{ baseId: 'tls-2', id: 'tls-1', host: 'edge.example' }],
    'a port that the scheme implies is the same port',
  );
  t.deepEqual(plan(['six-1'], ['tls-2'])!.clones[0]!.host, '[2001:db8::1]');
});

test('the host is written as the player reads it; while nobody knows which it is, no port may matter', (t) => {
  const hosts = (best: string, base: string, cloneHost: CloneHost) =>
    plan([best, base], [base], { cloneHost })?.clones.map(({ host }) => host);
  t.deepEqual(hosts('sao-1', 'fra-1', 'name'), ['127.0.3.11']);
  t.deepEqual(hosts('sao-1', 'fra-1', 'name-and-port'), ['127.0.3.11:8080']);
  t.is(hosts('sao-1', 'fra-1', 'unknown'), undefined);
  for (const cloneHost of ['name', 'name-and-port', 'unknown'] as const) {
    t.deepEqual(hosts('tls-1', 'tls-2', cloneHost), ['edge.example']);
  }
});

test('pathways that nobody knows any more are still named, for the player has them', (t) => {
  t.deepEqual(plan(['fra-1', 'nyc-1'], ['gone-1', 'gone-2']), null);
  t.deepEqual(plan(['fra-1', 'nyc-1'], ['gone-1', 'nyc-1'])!.priority, ['fra-1', 'nyc-1', 'gone-1']);
});

test('what can be reached is what the manifest has, and the clones that can still be made', (t) => {
  const request = { pathways: ['fra-1', 'nyc-1'], baseUrlOf: (id: string) => URLS[id], cloneHost: 'name' } as const;
  const cloned = ['sao-1', 'odd-1', 'nobody'];
  t.deepEqual([...reachable({ ...request, cloned })], ['fra-1', 'nyc-1', 'sao-1']);
});

const ids = fc.uniqueArray(fc.constantFrom(...Object.keys(URLS)), { minLength: 1, maxLength: 6 });
const anyRequest: fc.Arbitrary<PathwayRequest> = fc
  .record({ best: ids, pathways: ids, cloned: ids, cloneHost: fc.constantFrom('name', 'name-and-port', 'unknown') })
  .map(({ best, pathways, cloned, cloneHost }) => {
    return {
      ranked: ranked(...best),
      pathways,
      cloned,
      baseUrlOf: (id: string) => URLS[id],
      cloneHost,
    };
  });

test('every priority is one that a player can follow', (t) => {
  let plans = 0;
  fc.assert(
    fc.property(anyRequest, (request) => {
      const made = planPathways(request);
      if (made === null) return;
      plans++;
      const { priority, clones } = made;
      const { pathways } = request;
      t.is(new Set(priority).size, priority.length);
      for (const id of pathways) t.true(priority.includes(id));
      t.true(clones.length <= 4);
      t.is(priority[0], request.ranked[0]!.id);
      for (const id of priority)
        t.not(
          pathways.includes(id),
          clones.some((clone) => clone.id === id),
          id,
        );
      for (const { baseId } of clones) t.true(pathways.includes(baseId));
      const order = request.ranked.map(({ id }) => id).filter((id) => priority.includes(id));
      t.deepEqual(priority.slice(0, order.length), order);
    }),
    { numRuns: 1000 },
  );
  t.true(plans > 300, `${plans}`);
});

test('given back, the clones of an answer come again with the next one of the same ranking', (t) => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      const first = planPathways(request);
      if (first === null) return;
      const cloned = first.clones.map(({ id }) => id);
      t.deepEqual(planPathways({ ...request, cloned }), first);
    }),
  );
});
