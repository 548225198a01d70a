import type { z } from 'zod';
import { eventSchema, type LiveEvent } from '../../topology/model/event.ts';

/** Reads an event document that came in by PUT. @returns the event, or one line that says what is wrong and where */
export function readEventDocument(bytes: Uint8Array, eventId: string): LiveEvent | { flaw: string } {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return { flaw: `not JSON: ${(error as Error).message}` };
  }
  const parsed = eventSchema.safeParse(document);
  if (!parsed.success) return { flaw: firstIssue(parsed.error) };
  if (parsed.data.id !== eventId) return { flaw: `id is "${parsed.data.id}", but the path says "${eventId}"` };
  return parsed.data;
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  const place = issue!.path.length === 0 ? 'the document' : issue!.path.map(String).join('.');
  const others = error.issues.length - 1;
  return `${place}: ${issue!.message}${others > 0 ? ` (and ${others} more)` : ''}`;
}
