import { open } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { BadInput } from '../../runtime/bad-input.ts';
import { pathReason } from '../../runtime/path-error.ts';

export interface RecordFile {
  path: string;
  bytes: number;
}

/** Where a line stands. */
export interface LinePlace {
  path: string;
  number: number;
}

export interface ReadingHooks {
  /** @returns false to read no further */
  line(line: string, place: LinePlace): boolean;
  /** bytes of all files so far */
  progress(bytes: number): void;
}

const CHUNK_BYTES = 1024 * 1024;
/** A header of 20,000 servers has two megabytes. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/** The files of a record in the order in which they were written, whatever order they are named in. @throws BadInput */
export async function recordFiles(paths: readonly string[]): Promise<RecordFile[]> {
  const begun: { file: RecordFile; wallMs: number; part: number }[] = [];
  for (const path of new Set(paths)) {
    const { bytes, header } = await beginningOf(path);
    const { wallMs, part } = header;
    begun.push({ file: { path, bytes }, wallMs, part });
  }
  return begun.sort((a, b) => a.wallMs - b.wallMs || a.part - b.part).map(({ file }) => file);
}

async function beginningOf(path: string): Promise<{ bytes: number; header: { wallMs: number; part: number } }> {
  let bytes = 0;
  let first: string | null = null;
  try {
    const file = await open(path, 'r');
    bytes = (await file.stat()).size;
    await file.close();
    await readLines(path, (line) => {
      first = line;
      return false;
    });
  } catch (cause) {
    if (cause instanceof BadInput) throw cause;
    throw new BadInput(`${path}: ${pathReason(cause, 'read')}`, { cause });
  }
  const header = first === null ? null : headerIn(first);
  if (header === null) {
    throw new BadInput(`${path}:1: not a record of steering: make one with undercard steering --record`);
  }
  return { bytes, header };
}

function headerIn(line: string): { wallMs: number; part: number } | null {
  try {
    const [letter, header] = JSON.parse(line) as [string, { record?: unknown; wallMs?: unknown; part?: unknown }];
    const { wallMs, part } = header;
    const isHeader = letter === 'h' && header.record === 'undercard-steering';
    return isHeader && typeof wallMs === 'number' && typeof part === 'number' ? { wallMs, part } : null;
  } catch {
    return null;
  }
}

/**
 * Reads files line by line, a piece at a time, however large they are.
 * @returns files whose last line is cut off: who wrote them was killed
 */
export async function readRecord(
  files: readonly RecordFile[],
  { line: onLine, progress }: ReadingHooks,
): Promise<string[]> {
  const cut: string[] = [];
  let before = 0;
  for (const { path, bytes } of files) {
    let goesOn = true;
    const rest = await readLines(
      path,
      (line, number) => (goesOn = onLine(line, { path, number })),
      (read) => progress(before + read),
    );
    if (!goesOn) return cut;
    if (rest > 0) cut.push(path);
    before += bytes;
  }
  return cut;
}

/** @returns bytes after the last line's end */
async function readLines(
  path: string,
  onLine: (line: string, number: number) => boolean,
  onRead: (bytes: number) => void = () => {},
): Promise<number> {
  let number = 0;
  let rest: Buffer[] = [];
  let restBytes = 0;
  let read = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const tail = chunk.subarray(from, end);
      const line = restBytes === 0 ? tail.toString() : Buffer.concat([...rest, tail]).toString();
      rest = [];
      restBytes = 0;
      from = end + 1;
      if (!onLine(line, ++number)) return 0;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    if (restBytes > LINE_BYTES_MAX)
      throw new BadInput(`${path}:${number + 1}: a line of more than 64 MiB: not a record`);
    read += chunk.length;
    onRead(read);
  }
  return restBytes;
}
