/** What is wrong with a topology, or odd, and where in it. */
export interface Finding {
  readonly path: readonly (string | number)[];
  /** error: it cannot be used. warning: it can, and may not be what was meant */
  readonly severity: 'error' | 'warning';
  /** what, and how to mend it */
  readonly message: string;
}
