import type { Fault } from '../scenarios/fault-schema.ts';
import type { CdnRehearsal } from './cdn-world.ts';

/** A CDN that is down as the sites that are down then; other faults as they are. */
export function faultsOfSites(faults: readonly Fault[], rehearsal: CdnRehearsal | null): Fault[] {
  return faults.flatMap((fault) => {
    if (fault.kind !== 'cdn-down' || rehearsal === null) return [fault];
    const { cdn, kind: _kind, ...when } = fault;
    const number = rehearsal.cdns.cdns.findIndex(({ id }) => id === cdn);
    const sites = [...rehearsal.cdnOfSite].filter(([, its]) => its === number);
    return sites.map(([site]) => ({ kind: 'site-down' as const, site, ...when }));
  });
}
