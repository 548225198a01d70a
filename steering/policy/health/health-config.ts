import { z } from 'zod';

/** Asking the nodes themselves, as a player would: what their reports say is not believed alone. */
export const probesSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether servers are probed at all.'),
    path: z
      .string()
      .max(1024)
      .regex(/^\/(?!\/)[\x21\x23-\x7e]*$/, 'a path, such as /probe.txt')
      .optional()
      .describe('What is fetched of each server; without it, the document of the live event that was asked for last.'),
    contains: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('Text that the answer must have in it, where path is given; an event’s document is checked as such.'),
    everyMs: z
      .number()
      .min(100)
      .max(3_600_000)
      .default(5000)
      .describe('Pause between two probes of a server, longer where perSecondMax does not allow it.'),
    perSecondMax: z
      .number()
      .min(1)
      .max(100_000)
      .default(1000)
      .describe('Probes a second, at most; half of them are for servers that have just failed one.'),
    timeoutMs: z.number().min(10).max(60_000).default(2000).describe('A whole answer that takes longer is none.'),
    failures: z.number().int().min(1).max(16).default(2).describe('So many failed …'),
    of: z.number().int().min(1).max(16).default(3).describe('… of the last so many: the server fails.'),
    successes: z
      .number()
      .int()
      .min(1)
      .max(16)
      .default(3)
      .describe('So many in a row: it is well again; twice as many each time it soon fails again.'),
    believedShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('Where a larger share of servers fails at once, it is steering’s own network: no probe is believed.'),
  })
  .refine(({ failures, of }) => failures <= of, { path: ['failures'], message: 'must be at most "of"' })
  .prefault({});

/** What players tell of the answers they got (CMCD). */
export const playersSchema = z
  .strictObject({
    toleratedShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe('Share of failures in what the players of a network tell that costs a server nothing.'),
    unbearableShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.3)
      .describe('The share that costs it all its sessions; in between in a straight line.'),
    halfLifeMs: z
      .number()
      .min(1000)
      .max(3_600_000)
      .default(15_000)
      .describe('After this, what a player told counts half.'),
    recoveryMs: z
      .number()
      .min(1000)
      .max(3_600_000)
      .default(60_000)
      .describe('From no sessions to all once nobody tells of failures any more.'),
    clientsMin: z
      .number()
      .int()
      .min(1)
      .max(16)
      .default(3)
      .describe('Addresses in a network that must tell of failures before its word counts.'),
    clientEventsPerSecond: z
      .number()
      .min(0.1)
      .max(1000)
      .default(2)
      .describe('More from one address count as so many: it is one voice, however loud.'),
  })
  .refine(({ toleratedShare, unbearableShare }) => toleratedShare < unbearableShare, {
    path: ['toleratedShare'],
    message: 'must be less than unbearableShare',
  })
  .prefault({});

export type ProbeTuning = z.infer<typeof probesSchema>;
export type PlayerTuning = z.infer<typeof playersSchema>;

export const DEFAULT_PROBES: ProbeTuning = probesSchema.parse({});
export const DEFAULT_PLAYERS: PlayerTuning = playersSchema.parse({});
