import type { ExecutionContext } from 'ava';
import { HashRing } from '../../topology/model/ring.ts';
import { stableHash } from '../../topology/model/stable-hash.ts';
import { Asked, freeAddress, openEdge, until, type Answer, type EdgeUnderTest } from './edge-process.ts';
import { bytesOf, Gate, give, inTurn, OriginServer, type Behaviour } from './origin-server.ts';

// ——— the life ———

const SITE = ['edge-a', 'edge-b'];
export const HERD = 200;
/** those who share a fill where a herd is not needed */
export const FEW = 5;
export const BODY_BYTES = 64 * 1024;
export const HALF_BYTES = BODY_BYTES / 2;
/**
 * Two attempts that are never answered take twice the first. Who waits from the start is turned away before that; who
 * comes after the first attempt has failed sees the second one fail, since its own bound is later still.
 */
const HEAD_TIMEOUT_MS = 2500;
const WAIT_MS = 4000;

/** What is asked for, by what becomes of it; the owner decides where it is filled from. */
export const PATHS = {
  herd: pathOwnedBy('edge-a', 'herd'),
  resumed: pathOwnedBy('edge-a', 'resumed'),
  broken: pathOwnedBy('edge-a', 'broken'),
  leader: pathOwnedBy('edge-a', 'leader'),
  silent: pathOwnedBy('edge-a', 'silent'),
  fromOwner: pathOwnedBy('edge-b', 'from-owner'),
  handedOver: pathOwnedBy('edge-b', 'handed-over'),
  straightUp: pathOwnedBy('edge-b', 'straight-up'),
};

/** What the origin has under the path. */
export function bodyOf(path: string): Buffer {
  return bytesOf(BODY_BYTES, stableHash(path));
}

/**
 * A site of two real edges below a real origin that is told what to do; the first edge's decisions are recorded. One
 * method for each thing that happens to it, each over when everybody has been answered. No time that something takes
 * decides what comes of it, but for the time-outs themselves.
 */
export class ParityWorld {
  readonly origin: OriginServer;
  readonly edge: EdgeUnderTest;
  /** by path, in the order in which they were asked, without whoever left */
  readonly answers = new Map<string, Answer[]>();
  readonly #behaviours: Record<string, Behaviour>;
  readonly #ends: Ends;

  private constructor(origin: OriginServer, edge: EdgeUnderTest, behaviours: Record<string, Behaviour>, ends: Ends) {
    this.origin = origin;
    this.edge = edge;
    this.#behaviours = behaviours;
    this.#ends = ends;
  }

  static async start(recordingFile: string): Promise<ParityWorld> {
    const ends = new Ends();
    const behaviours: Record<string, Behaviour> = {};
    const origin = await OriginServer.open(ends.of('origin'), behaviours);
    const upstreams = [origin.url];
    const neighbour = await openEdge(ends.of('neighbour'), {
      id: 'edge-b',
      // Once it is closed, nobody else's port.
      listen: freeAddress(),
      upstreams,
      // Never called: whoever is asked by a neighbour goes straight up.
      neighbours: { 'edge-a': 'http://127.0.0.1:9' },
    });
    const edge = await openEdge(ends.of('edge'), {
      id: 'edge-a',
      upstreams,
      neighbours: { 'edge-b': neighbour.url },
      record: recordingFile,
      policy: {
        headTimeoutMs: HEAD_TIMEOUT_MS,
        waitMs: WAIT_MS,
        stallTimeoutMs: HEAD_TIMEOUT_MS,
        attemptsMax: 2,
        // Longer than the test: who was found down stays so.
        sourceDownMs: 60_000,
      },
    });
    return new ParityWorld(origin, edge, behaviours, ends);
  }

  /** The recording is complete after this. */
  async close(): Promise<void> {
    for (const part of ['edge', 'neighbour', 'origin']) await this.#ends.end(part);
  }

  async herd(): Promise<void> {
    const allWait = new Gate();
    this.#behaviours[PATHS.herd] = giveAfter(allWait, PATHS.herd);
    const herd = this.#ask(PATHS.herd, HERD);
    await this.#waiting(HERD);
    allWait.open();
    await herd;
    await this.#ask(PATHS.herd, 1);
  }

  async resetWithValidator(): Promise<void> {
    await this.#reset(PATHS.resumed, { ETag: '"one"' });
  }

  async resetWithoutValidator(): Promise<void> {
    await this.#reset(PATHS.broken, {});
    await this.#ask(PATHS.broken, 1);
  }

  async leaderGoes(): Promise<void> {
    const gone = new Gate();
    this.#behaviours[PATHS.leader] = giveAfter(gone, PATHS.leader);
    const leader = new Asked(this.edge.url, PATHS.leader);
    await until(() => this.origin.count(PATHS.leader) === 1, 'the origin to be asked for the leader');
    const others = this.#ask(PATHS.leader, FEW - 1);
    await this.#waiting(FEW);
    leader.leave();
    await this.#waiting(FEW - 1);
    gone.open();
    await others;
  }

