import { stat } from 'node:fs/promises';

export interface FileWatchOptions {
  file: string;
  everyMs: number;
  /** the file has changed, and has stayed as it is for one look; not called again before it is done */
  onChanged: () => Promise<void>;
  /** the file is not there any more; once, until it is there again */
  onGone: () => void;
}

/**
 * Looks whether a file has changed: by its number, size and time, at intervals, for that sees replacement by rename,
 * a link that leads elsewhere, and file systems that tell nobody. A file that is still being written is left alone.
 */
export class FileWatch {
  readonly #options: FileWatchOptions;
  /** what was read last, and what was there at the last look; null: nothing */
  #taken: string | null;
  #seen: string | null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  /** @param taken signature of what was read already */
  constructor(options: FileWatchOptions, taken: string | null) {
    this.#options = options;
    this.#taken = taken;
    this.#seen = taken;
    this.#wait();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #wait(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#look().then(() => this.#wait()), this.#options.everyMs).unref();
  }

  async #look(): Promise<void> {
    const { file, onChanged, onGone } = this.#options;
    const now = await signatureOf(file);
    const settled = now === this.#seen;
    if (now === null && this.#seen !== null) onGone();
    this.#seen = now;
    if (now === null || now === this.#taken || !settled || this.#closed) return;
    // Before it is read: what changes meanwhile is seen at the next look.
    this.#taken = now;
    await onChanged();
  }
}

/** @returns null for what is not there, or is no file: a pipe cannot be read again */
export async function signatureOf(file: string): Promise<string | null> {
  try {
    const stats = await stat(file, { bigint: true });
    return stats.isFile() ? `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs}` : null;
  } catch {
    return null;
  }
}
