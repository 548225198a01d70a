import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { LADDER } from '../../sim/verify/ladder.ts';

/** `undercard sim verify` must be able to fail: one rule at a time is changed in a copy, and a rung has to notice. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'undercard-sim-mutation-'));

interface Mutation {
  rule: string;
  file: string;
  from: string;
  to: string;
  /** each of them must notice */
  rungs: readonly string[];
}

const MUTATIONS: Mutation[] = [
  {
    rule: 'simultaneous events happen in order of being set',
    file: 'sim/engine/moment-heap.ts',
    from: '(atMs === key && stamps[timer]! < stamps[heap[parent]!]!)',
    to: '(atMs === key && stamps[timer]! > stamps[heap[parent]!]!)',
    rungs: ['event-order'],
  },
  {
    rule: 'of a heap node the least of its children rises',
    file: 'sim/engine/moment-heap.ts',
    from: 'const timer = heap[best]!;\n      keys[place] = key;',
    to: 'const timer = heap[first]!;\n      best = first;\n      key = keys[first]!;\n      keys[place] = key;',
    rungs: ['event-order'],
  },
  {
    rule: 'a timer that moves later sinks below those before it',
    file: 'sim/engine/moment-heap.ts',
    from: 'if (!(key < atMs || (key === atMs && stamps[heap[best]!]! < stamp))) break;',
    to: 'if (!(key < atMs)) break;',
    rungs: ['event-order'],
  },
  {
    rule: 'a bag that is opened may name timers that have gone elsewhere',
    file: 'sim/engine/timers.ts',
    from: 'if (this.#where[timer] !== bag) continue;',
    to: 'if (this.#where[timer] === ABSENT) continue;',
    rungs: ['event-order'],
  },
  {
    rule: 'of two heaps the one that is due first is next',
    file: 'sim/engine/timers.ts',
    from: 'if (nearMs !== farMs) return nearMs < farMs;',
    to: 'if (nearMs !== farMs) return nearMs < Infinity;',
    rungs: ['event-order'],
  },
  {
    rule: 'a run includes its last moment',
    file: 'sim/engine/engine.ts',
    from: 'if (!(nextMs <= untilMs)) {',
    to: 'if (!(nextMs < untilMs)) {',
    rungs: ['event-order'],
  },
  {
    rule: 'exponential times are exponential, not only right in the mean',
    file: 'sim/engine/random.ts',
    from: 'return -mean * Math.log(1 - this.uniform());',
    to: 'return 2 * mean * this.uniform();',
    rungs: ['mm1', 'md1', 'erlang-c'],
  },
  {
    rule: 'normal numbers have deviation 1',
    file: 'sim/engine/random.ts',
    from: 'Math.sqrt(-2 * Math.log(1 - this.uniform()))',
    to: 'Math.sqrt(-Math.log(1 - this.uniform()))',
    rungs: ['erlang-b'],
  },
  {
    rule: 'the alias method keeps what lies below its mark',
    file: 'sim/engine/random.ts',
    from: 'return place - index < this.#keep[index]!',
    to: 'return place - index > this.#keep[index]!',
    rungs: ['che-lru'],
  },
  {
    rule: 'the least recently used goes first',
    file: 'edge/policy/store.ts',
    from: "this.#usingCounts = eviction === 'lru';",
    to: "this.#usingCounts = eviction !== 'lru';",
    rungs: ['che-lru'],
  },
  {
    rule: 'a hit counts as use',
    file: 'edge/policy/machine.ts',
    from: '      this.stats.hits++;\n      this.#store.get(key);\n',
    to: '      this.stats.hits++;\n',
    rungs: ['che-lru', 'cache-bounds'],
  },
  {
    rule: 'with first in, first out it does not',
    file: 'edge/policy/store.ts',
    from: ': this.#lru.peek(key);',
    to: ': this.#lru.get(key);',
    rungs: ['che-fifo'],
  },
  {
    rule: 'an object counts with its overhead against the memory',
    file: 'edge/policy/store.ts',
    from: 'sizeCalculation: (object) => object.sizeBytes + OBJECT_OVERHEAD_BYTES,',
    to: 'sizeCalculation: (object) => object.sizeBytes,',
    rungs: ['che-lru'],
  },
  {
    rule: 'one fill of a key at a time',
    file: 'edge/policy/fills.ts',
    from: '      state.fill = fill;\n',
    to: '',
    rungs: ['collapsing', 'live-fills'],
  },
  {
    rule: 'an answer is fresh for as long as it says',
    file: 'edge/policy/machine.ts',
    from: 'let freshUntilMs = nowMs + head.ttlMs;',
    to: 'let freshUntilMs = nowMs + head.ttlMs * 0.9;',
    rungs: ['collapsing'],
  },
  {
    rule: 'whose answer could not be shared, nobody queues for',
    file: 'edge/policy/machine.ts',
    from: "const kind = nowMs < state.uncacheableUntilMs ? 'pass' : 'fill';",
    to: "const kind = nowMs > state.uncacheableUntilMs ? 'pass' : 'fill';",
    rungs: ['collapsing'],
  },
  {
    rule: 'a site fills a key through its owner',
    file: 'edge/policy/sources.ts',
    from: 'if (this.#ring !== null && !fromTier) {',
    to: 'if (this.#ring !== null && fromTier) {',
    rungs: ['live-fills'],
  },
  {
    rule: 'a segment is there when it is complete, not when it begins',
    file: 'topology/model/live-window.ts',
    from: '(number - event.startNumber + 1) * event.segmentDurationMs',
    to: '(number - event.startNumber) * event.segmentDurationMs',
    rungs: ['live-window'],
  },
  {
    rule: 'a segment is gone at the end of the window, not after it',
    file: 'topology/model/live-window.ts',
    from: 'if (wallMs - toleranceMs >= expires)',
    to: 'if (wallMs - toleranceMs > expires)',
    rungs: ['live-window'],
  },
  {
    rule: 'a node has enough points on the ring',
    file: 'topology/model/ring.ts',
    from: 'const POINTS_PER_NODE = 160;',
    to: 'const POINTS_PER_NODE = 40;',
    rungs: ['ring'],
  },
  {
    rule: 'points depend on the node alone',
    file: 'topology/model/ring.ts',
    from: 'const points = this.nodes.map(pointsOf);',
    to: 'const points = this.nodes.map((node, at) => pointsOf(`${node}${at}`));',
    rungs: ['ring'],
  },
  {
    rule: 'a server takes the share of its sessions that its score says',
    file: 'steering/policy/candidate-search.ts',
    from: 'explored ? 1 : score * pathShare',
    to: 'explored ? 1 : score * score * pathShare',
    rungs: ['steering'],
  },
  {
    rule: 'the share falls in a straight line between what is tolerated and what is unbearable',
    file: 'steering/policy/health/health.ts',
    from: '(unbearable - value) / (unbearable - tolerated)',
    to: '(unbearable - value) / unbearable',
    rungs: ['steering'],
  },
  {
    rule: 'a crowd arrives as wide as it is said to',
    file: 'sim/viewers/arrivals.ts',
    from: 'arrival.widthSeconds * random.normal()',
    to: 'arrival.widthSeconds * 2 * random.normal()',
    rungs: ['flash-crowd'],
  },
  {
    rule: 'a full link is shared by weight',
    file: 'sim/network/fair-share.ts',
    from: 'doubles[at + NEXT] = doubles[at + WEIGHT]! * share;',
    to: 'doubles[at + NEXT] = share;',
    rungs: ['flow-sharing'],
  },
  {
    rule: 'flows of one kind share what they have together',
    file: 'sim/network/fair-share.ts',
    from: 'weight += count * doubles[group * GROUP_DOUBLES + WEIGHT]!;',
    to: 'weight += doubles[group * GROUP_DOUBLES + WEIGHT]!;',
    rungs: ['processor-sharing', 'flow-sharing'],
  },
  {
    rule: 'what capped flows leave goes to the others',
    file: 'sim/network/fair-share.ts',
    from: 'Math.max(0, links[at + CAPACITY]! - settled) / weight',
    to: 'links[at + CAPACITY]! / weight',
    rungs: ['flow-sharing'],
  },
  {
    rule: 'who gets more may fill another link',
    file: 'sim/network/fair-share.ts',
    from: 'if (links[place + LEVEL]! < Infinity) this.seed(link);\n        else if',
    to: 'if',
    rungs: ['flow-sharing'],
  },
  {
    rule: 'players go up when 70 % of the bandwidth carries it',
    file: 'sim/player/hls-adaptation.ts',
    from: 'const BANDWIDTH_UP_FACTOR = 0.7;',
    to: 'const BANDWIDTH_UP_FACTOR = 0.75;',
    rungs: ['player-bitrate'],
  },
  {
    rule: 'a mean forgets by weight',
    file: 'sim/player/ewma.ts',
    from: 'value * (1 - kept) + numbers[at + SUM]! * kept;',
    to: 'value * kept + numbers[at + SUM]! * (1 - kept);',
    rungs: ['player-bitrate'],
  },
  {
    rule: 'a stall is dated when the buffer ran dry',
    file: 'sim/player/playback.ts',
    from: 'this.#stall(nowMs - leftMs);',
    to: 'this.#stall(nowMs);',
    rungs: ['player-stalls'],
  },
  {
    rule: 'playback goes on with a whole segment, not only with more',
    file: 'sim/player/playback.ts',
    from: 'this.leastBufferMs() >= wantedMs',
    to: 'this.leastBufferMs() > wantedMs',
    rungs: ['player-stalls'],
  },
  {
    rule: 'each window of slow start is twice the one before',
    file: 'sim/network/slow-start.ts',
    from: 'windowBytes * (2 ** rounds - 1)',
    to: 'windowBytes * rounds',
    rungs: ['slow-start'],
  },
  {
    rule: 'what a server sent includes headers, as what its link carried does',
    file: 'sim/actors/wire.ts',
    from: 'sent(exchange, this.sizeBytes[exchange]! + this.#headerBytes);',
    to: 'sent(exchange, this.sizeBytes[exchange]!);',
    rungs: ['conservation'],
  },
  {
    rule: 'all chance is the seed’s',
    file: 'sim/engine/random.ts',
    from: 'return uniformFloat64(this.#generator);',
    to: 'return Math.random();',
    rungs: ['determinism'],
  },
  {
    rule: 'a scaled network has scaled servers',
    file: 'sim/scenarios/scale-capacities.ts',
    from: 'nicBps: server.nicBps * factor',
    to: 'nicBps: server.nicBps * Math.sqrt(factor) / 5',
    rungs: ['scale-invariance'],
  },
];

