// `npm run bench -- hits`, `-- herd`, `-- sim`, `-- steering`: the shipped services against their peers and the simulator, on this machine.
import { Command, CommanderError } from 'commander';
import { BadInput } from '../runtime/bad-input.ts';
import { register as registerHerd } from './herd.ts';
import { register as registerHits } from './hits.ts';
import { register as registerSim } from './sim.ts';
import { register as registerSteering } from './steering.ts';
import { BenchFailure, Interrupted } from './parts/bench-failure.ts';
import { clearProgress } from './parts/progress.ts';

const program = new Command('bench')
  .usage('<what> [flags]   (npm run bench -- <what> [flags])')
  .description(
    'Measures Undercard against its peers, side by side on this machine (Linux, two cores, Debian packages).',
  )
  .showHelpAfterError('(npm run bench -- <what> --help lists the flags)')
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 bad input, 130 interrupted.');

// Each bench is one file with a `register`.
for (const register of [registerHits, registerHerd, registerSim, registerSteering]) register(program);
for (const command of [program, ...program.commands]) command.exitOverride();

try {
  await program.parseAsync();
  process.exit(0);
} catch (error) {
  clearProgress();
  process.exit(told(error));
}

/** Tells what went wrong. @returns the exit code */
function told(error: unknown): number {
  // commander has printed its line; its own code 1 is our 2: what was typed cannot be used.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof Interrupted) {
    console.error(`bench: ${error.message}: stopped, nothing was written`);
    return 130;
  }
  if (error instanceof BadInput || error instanceof BenchFailure) {
    console.error(`bench: ${error.message}`);
    return error instanceof BadInput ? 2 : 1;
  }
  console.error(`bench: ${(error as Error).stack ?? String(error)}`);
  return 1;
}
