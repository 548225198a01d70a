import { open, rename, type FileHandle } from 'node:fs/promises';
import { BadInput } from '../../runtime/bad-input.ts';
import type { Log } from '../../runtime/log.ts';
import { pathReason } from '../../runtime/path-error.ts';
import type { NextLine, RecordSink } from '../policy/record/decision-recorder.ts';

export interface RecordLogOptions {
  path: string;
  /** of one file; then it becomes `path.1`, what that was `path.2`, and so on */
  maxBytes: number;
  /** older files that are kept */
  keep: number;
  /** characters that wait for a slow disk; beyond them lines are lost, until it has caught up with half of them */
  waitingMax?: number | undefined;
  log: Log;
  /** what became of lines, for a metric */
  onLines: (outcome: 'written' | 'lost', lines: number) => void;
}

/** What a kill takes at the most, with what the disk is behind. */
const FLUSH_MS = 500;
const FLUSH_CHARS = 256 * 1024;
const WAITING_MAX = 32 * 1024 * 1024;
const RETRY_MS = 2000;
const CLOSE_MS = 2000;
const TAIL_BYTES = 64 * 1024;
const BEGINNING = '["h",{"record":"undercard-steering"';

interface Batch {
  beginsFile: boolean;
  lines: string[];
  chars: number;
}

/**
 * The file of a record. Lines are written in batches, beside the answering; a disk that is full, slow or gone loses lines,
 * which are counted, and nothing else. What is in the file is whole lines, whatever happens.
 */
export class RecordLog implements RecordSink {
  readonly #options: RecordLogOptions;
  readonly #timer: NodeJS.Timeout;
  #file: FileHandle;
  /** a pipe can neither be cut nor begun anew */
  readonly #isPlain: boolean;
  /** of the file, whole lines all of them */
  #goodBytes: number;
  /** the same with what waits to be written */
  #takenChars: number;
  #batches: Batch[] = [];
  #waitingChars = 0;
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();
  #isBehind = false;
  #retryAtMs: number | null = null;
  /** the last header could not be written */
  #needsHeader = false;
  #lost = 0;
  #isLosing = false;

