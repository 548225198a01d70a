import type { Scenario } from '../scenarios/scenario.ts';

type Setting = { path: string; value: unknown };

/**
 * The command that runs the same again.
 * @param shipped the scenario as its file has it, defaults filled in: what differs becomes `--set`. Without it name, seed
 *   and number of viewers are all that can be said, and the scenario itself is the full account.
 * @param named how it was called before: by its name, or by its file
 * @param cdnsFile of other people’s CDNs that were rehearsed
 */
export function rerunCommand(
  scenario: Scenario,
  shipped?: Scenario,
  named: string = scenario.name,
  cdnsFile: string | null = null,
): string {
  const parts = [
    'undercard sim run',
    shellWord(named),
    `--seed ${scenario.seed}`,
    `--viewers ${scenario.audience.viewers}`,
    ...(cdnsFile === null ? [] : [`--cdns ${shellWord(cdnsFile)}`]),
  ];
  const known = new Set(['seed', 'audience.viewers']);
  const settings = shipped === undefined ? [] : differences(shipped, scenario, '');
  for (const { path, value } of settings) if (!known.has(path)) parts.push(`--set ${path}=${shellWord(value)}`);
  return parts.join(' ');
}

/** Leaves of `after` that `before` has otherwise or not at all; a list counts as one. */
function differences(before: unknown, after: unknown, path: string): Setting[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isRecord(before) || !isRecord(after)) return [{ path, value: after }];
  // Nothing takes a field away; the whole section without it can be set.
  if (path !== '' && Object.keys(before).some((name) => after[name] === undefined)) return [{ path, value: after }];
  const names = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...names].flatMap((name) => differences(before[name], after[name], path === '' ? name : `${path}.${name}`));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shellWord(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null');
  return /^[\w./:+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
