import * as fc from 'fast-check';
import { topologySchema, type Link, type Topology } from './topology.ts';

/** Small random topologies without errors: for each kind of thing a few, joined at random. */
export const smallWorld: fc.Arbitrary<Topology> = fc
  .record({
    metros: fc.array(
      fc.record({ latitude: fc.integer({ min: -60, max: 60 }), longitude: fc.integer({ min: -180, max: 180 }) }),
      { minLength: 1, maxLength: 5 },
    ),
    networks: fc.integer({ min: 1, max: 7 }),
    exchanges: fc.integer({ min: 1, max: 3 }),
    sites: fc.integer({ min: 1, max: 6 }),
    // What is drawn where, as a stream of small numbers and stated latencies.
    dice: fc.array(fc.nat({ max: 999 }), { minLength: 200, maxLength: 200 }),
  })
  .map(({ metros, networks, exchanges, sites, dice }) => {
    let at = 0;
    const roll = (below: number) => dice[at++ % dice.length]! % below;
    const metro = () => `m${roll(metros.length)}`;
    const links: Link[] = [];
    const joined = new Set<string>();
    const link = (kind: Link['kind'], from: string, to: string) => {
      if (joined.has(`${from} ${to}`) || joined.has(`${to} ${from}`)) return;
      joined.add(`${from} ${to}`);
      const [a, b] = roll(4) === 0 && kind !== 'transit' ? [to, from] : [from, to];
      const latency = roll(3) === 0 ? { latencyMs: roll(20) } : {};
      links.push({ id: `l${links.length}`, kind, from: a, to: b, capacityBps: 1e9, pricePerMbpsMonth: 0, ...latency });
    };

    const made = Array.from({ length: networks }, (_, index) => ({
      id: `n${index}`,
      asn: 100 + ((index * 5) % 11),
      kind: 'isp',
      providers: [] as string[],
      peers: [] as string[],
    }));
    made.forEach((network, index) => {
      if (index === 0) return;
      for (let tries = 0; tries < 2; tries++) {
        const other = `n${roll(index)}`;
        if (network.providers.includes(other) || network.peers.includes(other)) continue;
        if (roll(3) === 0) network.peers.push(other);
        else {
          network.providers.push(other);
          if (roll(4) > 0) link('transit', `network:n${index}`, `network:${other}`);
        }
      }
    });
    const access = new Map<string, { network: string; metro: string; subscribers: number }>();
    for (let count = 0; count < networks + 2; count++) {
      const one = { network: `n${roll(networks)}`, metro: metro(), subscribers: roll(100) };
      access.set(`${one.network}/${one.metro}`, one);
    }
    for (const key of access.keys()) link('access', `network:${key.split('/')[0]}`, `access:${key}`);
    const places = Array.from({ length: exchanges }, (_, index) => ({ id: `x${index}`, metro: metro() }));
    for (const { id } of places) {
      for (let port = 0; port < 2; port++) link('peering', `network:n${roll(networks)}`, `exchange:${id}`);
    }
    const standing = Array.from({ length: sites }, (_, index) => {
      const site = { id: `s${index}`, metro: metro(), servers: [{ id: `e${index}`, nicBps: 1e9 }] };
      if (roll(3) === 0) {
        const host = `n${roll(networks)}`;
        link('private', `site:s${index}`, `network:${host}`);
        return { ...site, kind: 'embedded', network: host };
      }
      const exchange = `x${roll(exchanges)}`;
      if (roll(5) > 0) link('peering', `site:s${index}`, `exchange:${exchange}`);
      if (roll(2) === 0) link('transit', `site:s${index}`, `network:n${roll(networks)}`);
      else link('private', `site:s${index}`, `network:n${roll(networks)}`);
      link('backbone', `site:s${index}`, index === 0 || roll(4) === 0 ? 'region:r0' : `site:s${roll(index)}`);
      return { ...site, kind: 'ix', exchange };
    });
    const prefixes = [...access.values()].map(({ network, metro: where }, index) => ({
      prefix: `10.${index}.0.0/16`,
      network,
      metro: where,
    }));
    return topologySchema.parse({
      name: 'small',
      metros: metros.map((position, index) => ({ id: `m${index}`, country: 'NL', ...position })),
      networks: [...made, { id: 'ours', asn: 999, kind: 'cdn' }],
      access: [...access.values()],
      exchanges: places,
      regions: [{ id: 'r0', country: 'DE', latitude: 50, longitude: 8 }],
      sites: standing,
      links,
      prefixes,
    });
  });
