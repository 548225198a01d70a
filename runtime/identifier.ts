import { identifierSchema } from '../topology/model/event.ts';
import { BadInput } from './bad-input.ts';

/** A name that may stand in URLs, header fields and metrics. @throws BadInput naming the flag */
export function parseIdentifier(text: string, flag: string): string {
  const checked = identifierSchema.safeParse(text);
  if (checked.success) return checked.data;
  throw new BadInput(`${flag}: "${text}" is not ${checked.error.issues[0]!.message}`);
}
