/**
 * What a person typed or wrote cannot be used. The message is the one line they see: what, where, how to mend it.
 * The command line prints it and exits with 2; nothing else may.
 */
export class BadInput extends Error {
  readonly code = 'BAD_INPUT';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BadInput';
  }
}
