import type { z } from 'zod';
import { readChecked } from '../topology/load/checked-yaml.ts';
import { describeIssues } from '../topology/load/schema-issue.ts';
import { BadInput } from './bad-input.ts';

/** Beyond this a file is not a configuration, and is not read. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Reads a YAML (or JSON) file of fields and checks it against the schema; fields may be missing, as flags may bring them.
 * @returns the fields as written, without the schema's defaults, which would count as said
 * @throws BadInput with file, line, what is wrong and how to mend it
 */
export function readConfigFile<Shape extends z.core.$ZodLooseShape>(
  path: string,
  schema: z.ZodObject<Shape>,
): Record<string, unknown> {
  const outcome = readChecked(path, schema.partial(), { mostBytes: MOST_BYTES, allowEmpty: true });
  if (outcome.kind === 'bad') throw new BadInput(outcome.reason);
  return outcome.plain as Record<string, unknown>;
}

/** Checks values that came from flags. @throws BadInput naming the field */
export function checkConfig<Schema extends z.ZodType>(value: unknown, where: string, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BadInput(`${where}: ${describeIssues(result.error.issues, schema, value).message}`);
}
