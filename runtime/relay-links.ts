import { z } from 'zod';
import type { RelayOptions } from './relay.ts';

const address = z
  .string()
  .regex(/^[0-9A-Fa-f.]{7,15}:\d{1,5}$/, 'an IPv4 address and a port, such as 127.0.0.11:8080')
  .transform((text) => {
    const [host = '', port] = text.split(':');
    return { host, port: Number(port) };
  });
const rttMs = z.number().nonnegative().max(10_000);

/** Several modelled links, carried by one process: what `undercard relay --links` reads. */
export const relayLinksSchema = z.strictObject({
  links: z
    .array(
      z.strictObject({
        listen: address.describe('The near end.'),
        to: address.describe('The far end.'),
        rttMs: rttMs.describe('There and back.'),
        rttMsFrom: z
          .record(z.string(), rttMs)
          .optional()
          .describe('For connections from these local addresses instead.'),
        rateBps: z.number().min(1e4).max(1e11).describe('Of each direction, in bits per second.'),
      }),
    )
    .min(1)
    .max(1000),
});

export type RelayLinks = { links: RelayOptions[] };
