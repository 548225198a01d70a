import { createHash } from 'node:crypto';

/** An object that the bench's origin invents on demand. Its path says all that it needs to know. */
export interface TestObject {
  sizeBytes: number;
  /** how long the origin takes to give it, in milliseconds */
  delayMs: number;
  name: string;
}

/** `/65536/200/herd-1`: 64 KB after 200 ms. */
export function pathOf({ sizeBytes, delayMs, name }: TestObject): string {
  return `/${sizeBytes}/${delayMs}/${name}`;
}

/** @returns null for a path that names no object of at most 64 MB and 10 s */
export function parsePath(path: string): TestObject | null {
  const match = /^\/(\d{1,8})\/(\d{1,5})\/([\w-]{1,80})$/.exec(path);
  if (match === null) return null;
  const object = { sizeBytes: Number(match[1]), delayMs: Number(match[2]), name: match[3]! };
  return object.sizeBytes <= 2 ** 26 && object.delayMs <= 10_000 ? object : null;
}

/** Bytes that belong to this path alone and do not compress: another object's body, or a shifted one, shows. */
export function bodyOf(object: TestObject): Buffer {
  return createHash('shake256', { outputLength: object.sizeBytes }).update(pathOf(object)).digest();
}
