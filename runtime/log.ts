import pino, { type Logger } from 'pino';

export type Log = Logger;

/**
 * One JSON line an event, on standard error: standard output belongs to results.
 * Synchronous on purpose: what a dying process said last must not be lost, and nothing logs on the hot path.
 */
export function createLog(name: string, level = process.env.UNDERCARD_LOG ?? 'info'): Log {
  return pino({ name, level, base: { name, pid: process.pid } }, pino.destination({ fd: 2, sync: true }));
}
