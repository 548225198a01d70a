import { BadInput } from '../../runtime/bad-input.ts';
import type { RecordHeader } from '../../steering/policy/record/decision-record.ts';
import type { WorldChange } from '../../steering/policy/replay/replay-world.ts';
import { nearestName } from '../../topology/model/near-name.ts';

export interface MissingFlags {
  without: string[];
  withoutServer: string[];
}

/** What the flags say, in a world that has these sites. @throws BadInput for names that it does not have */
export function changeOf(flags: MissingFlags, steering: WorldChange['steering'], { sites }: RecordHeader): WorldChange {
  const servers = sites.flatMap(({ edges }) => edges);
  const without = {
    sites: namesOf('--without', flags.without, 'site', sites),
    servers: namesOf('--without-server', flags.withoutServer, 'server', servers),
  };
  const left = sites.filter(({ id }) => !without.sites.has(id)).flatMap(({ edges }) => edges);
  if (left.every(({ id }) => without.servers.has(id))) throw new BadInput('--without: no server would be left');
  return { without, steering };
}

function namesOf(flag: string, names: readonly string[], what: string, known: readonly { id: string }[]): Set<string> {
  const ids = new Set(known.map(({ id }) => id));
  const unknown = names.find((name) => !ids.has(name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, ids);
    const listed = `it has ${[...ids].slice(0, 8).join(', ')}${ids.size > 8 ? ', …' : ''}`;
    const hint = near === null ? listed : `did you mean "${near}"?`;
    throw new BadInput(`${flag}: the record has no ${what} "${unknown}"; ${hint}`);
  }
  return new Set(names);
}
