import { findAnnouncementErrors } from './check-announcements.ts';
import type { Finding } from './finding.ts';
import { parsePrefix, formatAddress } from './ip-address.ts';
import { misfitOf } from './link-fit.ts';
import { nearestName } from './near-name.ts';
import { TopologyIndex, type PlaceKind } from './topology-index.ts';
import type { Link, Topology } from './topology.ts';

type At = Finding['path'];

/**
 * What makes a topology unusable: two things of one name, references to nothing, links that do not fit what they join,
 * networks that sell to themselves in a circle. All of it, in the order of the file’s sections.
 */
export function findErrors(topology: Topology): Finding[] {
  return new ReferenceCheck(topology).run();
}

class ReferenceCheck {
  readonly #topology: Topology;
  readonly #index: TopologyIndex;
  readonly #ours: string | undefined;
  readonly #findings: Finding[] = [];

  constructor(topology: Topology) {
    this.#topology = topology;
    this.#index = new TopologyIndex(topology);
    this.#ours = topology.networks.find(({ kind }) => kind === 'cdn')?.id;
  }

  run(): Finding[] {
    const { metros, networks, access, exchanges, regions, sites, links } = this.#topology;
    this.#unique(
      'metro',
      metros.map(({ id }, at) => [id, ['metros', at, 'id']]),
    );
    this.#unique(
      'network',
      networks.map(({ id }, at) => [id, ['networks', at, 'id']]),
    );
    this.#unique(
      'AS number',
      networks.map(({ asn }, at) => [String(asn), ['networks', at, 'asn']]),
    );
    this.#unique(
      'access',
      access.map(({ network, metro }, at) => [`${network}/${metro}`, ['access', at]]),
    );
    this.#unique(
      'exchange',
      exchanges.map(({ id }, at) => [id, ['exchanges', at, 'id']]),
    );
    this.#unique(
      'region',
      regions.map(({ id }, at) => [id, ['regions', at, 'id']]),
    );
    this.#unique(
      'site',
      sites.map(({ id }, at) => [id, ['sites', at, 'id']]),
    );
    this.#unique(
      'server',
      sites.flatMap(({ servers }, at) =>
        servers.map(({ id }, server): [string, At] => [id, ['sites', at, 'servers', server, 'id']]),
      ),
    );
    this.#unique(
      'link',
      links.map(({ id }, at) => [id, ['links', at, 'id']]),
    );

    this.#checkNetworks();
    access.forEach(({ network, metro }, at) => {
      this.#refer('network', this.#index.networks, network, ['access', at, 'network']);
      this.#refer('metro', this.#index.metros, metro, ['access', at, 'metro']);
    });
    exchanges.forEach(({ metro }, at) => this.#refer('metro', this.#index.metros, metro, ['exchanges', at, 'metro']));
    this.#checkSites();
    links.forEach((link, at) => this.#checkLink(link, at));
    this.#checkAccessLinks();
    this.#checkPrefixes();
    return [...this.#findings, ...findAnnouncementErrors(this.#index)];
  }

  #error(path: At, message: string): void {
    this.#findings.push({ path, severity: 'error', message });
  }

  #unique(what: string, named: readonly (readonly [name: string, path: At])[]): void {
    const seen = new Map<string, At>();
    for (const [name, path] of named) {
      const before = seen.get(name);
      if (before === undefined) seen.set(name, path);
      else
        this.#error(
          path,
          `${what} ${name} is there twice, first at ${before.join('.')}; give one of them another name`,
        );
    }
  }

  /** @returns whether the name is known */
  #refer(what: string, known: ReadonlyMap<string, number>, name: string, path: At): boolean {
    if (known.has(name)) return true;
    const near = nearestName(name, known.keys());
    this.#error(path, `there is no ${what} ${name}${near === null ? '' : `, did you mean ${near}?`}`);
    return false;
  }

  #checkNetworks(): void {
    const { networks } = this.#topology;
    const ours = networks.filter(({ kind }) => kind === 'cdn');
    if (ours.length !== 1) {
      const second = networks.findIndex((network) => network.kind === 'cdn' && network !== ours[0]);
      const what = ours.length === 0 ? 'no network is' : `${ours.length} networks are`;
      this.#error(second < 0 ? ['networks'] : ['networks', second, 'kind'], `${what} of kind cdn; exactly one is ours`);
    }
    networks.forEach(({ id, providers, peers }, at) => {
      for (const [field, others] of [
        ['providers', providers],
        ['peers', peers],
      ] as const) {
        others.forEach((other, place) => {
          const path = ['networks', at, field, place];
          if (other === id) this.#error(path, `${id} cannot be among its own ${field}; remove it`);
          else if (this.#refer('network', this.#index.networks, other, path) && field === 'peers') {
            if (providers.includes(other)) this.#error(path, `${other} is a provider of ${id}, too; keep one of both`);
          }
        });
      }
    });
    this.#checkProviderCycles();
  }

  /** Depth first, without recursion: chains may be long. One finding for each edge that closes a circle. */
  #checkProviderCycles(): void {
    const { networks } = this.#topology;
    const NEW = 0;
    const OPEN = 1;
    const states = new Uint8Array(networks.length);
    for (let start = 0; start < networks.length; start++) {
      const chain: { network: number; next: number }[] = states[start] === NEW ? [{ network: start, next: 0 }] : [];
      while (chain.length > 0) {
        const top = chain.at(-1)!;
        states[top.network] = OPEN;
        const { id, providers } = networks[top.network]!;
        const place = top.next++;
        if (place === providers.length) {
          states[top.network] = 2;
          chain.pop();
          continue;
        }
        const provider = this.#index.networks.get(providers[place]!);
        if (provider === undefined || provider === top.network) continue;
        if (states[provider] === NEW) {
          chain.push({ network: provider, next: 0 });
        } else if (states[provider] === OPEN) {
          const circle = chain.slice(chain.findIndex(({ network }) => network === provider));
          const names = circle.map(({ network }) => networks[network]!.id);
          this.#error(
            ['networks', top.network, 'providers', place],
            `a circle of providers: ${[...names, networks[provider]!.id].join(' buys from ')}; ${id} cannot buy from its own customer`,
          );
        }
      }
    }
  }

  #checkSites(): void {
    this.#topology.sites.forEach(({ id, metro, kind, exchange, network }, at) => {
      this.#refer('metro', this.#index.metros, metro, ['sites', at, 'metro']);
      const [needed, other] = kind === 'ix' ? (['exchange', 'network'] as const) : (['network', 'exchange'] as const);
      const { [needed]: given, [other]: odd } = { exchange, network };
      if (given === undefined) {
        this.#error(['sites', at], `${id} is of kind ${kind} and needs ${needed}: the ${needed} that it stands in`);
      } else {
        const known = needed === 'exchange' ? this.#index.exchanges : this.#index.networks;
        this.#refer(needed, known, given, ['sites', at, needed]);
      }
      if (odd !== undefined) this.#error(['sites', at, other], `${other} is not for a site of kind ${kind}; remove it`);
    });
  }

  #checkLink(link: Link, at: number): void {
    let known = true;
    for (const end of ['from', 'to'] as const) {
      if (this.#index[end][at]! >= 0) continue;
      known = false;
      const [kind, name] = [link[end].slice(0, link[end].indexOf(':')), link[end].slice(link[end].indexOf(':') + 1)];
      this.#refer(kind, this.#index.namesOf(kind as PlaceKind), name, ['links', at, end]);
    }
    if (!known) return;
    const misfit = misfitOf(link, this.#index, this.#ours);
    if (misfit !== null) this.#error(['links', at, 'kind'], misfit);
  }

  #checkAccessLinks(): void {
    const first = new Map<number, string>();
    this.#topology.links.forEach(({ id, kind }, at) => {
      if (kind !== 'access') return;
      for (const node of [this.#index.from[at]!, this.#index.to[at]!]) {
        if (node < 0 || this.#index.kindOf(node) !== 'access') continue;
        const before = first.get(node);
        if (before === undefined) first.set(node, id);
        else this.#error(['links', at], `${id} is a second access link beside ${before}; add its capacity to that one`);
      }
    });
    this.#topology.access.forEach(({ network, metro }, at) => {
      const node = this.#index.nodeAt(`access:${network}/${metro}`);
      if (first.has(node)) return;
      this.#error(
        ['access', at],
        `no access link leads to these subscribers; add one from network:${network} to access:${network}/${metro}`,
      );
    });
  }

  #checkPrefixes(): void {
    const seen = new Map<string, number>();
    this.#topology.prefixes.forEach(({ prefix, network, metro }, at) => {
      const parsed = parsePrefix(prefix);
      if (parsed.kind === 'bad') {
        this.#error(['prefixes', at, 'prefix'], `"${prefix}" ${parsed.reason}`);
      } else {
        const text = `${formatAddress(parsed.words)}/${parsed.length}`;
        const before = seen.get(text);
        if (before === undefined) seen.set(text, at);
        else
          this.#error(
            ['prefixes', at, 'prefix'],
            `${prefix} is there twice, first at prefixes.${before}; it can be in one place only`,
          );
      }
      const known = this.#refer('network', this.#index.networks, network, ['prefixes', at, 'network']);
      if (!this.#refer('metro', this.#index.metros, metro, ['prefixes', at, 'metro']) || !known) return;
      if (this.#index.accesses.has(`${network}/${metro}`)) return;
      this.#error(['prefixes', at], `${network} has no subscribers in ${metro}; add them to access`);
    });
  }
}
