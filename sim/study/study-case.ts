import { fileURLToPath } from 'node:url';
import type { SteeringPolicyConfig } from '../../steering/policy/steering-config.ts';

export type Policy = SteeringPolicyConfig['policy'];

/** One scenario of the study, under these policies. */
export interface StudyCase {
  name: string;
  /** of the scenario, where it has variants */
  variant: string | null;
  title: string;
  policies: readonly Policy[];
  /** seconds from which on cost is held against the optimum; null: the world is too large for it */
  optimumFromSeconds: number | null;
}

const ALL: readonly Policy[] = ['network', 'nearest', 'round-robin', 'random'];

export const STUDY_CASES: readonly StudyCase[] = [
  ...[
    ['crowd', 'a crowd of 3 × the forecast'],
    ['exchange-down', 'an exchange down and back'],
    ['step', 'a step'],
    ['ramp', 'a ramp'],
    ['noise', 'noise'],
    ['lying-node', 'a node that lies'],
  ].map(([name, title]) => ({ name: name!, variant: null, title: title!, policies: ALL, optimumFromSeconds: null })),
  ...['naive', 'guided'].map((variant) => ({
    name: 'retry-storm',
    variant,
    title: `a retry storm, ${variant}`,
    policies: ['network'] as const,
    optimumFromSeconds: null,
  })),
  ...['roomy', 'tight'].map((size) => ({
    name: `small-${size}`,
    variant: null,
    title: `a small world, ${size}`,
    policies: ALL,
    optimumFromSeconds: 50,
  })),
];

export function scenarioFile({ name }: StudyCase): string {
  return fileURLToPath(new URL(`scenarios/${name}.yaml`, import.meta.url));
}
