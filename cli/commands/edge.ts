import type { Command } from 'commander';
import { nodeConfig, withNodeFlags, type NodeFlags } from './node-flags.ts';

export function register(program: Command): void {
  const command = program
    .command('edge')
    .description('An edge cache node: alone, a correct shared HTTP cache in front of any origin.')
    .addHelpText(
      'after',
      '\nExample:\n  undercard edge --listen 127.0.0.1:8080 --upstream http://127.0.0.1:9000 --admin 127.0.0.1:8081',
    );
  withNodeFlags(command).action(async (flags: NodeFlags) => {
    const [{ startEdge }, { createLog }, { runUntilSignal }] = await Promise.all([
      import('../../edge/service/edge.ts'),
      import('../../runtime/log.ts'),
      import('../../runtime/service.ts'),
    ]);
    const config = await nodeConfig(flags, { id: 'edge-1', role: 'edge' });
    const log = createLog(config.id);
    await runUntilSignal(await startEdge(config, log), { log, json: flags.json ?? false });
  });
}
