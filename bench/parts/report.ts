import { accessSync, constants, readFileSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { dirname, resolve } from 'node:path';
import { BadInput } from '../../runtime/bad-input.ts';

/** Above this something else is running, and the figures are its too. */
const LOAD_QUIET = 0.5;

/** Checked before minutes of measuring, not after. @throws BadInput */
export function checkWritable(file: string): void {
  const path = resolve(file);
  try {
    accessSync(dirname(path), constants.W_OK);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error('it is a directory');
  } catch (error) {
    throw new BadInput(
      `--json: cannot write ${path} (${(error as Error).message}); name a file in a directory that exists`,
      {
        cause: error,
      },
    );
  }
}

/** What the figures depend on besides the code. */
export function describeMachine() {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return {
    at: new Date().toISOString(),
    undercard: version,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    kernel: release(),
    loadBefore: loadavg()[0] ?? 0,
  };
}

export type Machine = ReturnType<typeof describeMachine>;

export function warnIfBusy({ loadBefore }: Machine): void {
  if (loadBefore > LOAD_QUIET) {
    console.error(`bench: this machine is busy (load ${loadBefore.toFixed(2)}): do not trust what follows`);
  }
}

export function writeJson(file: string | undefined, result: unknown): void {
  if (file === undefined) return;
  // More digits than a bench can tell would only pretend.
  const round = (_name: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  writeFileSync(file, `${JSON.stringify(result, round, 2)}\n`);
  console.log(`\nwritten to ${resolve(file)}`);
}
