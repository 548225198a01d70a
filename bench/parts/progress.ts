const { stderr } = process;

/** What is being done now: one line that is rewritten on a terminal, a line each elsewhere. */
export function progress(text: string): void {
  stderr.write(stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}

export function clearProgress(): void {
  if (stderr.isTTY) stderr.write('\r\x1b[K');
}
