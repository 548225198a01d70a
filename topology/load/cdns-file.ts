import { cdnsSchema, type Cdns } from '../model/cdns.ts';
import { parseChecked, readChecked, type CheckedOutcome } from './checked-yaml.ts';

/** Long lists of prefixes; a larger file is not one of ours. */
const MOST_BYTES = 8 * 1024 * 1024;

export type CdnsOutcome = { kind: 'cdns'; cdns: Cdns } | { kind: 'bad'; reason: string };

/** Reads a YAML file of other people's CDNs. What is wrong with it is one line: file, line, what, how to mend it. */
export function loadCdns(path: string): CdnsOutcome {
  return asCdns(readChecked(path, cdnsSchema, { mostBytes: MOST_BYTES }));
}

/** @param name what to call the text in a reason */
export function parseCdns(text: string, name: string): CdnsOutcome {
  return asCdns(parseChecked(text, name, cdnsSchema));
}

function asCdns(outcome: CheckedOutcome<Cdns>): CdnsOutcome {
  return outcome.kind === 'good' ? { kind: 'cdns', cdns: outcome.value } : outcome;
}
