import { BadInput } from '../../runtime/bad-input.ts';
import { parseDuration } from '../../runtime/units.ts';

/** Something that is to happen to a process at a time after the start. */
export type Step =
  | { kind: 'kill' | 'restart'; name: string; atMs: number }
  | { kind: 'fault'; fault: string; name: string; atMs: number };

export const FAULTS = ['corrupt', 'missing', 'stall', 'none'] as const;

/** `edge-3@20s`. @param names what can be named @throws BadInput */
export function parseProcessStep(kind: 'kill' | 'restart', text: string, names: readonly string[]): Step {
  const [name, atMs] = splitAt(text, `--${kind}`, `${names[0]}@20s`);
  checkName(name, `--${kind}`, names);
  return { kind, name, atMs };
}

/** `corrupt:pipeline-a@10s`. @throws BadInput */
export function parseFaultStep(text: string, pipelines: readonly string[]): Step {
  const [what, atMs] = splitAt(text, '--fault', `corrupt:${pipelines[0]}@10s`);
  const colon = what.indexOf(':');
  const fault = what.slice(0, Math.max(0, colon));
  const name = what.slice(colon + 1);
  if (!(FAULTS as readonly string[]).includes(fault)) {
    throw new BadInput(
      `--fault: "${text}" must begin with one of ${FAULTS.join(', ')} and a colon, as in corrupt:${pipelines[0]}@10s`,
    );
  }
  checkName(name, '--fault', pipelines);
  return { kind: 'fault', fault, name, atMs };
}

export function describeStep(step: Step): string {
  return step.kind === 'fault' ? `fault ${step.fault} at ${step.name}` : `${step.kind} ${step.name}`;
}

function splitAt(text: string, flag: string, example: string): [what: string, atMs: number] {
  const at = text.lastIndexOf('@');
  if (at < 1) throw new BadInput(`${flag}: "${text}" needs a time after the start, as in ${example}`);
  return [text.slice(0, at), parseDuration(text.slice(at + 1), flag)];
}

function checkName(name: string, flag: string, names: readonly string[]): void {
  if (!names.includes(name)) throw new BadInput(`${flag}: nothing is called "${name}"; there are ${names.join(', ')}`);
}
