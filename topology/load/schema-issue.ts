import type { z } from 'zod';
import { nearestName } from '../model/near-name.ts';

type Issue = z.core.$ZodIssue;

/** What a schema found, for a person: where it is, and what is wrong and how to mend it. */
export interface DescribedIssue {
  readonly path: readonly PropertyKey[];
  /** the unknown key that it is about, under the path */
  readonly key: string | undefined;
  /** one line, the path before it */
  readonly message: string;
}

const SECRET = /token|secret|password/i;

const NAMES: Record<string, string> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  tuple: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/**
 * The first of what was found; a misspelt key before the field that is missing because of it.
 * @param schema by which the issues were found
 * @param value what was checked
 */
export function describeIssues(found: readonly Issue[], schema: z.core.$ZodType, value: unknown): DescribedIssue {
  const issue = innermost(foremost(found));
  const given = valueAt(value, issue.path);
  // What is secret does not go into logs.
  const got = SECRET.test(String(issue.path.at(-1))) ? '' : `, got ${shown(given)}`;
  const key = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const place = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return { path: issue.path, key, message: oneLine(place + messageOf(issue, schema, given, got)) };
}

/** A `kind` that is none of those that there are. */
function wrongKind({ options = [] }: z.core.$ZodIssueInvalidUnion & { options?: unknown[] }, given: unknown): string {
  const kinds = options.map(String);
  if (given === undefined) return `is missing: one of ${listed(kinds)}`;
  const near = typeof given === 'string' ? nearestName(given, kinds) : null;
  return `there is no ${shown(given)}${near === null ? '' : `, did you mean "${near}"?`}; one of ${listed(kinds)}`;
}

function messageOf(issue: Issue, schema: z.core.$ZodType, given: unknown, got: string): string {
  switch (issue.code) {
    case 'invalid_union':
      return 'discriminator' in issue ? wrongKind(issue, given) : issue.message;
    case 'unrecognized_keys':
      return unknownKey(issue.keys[0]!, keysAt(schema, issue.path));
    case 'invalid_type': {
      const expected = NAMES[issue.expected] ?? issue.expected;
      if (given === undefined) return `is missing: expected ${expected}`;
      if (issue.path.length === 0) return `must be ${expected} with ${listed(keysAt(schema, []))}`;
      const hint =
        expected.endsWith('number') && typeof given === 'string' ? ', write digits without quotes or unit' : '';
      return `expected ${expected}${got}${hint}`;
    }
    case 'invalid_value': {
      if (given === undefined) return `is missing: ${lowerFirst(issue.message)}`;
      const near = typeof given === 'string' ? nearestName(given, issue.values.map(String)) : null;
      return `${issue.message}${got}${near === null ? '' : `; did you mean "${near}"?`}`;
    }
    case 'invalid_format':
      return /^(?:Invalid|must) /.test(issue.message) ? `${issue.message}${got}` : `must be ${issue.message}${got}`;
    case 'too_big':
    case 'too_small':
      return typeof given === 'number' ? issue.message + got : issue.message;
    default:
      return issue.message;
  }
}

function unknownKey(key: string, known: readonly string[]): string {
  // Another of several kinds of this has it.
  if (known.includes(key)) return `"${key}" does not go with what else is here; remove one of them`;
  const near = nearestName(key, known);
  const mend = near === null ? `; known here: ${listed(known)}` : `, did you mean "${near}"?`;
  return `unknown key "${key}"${mend}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}

function foremost(issues: readonly Issue[]): Issue {
  const first = issues[0]!;
  const around = first.path.slice(0, -1).join('.');
  return issues.find(({ code, path }) => code === 'unrecognized_keys' && path.join('.') === around) ?? first;
}

/** Of a union the branch that came farthest. */
function innermost(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const firsts = issue.errors.flatMap((errors) => (errors.length === 0 ? [] : [innermost(foremost(errors))]));
  const deepest = firsts.reduce<Issue | null>(
    (best, next) => (best === null || rank(next) > rank(best) ? next : best),
    null,
  );
  return deepest === null ? issue : { ...deepest, path: [...issue.path, ...deepest.path] };
}

/** A wrong type says only that another branch was meant. */
function rank({ path, code }: Issue): number {
  return 2 * path.length + (code === 'invalid_type' ? 0 : 1);
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let reached = unwrapped(schema);
  for (const step of path) reached = reached.flatMap((one) => childrenOf(one, step));
  const keys = new Set<string>();
  for (const { _zod } of reached) {
    const { def } = _zod as { def: Partial<z.core.$ZodObjectDef> };
    if (def.type === 'object') Object.keys(def.shape!).forEach((key) => keys.add(key));
  }
  return [...keys];
}

function childrenOf(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType[] {
  const { def } = schema._zod as unknown as { def: Record<string, unknown> };
  switch (def.type) {
    case 'object': {
      const child = (def.shape as Record<PropertyKey, z.core.$ZodType | undefined>)[step];
      return child === undefined ? [] : unwrapped(child);
    }
    case 'array':
      return unwrapped(def.element as z.core.$ZodType);
    case 'record':
      return unwrapped(def.valueType as z.core.$ZodType);
    case 'tuple':
      return unwrapped((def.items as z.core.$ZodType[])[step as number]!);
    default:
      return [];
  }
}

/** Without what stands round it: optional, default, pipe, and each option of a union. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { def } = schema._zod as unknown as { def: Record<string, unknown> };
  if (def.innerType !== undefined) return unwrapped(def.innerType as z.core.$ZodType);
  if (def.type === 'pipe') return unwrapped(def.in as z.core.$ZodType);
  if (def.type === 'lazy') return unwrapped((def.getter as () => z.core.$ZodType)());
  if (def.type === 'union') return (def.options as z.core.$ZodType[]).flatMap(unwrapped);
  if (def.type === 'intersection') {
    return [...unwrapped(def.left as z.core.$ZodType), ...unwrapped(def.right as z.core.$ZodType)];
  }
  return [schema];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | null | undefined)?.[step], value);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}
