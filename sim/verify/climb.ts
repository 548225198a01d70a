import type { Check, Rung, RungContext } from './rung.ts';

export interface RungResult {
  id: string;
  title: string;
  source: string;
  checks: Check[];
  seconds: number;
  /** what it threw, where it could not be run to its end */
  error?: string;
  ok: boolean;
}

/** Runs one rung. What it throws is a failure of the rung, not of the ladder. */
export async function climb(rung: Rung, context: RungContext): Promise<RungResult> {
  const { id, title, source } = rung;
  const startedMs = performance.now();
  let checks: Check[] = [];
  let error: string | undefined;
  try {
    checks = await rung.run(context);
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  // A rung without a check has shown nothing.
  const ok = error === undefined && checks.length > 0 && checks.every((check) => check.ok);
  return { id, title, source, checks, seconds, ok, ...(error !== undefined && { error }) };
}
