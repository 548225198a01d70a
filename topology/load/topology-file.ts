import { writeFileSync } from 'node:fs';
import { findErrors } from '../model/check-references.ts';
import { topologySchema, type Topology } from '../model/topology.ts';
import { readChecked, type Places } from './checked-yaml.ts';

/** A world of 6,000 sites and 3,000 networks takes some 10 MB. */
const MOST_BYTES = 256 * 2 ** 20;
const MOST_YAML_BYTES = 8 * 2 ** 20;

export type TopologyFile = { kind: 'topology'; topology: Topology; places: Places } | { kind: 'bad'; reason: string };

/**
 * Reads a topology and checks its fields, one by one.
 * @returns what may still lead to nothing: see `loadTopology`
 */
export function readTopology(path: string): TopologyFile {
  const read = readChecked(path, topologySchema, { mostBytes: MOST_BYTES, mostYamlBytes: MOST_YAML_BYTES });
  return read.kind === 'good' ? { kind: 'topology', topology: read.value, places: read.places } : read;
}

/** Reads a topology in which every reference leads somewhere; what is wrong is one line: file, line, what, how to mend it. */
export function loadTopology(path: string): TopologyFile {
  const file = readTopology(path);
  if (file.kind === 'bad') return file;
  const errors = findErrors(file.topology);
  if (errors.length === 0) return file;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more: undercard topology check)` : '';
  return { kind: 'bad', reason: `${file.places.at(errors[0]!.path)}: ${errors[0]!.message}${more}` };
}

/** Writes JSON when the name says so, else YAML: the same topology, the same bytes. @throws what the file system says */
export function writeTopology(topology: Topology, path: string): void {
  writeFileSync(path, path.endsWith('.json') ? topologyJson(topology) : topologyYaml(topology));
}

/** One line for each thing. */
export function topologyJson(topology: Topology): string {
  return written(topology, {
    line: (value) => JSON.stringify(value),
    field: (key, text) => `  ${JSON.stringify(key)}: ${text}`,
    list: (key, lines) => `  ${JSON.stringify(key)}: [\n${lines.map((line) => `    ${line}`).join(',\n')}\n  ]`,
    whole: (fields) => `{\n${fields.join(',\n')}\n}\n`,
  });
}

/** One line for each thing. */
export function topologyYaml(topology: Topology): string {
  return written(topology, {
    line: flowYaml,
    field: (key, text) => `${key}: ${text}`,
    list: (key, lines) => `${key}:\n${lines.map((line) => `  - ${line}`).join('\n')}`,
    whole: (fields) => `${fields.join('\n')}\n`,
  });
}

interface Style {
  line(value: unknown): string;
  field(key: string, text: string): string;
  list(key: string, lines: string[]): string;
  whole(fields: string[]): string;
}

/** Fields in the order of the schema, whatever the order of the object's. */
function written(topology: Topology, { line, field, list, whole }: Style): string {
  const fields: string[] = [];
  for (const key of Object.keys(topologySchema.shape) as (keyof Topology)[]) {
    const value = topology[key];
    if (value === undefined) continue;
    fields.push(
      Array.isArray(value) && value.length > 0
        ? list(
            key,
            value.map((one) => line(one)),
          )
        : field(key, line(value)),
    );
  }
  return whole(fields);
}

/** A value as YAML in one line. By hand, because the library takes minutes for a large world. */
function flowYaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowYaml).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return members.length === 0
      ? '{}'
      : `{ ${members.map(([key, member]) => `${key}: ${flowYaml(member)}`).join(', ')} }`;
  }
  if (typeof value !== 'string') return String(value);
  // A JSON text is a YAML text in double quotes.
  return isPlain(value) ? value : JSON.stringify(value);
}

/** Whether YAML 1.2's core schema, and the older 1.1, read the bare word as this very text, in flow style too. */
function isPlain(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_./-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text);
}
