import test from 'ava';
import { cdnsSchema } from '../../../topology/model/cdns.ts';
import { CdnHealth } from '../../policy/cdns/cdn-health.ts';
import { CdnProber } from './cdn-prober.ts';
import { guardedLookup, type Lookup } from './guarded-lookup.ts';

test('a probe that was not sent, for the name leads to a private address, says what allows it', async (t) => {
  const cdns = cdnsSchema.parse({ cdns: [{ id: 'a', baseUrl: 'http://inside.example:1' }] });
  const resolve: Lookup = (_hostname, _options, callback) => callback(null, [{ address: '10.0.0.7', family: 4 }]);
  const health = [new CdnHealth(cdns.probes)];
  let prober: CdnProber | undefined;
  const failure = await new Promise<string | null>((told) => {
    const lookup = guardedLookup(false, resolve);
    prober = new CdnProber({ cdns, health, lookup, nowMs: () => 0, onProbed: (_, why) => told(why) });
    t.is(prober.failureOf(0), null);
  });
  t.teardown(() => prober!.close());
  t.is(failure, 'inside.example resolves to 10.0.0.7, a private address (privateAddresses: true allows it)');
  t.is(prober!.failureOf(0), failure);
});
