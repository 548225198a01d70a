// `npm run docs`: writes docs/configuration.md from the schemas; a test keeps the two alike.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { edgeConfigSchema } from '../edge/service/edge-config.ts';
import { sitesSchema } from '../topology/model/site.ts';

export const REFERENCE_FILE = new URL('../docs/configuration.md', import.meta.url);

interface Property {
  type?: string;
  anyOf?: { type?: string; format?: string }[];
  enum?: string[];
  format?: string;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  properties?: Record<string, Property>;
  items?: Property;
  additionalProperties?: Property | boolean;
}

/** Every field of every configuration file: type, default, bounds and sentence, as the schemas have them. */
export function configReference(): string {
  return [
    '# Configuration',
    '',
    'Made from the schemas by `npm run docs`. Flags override the file; an unknown field is an error with its line.',
    '',
    '## edge.yaml, shield.yaml: `undercard edge --config FILE`, `undercard shield --config FILE`',
    '',
    ...tableOf(z.toJSONSchema(edgeConfigSchema, { io: 'input' }) as Property),
    '',
    '## sites.yaml: `undercard steering --sites FILE`',
    '',
    ...tableOf(z.toJSONSchema(sitesSchema, { io: 'input' }) as Property),
    '',
  ].join('\n');
}

function tableOf(schema: Property): string[] {
  return ['| field | type | default | meaning |', '| --- | --- | --- | --- |', ...rowsOf(schema, '')];
}

function rowsOf(schema: Property, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = `${prefix}${name}`;
    const inner = property.properties ? property : property.items?.properties ? property.items : null;
    if (inner) return rowsOf(inner, `${path}${property.items ? '[]' : ''}.`);
    const fallback = property.default === undefined ? '' : `\`${JSON.stringify(property.default)}\``;
    return [`| \`${path}\` | ${typeOf(property)} | ${fallback} | ${property.description ?? ''} |`];
  });
}

function typeOf(property: Property): string {
  if (property.enum) return property.enum.map((value) => `\`${value}\``).join(', ');
  if (property.anyOf) return property.anyOf.map(({ format, type }) => format ?? type).join(' or ');
  if (property.type === 'array') return `list of ${typeOf(property.items ?? {})}`;
  if (property.type === 'object') return 'map of names';
  const { minimum, exclusiveMinimum, maximum } = property;
  const bounds = [
    minimum === undefined ? null : `≥ ${minimum}`,
    exclusiveMinimum === undefined ? null : `> ${exclusiveMinimum}`,
    maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? null : `≤ ${maximum}`,
  ].filter((bound) => bound !== null);
  const kind = property.format === 'uri' ? 'URL' : (property.type ?? 'any');
  return bounds.length === 0 ? kind : `${kind} ${bounds.join(', ')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(REFERENCE_FILE, configReference());
