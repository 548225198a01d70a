import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export type TextOutcome = { kind: 'text'; text: string } | { kind: 'bad'; reason: string };

const CHUNK_BYTES = 1 << 20;

/** Reads a text file of at most so many bytes; a larger one is not read. A pipe is read as far as that. */
export function readBoundedText(path: string, mostBytes: number): TextOutcome {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const stats = fstatSync(file);
    if (stats.isDirectory()) return bad(path, 'is a directory, not a file');
    // A device may have no end.
    if (!stats.isFile() && !stats.isFIFO()) return bad(path, 'is not a file');
    if (stats.size > mostBytes) return bad(path, `is too large: ${stats.size} bytes, at most ${mostBytes} are read`);
    const bytes = stats.isFile() ? readWhole(file, stats.size) : readPipe(file, mostBytes);
    if (bytes === null) return bad(path, `is too large: at most ${mostBytes} bytes are read`);
    if (!isUtf8(bytes) || bytes.includes(0)) return bad(path, 'is no text in UTF-8');
    return { kind: 'text', text: bytes.toString('utf8').replace(/^\uFEFF/, '') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return bad(path, code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? message})`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readWhole(file: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let length = 0;
  while (length < size) {
    const read = readSync(file, bytes, length, size - length, null);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

function readPipe(file: number, mostBytes: number): Buffer | null {
  const chunks: Buffer[] = [];
  for (let total = 0; ;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const read = readSync(file, chunk, 0, CHUNK_BYTES, null);
    if (read === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, read));
    total += read;
    if (total > mostBytes) return null;
  }
}

function bad(path: string, what: string): TextOutcome {
  return { kind: 'bad', reason: `${path}: ${what}` };
}
