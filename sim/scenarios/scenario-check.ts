import { nearestName } from '../../topology/model/near-name.ts';
import type { Topology } from '../../topology/model/topology.ts';
import type { Scenario } from './scenario.ts';

export interface ScenarioProblem {
  path: (string | number)[];
  message: string;
}

/** What a schema cannot see: names that lead to nothing, an audience of nobody, things that come after the end. */
/** @param cdns ids of other people’s CDNs, where the topology has theirs */
export function scenarioProblem(
  scenario: Scenario,
  topology: Topology,
  cdns: readonly string[] = [],
): ScenarioProblem | null {
  return (
    networkProblem(topology) ??
    eventProblem(scenario, topology) ??
    audienceProblem(scenario, topology) ??
    scenario.faults
      .map((_fault, index) => faultProblem(scenario, topology, cdns, index))
      .find((found) => found !== null) ??
    null
  );
}

export function countriesWithPeople({ metros, access }: Topology): Set<string> {
  const countries = new Map(metros.map(({ id, country }) => [id, country]));
  return new Set(access.filter(({ subscribers }) => subscribers > 0).map(({ metro }) => countries.get(metro)!));
}

function networkProblem({ sites }: Topology): ScenarioProblem | null {
  if (sites.some(({ servers }) => servers.some(({ role }) => role === 'edge'))) return null;
  return { path: ['topology'], message: 'no site has a server of role edge, so nobody can be served' };
}

function eventProblem({ event, origin }: Scenario, topology: Topology): ScenarioProblem | null {
  const regions = topology.regions.map(({ id }) => id);
  const twice = (path: (string | number)[], ids: readonly string[]) => {
    const at = ids.findIndex((id, index) => ids.indexOf(id) !== index);
    return at < 0 ? null : { path: [...path, at, 'id'], message: `"${ids[at]}" is there twice` };
  };
  const unknownPipeline = event.pipelines.findIndex(({ region }) => region !== undefined && !regions.includes(region));
  const unknownOrigin = (origin.regions ?? []).findIndex((id) => !regions.includes(id));
  if (unknownPipeline >= 0) {
    const { region } = event.pipelines[unknownPipeline]!;
    return { path: ['event', 'pipelines', unknownPipeline, 'region'], message: noSuch('region', region!, regions) };
  }
  if (unknownOrigin >= 0) {
    const id = origin.regions![unknownOrigin]!;
    return { path: ['origin', 'regions', unknownOrigin], message: noSuch('region', id, regions) };
  }
  const again = (origin.regions ?? []).findIndex((id, at, all) => all.indexOf(id) < at);
  if (again >= 0) {
    return { path: ['origin', 'regions', again], message: `"${origin.regions![again]!}" is there twice` };
  }
  const renditions = event.renditions.map(({ id }) => id);
  const unknownRendition = Object.keys(event.segmentBytes ?? {}).find((id) => !renditions.includes(id));
  if (unknownRendition !== undefined) {
    const message = noSuch('rendition', unknownRendition, renditions);
    return { path: ['event', 'segmentBytes', unknownRendition], message };
  }
  return (
    twice(
      ['event', 'pipelines'],
      event.pipelines.map(({ id }) => id),
    ) ?? twice(['event', 'renditions'], renditions)
  );
}

function audienceProblem({ audience, durationSeconds }: Scenario, topology: Topology): ScenarioProblem | null {
  const living = countriesWithPeople(topology);
  if (living.size === 0)
    return { path: ['audience'], message: 'nobody lives in this topology: its access has no subscribers' };
  for (const country of Object.keys(audience.countries ?? {})) {
    if (living.has(country)) continue;
    const known = [...living].sort().join(', ');
    return {
      path: ['audience', 'countries', country],
      message: `nobody lives in ${country} here; subscribers are in ${known}`,
    };
  }
  const nobody = (path: string[], shares: readonly number[]) =>
    shares.some((share) => share > 0)
      ? null
      : { path: ['audience', ...path], message: 'all shares are 0: an empty audience' };
  const { arrival, starts, devices, accessSpeeds } = audience;
  if (arrival.kind === 'flash-crowd' && arrival.atSeconds > durationSeconds + 3 * arrival.widthSeconds) {
    return {
      path: ['audience', 'arrival', 'atSeconds'],
      message: `the crowd comes at ${arrival.atSeconds} s, after the end (durationSeconds: ${durationSeconds}): an empty audience`,
    };
  }
  return (
    nobody(
      ['devices'],
      devices.map(({ share }) => share),
    ) ??
    nobody(
      ['accessSpeeds'],
      accessSpeeds.map(({ share }) => share),
    ) ??
    nobody(['starts'], [starts.live, starts.startOver, starts.behind]) ??
    (audience.countries === undefined ? null : nobody(['countries'], Object.values(audience.countries)))
  );
}

function faultProblem(
  scenario: Scenario,
  topology: Topology,
  cdns: readonly string[],
  index: number,
): ScenarioProblem | null {
  const fault = scenario.faults[index]!;
  if (fault.kind === 'cdn-down' && cdns.length === 0) {
    return { path: ['faults', index, 'kind'], message: 'cdn-down needs other people’s CDNs: run it with --cdns FILE' };
  }
  const known: Record<string, () => readonly string[]> = {
    cdn: () => cdns,
    site: () => topology.sites.map(({ id }) => id),
    server: () => topology.sites.flatMap(({ servers }) => servers.map(({ id }) => id)),
    exchange: () => topology.exchanges.map(({ id }) => id),
    region: () => topology.regions.map(({ id }) => id),
    link: () => topology.links.map(({ id }) => id),
    pipeline: () => scenario.event.pipelines.map(({ id }) => id),
  };
  for (const [field, ids] of Object.entries(known)) {
    const id = (fault as Record<string, unknown>)[field];
    if (typeof id !== 'string' || ids().includes(id)) continue;
    return { path: ['faults', index, field], message: noSuch(field, id, ids()) };
  }
  if (fault.fromSeconds > scenario.durationSeconds) {
    const message = `${fault.fromSeconds} is after the end (durationSeconds: ${scenario.durationSeconds})`;
    return { path: ['faults', index, 'fromSeconds'], message };
  }
  if (fault.kind === 'origin-down' && fault.region !== undefined) {
    const origins = scenario.origin.regions ?? topology.regions.slice(0, 1).map(({ id }) => id);
    if (origins.includes(fault.region)) return null;
    return { path: ['faults', index, 'region'], message: noSuch('origin in region', fault.region, origins) };
  }
  if (fault.kind !== 'capacity-reduced') return null;
  const named = [fault.link, fault.server, fault.site, fault.exchange].filter((id) => id !== undefined);
  return named.length === 1 ? null : { path: ['faults', index], message: 'name one of link, server, site, exchange' };
}

function noSuch(kind: string, id: string, known: readonly string[]): string {
  const near = nearestName(id, known);
  const mend =
    near !== null
      ? `did you mean "${near}"?`
      : known.length <= 12
        ? `known: ${known.join(', ')}`
        : `e.g. ${known.slice(0, 5).join(', ')}`;
  return `no ${kind} "${id}"; ${mend}`;
}
