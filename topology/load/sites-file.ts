import { sitesSchema, type Sites } from '../model/site.ts';
import { parseChecked, readChecked, type CheckedOutcome } from './checked-yaml.ts';

/** Some 100,000 edges; a larger file is not one of ours. */
const MOST_BYTES = 32 * 1024 * 1024;

export type SitesOutcome = { kind: 'sites'; sites: Sites } | { kind: 'bad'; reason: string };

/** Reads a YAML file of sites. What is wrong with it is one line: file, line, column, what. */
export function loadSites(path: string): Promise<SitesOutcome> {
  return Promise.resolve(asSites(readChecked(path, sitesSchema, { mostBytes: MOST_BYTES, columns: true })));
}

/** @param name what to call the text in a reason */
export function parseSites(text: string, name: string): SitesOutcome {
  return asSites(parseChecked(text, name, sitesSchema, { columns: true }));
}

function asSites(outcome: CheckedOutcome<Sites>): SitesOutcome {
  return outcome.kind === 'good' ? { kind: 'sites', sites: outcome.value } : outcome;
}
