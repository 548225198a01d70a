// `npm run docs`: writes docs/configuration.md from the schemas; a test keeps the two alike.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { edgeConfigSchema } from '../edge/service/edge-config.ts';
import { scenarioSchema } from '../sim/scenarios/scenario.ts';
import { coverageZonesSchema } from '../steering/policy/location/coverage-zones.ts';
import { cdnsSchema } from '../topology/model/cdns.ts';
import { sitesSchema } from '../topology/model/site.ts';
import { topologySchema } from '../topology/model/topology.ts';

export const REFERENCE_FILE = new URL('../docs/configuration.md', import.meta.url);

interface Property {
  type?: string;
  anyOf?: Property[];
  oneOf?: Property[];
  enum?: string[];
  const?: unknown;
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
    '## zones.yaml: `undercard steering --coverage-zones FILE`',
    '',
    ...tableOf(z.toJSONSchema(coverageZonesSchema, { io: 'input' }) as Property),
    '',
    '## cdns.yaml: `undercard steering --cdns FILE`, `undercard sim run SCENARIO --cdns FILE`',
    '',
    'Money is in any one currency; GB and TB are 10⁹ and 10¹² bytes. [How to use it](multi-cdn.md).',
    '',
    ...tableOf(z.toJSONSchema(cdnsSchema, { io: 'input' }) as Property),
    '',
    '## scenario.yaml: `undercard sim run FILE`',
    '',
    'Times are seconds of simulated time, rates bits per second. Where a section has several kinds, the kind stands in brackets.',
    '',
    ...tableOf(z.toJSONSchema(scenarioSchema, { io: 'input' }) as Property),
    '',
    '## topology.yaml: `undercard topology check FILE`, `undercard steering --topology FILE`',
    '',
    ...tableOf(z.toJSONSchema(topologySchema, { io: 'input' }) as Property),
    '',
  ].join('\n');
}

function tableOf(schema: Property): string[] {
  return ['| field | type | default | meaning |', '| --- | --- | --- | --- |', ...rowsOf(schema, '')];
}

function rowsOf(schema: Property, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = `${prefix}${name}`;
    const fallback = property.default === undefined ? '' : `\`${JSON.stringify(property.default)}\``;
    const kinds = kindsOf(property.items ?? property);
    if (kinds !== null) {
      const list = property.items === undefined ? '' : '[]';
      return [
        `| \`${path}${list}\` | one of ${kinds.map(({ name: kind }) => `\`${kind}\``).join(', ')} | ${fallback} | ${property.description ?? ''} |`,
        ...kinds.flatMap(({ name: kind, schema }) => rowsOf(schema, `${path}${list}(${kind}).`)),
      ];
    }
    const inner = property.properties ? property : property.items?.properties ? property.items : null;
    if (inner) return rowsOf(inner, `${path}${property.items ? '[]' : ''}.`);
    return [`| \`${path}\` | ${typeOf(property)} | ${fallback} | ${property.description ?? ''} |`];
  });
}

/** The maps that a section may be, by their kind or the field that tells them apart; null where it is no such choice. */
function kindsOf({ anyOf, oneOf }: Property): { name: string; schema: Property }[] | null {
  const options = anyOf ?? oneOf;
  if (options === undefined || !options.every(({ properties }) => properties !== undefined)) return null;
  return options.map(({ properties = {} }) => {
    const { kind, ...others } = properties;
    const name = typeof kind?.const === 'string' ? kind.const : Object.keys(properties)[0]!;
    return { name, schema: { properties: typeof kind?.const === 'string' ? others : properties } };
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
