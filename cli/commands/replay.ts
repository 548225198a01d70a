import type { Command } from 'commander';

export function register(program: Command): void {
  program
    .command('replay')
    .description('Feeds a recording of an edge or shield (--record) to a fresh machine and compares every decision.')
    .argument('<file>', 'the recording')
    .option('--json', 'print the result as JSON')
    .action(async (file: string, flags: { json?: boolean }) => {
      const { replayFile } = await import('../../edge/service/replay-file.ts');
      const result = replayFile(file);
      if (flags.json) console.log(JSON.stringify(result));
      else if (result.same) console.log(`${result.events} events replayed: every decision is the same`);
      else console.log(`line ${result.line} differs\nrecorded: ${result.recorded}\nreplayed: ${result.replayed}`);
      process.exitCode = result.same ? 0 : 1;
    });
}