  async silence(): Promise<void> {
    this.#behaviours[PATHS.silent] = () => {};
    const early = this.#ask(PATHS.silent, FEW);
    await until(() => this.origin.count(PATHS.silent) === 2, 'the first attempt to be given up');
    await Promise.all([early, this.#ask(PATHS.silent, 1)]);
  }

  async lostOwner(): Promise<void> {
    for (const path of [PATHS.fromOwner, PATHS.handedOver, PATHS.straightUp]) this.#behaviours[path] = giveWhole(path);
    await this.#ask(PATHS.fromOwner, 1);
    await this.#ends.end('neighbour');
    await this.#ask(PATHS.handedOver, 1);
    await this.#ask(PATHS.straightUp, 1);
  }

  /** The connection is reset when everybody has half the body, and whoever asks again gets the whole. */
  async #reset(path: string, fields: Record<string, string>): Promise<void> {
    const halfCame = new Gate();
    this.#behaviours[path] = inTurn(resetHalfWay(path, halfCame, fields), giveWhole(path, fields));
    const clients = Array.from({ length: FEW }, () => new Asked(this.edge.url, path));
    const answers = this.#keep(path, clients);
    const haveHalf = () => clients.every(({ receivedBytes }) => receivedBytes === HALF_BYTES);
    await until(haveHalf, 'everybody to have half the body');
    halfCame.open();
    await answers;
  }

  #ask(path: string, count: number): Promise<void> {
    const clients = Array.from({ length: count }, () => new Asked(this.edge.url, path));
    return this.#keep(path, clients);
  }

  async #keep(path: string, clients: readonly Asked[]): Promise<void> {
    const answers = await Promise.all(clients.map((client) => client.answer()));
    this.answers.set(path, [...(this.answers.get(path) ?? []), ...answers]);
  }

  async #waiting(count: number): Promise<void> {
    await until(() => this.edge.machine.waiting === count, `${count} requests to wait at the edge`);
  }
}

/** What the helpers give to a test's end, where there is no test: ava's hooks have no teardown. */
class Ends {
  readonly #ends = new Map<string, (() => unknown)[]>();

  of(name: string): ExecutionContext {
    const ends: (() => unknown)[] = [];
    this.#ends.set(name, ends);
    return { teardown: (end: () => unknown) => void ends.push(end) } as unknown as ExecutionContext;
  }

  async end(name: string): Promise<void> {
    for (const end of this.#ends.get(name)!.splice(0)) await end();
  }
}

// ——— what the origin does ———

// A connection is not used again: whether a kept one is still good would be luck.
const FRESH = { 'Cache-Control': 'max-age=600', Connection: 'close' };

function giveWhole(path: string, fields: Record<string, string> = {}): Behaviour {
  return give(bodyOf(path), { ...FRESH, ...fields });
}

function giveAfter(gate: Gate, path: string): Behaviour {
  return async (request, response) => {
    await gate.passed;
    return giveWhole(path)(request, response);
  };
}

function resetHalfWay(path: string, gate: Gate, fields: Record<string, string>): Behaviour {
  return async (_request, response) => {
    response.writeHead(200, { ...FRESH, ...fields, 'Content-Length': BODY_BYTES });
    response.write(bodyOf(path).subarray(0, HALF_BYTES));
    await gate.passed;
    response.socket!.resetAndDestroy();
  };
}

/** A path that belongs to one edge of the site. */
function pathOwnedBy(owner: string, name: string): string {
  const ring = new HashRing(SITE);
  for (let number = 0; ; number++) {
    const path = `/${name}/${number}`;
    if (ring.owners(stableHash(path), 1)[0] === owner) return path;
  }
}

// ——— what the edge wrote down ———

export type RecordedOrder = [name: string, ...args: unknown[]];

export interface RecordedEvent {
  /** of the file, from 1 */
  line: number;
  name: string;
  args: unknown[];
  orders: RecordedOrder[];
  wakeMs: number | null;
}

interface RecordedFill {
  id: number;
  source: number;
  leader: number;
  resumes: number;
  /** the event that led to it */
  cause: RecordedEvent;
}

/** A recording's text, and what can be read in it. */
export class Recording {
  readonly lines: readonly string[];
  readonly events: readonly RecordedEvent[];

  constructor(text: string) {
    this.lines = text.trimEnd().split('\n');
    this.events = this.lines.slice(1).map((line, at) => {
      const [name, args, orders, wakeMs] = JSON.parse(line) as [string, unknown[], RecordedOrder[], number | null];
      return { line: at + 2, name, args, orders, wakeMs };
    });
  }

  /** Attempts for a path in order; a key's number means what its latest `define` says. */
  fillsOf(path: string): RecordedFill[] {
    const hashes = new Map<unknown, unknown>();
    const fills: RecordedFill[] = [];
    for (const event of this.events) {
      if (event.name === 'define') hashes.set(event.args[0], event.args[1]);
      for (const [name, ...args] of event.orders) {
        if (name !== 'fill' || hashes.get(args[1]) !== stableHash(path)) continue;
        const [id, , source, leader, , , resumes] = args as number[];
        fills.push({ id: id!, source: source!, leader: leader!, resumes: resumes!, cause: event });
      }
    }
    return fills;
  }

  /** What the machine was told of the attempt. */
  told(fill: RecordedFill, name: string): RecordedEvent[] {
    return this.events.filter((event) => event.name === name && event.args[0] === fill.id);
  }

  bytesTold(fill: RecordedFill): number {
    return this.told(fill, 'fillBytes').reduce((sum, { args }) => sum + (args[1] as number), 0);
  }

  /** Orders of one name whose argument at `position` is `id`. */
  orders(name: string, position: number, id: number): RecordedOrder[] {
    return this.events.flatMap(({ orders }) => orders.filter((order) => order[0] === name && order[position] === id));
  }
}
