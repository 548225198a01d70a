import { findErrors } from './check-references.ts';
import { findOddCapacities } from './check-capacities.ts';
import type { Finding } from './finding.ts';
import { Routing } from './routing.ts';
import type { Topology } from './topology.ts';

/**
 * Everything that is wrong or odd in a topology. Errors make it unusable, and whoever loads it refuses it; while there
 * are any, warnings are not looked for, as they would only follow from them.
 */
export function checkTopology(topology: Topology): Finding[] {
  const errors = findErrors(topology);
  if (errors.length > 0) return errors;
  const routing = new Routing(topology);
  return [
    ...findIdleMetros(topology),
    ...findLooseNetworks(routing),
    ...findIslands(routing),
    ...findUnheardPrefixes(routing),
    ...findOddCapacities(routing.index),
  ];
}

function warning(path: Finding['path'], message: string): Finding {
  return { path, severity: 'warning', message };
}

function findIdleMetros({ metros, access, exchanges, sites }: Topology): Finding[] {
  const used = new Set([...access, ...exchanges, ...sites].map(({ metro }) => metro));
  return metros.flatMap(({ id }, at) =>
    used.has(id) ? [] : [warning(['metros', at], `nothing is in ${id}: no subscribers, no exchange, no site`)],
  );
}

function findLooseNetworks(routing: Routing): Finding[] {
  const { networks, access, exchanges, links } = routing.topology;
  const withSubscribers = new Set(access.map(({ network }) => network));
  const ends = new Set(links.flatMap(({ from, to }) => [from, to]));
  const findings: Finding[] = [];
  networks.forEach(({ id, kind, providers, peers }, at) => {
    if (kind === 'cdn') {
      if (providers.length + peers.length > 0) {
        findings.push(
          warning(
            ['networks', at],
            `providers and peers of ${id}, our own network, count for nothing; its sites have links`,
          ),
        );
      }
      return;
    }
    if (kind === 'isp' && !withSubscribers.has(id)) {
      findings.push(
        warning(['networks', at], `${id} is an ISP without subscribers; add them to access, or make it transit`),
      );
    }
    for (const [field, others] of [
      ['providers', providers],
      ['peers', peers],
    ] as const) {
      others.forEach((other, place) => {
        if (routing.areJoined(id, other)) return;
        const said = field === 'providers' ? `${id} buys from ${other}` : `${id} and ${other} are peers`;
        findings.push(
          warning(
            ['networks', at, field, place],
            `${said}, and no link or exchange joins them: nothing limits that traffic`,
          ),
        );
      });
    }
  });
  exchanges.forEach(({ id }, at) => {
    if (!ends.has(`exchange:${id}`)) findings.push(warning(['exchanges', at], `nobody has a port at ${id}`));
  });
  return findings;
}

function findIslands(routing: Routing): Finding[] {
  const { access, sites } = routing.topology;
  const findings: Finding[] = [];
  access.forEach(({ network, metro }, at) => {
    if (routing.isHeard(network)) return;
    findings.push(
      warning(['access', at], `an island: no site has a route to ${network}, so nobody in ${metro} is served there`),
    );
  });
  const fillable = routing.fillableSites();
  sites.forEach(({ id, kind }, at) => {
    if (!routing.hasNeighbours(at)) {
      findings.push(
        warning(['sites', at], `an island: ${id} has no peering, private or transit link, and serves nobody`),
      );
    }
    if (fillable[at]) return;
    const mend =
      kind === 'ix' ? 'a backbone link' : 'a private link to its host, and an exchange site that reaches the host';
    findings.push(
      warning(['sites', at], `an island: no region reaches ${id}, so it cannot be filled; it needs ${mend}`),
    );
  });
  return findings;
}

function findUnheardPrefixes(routing: Routing): Finding[] {
  const { prefixes, announcements } = routing.topology;
  // Without announcements all prefixes of a network are heard, or none: then its subscribers are an island.
  if (announcements === undefined) return [];
  return prefixes.flatMap(({ prefix, network }, at) =>
    routing.isHeard(network, at)
      ? []
      : [warning(['prefixes', at], `nobody announces ${prefix} of ${network} to any site`)],
  );
}
