import { Child } from '../demo/child.ts';
import type { DemoPlan } from '../demo/plan.ts';

const EVENT = 'warm-up';
/** One that was there in the middle of it. */
export const WARM_UP_SEGMENT = `/live/${EVENT}/v720/3.m4s`;
/** Of another seed than any run's own: they are other viewers. */
const FLAGS = ['--viewers', '40', '--seed', '20261123', '--spread', '2s', '--duration', '10s'];

/**
 * Some viewers of another event, through everything: a process that has answered nobody yet takes ten times as long for
 * its first answers, until its code is compiled, and the model is of one that has.
 */
export async function warmUp(plan: DemoPlan, folder: string): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const child = (name: string, args: string[], onEnd: () => void) =>
    new Child(name, args, `${folder}/${name}.log`, { onUnexpectedEnd: onEnd });
  const origin = plan.url('origin');
  const pipeline = child(
    'warm-up-pipeline',
    ['test-stream', '--origin', origin, '--event', EVENT, '--start-ms', String(Date.now()), '--json'],
    () => {},
  );
  const viewers = child(
    'warm-up-viewers',
    ['load', plan.url('steering'), '--event', EVENT, '--country-addresses', plan.addressesFile, '--json', ...FLAGS],
    () => ended.resolve(),
  );
  try {
    await pipeline.start();
    await viewers.start();
    await ended.promise;
  } finally {
    await Promise.all([pipeline.stop(), viewers.stop()]);
  }
}
