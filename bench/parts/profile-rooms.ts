/** Share of the time by room (folder), from 0 to 1. */
export type Profile = Record<string, number>;

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  timeDeltas: number[];
}

/** V8's CPU profile, by the folder of whose code was running. */
export function roomsOf({ nodes, samples, timeDeltas }: CpuProfile): Profile {
  const rooms = new Map(nodes.map(({ id, callFrame }) => [id, roomOf(callFrame.url, callFrame.functionName)]));
  const times = new Map<string, number>();
  let total = 0;
  samples.forEach((id, index) => {
    const room = rooms.get(id)!;
    const micros = Math.max(0, timeDeltas[index]!);
    if (room === null) return;
    total += micros;
    times.set(room, (times.get(room) ?? 0) + micros);
  });
  return Object.fromEntries([...times].map(([room, micros]) => [room, micros / total]));
}

/** @returns null for time in which nothing ran */
function roomOf(url: string, functionName: string): string | null {
  if (functionName === '(idle)') return null;
  if (functionName === '(garbage collector)') return 'garbage collection';
  const own = /\/(sim\/[a-z]+|edge\/policy|steering\/policy|origin\/policy|origin-shield\/policy|topology)\/[^/]*/.exec(
    url,
  );
  if (own !== null && !url.includes('node_modules')) return own[1]!;
  const library = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  return library === null ? 'node' : library[1]!;
}
