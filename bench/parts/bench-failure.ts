/** The bench cannot go on, or has measured something else than it says. The message is the one line that is shown. */
export class BenchFailure extends Error {
  readonly code = 'BENCH_FAILED';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BenchFailure';
  }
}

/** Somebody pressed Ctrl-C, or the equivalent. The message names the signal. */
export class Interrupted extends Error {
  readonly code = 'INTERRUPTED';
  constructor(message: string) {
    super(message);
    this.name = 'Interrupted';
  }
}
