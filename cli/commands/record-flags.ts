import type { Command } from 'commander';
import { BadInput } from '../../runtime/bad-input.ts';
import { parseBytes, parseCount } from '../../runtime/units.ts';
import type { RecordConfig } from '../../steering/service/recording.ts';

export interface RecordFlags {
  record?: string;
  recordMax?: string;
  recordKeep?: string;
  recordAddresses?: boolean;
}

export function addRecordFlags(command: Command): Command {
  return command
    .option('--record <file>', 'write every decision and what it came from, for undercard steering replay')
    .option('--record-max <size>', 'then the file becomes <file>.1, that <file>.2, and so on (default 256MB)')
    .option('--record-keep <count>', 'so many older files are kept (default 8)')
    .option('--record-addresses', 'with the addresses of clients, which are left out else');
}

/** @returns undefined when nothing is to be recorded. @throws BadInput */
export function recordConfigOf(flags: RecordFlags): RecordConfig | undefined {
  const { record: path, recordMax, recordKeep, recordAddresses = false } = flags;
  if (path === undefined) {
    if (recordMax === undefined && recordKeep === undefined && !recordAddresses) return undefined;
    throw new BadInput('--record-max, --record-keep and --record-addresses go with --record <file>');
  }
  return {
    path,
    maxBytes: parseBytes(recordMax ?? '256MB', '--record-max', ['64kB', '1TB']),
    keep: parseCount(recordKeep ?? '8', '--record-keep', 0, 999),
    addresses: recordAddresses,
  };
}
