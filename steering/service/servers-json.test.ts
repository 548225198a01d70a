import test from 'ava';
import * as fc from 'fast-check';
import { RankedServers } from '../policy/ranked-servers.ts';
import type { Ranking } from '../policy/ranking.ts';
import { serversJson } from './servers-json.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const server = fc.record({
  id: text,
  site: text,
  baseUrl: text,
  rank: fc.integer({ min: 0, max: 9 }),
  reasons: fc.array(text, { maxLength: 4 }),
});
const admission = fc.oneof(
  fc.constant({ verdict: 'admitted' as const }),
  fc.constant({ verdict: 'refused' as const }),
  fc.record({ verdict: fc.constant('reduced' as const), maxBitrateBps: fc.integer({ min: 1 }) }),
);
const ranking: fc.Arbitrary<Ranking> = fc.record({
  ttlSeconds: fc.integer({ min: 1, max: 1000 }),
  servers: fc.array(server, { maxLength: 6 }),
  backoff: fc.record({ maxRetries: fc.nat(9), retryAfterSeconds: fc.double({ min: 0, max: 99, noNaN: true }) }),
  admission,
});

test('any answer is what JSON.stringify makes of it', (t) => {
  fc.assert(
    fc.property(ranking, text, fc.option(text), (ranked, address, country) => {
      const client = { address, ...(country === null ? {} : { country }) };
      const want = JSON.parse(JSON.stringify({ version: 1, ...ranked, client })) as unknown;
      const servers = new RankedServers(ranked.servers, 10);
      const kept = ranked.servers.map(({ rank, reasons }, number) => servers.at(number, rank, reasons));
      // The kept ones twice: the second time as they were written before.
      for (const list of [ranked.servers, kept, kept]) {
        t.deepEqual(JSON.parse(serversJson({ ...ranked, servers: list }, { address, country })), want);
      }
    }),
  );
});
