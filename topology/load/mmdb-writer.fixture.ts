import { parsePrefix } from '../model/ip-address.ts';

/**
 * Writes MMDB files for tests, as the format says (MaxMind DB file format specification 2.0): a binary tree over the bits
 * of addresses, then data. There is no writer on npm.
 */

export type MmdbValue = string | number | boolean | MmdbValue[] | { [key: string]: MmdbValue };

export interface MmdbOptions {
  type?: string;
  ipVersion?: 4 | 6;
  recordSize?: 24 | 28 | 32;
}

interface Leaf {
  record: MmdbValue;
}
type Node = [Child, Child];
type Child = Node | Leaf | null;

/** @param records by prefix; a longer prefix must come after those that contain it */
export function mmdbOf(
  records: Readonly<Record<string, MmdbValue>>,
  { type = 'Test-City', ipVersion = 6, recordSize = 24 }: MmdbOptions = {},
): Buffer {
  const root: Node = [null, null];
  for (const [prefix, record] of Object.entries(records)) insert(root, bitsOf(prefix, ipVersion), { record });
  const nodes: Node[] = [];
  const number = new Map<Node, number>();
  const queue: Node[] = [root];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    number.set(node, nodes.length);
    nodes.push(node);
    for (const child of node) if (Array.isArray(child)) queue.push(child);
  }
  const data: Buffer[] = [];
  let dataLength = 0;
  const offsets = new Map<Leaf, number>();
  const pointerTo = (child: Child): number => {
    if (child === null) return nodes.length;
    if (Array.isArray(child)) return number.get(child)!;
    let offset = offsets.get(child);
    if (offset === undefined) {
      const bytes = encoded(child.record);
      offsets.set(child, (offset = dataLength));
      data.push(bytes);
      dataLength += bytes.length;
    }
    return nodes.length + 16 + offset;
  };
  const tree = nodes.map(([left, right]) => packed(pointerTo(left), pointerTo(right), recordSize));
  const metadata = {
    node_count: nodes.length,
    record_size: recordSize,
    ip_version: ipVersion,
    database_type: type,
    languages: ['en'],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    description: { en: 'made by a test' },
  };
  return Buffer.concat([
    ...tree,
    Buffer.alloc(16),
    ...data,
    Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'),
    encoded(metadata),
  ]);
}

function bitsOf(prefix: string, ipVersion: 4 | 6): number[] {
  const parsed = parsePrefix(prefix);
  if (parsed.kind === 'bad') throw new Error(`${prefix} ${parsed.reason}`);
  const { words, length } = parsed;
  const bits = Array.from({ length }, (_, at) => (words[at >>> 5]! >>> (31 - (at & 31))) & 1);
  if (words.length === 4) return bits;
  return ipVersion === 4 ? bits : [...Array.from<number>({ length: 96 }).fill(0), ...bits];
}

function insert(root: Node, bits: readonly number[], leaf: Leaf): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const child = node[bit]!;
    if (Array.isArray(child)) {
      node = child;
    } else {
      const between: Node = [child, child];
      node[bit] = between;
      node = between;
    }
  }
  node[bits.at(-1)!] = leaf;
}

function packed(left: number, right: number, recordSize: 24 | 28 | 32): Buffer {
  const bytes = Buffer.alloc(recordSize / 4);
  if (recordSize === 32) {
    bytes.writeUInt32BE(left, 0);
    bytes.writeUInt32BE(right, 4);
  } else if (recordSize === 24) {
    bytes.writeUIntBE(left, 0, 3);
    bytes.writeUIntBE(right, 3, 3);
  } else {
    bytes.writeUIntBE(left & 0xffffff, 0, 3);
    bytes[3] = ((left >>> 24) << 4) | (right >>> 24);
    bytes.writeUIntBE(right & 0xffffff, 4, 3);
  }
  return bytes;
}

const TYPES = { string: 2, double: 3, uint32: 6, map: 7, array: 11, boolean: 14 };

function encoded(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8');
    return Buffer.concat([control(TYPES.string, text.length), text]);
  }
  if (typeof value === 'boolean') return control(TYPES.boolean, value ? 1 : 0);
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value < 0) {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value);
      return Buffer.concat([control(TYPES.double, 8), bytes]);
    }
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(TYPES.uint32, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(TYPES.array, value.length), ...value.map(encoded)]);
  const members = Object.entries(value);
  return Buffer.concat([
    control(TYPES.map, members.length),
    ...members.flatMap(([key, member]) => [encoded(key), encoded(member)]),
  ]);
}

function control(type: number, size: number): Buffer {
  const extra = size < 29 ? [] : size < 285 ? [size - 29] : [(size - 285) >> 8, (size - 285) & 255];
  const low = size < 29 ? size : size < 285 ? 29 : 30;
  return Buffer.from(type < 8 ? [(type << 5) | low, ...extra] : [low, type - 7, ...extra]);
}