test.before(() => {
  for (const part of [
    'cli',
    'edge',
    'origin',
    'origin-shield',
    'runtime',
    'sim',
    'steering',
    'topology',
    'package.json',
  ])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});

test.after.always(() => rmSync(copy, { recursive: true, force: true }));

test.serial('each rung of the ladder is made to fail by a mutation', (t) => {
  const shown = new Set(MUTATIONS.flatMap(({ rungs }) => rungs));
  t.deepEqual(
    LADDER.map(({ id }) => id).filter((id) => !shown.has(id)),
    [],
  );
});

test.serial('the rungs hold in a copy that is as it was', async (t) => {
  const { code, failed, output } = await verify(LADDER.map(({ id }) => id));
  t.is(code, 0, output);
  t.deepEqual(failed, []);
});

for (const mutation of MUTATIONS) {
  test.serial(`noticed: ${mutation.rule}`, async (t) => {
    const restore = apply(t, mutation);
    try {
      const { code, failed, output } = await verify(mutation.rungs);
      t.is(code, 1, output);
      t.deepEqual(failed.toSorted(), mutation.rungs.toSorted(), output);
    } finally {
      restore();
    }
  });
}

/** Changes one place of the copy. @returns what puts it back */
function apply(t: ExecutionContext, { file, from, to }: Mutation): () => void {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  t.is(source.split(from).length, 2, `the edit applies to ${file} exactly once`);
  writeFileSync(path, source.replace(from, to));
  return () => writeFileSync(path, source);
}

/** A fresh process on the copy, with the same seed each time: a mutation must be noticed, not perhaps be noticed. */
function verify(rungs: readonly string[]): Promise<{ code: number | null; failed: string[]; output: string }> {
  const args = ['cli/main.ts', 'sim', 'verify', '--quick', '--json', '--seed', '1', '--only', rungs.join(',')];
  const child = spawn(process.execPath, args, { cwd: copy });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  return new Promise((resolve) =>
    child.on('close', (code) => {
      const failed = code === null || code > 1 ? [] : failedIn(output);
      resolve({ code, failed, output });
    }),
  );
}

function failedIn(output: string): string[] {
  const { rungs } = JSON.parse(output) as { rungs: { id: string; ok: boolean }[] };
  return rungs.filter(({ ok }) => !ok).map(({ id }) => id);
}
