import type { Command } from 'commander';
import { parseCount } from '../../runtime/units.ts';
import { nodeConfig, withNodeFlags, type NodeFlags } from './node-flags.ts';

export function register(program: Command): void {
  const command = program
    .command('shield')
    .description('An origin shield: stands between all edges and the origin, and keeps to the origin’s budget.')
    .option('--origin-fills <n>', 'requests at the origin at one time (default 64); more wait their turn or are shed')
    .addHelpText(
      'after',
      '\nExample:\n  undercard shield --listen 127.0.0.1:8070 --upstream http://127.0.0.1:9000 --tier edge-1 --tier edge-2',
    );
  withNodeFlags(command).action(async (flags: NodeFlags & { originFills?: string }) => {
    const [{ startShield }, { originBudgetSchema }, { createLog }, { runUntilSignal }] = await Promise.all([
      import('../../origin-shield/service/shield.ts'),
      import('../../origin-shield/policy/origin-budget.ts'),
      import('../../runtime/log.ts'),
      import('../../runtime/service.ts'),
    ]);
    const config = await nodeConfig(flags, { id: 'shield-1', role: 'shield' });
    const fills = flags.originFills;
    const budget = originBudgetSchema.parse(
      fills === undefined ? {} : { fillsMax: parseCount(fills, '--origin-fills', 1, 100_000) },
    );
    const log = createLog(config.id);
    await runUntilSignal(await startShield(config, budget, log), { log, json: flags.json ?? false });
  });
}