  private constructor(options: RecordLogOptions, file: FileHandle, isPlain: boolean, goodBytes: number) {
    this.#options = options;
    this.#file = file;
    this.#isPlain = isPlain;
    this.#goodBytes = goodBytes;
    this.#takenChars = goodBytes;
    if (this.#isFull) this.#beginFile();
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Goes on with a file that is there. @throws BadInput when that is no record, or cannot be written */
  static async open(options: RecordLogOptions): Promise<RecordLog> {
    const { path } = options;
    let file: FileHandle | null = null;
    try {
      file = await openOrMake(path);
      const { size } = await file.stat();
      const isPlain = (await file.stat()).isFile();
      const goodBytes = isPlain ? await goodLength(file, size, path) : 0;
      if (isPlain) await file.truncate(goodBytes);
      return new RecordLog(options, file, isPlain, goodBytes);
    } catch (error) {
      await file?.close();
      if (error instanceof BadInput) throw error;
      throw new BadInput(`--record: "${path}" ${pathReason(error, 'written')}`, { cause: error });
    }
  }

  next(): NextLine {
    if (this.#retryAtMs !== null) {
      if (performance.now() < this.#retryAtMs) return this.#lose(1);
      this.#retryAtMs = null;
    }
    const { waitingMax = WAITING_MAX } = this.#options;
    if (this.#waitingChars > (this.#isBehind ? waitingMax / 2 : waitingMax)) {
      if (!this.#isBehind) this.#options.log.warn({ path: this.#options.path }, 'the record loses lines: a slow disk');
      this.#isBehind = true;
      return this.#lose(1);
    }
    this.#isBehind = false;
    if (this.#isFull) this.#beginFile();
    else if (!this.#needsHeader) return this.#lost > 0 ? 'again' : 'line';
    this.#needsHeader = false;
    return 'part';
  }

  /** The first line of all comes without being asked for. */
  write(line: string): void {
    let batch = this.#batches.at(-1);
    if (batch === undefined) this.#batches.push((batch = { beginsFile: false, lines: [], chars: 0 }));
    batch.lines.push(line);
    batch.chars += line.length + 1;
    this.#waitingChars += line.length + 1;
    this.#takenChars += line.length + 1;
    if (this.#waitingChars >= FLUSH_CHARS) this.#flush();
  }

  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  /** Writes what waits, within reason. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const stop = new AbortController();
    const bound = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MS);
      stop.signal.addEventListener('abort', () => clearTimeout(timer));
    });
    await Promise.race([this.#writeAll(), bound]);
    stop.abort();
    if (!this.#isWriting) await this.#file.close();
  }

  async #writeAll(): Promise<void> {
    await this.#written;
    this.#flush();
    await this.#written;
  }

  get #isFull(): boolean {
    return this.#isPlain && this.#takenChars >= this.#options.maxBytes;
  }

  #beginFile(): void {
    this.#batches.push({ beginsFile: true, lines: [], chars: 0 });
    this.#takenChars = 0;
  }

  #lose(lines: number): 'lost' {
    this.#lost += lines;
    this.#isLosing = true;
    this.#options.onLines('lost', lines);
    return 'lost';
  }

  #flush(): void {
    if (this.#isWriting || this.#batches.length === 0) return;
    this.#isWriting = true;
    this.#written = this.#writeBatches(this.#batches.splice(0));
  }

  async #writeBatches(batches: Batch[]): Promise<void> {
    try {
      for (let batch = batches[0]; batch !== undefined; batch = batches[0]) {
        if (batch.beginsFile) await this.#rotate();
        batch.beginsFile = false;
        await this.#writeWhole(Buffer.from(batch.lines.map((line) => `${line}\n`).join('')));
        batches.shift();
        this.#waitingChars -= batch.chars;
        this.#options.onLines('written', batch.lines.length);
      }
      if (this.#isLosing && !this.#isBehind && this.#lost === 0) {
        this.#isLosing = false;
        this.#options.log.info({ path: this.#options.path }, 'the record goes on');
      }
    } catch (error) {
      await this.#fail(batches, error as NodeJS.ErrnoException);
    }
    this.#isWriting = false;
  }

  async #writeWhole(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const position = this.#isPlain ? this.#goodBytes + at : null;
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, position);
      at += bytesWritten;
    }
    this.#goodBytes += bytes.length;
  }

  /** What waits was made to follow upon what could not be written. All of it goes, and the next line begins anew. */
  async #fail(batches: Batch[], error: NodeJS.ErrnoException): Promise<void> {
    const { path, log } = this.#options;
    const dropped = [...batches, ...this.#batches.splice(0)];
    this.#retryAtMs = performance.now() + RETRY_MS;
    this.#waitingChars = 0;
    this.#needsHeader ||= dropped.some(({ lines }) => lines.some((line) => line.startsWith(BEGINNING)));
    this.#takenChars = this.#goodBytes;
    if (!this.#isLosing) log.error({ path, error: error.message }, 'the record loses lines: it cannot be written');
    this.#lose(dropped.reduce((sum, { lines }) => sum + lines.length, 0));
    // A full disk lets go of bytes; if this one does not, they are written over.
    if (this.#isPlain) await this.#file.truncate(this.#goodBytes).catch(() => {});
  }

  async #rotate(): Promise<void> {
    if (this.#goodBytes === 0 || !this.#isPlain) return;
    const { path, keep } = this.#options;
    const name = (number: number) => (number === 0 ? path : `${path}.${number}`);
    for (let number = keep - 1; number >= 0; number--) {
      await rename(name(number), name(number + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    const next = await open(path, 'w+', 0o600);
    await this.#file.close();
    this.#file = next;
    this.#goodBytes = 0;
  }
}

/** For its owner alone: it says who watches what from where. */
async function openOrMake(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return open(path, 'wx+', 0o600);
  }
}

/** A process that was killed leaves half a line at the end. @returns the length of what is whole before it */
async function goodLength(file: FileHandle, size: number, path: string): Promise<number> {
  if (size === 0) return 0;
  const beginning = await bytesAt(file, 0, Math.min(size, BEGINNING.length));
  if (!BEGINNING.startsWith(beginning.toString('latin1'))) {
    throw new BadInput(`--record: "${path}" is there and is no record of steering; name another file`);
  }
  for (let end = size; end > 0; end -= TAIL_BYTES) {
    const from = Math.max(0, end - TAIL_BYTES);
    const newline = (await bytesAt(file, from, end - from)).lastIndexOf('\n');
    if (newline >= 0) return from + newline + 1;
  }
  return 0;
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
