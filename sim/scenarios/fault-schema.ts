import { z } from 'zod';
import { identifierSchema } from '../../topology/model/event.ts';

const when = {
  fromSeconds: z
    .number()
    .nonnegative()
    .max(7 * 86_400),
  forSeconds: z
    .number()
    .positive()
    .max(7 * 86_400)
    .optional()
    .describe('Without it: to the end.'),
};
const ramp = {
  rampSeconds: z
    .number()
    .nonnegative()
    .max(86_400)
    .default(0)
    .describe('It grows to its full size over this long, and goes as slowly.'),
};
const share = z.number().min(0).max(1);

/** What goes wrong, from when, for how long. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('site-down'), site: identifierSchema, ...when }),
  z.strictObject({ kind: z.literal('server-down'), server: identifierSchema, ...when }),
  z.strictObject({ kind: z.literal('server-draining'), server: identifierSchema, ...when }),
  z
    .strictObject({ kind: z.literal('exchange-down'), exchange: identifierSchema, ...when })
    .describe('All ports of it.'),
  z
    .strictObject({
      kind: z.literal('node-lies'),
      server: identifierSchema,
      share: share.default(1).describe('Share of requests that it answers with 500.'),
      ...when,
    })
    .describe('It reports that it is well and idle, and fails.'),
  z.strictObject({ kind: z.literal('region-down'), region: identifierSchema, ...when }),
  z.strictObject({ kind: z.literal('pipeline-down'), pipeline: identifierSchema, ...when }),
  z.strictObject({ kind: z.literal('steering-down'), ...when }),
  z.strictObject({ kind: z.literal('origin-down'), region: identifierSchema.optional(), ...when }),
  z.strictObject({ kind: z.literal('link-down'), link: identifierSchema, ...when }),
  z.strictObject({
    kind: z.literal('link-slow'),
    link: identifierSchema,
    latencyMs: z.number().nonnegative().max(10_000).describe('One way, on top.'),
    ...when,
    ...ramp,
  }),
  z.strictObject({
    kind: z.literal('link-lossy'),
    link: identifierSchema,
    loss: share.describe('Share of packets; bounds each connection’s rate (Mathis and others 1997).'),
    ...when,
    ...ramp,
  }),
  z.strictObject({
    kind: z.literal('capacity-reduced'),
    link: identifierSchema.optional(),
    server: identifierSchema.optional(),
    site: identifierSchema.optional().describe('All its servers and links.'),
    exchange: identifierSchema.optional().describe('All its ports.'),
    left: share.describe('What is left of the capacity.'),
    ...when,
    ...ramp,
  }),
  z.strictObject({
    kind: z.literal('segments-missing'),
    pipeline: identifierSchema.optional().describe('Without it: of all pipelines.'),
    share: share.default(1),
    ...when,
  }),
  z.strictObject({
    kind: z.literal('segments-corrupt'),
    pipeline: identifierSchema.optional().describe('Without it: of all pipelines.'),
    share: share.default(1),
    ...when,
  }),
]);

export type Fault = z.infer<typeof faultSchema>;
