import test from 'ava';
import { parseAddress } from '../../../topology/model/ip-address.ts';
import { accessNetworkOf, placeNetwork, placeNetworkOf, type NetworkFacts } from './access-network.ts';

function networkOf(address: string, facts: Partial<NetworkFacts> = {}): string {
  const parsed = parseAddress(address);
  return accessNetworkOf({ asn: null, country: null, ...facts }, parsed.kind === 'address' ? parsed.words : []);
}

test('a network is that of the topology, else the AS number, else country and block of addresses', (t) => {
  const subscriber = { network: 'polder', metro: 'amsterdam' };
  t.is(networkOf('193.99.144.80', { subscriber, asn: 3320, country: 'NL' }), 'polder');
  t.is(networkOf('193.99.144.80', { asn: 3320, country: 'DE' }), 'DE/AS3320');
  t.is(networkOf('193.99.144.80', { country: 'DE' }), 'DE/193');
  t.is(networkOf('2a02:2e0:3fe::1', { country: 'DE' }), networkOf('2a02:fff::9', { country: 'DE' }));
  t.not(networkOf('2a02:2e0:3fe::1', { country: 'DE' }), networkOf('2003::1', { country: 'DE' }));
  t.is(networkOf('8.8.8.8'), 'unknown/8');
  t.is(networkOf('no address'), 'unknown/0');
});

test('of a network there is as much as the place of a client tells', (t) => {
  const subscriber = { network: 'polder', metro: 'amsterdam' };
  t.is(placeNetwork(networkOf('193.99.144.80', { subscriber })), placeNetworkOf(subscriber, 'NL'));
  t.is(placeNetwork(networkOf('193.99.144.80', { asn: 3320, country: 'DE' })), placeNetworkOf(null, 'DE'));
  t.is(placeNetwork(networkOf('193.99.144.80', { country: 'DE' })), placeNetworkOf(null, 'DE'));
  t.is(placeNetwork(networkOf('193.99.144.80')), placeNetworkOf(null, null));
});
