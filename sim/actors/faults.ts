import type { Fault } from '../scenarios/fault-schema.ts';
import type { World } from '../run/assemble.ts';

/** One fault, with what it strikes found. */
interface Armed {
  fault: Fault;
  fromMs: number;
  untilMs: number;
  rampMs: number;
}

const RAMP_STEP_MS = 500;

/**
 * What goes wrong, carried out: links and sites that go dark, processes that die, capacities that shrink, pipelines that
 * publish rubbish. Faults of one kind on one thing do not overlap: the last one to change it counts.
 */
export class Faults {
  readonly #world: World;
  readonly #armed: readonly Armed[];
  readonly #convergenceMs: number;
  readonly #convergeTimer: number;
  /** links that are down, by how many faults say so */
  readonly #downs: Int32Array;
  readonly #linkIndexes: ReadonlyMap<string, number>;
  readonly #linksOf: ReadonlyMap<string, readonly number[]>;
  readonly #capacitiesBps: Float64Array;

  constructor(faults: readonly Fault[], convergenceSeconds: number, durationMs: number, world: World) {
    this.#world = world;
    this.#convergenceMs = convergenceSeconds * 1000;
    const { topology, engine } = world;
    this.#downs = new Int32Array(topology.links.length);
    this.#linkIndexes = new Map(topology.links.map(({ id }, index) => [id, index]));
    this.#linksOf = linksByEnd(topology.links);
    this.#capacitiesBps = world.ways.capacitiesBps();
    this.#armed = faults.map((fault) => ({
      fault,
      fromMs: fault.fromSeconds * 1000,
      untilMs: fault.forSeconds === undefined ? durationMs + 1 : (fault.fromSeconds + fault.forSeconds) * 1000,
      rampMs: 'rampSeconds' in fault ? fault.rampSeconds * 1000 : 0,
    }));
    const { timers } = engine;
    this.#convergeTimer = timers.make(
      timers.kind(() => world.ways.converge()),
      0,
    );
    const change = timers.kind((index, timer) => {
      const againMs = this.#change(this.#armed[index]!);
      if (againMs === Infinity) timers.free(timer);
      else timers.set(timer, againMs);
    });
    this.#armed.forEach(({ fromMs }, index) => timers.set(timers.make(change, index), fromMs));
  }

  /** Brings about what the moment asks for. @returns when to look again */
  #change(armed: Armed): number {
    const { fromMs, untilMs, rampMs, fault } = armed;
    const { nowMs } = this.#world.engine;
    const isOn = nowMs < untilMs;
    const grown = rampMs === 0 ? 1 : Math.min(1, (nowMs - fromMs) / rampMs);
    const shrunk = isOn ? 0 : rampMs === 0 ? 1 : Math.min(1, (nowMs - untilMs) / rampMs);
    this.#apply(fault, isOn ? grown : Math.min(grown, 1 - shrunk), isOn);
    if (isOn) return grown < 1 ? Math.min(untilMs, nowMs + RAMP_STEP_MS) : untilMs;
    return shrunk < 1 ? nowMs + RAMP_STEP_MS : Infinity;
  }

  /** @param size from 0 (nothing of it) to 1 (all) */
  #apply(fault: Fault, size: number, isOn: boolean): void {
    const { caches, origins, pipelines, desk, ways } = this.#world;
    switch (fault.kind) {
      case 'site-down':
        this.#setSite(fault.site, isOn);
        break;
      case 'server-down':
        this.#setServer(fault.server, isOn);
        break;
      case 'server-draining': {
        const at = caches.findIndex(({ node }) => node.id === fault.server);
        caches[at]!.node.draining = isOn;
        desk.reportNow(this.#edgeNumber(at));
        break;
      }
      case 'exchange-down':
        this.#setLinks(this.#linksOf.get(`exchange:${fault.exchange}`) ?? [], isOn);
        break;
      case 'region-down':
        this.#setLinks(this.#linksOf.get(`region:${fault.region}`) ?? [], isOn);
        for (const origin of origins)
          if (origin.region === fault.region) this.#setStanding(origin, isOn ? 'dark' : 'up');
        break;
      case 'origin-down':
        for (const origin of origins)
          if (fault.region === undefined || origin.region === fault.region)
            this.#setStanding(origin, isOn ? 'off' : 'up');
        break;
      case 'pipeline-down':
        pipelines.states[this.#pipeline(fault.pipeline)]!.down = isOn;
        break;
      case 'steering-down':
        desk.down = isOn;
        break;
      case 'link-down':
        this.#setLinks([this.#link(fault.link)], isOn);
        break;
      case 'link-slow':
        ways.setExtraMs(this.#link(fault.link), fault.latencyMs * size);
        break;
      case 'link-lossy':
        ways.setLoss(this.#link(fault.link), fault.loss * size);
        break;
      case 'capacity-reduced':
        this.#reduce(fault, 1 - (1 - fault.left) * size);
        break;
      case 'segments-missing':
      case 'segments-corrupt':
        for (const pipeline of this.#pipelines(fault.pipeline)) {
          const state = pipelines.states[pipeline]!;
          if (fault.kind === 'segments-missing') state.missingShare = isOn ? fault.share : 0;
          else state.corruptShare = isOn ? fault.share : 0;
        }
        break;
    }
  }

  #setLinks(links: readonly number[], down: boolean): void {
    const { ways, wire, engine } = this.#world;
    const cut: number[] = [];
    for (const link of links) {
      this.#downs[link]! += down ? 1 : -1;
      const isDown = this.#downs[link]! > 0;
      if (isDown === ways.isDown(link)) continue;
      ways.setDown(link, isDown);
      if (isDown) cut.push(link);
    }
    if (cut.length > 0) {
      const broken = [...wire.over((path) => cut.some((link) => ways.crosses(path, link)))];
      for (const exchange of broken) wire.breakWay(exchange, false);
    }
    engine.timers.set(this.#convergeTimer, engine.nowMs + this.#convergenceMs);
  }

  #setSite(id: string, down: boolean): void {
    const { caches } = this.#world;
    for (const { node, site } of caches) if (site.id === id) this.#setStanding(node, down ? 'dark' : 'up');
    this.#setLinks(this.#linksOf.get(`site:${id}`) ?? [], down);
  }

  #setServer(id: string, down: boolean): void {
    const { caches, wire, desk } = this.#world;
    const at = caches.findIndex(({ node }) => node.id === id);
    const { node } = caches[at]!;
    if (down) {
      node.standing = 'off';
      for (const exchange of [...wire.with(node.server)]) wire.breakWay(exchange, true);
      node.crash();
    } else {
      node.standing = 'up';
      if (node.role === 'edge') desk.restarted(this.#edgeNumber(at));
    }
  }

  #setStanding(server: { standing: 'up' | 'off' | 'dark'; server: number }, standing: 'up' | 'off' | 'dark'): void {
    const { wire } = this.#world;
    if (standing !== 'up') {
      for (const exchange of [...wire.with(server.server)]) wire.breakWay(exchange, standing === 'off');
    }
    server.standing = standing;
  }

  #reduce(fault: Extract<Fault, { kind: 'capacity-reduced' }>, left: number): void {
    const { caches, ways, network, engine } = this.#world;
    const links = new Set<number>();
    const servers = new Set<number>();
    if (fault.link !== undefined) links.add(this.#link(fault.link));
    if (fault.exchange !== undefined)
      for (const link of this.#linksOf.get(`exchange:${fault.exchange}`) ?? []) links.add(link);
    if (fault.site !== undefined) for (const link of this.#linksOf.get(`site:${fault.site}`) ?? []) links.add(link);
    for (const { node, site } of caches)
      if (node.id === fault.server || site.id === fault.site) servers.add(node.server);
    const set = (directed: number) =>
      network.setCapacity(directed, this.#capacitiesBps[directed]! * left, engine.nowMs);
    for (const link of links) {
      set(2 * link);
      set(2 * link + 1);
    }
    for (const server of servers) set(ways.serverLink(server));
  }

  #link(id: string): number {
    return this.#linkIndexes.get(id)!;
  }

  #pipeline(id: string): number {
    return this.#world.pipelines.ids.indexOf(id);
  }

  #pipelines(id: string | undefined): number[] {
    return id === undefined ? [...this.#world.pipelines.ids.keys()] : [this.#pipeline(id)];
  }

  /** The desk numbers edges alone. */
  #edgeNumber(cache: number): number {
    let edges = 0;
    for (let index = 0; index < cache; index++) if (this.#world.caches[index]!.node.role === 'edge') edges++;
    return edges;
  }
}

function linksByEnd(links: readonly { from: string; to: string }[]): Map<string, number[]> {
  const byEnd = new Map<string, number[]>();
  links.forEach(({ from, to }, index) => {
    for (const end of new Set([from, to])) {
      const known = byEnd.get(end);
      if (known === undefined) byEnd.set(end, [index]);
      else known.push(index);
    }
  });
  return byEnd;
}

/** What of a fault the scenario names and the topology must have, for whoever checks: kind of thing and its name. */
export function namesIn(fault: Fault): { kind: string; field: string; id: string }[] {
  const names: { kind: string; field: string; id: string }[] = [];
  for (const field of ['site', 'server', 'exchange', 'region', 'pipeline', 'link'] as const) {
    const id = (fault as Record<string, unknown>)[field];
    if (typeof id === 'string') names.push({ kind: field, field, id });
  }
  return names;
}
