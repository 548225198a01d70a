import got from 'got';
import { z } from 'zod';
import { explainAnswerSchema } from '../../steering/policy/explain-answer.ts';
import type { DemoPlan } from '../demo/plan.ts';
import { viewersOf } from '../demo/prediction.ts';

/** Together less than until the next thing that is to happen. */
const HEALTH_LOOKS = 8;
const HEALTH_LOOK_MS = 400;

/**
 * What steering would answer each viewer now; asked so that no session is reserved by it. Asked when steering takes every living edge for healthy, as it does in the
 * simulator: an event loop that ran late is the host's load, which edges report and steering heeds; so it waits a little
 * for that to pass, and says when it has not.
 */
export async function askRankings(plan: DemoPlan, say: (text: string) => void): Promise<Map<string, string>> {
  for (let looks = 0; looks < HEALTH_LOOKS; looks++) {
    const strained = await strainedEdges(plan);
    if (strained.length === 0) break;
    if (looks === HEALTH_LOOKS - 1)
      say(`steering sees strain that the simulator knows nothing of: ${strained.join(', ')}`);
    else await new Promise((resolve) => setTimeout(resolve, HEALTH_LOOK_MS));
  }
  const path = `/live/${plan.options.eventId}/master.m3u8`;
  const answers = viewersOf(plan).map(async ({ session, address }): Promise<[string, string]> => {
    const searchParams = { path, session, ip: address };
    const url = `${plan.adminUrl('steering')}/v1/explain`;
    const { candidates } = explainAnswerSchema.parse(await got(url, { searchParams }).json());
    const ranked = candidates.flatMap(({ id, rank }) => (rank === undefined ? [] : [{ id, rank }]));
    ranked.sort((a, b) => a.rank - b.rank);
    return [session, ranked.map(({ id }) => id).join(' ')];
  });
  return new Map(await Promise.all(answers));
}

/** Edges that report, and of which steering thinks that they should get fewer sessions. */
async function strainedEdges(plan: DemoPlan): Promise<string[]> {
  const { nodes } = stateSchema.parse(await got(`${plan.adminUrl('steering')}/state`).json());
  return nodes
    .filter(({ standing, score }) => standing === 'up' && score < 1)
    .map(({ id, reasons }) => `${id} (${reasons.join(', ')})`);
}

const stateSchema = z.object({
  nodes: z.array(z.object({ id: z.string(), standing: z.string(), score: z.number(), reasons: z.array(z.string()) })),
});
