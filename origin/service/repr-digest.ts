import { createHash } from 'node:crypto';
import { parseDictionary } from 'structured-headers';
import type { CandidateDefect } from '../policy/segment-slot.ts';

export function sha256Of(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** RFC 9530: the value of a `Repr-Digest` field. */
export function reprDigest(sha256: Buffer): string {
  return `sha-256=:${sha256.toString('base64')}:`;
}

/**
 * Compares a body with what its sender said of it. Without the field, or with algorithms we do not speak, there is
 * nothing to compare (RFC 9530 §4: such are ignored).
 * @param field the `Repr-Digest` request field
 */
export function digestDefect(field: string | undefined, sha256: Buffer): CandidateDefect | null {
  if (field === undefined) return null;
  let said: unknown;
  try {
    const member = parseDictionary(field).get('sha-256');
    if (member === undefined) return null;
    [said] = member;
  } catch {
    return 'bad-digest-field';
  }
  if (!(said instanceof ArrayBuffer)) return 'bad-digest-field';
  return sha256.equals(Buffer.from(said)) ? null : 'digest-mismatch';
}
