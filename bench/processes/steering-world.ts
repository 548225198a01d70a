// Makes the world of the steering bench: argv = folder, sites, servers, seed. Writes sites.json, topology.json,
// another-topology.json and addresses.txt (a client each), and says on standard output how much there is of each.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../sim/engine/random.ts';
import { writeTopology } from '../../topology/load/topology-file.ts';
import { addressIn } from '../../topology/model/address-in.ts';
import { sitesOf } from '../../topology/model/sites-of.ts';
import { generateWorld } from '../../topology/world/generate.ts';

const [folder = '', sites = '', servers = '', seed = ''] = process.argv.slice(2);
const CLIENTS = 8192;

const topology = generateWorld({ sites: Number(sites), servers: Number(servers), seed: Number(seed) });
// Nobody is there: what is measured is steering. A port that nobody listens at refuses at once.
const list = sitesOf(topology, (id) => `http://${id}.cdn.example:8080`);
writeFileSync(join(folder, 'sites.json'), JSON.stringify({ sites: list }));
writeTopology(topology, join(folder, 'topology.json'));
// The same network the day after: every peering a little dearer, a link of a site gone.
const gone = topology.links.findIndex(({ kind, from }) => kind === 'peering' && from.startsWith('site:'));
writeTopology(
  { ...topology, name: `${topology.name}, a link less`, links: topology.links.filter((_link, at) => at !== gone) },
  join(folder, 'another-topology.json'),
);

// Clients come from where the lines are; each is an address of a prefix of its network there.
const random = new Random(Number(seed), 'clients');
const prefixes = new Map<string, string[]>();
for (const { prefix, network, metro } of topology.prefixes) {
  if (prefix.includes(':')) continue;
  const key = `${network}/${metro}`;
  const known = prefixes.get(key);
  if (known === undefined) prefixes.set(key, [prefix]);
  else known.push(prefix);
}
const places = topology.access.filter(({ network, metro }) => prefixes.has(`${network}/${metro}`));
const lines = places.reduce((sum, { subscribers }) => sum + subscribers, 0);
const addresses = Array.from({ length: CLIENTS }, () => {
  let left = random.uniform() * lines;
  const place = places.find(({ subscribers }) => (left -= subscribers) < 0) ?? places.at(-1)!;
  const own = prefixes.get(`${place.network}/${place.metro}`)!;
  return addressIn(own[random.index(own.length)]!, () => random.uniform());
});
writeFileSync(join(folder, 'addresses.txt'), `${addresses.join('\n')}\n`);
console.log(
  JSON.stringify({
    sites: list.length,
    servers: list.reduce((sum, { edges }) => sum + edges.length, 0),
    places: places.length,
    prefixes: topology.prefixes.length,
    links: topology.links.length,
  }),
);
