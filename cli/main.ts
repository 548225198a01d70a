import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { BadInput } from '../runtime/bad-input.ts';
import { register as registerDemo } from './commands/demo.ts';
import { register as registerEdge } from './commands/edge.ts';
import { register as registerRelay } from './commands/relay.ts';
import { register as registerReplay } from './commands/replay.ts';
import { register as registerLoad } from './commands/load.ts';
import { register as registerOrigin } from './commands/origin.ts';
import { register as registerShield } from './commands/shield.ts';
import { register as registerSim } from './commands/sim.ts';
import { register as registerSteering } from './commands/steering.ts';
import { register as registerTestStream } from './commands/test-stream.ts';
import { register as registerTopology } from './commands/topology.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('undercard')
  .description('A live-video CDN that you can rehearse before you run it.')
  .version(version)
  .showHelpAfterError('(undercard <command> --help lists the flags)')
  .showSuggestionAfterError(true)
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 bad input.');

for (const register of [
  registerDemo,
  registerEdge,
  registerShield,
  registerOrigin,
  registerSteering,
  registerTestStream,
  registerLoad,
  registerRelay,
  registerReplay,
  registerTopology,
  registerSim,
]) {
  register(program);
}
exitOverrideAll(program);
// Whoever read the output has gone, as `head` does. What runs on is told by `stopAsked`; nothing else is to be said.
process.stdout.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has printed its line; its own code 1 is our 2: what was typed cannot be used.
    process.exit(error.exitCode === 0 ? 0 : 2);
  }
  if (error instanceof BadInput) {
    // One line, whatever was quoted in it.
    console.error(`undercard: ${error.message.replace(/\s*[\r\n]+\s*/g, ' ')}`);
    process.exit(2);
  }
  console.error(`undercard: ${(error as Error).stack ?? String(error)}`);
  process.exit(1);
}

function exitOverrideAll(command: Command): void {
  command.exitOverride();
  command.commands.forEach(exitOverrideAll);
}
