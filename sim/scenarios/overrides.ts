import { parse } from 'yaml';
import { describeIssues } from '../../topology/load/schema-issue.ts';
import { scenarioSchema, type Scenario } from './scenario.ts';

/** Fields that are to be other than the file has them: path with dots, and value. */
export interface Override {
  path: readonly (string | number)[];
  value: unknown;
  /** as it was typed, for messages */
  said: string;
  /** set by a variant of the scenario, and not typed: a file that it names is relative to the scenario's */
  variant?: { name: string; field: string };
}

export type OverriddenOutcome =
  { kind: 'good'; scenario: Scenario } | { kind: 'bad'; blamed: Override; message: string };

const PATH = /^[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9_-]+)*$/;

/** @param said `steering.policy=nearest`; the value is YAML @returns null for what is no override */
export function parseOverride(said: string): Override | null {
  const equals = said.indexOf('=');
  const path = equals < 0 ? null : parsePath(said.slice(0, equals));
  if (path === null) return null;
  try {
    return { path, value: parse(said.slice(equals + 1)), said };
  } catch {
    return null;
  }
}

/** What a scenario's variant sets otherwise. */
export function variantOverrides({ variants = {} }: Scenario, variant: string): Override[] {
  return Object.entries(variants[variant] ?? {}).flatMap(([field, value]) => {
    const path = parsePath(field);
    return path === null ? [] : [{ path, value, said: field, variant: { name: variant, field } }];
  });
}

/** The first field of a variant that is no path with dots. */
export function wrongVariantField({ variants = {} }: Scenario): { name: string; field: string } | null {
  for (const [name, settings] of Object.entries(variants)) {
    const field = Object.keys(settings).find((one) => parsePath(one) === null);
    if (field !== undefined) return { name, field };
  }
  return null;
}

/** The complete scenario with what is set otherwise, checked anew; of two for the same field the later counts. */
export function applyOverrides(scenario: Scenario, overrides: readonly Override[]): OverriddenOutcome {
  if (overrides.length === 0) return { kind: 'good', scenario };
  // Over the complete scenario, so that an item of a default list can be named.
  const changed = structuredClone(scenario) as unknown as Record<string, unknown>;
  for (const override of overrides) {
    const message = setAt(changed, override);
    if (message !== null) return { kind: 'bad', blamed: override, message };
  }
  forgetOtherKinds(changed, overrides);
  const checked = scenarioSchema.safeParse(changed);
  if (checked.success) return { kind: 'good', scenario: checked.data };
  const { path, key, message } = describeIssues(checked.error.issues, scenarioSchema, changed);
  return { kind: 'bad', blamed: nearest(overrides, key === undefined ? path : [...path, key]), message };
}

/** The override that set what is at the path, or is in it. */
export function blamedFor(overrides: readonly Override[], path: readonly PropertyKey[]): Override | undefined {
  return overrides.findLast((override) => isWithin(override.path, path) || isWithin(path, override.path));
}

function parsePath(text: string): (string | number)[] | null {
  const steps = text.split('.');
  if (!PATH.test(text) || steps.includes('__proto__')) return null;
  return steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

/** @returns what is wrong with it, or null */
function setAt(root: Record<string, unknown>, { path, value }: Override): string | null {
  // A network has one source: naming one takes the place of the other.
  if (path[0] === 'topology' && (path[1] === 'file' || path[1] === 'generate')) {
    const source = root.topology as Record<string, unknown>;
    if (!Object.hasOwn(source, path[1])) root.topology = {};
  }
  let at = root;
  for (const [depth, step] of path.entries()) {
    const within = path.slice(0, depth).join('.');
    if (Array.isArray(at) && (typeof step !== 'number' || step > at.length)) {
      return `${within} is a list of ${at.length}: write ${within}.0 for its first, ${within}.${at.length} for one more`;
    }
    if (depth === path.length - 1) {
      at[step] = value;
      break;
    }
    const next = Object.hasOwn(at, step) ? at[step] : undefined;
    if (next !== undefined && next !== null && typeof next !== 'object')
      return `${path.slice(0, depth + 1).join('.')} has no fields`;
    at[step] = next ?? {};
    at = at[step] as Record<string, unknown>;
  }
  return null;
}

/** Where another kind is chosen, what only the old one had is forgotten; what was set beside it stays. */
function forgetOtherKinds(changed: Record<string, unknown>, overrides: readonly Override[]): void {
  const chosen = overrides.filter(({ path }) => path.at(-1) === 'kind').map(({ path }) => path.slice(0, -1));
  if (chosen.length === 0) return;
  for (const issue of scenarioSchema.safeParse(changed).error?.issues ?? []) {
    const { path } = issue;
    if (issue.code !== 'unrecognized_keys' || !chosen.some((one) => isSame(one, path))) continue;
    const section = path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown>)[step], changed);
    for (const key of issue.keys) {
      if (overrides.some((override) => isWithin(override.path, [...path, key]))) continue;
      delete (section as Record<string, unknown>)[key];
    }
  }
}

/** That with the longest beginning in common, of several the last. */
function nearest(overrides: readonly Override[], path: readonly PropertyKey[]): Override {
  const common = (override: Override) => {
    const differs = override.path.findIndex((step, at) => step !== path[at]);
    return differs < 0 ? override.path.length : differs;
  };
  return overrides.reduce((best, next) => (common(next) >= common(best) ? next : best));
}

function isWithin(path: readonly PropertyKey[], around: readonly PropertyKey[]): boolean {
  return around.every((step, index) => path[index] === step);
}

function isSame(one: readonly PropertyKey[], other: readonly PropertyKey[]): boolean {
  return one.length === other.length && isWithin(one, other);
}
