import type { Command } from 'commander';
import { registerRun } from './sim-run.ts';
import { registerVerify } from './sim-verify.ts';

export function register(program: Command): void {
  const sim = program.command('sim').description('the simulator: the real policies in a modelled Internet');
  registerRun(sim);
  registerVerify(sim);
}
