import { z } from 'zod';
import { identifierSchema } from '../../topology/model/event.ts';
import { edgePolicySchema } from '../policy/edge-config.ts';

const originSchema = z.url({ protocol: /^https?$/, error: 'must be a URL such as http://127.0.0.1:9000' });

/** `undercard edge --config edge.yaml`: everything the flags say, and the policy's section. */
export const edgeConfigSchema = z.strictObject({
  id: identifierSchema.default('edge-1').describe('The node’s name: in Cache-Status, CDN-Loop, rings and reports.'),
  site: identifierSchema.default('site-1').describe('The site it stands in.'),
  role: z.enum(['edge', 'shield']).default('edge').describe('What it reports itself as; the command decides it.'),
  listen: z.string().default('127.0.0.1:8080').describe('host:port of the data plane.'),
  admin: z.string().optional().describe('host:port of the admin listener; none when absent.'),
  adminToken: z.string().min(8).optional().describe('Bearer token of the admin listener; needed beyond loopback.'),
  upstreams: z.array(originSchema).min(1).describe('The tier above, best first: scheme, host and port.'),
  neighbours: z
    .record(identifierSchema, originSchema)
    .default({})
    .describe('The site’s other edges by name; inside a site one edge owns a key and the others fill from it.'),
  tiers: z
    .array(identifierSchema)
    .default([])
    .describe('Names of nodes below that count as ours: their priorities and millisecond lifetimes are honoured.'),
  localAddress: z.union([z.ipv4(), z.ipv6()]).optional().describe('The address upstream requests leave from.'),
  capacityBps: z.number().positive().default(10e9).describe('What the node can send, in bits per second; reported.'),
  reportTo: z.array(originSchema).default([]).describe('Steering instances that get a report every second.'),
  reportKey: z.string().optional().describe('Bearer token of those reports.'),
  publicUrl: originSchema.optional().describe('Where players reach the node; http://<listen> by default.'),
  countAgent: z.string().min(1).optional().describe('Count egress to user agents that begin so apart (rehearsals).'),
  record: z.string().optional().describe('Write every decision to this file, for `undercard replay`.'),
  policy: edgePolicySchema,
});

export type EdgeConfig = z.infer<typeof edgeConfigSchema>;
